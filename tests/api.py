"""The API on what a project has published, with an event store of the test's own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from litestar import Litestar
from litestar.testing import TestClient

from project import Project
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings


def settings_of(published: Path, folder: Path) -> Settings:
    return Settings(
        published=published, poll_seconds=0.05, events=f"sqlite:///{folder}/events.sqlite"
    )


@contextmanager
def served_copy(project: Project, folder: Path) -> Iterator[TestClient[Litestar]]:
    """A client of the project's run, whose files are copied into `folder` and may be changed."""
    shutil.copytree(project.published, folder / "published")
    with TestClient(create_app(settings_of(folder / "published", folder))) as client:
        yield client

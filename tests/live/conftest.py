"""The API on the small shop's run, with an event store of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from project import Project
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings


@pytest.fixture
def shop(scored_shop: Project, tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    shutil.copytree(scored_shop.published, tmp_path / "published")
    settings = Settings(
        published=tmp_path / "published",
        poll_seconds=0.05,
        events=f"sqlite:///{tmp_path}/events.sqlite",
    )
    with TestClient(create_app(settings)) as client:
        yield client

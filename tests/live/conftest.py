"""The API on the small shop's run, with an event store of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api import served_copy
from project import Project


@pytest.fixture
def shop(scored_shop: Project, tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    with served_copy(scored_shop, tmp_path) as client:
        yield client

"""An archive to download from."""

from collections.abc import Iterator

import pytest

from .archive import Archive, served


@pytest.fixture
def archive() -> Iterator[Archive]:
    with served() as found:
        yield found

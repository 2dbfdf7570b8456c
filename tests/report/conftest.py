"""The page on the small shop, once, and its parts by id."""

from pathlib import Path

import pytest

from project import Project
from rankmart.report.content import Content, read_content
from rankmart.report.page import render
from rankmart.settings import Settings


def content_of(project: Project) -> Content:
    return read_content(Settings(warehouse=project.warehouse, published=project.published))


def page_of(project: Project) -> str:
    return render(content_of(project))


@pytest.fixture(scope="session")
def content(scored_shop: Project) -> Content:
    return content_of(scored_shop)


@pytest.fixture(scope="session")
def page(content: Content) -> str:
    return render(content)


@pytest.fixture
def shop(scored_shop: Project, tmp_path: Path) -> Project:
    """A copy that may be changed."""
    return scored_shop.copied_to(tmp_path)

"""What all parts of the tests share: repeatable hypothesis, and projects built once."""

from pathlib import Path

import pytest
from hypothesis import settings

from end_to_end.communities import reviews, with_variants, write_products, write_reviews
from project import Project
from rankmart.demo_data import DemoData, write_demo_data

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with nothing in it yet."""
    return Project(tmp_path)


@pytest.fixture(scope="session")
def communities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the log of communities: reviews.csv and products.csv."""
    folder = tmp_path_factory.mktemp("communities")
    write_reviews(folder / "reviews.csv", with_variants(reviews()))
    write_products(folder / "products.csv")
    return folder


@pytest.fixture(scope="session")
def temporal(communities: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The communities, built and scored; tests must leave it as it is."""
    return built_and_scored(communities, tmp_path_factory.mktemp("temporal"), "temporal")


@pytest.fixture(scope="session")
def leave_last_out(communities: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same under the other protocol."""
    return built_and_scored(
        communities, tmp_path_factory.mktemp("leave_last_out"), "leave_last_out"
    )


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> DemoData:
    """A small demo shop, with its dirt."""
    return write_demo_data(
        tmp_path_factory.mktemp("small_shop"), users=600, products=200, reviews=12_000
    )


@pytest.fixture(scope="session")
def scored_shop(small_shop: DemoData, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small shop, built and scored; tests must leave it as it is."""
    return Project.of_shop(tmp_path_factory.mktemp("scored_shop"), small_shop).built_and_scored()


def built_and_scored(files: Path, scratch: Path, protocol: str) -> Project:
    return Project(
        scratch,
        reviews=files / "reviews.csv",
        products=files / "products.csv",
        protocol=protocol,
    ).built_and_scored()

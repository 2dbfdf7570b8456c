"""What all parts of the tests share: repeatable hypothesis, and projects built once."""

import os
from dataclasses import replace
from pathlib import Path

# As the command line does, before a library reads it: threads that wait for others at work on the
# same cores must not keep these busy.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
from hypothesis import settings

from end_to_end.communities import reviews, with_variants, write_products, write_reviews
from project import Project
from rankmart.demo_data import DemoData, write_demo_data
from shared import made_once

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

LONGEST = [
    "real_data/test_real_data.py",
    "dbt/test_dbt_build.py",
    "score/test_small_inputs.py",
    "reading/test_unreadable_files.py",
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with nothing in it yet."""
    return Project(tmp_path)


@pytest.fixture(scope="session")
def communities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the log of communities: reviews.csv and products.csv."""

    def make(folder: Path) -> Path:
        write_reviews(folder / "reviews.csv", with_variants(reviews()))
        write_products(folder / "products.csv")
        return folder

    return made_once(tmp_path_factory, "communities", make)


@pytest.fixture(scope="session")
def temporal(communities: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The communities, built and scored; tests must leave it as it is."""
    return made_once(
        tmp_path_factory,
        "temporal",
        lambda folder: built_and_scored(communities, folder, "temporal"),
    )


@pytest.fixture(scope="session")
def leave_last_out(communities: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same under the other protocol."""
    return made_once(
        tmp_path_factory,
        "leave_last_out",
        lambda folder: built_and_scored(communities, folder, "leave_last_out"),
    )


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> DemoData:
    """A small demo shop, with its dirt."""
    return made_once(
        tmp_path_factory,
        "small_shop",
        lambda folder: write_demo_data(folder, users=600, products=200, reviews=12_000),
    )


@pytest.fixture(scope="session")
def scored_shop(small_shop: DemoData, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small shop, built and scored; tests must leave it as it is."""
    return made_once(
        tmp_path_factory,
        "scored_shop",
        lambda folder: Project.of_shop(folder, small_shop).built_and_scored(),
    )


@pytest.fixture(scope="session")
def varied(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small shop with lists re-ranked: of each category one product, and unlike each other."""

    def make(folder: Path) -> Project:
        project = scored_shop.copied_to(folder)
        project = replace(
            project, more={"RANKMART_DIVERSITY": "0.4", "RANKMART_CATEGORY_CAP": "1"}
        )
        project.rankmart("score", "--accept").succeeded()
        return project

    return made_once(tmp_path_factory, "varied", make)


def built_and_scored(files: Path, scratch: Path, protocol: str) -> Project:
    return Project(
        scratch,
        reviews=files / "reviews.csv",
        products=files / "products.csv",
        protocol=protocol,
    ).built_and_scored()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no worker ends with one of them alone.

    xdist keeps this order with `--no-loadscope-reorder`.
    """
    items.sort(key=lambda item: _place(item.path))


def _place(path: Path) -> int:
    name = f"{path.parent.name}/{path.name}"
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)

"""The small shop with an experiment that is on, scored; the run before is one of its variants."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api import served_copy
from project import Project
from shared import made_once


def rows_of(earlier_run: str) -> list[str]:
    """Rows of the seed: one experiment that is on, one that is over, one that is to come."""
    return [
        "taste,salt 1,control,0.4,ranker,2020-01-01,",
        "taste,salt 1,together,0.3,co_visited,2020-01-01,",
        f"taste,salt 1,before,0.2,{earlier_run},2020-01-01,",
        "over,salt 2,control,1,popular,2010-01-01,2010-12-31",
        "to come,salt 3,control,1,popular,2999-01-01,2999-12-31",
    ]


@pytest.fixture(scope="session")
def trial(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shop with the experiments seeded, modelled and scored; tests must leave it as it is."""

    def make(folder: Path) -> Project:
        project = replace(scored_shop.copied_to(folder), more={"RANKMART_EVENTS": "off"})
        project.seed(*rows_of(scored_shop.current_run), name="experiments").succeeded()
        project.dbt("--select", "stg_exposures+", "experiment_variants+").succeeded()
        # In two steps, so that what a held run keeps of its experiments is seen too.
        project.rankmart("score", "--hold").succeeded()
        project.rankmart("publish").succeeded()
        return project

    return made_once(tmp_path_factory, "trial", make)


@pytest.fixture
def shop(trial: Project, tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    """The API on the experiments' run, with an event store of its own."""
    with served_copy(trial, tmp_path) as client:
        yield client

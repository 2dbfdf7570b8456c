"""One small shop, built by dbt once per protocol, for all tests of the dbt project."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from built_shop import Build, build
from project import Project
from rankmart.demo_data import write_demo_data
from shared import made_once


@pytest.fixture(scope="session")
def build_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Build]:
    """`dbt build` under a protocol: models and data tests; unit tests under temporal alone."""

    def shop_in(folder: Path) -> Project:
        data = write_demo_data(folder, users=300, products=120, reviews=3000)
        return Project.of_shop(folder, data)

    shop = made_once(tmp_path_factory, "shop_of_dbt", shop_in)
    return lambda protocol: made_once(
        tmp_path_factory, f"build_{protocol}", lambda _: build(shop, protocol)
    )


@pytest.fixture(scope="session")
def built(build_of: Callable[[str], Build]) -> Build:
    """The build under the protocol that is the default."""
    return build_of("temporal")


@pytest.fixture(scope="session")
def models(built: Build) -> dict[str, dict[str, Any]]:
    """What dbt's manifest says of each model, by name."""
    return built.of_type("model")

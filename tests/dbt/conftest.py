"""One small shop, built by dbt once per protocol, for all tests of the dbt project."""

from collections.abc import Callable
from functools import cache

import pytest

from built_shop import Build, Shop, build
from rankmart.demo_data import write_demo_data


@pytest.fixture(scope="session")
def build_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Build]:
    """`dbt build` under a protocol: models, data tests and unit tests."""
    folder = tmp_path_factory.mktemp("shop")
    shop = Shop(folder, write_demo_data(folder, users=300, products=120, reviews=3000))
    return cache(lambda protocol: build(shop, protocol))

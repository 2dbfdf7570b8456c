"""One small shop, built by dbt once per protocol, for all tests of the dbt project."""

from collections.abc import Callable

import pytest

from built_shop import Build, Warehouse
from rankmart.demo_data import write_demo_data


@pytest.fixture(scope="session")
def build_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Build]:
    """`dbt build` under a protocol: models, data tests and unit tests. Built once."""
    folder = tmp_path_factory.mktemp("shop")
    shop = write_demo_data(folder, users=300, products=120, reviews=3000)
    builds: dict[str, Build] = {}

    def build(protocol: str) -> Build:
        if protocol not in builds:
            warehouse = Warehouse(tmp_path_factory.mktemp(protocol), shop, protocol)
            ended = warehouse.run("dbt", "build")
            results = warehouse.written_by_dbt("run_results.json")["results"]
            builds[protocol] = Build(
                warehouse,
                ended.returncode,
                ended.stdout,
                [
                    (result["unique_id"], result["unique_id"].split(".")[0], result["status"])
                    for result in results
                ],
                warehouse.written_by_dbt("manifest.json"),
            )
        return builds[protocol]

    return build

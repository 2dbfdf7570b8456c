"""What is in the wheel, and that it works where there is no repository."""

import re
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from project import ROOT
from rankmart.command_line import main
from rankmart.project_files import shipped_files

from .conftest import Installed, build

pytestmark = pytest.mark.long

SMALL = {
    "RANKMART_REVIEWS": "data/demo/reviews.csv",
    "RANKMART_PRODUCTS": "data/demo/products.csv",
    "RANKMART_WAREHOUSE": "data/demo/warehouse.duckdb",
    "RANKMART_PUBLISHED": "data/demo/published",
}


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def shop(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that the wheel wrote into an empty folder, built and scored there."""
    folder = tmp_path_factory.mktemp("elsewhere") / "shop"
    installed.run("rankmart", "init", "shop", cwd=folder.parent).succeeded()
    sizes = ("--users", "300", "--products", "120", "--reviews", "5000")
    installed.run("rankmart", "demo-data", *sizes, cwd=folder).succeeded()
    installed.run("dbt", "run", "--quiet", cwd=folder, **SMALL).succeeded()
    installed.run("rankmart", "score", "--accept", cwd=folder, **SMALL).succeeded()
    return folder


def test_every_file_of_both_packages_is_in_the_wheel(in_wheel: set[str]) -> None:
    for root in (ROOT / "python", ROOT / "serving"):
        of_package = {
            path.relative_to(root).as_posix()
            for path in root.rglob("*")
            if path.is_file()
            and not path.name.startswith(".")
            and not re.search(r"__pycache__|\.egg-info", path.as_posix())
        }
        assert {name for name in of_package if name.endswith("py.typed")}
        assert sorted(of_package - in_wheel) == []


def test_the_dbt_project_is_in_the_wheel_and_nothing_else_of_the_repository(
    in_wheel: set[str],
) -> None:
    folder = "rankmart/project/"
    project = {
        name.removeprefix(folder): name for name in sorted(in_wheel) if name.startswith(folder)
    }
    of_template = {"Makefile", "README.md", ".gitignore", "data/.gitkeep"}
    assert sorted(project) == sorted(set(shipped_files()) - of_template)
    assert {"dbt_project.yml", "models/marts/users.sql", "dbt_project/docs.md"} <= set(project)
    assert not [name for name in in_wheel if re.search("lint_stubs|test_|conftest|/data/", name)]
    assert {name.split("/")[0] for name in in_wheel} == {"rankmart", "rankmart_serving"}


def test_the_wheel_of_the_sdist_is_the_same(source: Path, wheel: Path, tmp_path: Path) -> None:
    sdist = build(source, tmp_path / "dist", "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.glob("rankmart-*")
    again = build(unpacked, tmp_path / "dist", "wheel")
    assert again.name == wheel.name
    with zipfile.ZipFile(again) as ours, zipfile.ZipFile(wheel) as theirs:
        assert {one.filename: one.CRC for one in ours.infolist()} == {
            one.filename: one.CRC for one in theirs.infolist()
        }


def test_a_model_that_is_gone_is_not_in_the_next_wheel(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "source"
    shutil.copytree(source, copy)
    gone = "models/marts/users.sql"
    build(copy, tmp_path / "dist", "wheel")
    (copy / gone).unlink()
    with zipfile.ZipFile(build(copy, tmp_path / "dist", "wheel")) as archive:
        assert f"rankmart/project/{gone}" not in archive.namelist()


def test_the_code_that_runs_is_that_of_the_wheel(installed: Installed, tmp_path: Path) -> None:
    names = "import rankmart, rankmart_serving, sys; print(rankmart.__file__)"
    names += "; print(rankmart_serving.__file__); print(*sys.path, sep='\\n')"
    lines = installed.run("python", "-c", names, cwd=tmp_path).succeeded().stdout.splitlines()
    assert all(Path(line).is_relative_to(installed.environment) for line in lines[:2])
    assert not [line for line in lines if line and Path(line) in (ROOT / "python", ROOT)]


def test_a_project_elsewhere_is_built_and_scored(installed: Installed, shop: Path) -> None:
    asked = installed.run("rankmart", "recommend", "-k", "3", cwd=shop, **SMALL).succeeded()
    assert "Recommended to " in asked.stdout
    assert re.search(r"^1 +B0", asked.stdout, re.MULTILINE)
    assert (shop / "data" / "recommendations.parquet").exists()


def test_the_api_of_the_wheel_answers(installed: Installed, shop: Path) -> None:
    asked = """
from litestar.testing import TestClient
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings
with TestClient(create_app(Settings.from_environment())) as client:
    assert client.get("/health/ready").status_code == 200
    assert "<html" in client.get("/").text
    print(client.get("/v1/users/nobody/recommendations").json()["fallback"])
"""
    answered = installed.run("python", "-c", asked, cwd=shop, **SMALL).succeeded()
    assert answered.stdout.splitlines()[-1] == "popular"


def test_what_dbt_and_scoring_wrote_is_not_in_git(installed: Installed, shop: Path) -> None:
    installed.run("git", "init", "--quiet", ".", cwd=shop).succeeded()
    status = installed.run("git", "status", "--short", "-uall", cwd=shop).succeeded().stdout
    in_git = {line.removeprefix("?? ") for line in status.splitlines()}
    assert in_git == {*shipped_files(), ".rankmart.json"}


def test_targets_of_a_project_are_lines_over_the_commands(
    installed: Installed, shop: Path
) -> None:
    listed = installed.run("make", cwd=shop).succeeded().stdout
    targets = re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE)
    assert {"demo", "score", "tune", "serve", "benchmark"} <= set(targets)
    for target in targets:
        would = installed.run("make", "-n", target, "REVIEWS=x", cwd=shop).succeeded().stdout
        called = set(re.findall(r"^rankmart ([a-z-]+)", would, re.MULTILINE))
        assert called <= set(main.commands), target
        assert called or "dbt" in would or target in ("help", "clean"), target

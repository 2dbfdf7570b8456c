"""`rankmart benchmark` writes the JSON that others compare by."""

import json
import math
from pathlib import Path

import duckdb
import pytest

from project import ROOT, Finished, Project
from rankmart.contest import export_contest_lists
from rankmart.demo_data import DemoData
from rankmart.errors import WarehouseError

pytestmark = pytest.mark.long

FIGURES = {
    "ndcg_at_10",
    "recall_at_10",
    "hit_rate_at_10",
    "mrr_at_10",
    "ndcg_at_5",
    "recall_at_5",
    "ndcg_at_20",
    "recall_at_20",
    "catalog_coverage_at_10",
    "novelty_at_10",
    "intra_list_diversity_at_10",
    "new_product_share_at_10",
}
OF_USERS = FIGURES - {"catalog_coverage_at_10"}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("benchmark"))


@pytest.fixture(scope="module")
def finished(scratch: Project, small_shop: DemoData) -> Finished:
    return scratch.rankmart(
        "benchmark",
        "--project",
        str(ROOT),
        "--reviews",
        str(small_shop.reviews_path),
        "--products",
        str(small_shop.products_path),
        "--protocol",
        "leave_last_out",
        "--out",
        "out/benchmark.json",
        "--history",
        "history.jsonl",
        "--name",
        "small shop",
    ).succeeded()


def test_the_history_has_a_line_with_machine_and_versions(
    scratch: Project, finished: Finished
) -> None:
    [line] = (scratch.scratch / "history.jsonl").read_text().splitlines()
    kept = json.loads(line)
    figures = json.loads(finished.stdout)
    assert kept["name"] == "small shop"
    assert kept["machine"]["cores"] >= 1
    assert kept["machine"]["memory_gb"] >= 1
    assert kept["versions"]["duckdb"] == duckdb.__version__
    assert kept["versions"]["xgboost"]
    assert kept["seconds"] == figures["seconds"]
    ranker = figures["models"]["ranker"]
    assert kept["ndcg_at_10"]["ranker"] == ranker["ndcg_at_10"]


def test_the_json_has_the_agreed_form(scratch: Project, finished: Finished) -> None:
    written = json.loads((scratch.scratch / "out/benchmark.json").read_text())
    assert json.loads(finished.stdout) == written
    assert set(written) >= {
        "protocol",
        "data",
        "seconds",
        "peak_memory_mb",
        "candidate_recall",
        "models",
    }
    assert written["protocol"] == "leave_last_out"
    assert set(written["data"]) == {"users", "products", "interactions", "test_users"}
    assert set(written["seconds"]) == {"dbt", "score", "total"}
    assert set(written["models"]) >= {
        "ranker",
        "popular",
        "co_visited",
        "next",
        "two_hop",
        "trending",
    }
    assert written["same_day_order"] == "file"
    for model, figures in written["models"].items():
        assert set(figures) == FIGURES
        assert 0 < figures["novelty_at_10"] < 10  # bits: of 600 users, at most log2(601)
        assert all(0 <= figures[name] <= 1 for name in FIGURES - {"novelty_at_10"})
        intervals = written["intervals"][model]
        assert set(intervals) == OF_USERS
        for name, (low, high) in intervals.items():
            assert low <= figures[name] <= high, (model, name)
    assert set(written["differences"]) == set(written["models"]) - {"ranker"}
    for baseline, differences in written["differences"].items():
        assert set(differences) == OF_USERS
        for name, difference in differences.items():
            assert set(difference) == {"difference", "interval"}
            low, high = difference["interval"]
            assert low <= difference["difference"] <= high, (baseline, name)
        assert differences["ndcg_at_10"]["difference"] == pytest.approx(
            written["models"]["ranker"]["ndcg_at_10"] - written["models"][baseline]["ndcg_at_10"],
            abs=2e-9,
        )


def test_the_numbers_are_of_the_file(
    scratch: Project, finished: Finished, scored_shop: Project
) -> None:
    written = json.loads(finished.stdout)
    [(users, products, interactions)] = scored_shop.rows(
        "select count(distinct user_key), count(distinct product_key), count(*) from interactions"
    )
    data = written["data"]
    assert (data["users"], data["products"], data["interactions"]) == (
        users,
        products,
        interactions,
    )
    # Every user with a second interaction and a positive that is not the first has a test label.
    assert 0.9 * users < data["test_users"] <= users
    seconds = written["seconds"]
    assert seconds["total"] == pytest.approx(seconds["dbt"] + seconds["score"], abs=0.11)
    assert 100 < written["peak_memory_mb"] < 4000
    assert 0.2 < written["candidate_recall"] <= 1
    assert written["models"]["ranker"]["ndcg_at_10"] > written["models"]["popular"]["ndcg_at_10"]


def test_nothing_but_the_files_asked_for_is_left(scratch: Project, finished: Finished) -> None:
    left = {path.name for path in scratch.scratch.rglob("*") if path.is_file()}
    assert left == {"benchmark.json", "history.jsonl"}


def test_a_step_that_fails_is_named(scratch: Project) -> None:
    failed = scratch.rankmart("benchmark", "--project", str(ROOT), "--reviews", "nowhere.csv")
    message = failed.failed_plainly()
    assert "no file of reviews at" in message
    assert "dbt run ended with exit code 2" in message


START = 1_400_025_600


def days_without_hours(path: Path) -> None:
    """Eighty users, each with five neighbours on a ring of forty products, all on one day."""
    rows = ["user_id,product_id,timestamp"]
    for user in range(80):
        rows += [f"u{user},p{(user + step) % 40},{START}" for step in range(5)]
    path.write_text("\n".join(rows) + "\n")


def test_both_orders_of_a_day_stand_beside_each_other(tmp_path: Path) -> None:
    days_without_hours(tmp_path / "reviews.csv")
    project = Project(tmp_path)
    finished = project.rankmart(
        *("benchmark", "--project", str(ROOT), "--reviews", "reviews.csv"),
        *("--protocol", "leave_last_out", "--same-day-order", "both"),
    ).succeeded()
    written = json.loads(finished.stdout)
    assert set(written) == {"protocol", "same_day_order", "file", "shuffled"}
    assert written["same_day_order"] == "both"
    for order in ("file", "shuffled"):
        assert written[order]["same_day_order"] == order
        assert written[order]["data"]["test_users"] == 80
        assert written[order]["peak_memory_mb"] > 50
    in_file, shuffled = (
        max(figures["ndcg_at_5"] for figures in written[order]["models"].values())
        for order in ("file", "shuffled")
    )
    # In the file everyone goes the ring in one direction, and what comes next is sure. Without its
    # order each of a user's five is the last one equally often: three of them leave a gap between
    # the other four, which is as sure, but two leave the four in a row, which has two ends.
    at_an_end = (1 + 1 / math.log2(3)) / 2
    at_best = 0.6 + 0.4 * at_an_end
    deviation = math.sqrt(0.8 + 0.2 / math.log2(3) ** 2 - at_best**2)
    three_errors = 3 * deviation / math.sqrt(80)
    assert in_file > at_best + three_errors
    assert shuffled < at_best + three_errors


def test_a_scratch_folder_that_is_in_use_is_refused(scratch: Project, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    arguments = ("--project", str(ROOT), "--reviews", "nowhere.csv", "--scratch", str(tmp_path))
    message = scratch.rankmart("benchmark", *arguments).failed_plainly()
    assert "is not an empty folder: name another one" in message
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_lists_that_can_not_be_written_are_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with duckdb.connect() as connection:
        connection.sql("create table contest_lists (model text, user_key int, rank int)")
        export_contest_lists(connection, tmp_path / "folder" / "lists.parquet")
        assert (tmp_path / "folder" / "lists.parquet").exists()
        with pytest.raises(WarehouseError, match="set RANKMART_TEST_LISTS"):
            export_contest_lists(connection, tmp_path / "file" / "lists.parquet")

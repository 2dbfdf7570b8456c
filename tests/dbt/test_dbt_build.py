"""`dbt build` passes as it stands, and fails where it must."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from built_shop import Build, rows_of, written_by_dbt

PROTOCOLS = ("temporal", "leave_last_out")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_models_data_tests_and_unit_tests_pass(
    build_of: Callable[[str], Build], protocol: str
) -> None:
    build = build_of(protocol)
    assert build.exit_code == 0, build.output
    assert {status for _, status in build.results} == {"success", "pass"}
    kinds = Counter(kind for kind, _ in build.results)
    assert kinds["model"] >= 30
    assert kinds["test"] >= 100
    assert kinds["unit_test"] >= (50 if protocol == "temporal" else 0)
    assert build.rows("select protocol from raw.builds order by started_at desc limit 1") == [
        (protocol,)
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_data_tests_had_rows_to_fail_on(build_of: Callable[[str], Build], protocol: str) -> None:
    rows = build_of(protocol).rows(
        "select split, count(*), count(distinct user_key), sum(label), count(because_of_key)"
        " from user_product_features group by split"
    )
    counts = {split: numbers for split, *numbers in rows}
    assert set(counts) == {"fit", "fit_2", "fit_3", "fit_4", "test", "serve"}
    for split, (candidates, users, labels, reasons) in counts.items():
        assert candidates > 1000
        assert users > 20
        assert reasons > 1000
        assert labels is None if split == "serve" else labels > 10


def test_number_of_passes_does_not_change_the_rows(
    build_of: Callable[[str], Build], tmp_path: Path
) -> None:
    in_one_pass = build_of("temporal")
    shop = in_one_pass.copied_to(tmp_path)
    shop.dbt(
        *("--select", "product_pairs", "candidates", "user_product_features"),
        reviews_per_pass=600,
    ).succeeded()
    tables = (
        "intermediate.product_pairs",
        "intermediate.candidates",
        "main.user_product_features",
    )
    for table in tables:
        difference = f"""
            with
            now as (select * from {table}),
            before as (select * from one_pass.{table})
            (from now except all from before) union all (from before except all from now)
        """
        assert rows_of(shop.warehouse, difference, one_pass=in_one_pass.kept) == []


def test_of_many_lists_each_has_fewer_candidates(
    build_of: Callable[[str], Build], tmp_path: Path
) -> None:
    shop = build_of("temporal").copied_to(tmp_path)
    longest = "select max(number) from (select count(*) as number from {} group by list_key)"
    assert shop.value(longest.format("intermediate.candidates")) > 40
    assert shop.value(longest.format("intermediate.candidates_co_visited")) > 24
    lists = shop.value("select count(*) from intermediate.target_users")
    models = ("--select", "candidate_neighbors", "candidates_co_visited", "candidates")

    shop.dbt(*models, candidate_rows=lists * 45, candidates_at_least=40).succeeded()
    assert shop.value(longest.format("intermediate.candidates")) == 45
    assert shop.value(longest.format("intermediate.candidates_co_visited")) == 24

    shop.dbt(*models, candidate_rows=lists * 45, candidates_at_least=60).succeeded()
    assert shop.value(longest.format("intermediate.candidates")) > 45

    shop.dbt(*models, candidate_rows=1, candidates_at_least=15).succeeded()
    assert shop.value(longest.format("intermediate.candidates")) == 15
    assert shop.value(longest.format("intermediate.candidates_co_visited")) == 20


def test_of_fewer_candidates_each_product_has_fewer_neighbours(
    build_of: Callable[[str], Build], tmp_path: Path
) -> None:
    shop = build_of("temporal").copied_to(tmp_path)
    query = "select list_key, product_key, support from intermediate.candidate_evidence"
    before = {(user, product): support for user, product, support in shop.rows(query)}
    shop.dbt(
        *("--select", "candidate_neighbors", "candidates", "candidate_evidence"),
        candidate_rows=1,
        candidates_at_least=15,
    ).succeeded()
    after = {(user, product): support for user, product, support in shop.rows(query)}
    less = [before[both] - after[both] for both in before.keys() & after.keys()]
    assert min(less) == 0
    assert max(less) > 0


def test_a_generator_can_be_taken_away(build_of: Callable[[str], Build], tmp_path: Path) -> None:
    shop = build_of("temporal").copied_to(tmp_path)
    shop.dbt(
        *("--select", "candidate_neighbors+"),
        generators={"recent": 30, "trending": 20, "popular": 20},
    ).succeeded()
    assert shop.rows("select distinct source from intermediate.candidate_neighbors") == [
        ("recent",)
    ]
    features = {name for name, *_ in shop.rows("describe user_product_features")}
    assert {"recent_score", "trending_score", "popular_score"} <= features
    assert features.isdisjoint({"co_visited_score", "factors_score"})


def test_cutoffs_that_cannot_be_end_the_run(
    build_of: Callable[[str], Build], tmp_path: Path
) -> None:
    shop = build_of("temporal").copied_to(tmp_path)
    cutoffs = "select * from intermediate.split_cutoffs order by split"
    before = shop.rows(cutoffs)

    def told(exit_code: int = 1, **given: Any) -> str:
        return shop.dbt("--select", "split_cutoffs", **given).failed_plainly(exit_code=exit_code)

    assert "fit_cutoff is '31.01.2014', which is no date" in told(fit_cutoff="31.01.2014")
    late = told(fit_cutoff="2100-01-01")
    assert "the fit cut-off, 2100-01-01, is not before the test cut-off" in late
    assert "is not before" in told(fit_cutoff="2023-02-01", test_cutoff="2023-02-01")
    swapped = told(fit_cutoff_quantile=0.95, exit_code=2)
    assert "both lie between 0 and 1, the first one lower" in swapped
    assert shop.rows(cutoffs) == before


def test_feature_of_another_type_breaks_the_contract(
    build_of: Callable[[str], Build], tmp_path: Path
) -> None:
    shop = build_of("temporal").copied_to(tmp_path)
    model = shop.copy_of_models() / "marts" / "user_product_features.sql"
    sql = model.read_text(encoding="utf-8")
    feature = "coalesce(evidence.support, 0) as support"
    assert feature in sql
    model.write_text(sql.replace(feature, "cast(evidence.support as double) as support"))
    ended = shop.dbt("--select", "user_product_features")
    assert ended.exit_code == 1
    assert "enforced contract that failed" in ended.stdout
    assert "| support" in ended.stdout


def test_schema_ranker_is_tested_after_scoring(
    build_of: Callable[[str], Build], tmp_path: Path
) -> None:
    shop = build_of("temporal").copied_to(tmp_path)
    shop.rankmart("score").succeeded()
    shop.dbt_test("source:ranker").succeeded()
    results = written_by_dbt(shop, "run_results.json")["results"]
    assert len([result for result in results if result["status"] == "pass"]) >= 30

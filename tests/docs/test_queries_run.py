"""The analyses of dbt and the queries on pages run, and say what they promise."""

from pathlib import Path

import pytest

from project import ROOT, Project

from .conftest import Analysis
from .pages import PAGES, blocks

ANALYSES = sorted(path.stem for path in (ROOT / "dbt_project" / "analyses").glob("*.sql"))
QUERIES = [
    pytest.param(query, id=f"{path.name}-{number}")
    for path in PAGES
    for number, query in enumerate(blocks(path.read_text(encoding="utf-8"), "sql"), start=1)
]
NOBODY = {"users_without_personal_recommendations", "users_with_mostly_fallback"}
"""Analyses of users whom a good run has none of."""


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_runs(analysis: Analysis, name: str) -> None:
    rows = analysis(name)
    assert rows or name in NOBODY


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_on_a_page_runs(scored_shop: Project, query: str) -> None:
    scored_shop.rows(query)


def test_rejected_lines_add_up(analysis: Analysis, scored_shop: Project) -> None:
    rows = analysis("rejected_lines")
    total = scored_shop.value("select sum(rejected_lines) from reading_report")
    assert sum(row["line_count"] for row in rows) == total
    assert len({(row["source_file"], row["reason"]) for row in rows}) == len(rows)
    assert all(0 < row["share_of_lines"] < 1 for row in rows)


def test_what_trends_most_comes_first(analysis: Analysis) -> None:
    ratios = [row["trend_ratio"] for row in analysis("top_products_by_trend")]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 1


def test_a_recommendation_leads_back_to_a_line_of_the_user(
    analysis: Analysis, scored_shop: Project
) -> None:
    user_id, product_id = scored_shop.rows(
        "select user_id, product_id from ranker.recommendations"
        " where reason_type = 'because_of' order by user_id desc, rank limit 1"
    )[0]
    [row] = analysis("why_recommended", user_id=user_id, product_id=product_id)
    lines = Path(row["source_file"]).read_text(encoding="utf-8").split("\n")
    line = lines[row["source_line"] - 1]
    assert f",{user_id}," in line
    assert row["raw_time"] in line


def test_without_a_user_it_is_the_whole_list_of_the_first(
    analysis: Analysis, scored_shop: Project
) -> None:
    listed = scored_shop.rows(
        "select rank, product_id from ranker.recommendations"
        " where user_id = (select min(user_id) from ranker.recommendations) order by rank"
    )
    rows = analysis("why_recommended")
    assert [(row["rank"], row["product_id"]) for row in rows] == listed


def test_users_without_personal_recommendations_have_none(
    analysis: Analysis, scored_shop: Project
) -> None:
    everyone = {user for (user,) in scored_shop.rows("select user_id from users")}
    personal = {
        user
        for (user,) in scored_shop.rows(
            "select user_id from ranker.recommendations"
            " where reason_type not in ('trending', 'popular', 'rule')"
        )
    }
    rows = analysis("users_without_personal_recommendations")
    assert {row["user_id"] for row in rows} == everyone - personal


def test_who_gets_bad_lists_counts_every_user_by_every_trait(
    analysis: Analysis, scored_shop: Project
) -> None:
    rows = analysis("who_gets_bad_lists")
    of_users = scored_shop.rows(
        "select case when history_length = 0 then '0' when history_length = 1 then '1'"
        " when history_length < 5 then '2 to 4' when history_length < 10 then '5 to 9'"
        " else '10 or more' end as band, count(*), count_if(mrr_at_10 = 0), avg(ndcg_at_10)"
        " from ranker.user_evaluation where model = 'ranker' group by band"
    )
    by_history = {row["band"]: row for row in rows if row["trait"] == "products in the history"}
    assert by_history.keys() == {band for band, *_ in of_users}
    for band, users, without_a_hit, ndcg in of_users:
        assert by_history[band]["user_count"] == users
        assert by_history[band]["users_without_a_hit"] == without_a_hit
        assert by_history[band]["share_without_a_hit"] == pytest.approx(without_a_hit / users)
        assert by_history[band]["ndcg_at_10"] == pytest.approx(ndcg)
    everyone = sum(users for _, users, *_ in of_users)
    above = scored_shop.value(
        "select difference from ranker.evaluation_differences"
        " where baseline = 'popular' and metric = 'ndcg' and k = 10"
    )
    for trait in {row["trait"] for row in rows}:
        bands = [row for row in rows if row["trait"] == trait]
        assert sum(row["user_count"] for row in bands) == everyone
        assert len(bands) == len({row["band"] for row in bands}) > 2
        assert sum(
            row["user_count"] * row["ndcg_above_popular"] for row in bands
        ) == pytest.approx(everyone * above, abs=1e-6)

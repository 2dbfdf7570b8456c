"""The ready queries say what they promise, on a shop in which the answers are known."""

from collections import Counter

import pytest

from project import Project

from .conftest import Analysis

FALLBACK_USER = """
    select user_id from ranker.recommendations group by user_id
    having count_if(reason_type in ('trending', 'popular')) = 0 order by user_id limit 1
"""


@pytest.fixture(scope="module")
def changed(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small shop with an earlier run, a refused one, some events, a user with a poor list."""
    project = scored_shop.copied_to(tmp_path_factory.mktemp("changed"))
    project.change(
        "insert into ranker.runs by name select * replace ('before' as run_id, false as"
        " is_current, created_at - interval 1 day as created_at, user_count - 5 as user_count)"
        " from ranker.runs where is_current",
        "insert into ranker.runs by name select * replace ('long before' as run_id,"
        " created_at - interval 1 day as created_at) from ranker.runs where run_id = 'before'",
        "insert into ranker.runs by name select * replace ('refused' as run_id, 'refused' as"
        " verdict, created_at + interval 1 hour as created_at) from ranker.runs"
        " where run_id = 'before'",
        "insert into ranker.evaluation by name select * replace ('before' as run_id, value - 0.1"
        " as value, ci_low - 0.1 as ci_low, ci_low - 0.01 as ci_high) from ranker.evaluation",
        "insert into staging.stg_events values"
        " (1, 'a', 'u', 'p', 'purchase', null, 1, 'r'), (2, 'b', 'u', 'q', 'purchase', null, 2,"
        " null), (3, 'c', 'v', 'p', 'view', null, 3, null)",
        "update interactions set kind = 'purchase' where (user_id, product_id) in ("
        " select user_id, because_of_product_id from ranker.recommendations"
        " where because_of_product_id is not null order by user_id, rank limit 1)",
        f"update ranker.recommendations set reason_type = 'popular' where rank <= 11"
        f" and user_id = ({FALLBACK_USER})",
    )
    return project


def test_what_changed_is_beside_the_run_published_before(
    analysis: Analysis, changed: Project
) -> None:
    rows = {
        row["figure"]: row
        for row in analysis("what_changed_since_the_run_before", project=changed)
    }
    assert {row["run_before"] for row in rows.values()} == {"before"}
    assert {row["run_now"] for row in rows.values()} == {changed.current_run}
    assert rows["user_count"]["change_of_value"] == 5
    assert rows["candidate_recall"]["change_of_value"] == 0
    assert rows["ndcg@10"]["change_of_value"] == pytest.approx(0.1)
    assert rows["ndcg@10"]["may_be_chance"] is False
    assert rows["user_count"]["may_be_chance"] is None
    assert rows["ndcg@10"]["value_now"] == changed.value(
        "select value from ranker.evaluation where model = 'ranker' and segment = 'all'"
        " and metric = 'ndcg' and k = 10 and run_id != 'before'"
    )


def test_before_the_second_run_nothing_is_beside_the_first(analysis: Analysis) -> None:
    rows = analysis("what_changed_since_the_run_before")
    assert {row["value_before"] for row in rows} == {None}
    assert all(row["value_now"] is not None for row in rows)


def test_coverage_counts_every_product_and_place_once(
    analysis: Analysis, scored_shop: Project
) -> None:
    rows = analysis("catalogue_coverage_by_category")
    of_category = {
        product: category or "no category"
        for product, category in scored_shop.rows(
            "select product_id, category from products where product_id = family_id"
        )
    }
    places = [
        of_category[product]
        for (product,) in scored_shop.rows("select product_id from ranker.recommendations")
    ]
    listed = scored_shop.rows("select distinct product_id from ranker.recommendations")
    products, recommended = (
        Counter(of_category.values()),
        Counter(of_category[product] for (product,) in listed),
    )
    assert len(rows) == len(products) > 5
    for row in rows:
        category = row["category"]
        assert row["product_count"] == products[category]
        assert row["recommended_count"] == recommended[category]
        assert row["share_recommended"] == pytest.approx(
            recommended[category] / products[category]
        )
        assert row["share_of_places"] == pytest.approx(places.count(category) / len(places))
    assert sum(row["share_of_interactions"] for row in rows) == pytest.approx(1)
    assert rows[0]["share_recommended"] == min(row["share_recommended"] for row in rows)


def test_users_with_mostly_fallback_have_more_than_half_of_it(
    analysis: Analysis, scored_shop: Project, changed: Project
) -> None:
    user = scored_shop.value(FALLBACK_USER)
    listed = scored_shop.value(
        "select count(*) from ranker.recommendations where user_id = ?", [user]
    )
    assert listed < 22
    rows = {row["user_id"]: row for row in analysis("users_with_mostly_fallback", project=changed)}
    before = {row["user_id"] for row in analysis("users_with_mostly_fallback")}
    assert set(rows) - before == {user}
    assert rows[user]["fallback_count"] == 11
    assert rows[user]["fallback_share"] == pytest.approx(11 / listed)
    assert all(row["fallback_share"] > 0.5 for row in rows.values())


def test_generators_overlap_as_their_own_tables_do(
    analysis: Analysis, scored_shop: Project
) -> None:
    rows = analysis("how_generators_overlap")
    generators = {row["generator"] for row in rows}
    assert len(rows) == len(generators) * (len(generators) - 1)
    proposed = {
        generator: {
            (user, product)
            for user, product in scored_shop.rows(
                f"select user_key, product_key from intermediate.candidates where split = 'serve'"
                f" and {generator}_rank is not null"
            )
        }
        for generator in generators
    }
    for row in rows:
        own, other = proposed[row["generator"]], proposed[row["other"]]
        assert row["proposal_count"] == len(own)
        assert row["shared_count"] == len(own & other)
        assert row["share_shared"] == pytest.approx(len(own & other) / len(own))
    alone = {row["generator"]: row["proposed_by_no_other"] for row in rows}
    for generator, count in alone.items():
        others = set().union(*(proposed[name] for name in generators - {generator}))
        assert count == len(proposed[generator] - others)


def test_events_are_counted_from_the_store_to_the_lists(
    analysis: Analysis, changed: Project
) -> None:
    rows = {row["kind"]: row for row in analysis("effect_of_events_by_kind", project=changed)}
    assert set(rows) == {"view", "click", "cart", "purchase", "rating", "dismiss"}
    purchase, view = rows["purchase"], rows["view"]
    assert (purchase["event_count"], purchase["user_count"], purchase["product_count"]) == (
        2,
        1,
        2,
    )
    assert purchase["after_a_recommendation"] == 1
    assert purchase["interaction_count"] == 1
    assert purchase["users_with_such_places"] == 1
    assert purchase["places_because_of"] == changed.value(
        "select count(*) from ranker.recommendations where (user_id, because_of_product_id) in"
        " (select user_id, product_id from interactions where kind = 'purchase')"
    )
    assert purchase["places_because_of"] >= 1
    assert (view["event_count"], view["interaction_count"], view["places_because_of"]) == (1, 0, 0)
    assert rows["cart"]["event_count"] == 0

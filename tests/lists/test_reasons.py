"""Every reason is one that the data supports; the batch and the API take it from one SQL text."""

import doctest
from pathlib import Path

import duckdb
import pytest

from project import Project
from rankmart import reasons
from rankmart.reasons import reason_sql, source_sql

GENERATORS = ["next", "similar_users", "tag_trending", "content", "trending", "popular", "own"]


def explained(
    ranks: dict[str, int], *, because_of: int | None = None, generators: list[str] = GENERATORS
) -> tuple[str, str]:
    """Source and reason of a candidate that has these ranks in the lists of generators."""
    columns = [f"{ranks.get(name, 'null')}::integer as {name}_rank" for name in generators]
    key = "null" if because_of is None else because_of
    [found] = duckdb.sql(
        f"select {source_sql(generators)}, {reason_sql(generators)}"
        f" from (select {key}::integer as because_of_key, {', '.join(columns)})"
    ).fetchall()
    return found


def test_the_examples_in_the_code_are_true() -> None:
    assert doctest.testmod(reasons).failed == 0


def test_a_product_of_the_user_comes_before_all_else() -> None:
    assert explained({"popular": 1, "next": 9}, because_of=7) == ("popular", "because_of")


@pytest.mark.parametrize(
    ("ranks", "source", "reason"),
    [
        ({"content": 3, "trending": 5}, "content", "content"),
        ({"content": 3, "popular": 1}, "popular", "content"),
        ({"trending": 2, "popular": 3}, "trending", "trending"),
        ({"trending": 2, "popular": 2}, "trending", "trending"),
        ({"trending": 3, "popular": 2}, "popular", "popular"),
        ({"trending": 3, "tag_trending": 1}, "tag_trending", "trending"),
        ({"popular": 3, "similar_users": 1}, "similar_users", "popular"),
        ({"tag_trending": 4}, "tag_trending", "tag_trending"),
        ({"similar_users": 4}, "similar_users", "similar_users"),
        ({"similar_users": 4, "tag_trending": 3}, "tag_trending", "tag_trending"),
        ({"similar_users": 4, "tag_trending": 4}, "similar_users", "similar_users"),
        ({"own": 4}, "own", "own"),
    ],
)
def test_a_reason_is_of_what_proposed_the_product(
    ranks: dict[str, int], source: str, reason: str
) -> None:
    assert explained(ranks) == (source, reason)


def test_a_shop_may_do_without_content() -> None:
    assert explained({"trending": 1}, generators=["trending", "popular"]) == (
        "trending",
        "trending",
    )


def test_every_recommendation_has_a_reason_that_its_features_support(
    scored_shop: Project, tmp_path: Path
) -> None:
    """By a second method: what each reason needs, counted, where some reasons are taken away."""
    project = scored_shop.copied_to(tmp_path)
    project.change(
        "update user_product_features set because_of_key = null"
        " where split = 'serve' and user_key % 2 = 0",
        "update user_product_features set content_rank = null, trending_rank = null,"
        " popular_rank = null where split = 'serve' and user_key > 0"
        " and coalesce(similar_users_rank, tag_trending_rank) is not null",
    )
    project.rankmart("score", "--accept").succeeded()
    rows = project.rows(
        """
        select distinct
            reason_type,
            because_of_key is not null as because_of,
            content_rank is not null as content,
            trending_rank is not null or popular_rank is not null as for_everyone
        from ranker.recommendations
        inner join users using (user_id)
        inner join intermediate.product_keys using (product_id)
        inner join user_product_features as features
            on features.split = 'serve'
            and features.user_key = users.user_key
            and features.product_key = product_keys.product_key
        """
    )
    charted, proposed = (False, False, True), (False, False, False)
    allowed = {
        "content": {(False, True, True), (False, True, False)},
        "trending": {charted},
        "popular": {charted},
        "tag_trending": {proposed},
        "similar_users": {proposed},
    }
    reasons_given = {reason for reason, *_ in rows}
    assert reasons_given >= {"because_of", *allowed}
    for reason, because_of, *others in rows:
        assert because_of == (reason == "because_of")
        if reason in allowed:
            assert (because_of, *others) in allowed[reason], reason
    # Of generators that neighbours come from, where the test took the neighbour away.
    assert "popular" not in {reason for reason, *others in rows if tuple(others) == proposed}

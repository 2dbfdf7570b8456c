"""Some users with what they reviewed and what they are recommended, the same in every report."""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from rankmart.reasons import IN_WORDS
from rankmart.recorded import RecordedRun

REVIEWED = 6
LISTED = 10


@dataclass(frozen=True)
class Reviewed:
    """A product of a user's history; `review` is the title of what they wrote, if any."""

    product_id: str
    title: str | None
    rating: float | None
    reviewed_at: datetime
    kind: str
    review: str | None


@dataclass(frozen=True)
class Recommended:
    """A place of a list, and in words why it is there."""

    rank: int
    product_id: str
    title: str | None
    score: float
    source: str
    why: str


@dataclass(frozen=True)
class Example:
    """A user, why they are shown, and how many products they have in all."""

    what: str
    user_id: str
    products: int
    history: tuple[Reviewed, ...]
    recommended: tuple[Recommended, ...]


# The first by a digest of the id is as good as by chance, and always the same.
_PICKS = (
    ("A long history", "products >= 10", ""),
    ("A short history", "products between 2 and 4", ""),
    ("A single product", "products = 1", ""),
    (
        "A miss",
        "products >= 5",
        "and user_id in (select user_id from ranker.user_evaluation where run_id = $run_id"
        " and model = $model and hit_rate_at_10 = 0 and history_length >= 5)",
    ),
)

_HISTORY = """
select
    interactions.product_id, products.title, interactions.rating, interactions.reviewed_at,
    interactions.kind, nullif(reviews.title, '')
from interactions
left join products on interactions.product_id = products.product_id
left join reviews on interactions.review_id = reviews.review_id
where interactions.user_id = ?
order by interactions.position desc
limit ?
"""

_LIST = """
select
    lists.rank, lists.product_id, products.title, lists.score, lists.source, lists.reason_type,
    coalesce(because_of.title, lists.because_of_product_id), lists.reason_terms
from reported_lists as lists
left join products on lists.product_id = products.product_id
left join products as because_of on lists.because_of_product_id = because_of.product_id
where lists.user_id = ?
order by lists.rank
limit ?
"""


def read_examples(connection: duckdb.DuckDBPyConnection, run: RecordedRun) -> tuple[Example, ...]:
    """A user of each kind that there is, nobody twice."""
    found: list[Example] = []
    for what, which, more in _PICKS:
        asked: dict[str, object] = {"seen": [example.user_id for example in found]}
        if more:
            asked |= {"run_id": run.run_id, "model": run.model}
        users = connection.execute(
            f"""
            select user_id, count(*) as products
            from interactions
            where user_id in (select user_id from reported_lists)
                and not list_contains($seen, user_id) {more}
            group by user_id
            having {which}
            order by md5(user_id), user_id
            limit 1
            """,
            asked,
        ).fetchall()
        for user_id, products in users:
            found.append(_example(connection, what, user_id, products))
    return tuple(found)


def read_fallback(connection: duckdb.DuckDBPyConnection) -> tuple[Recommended, ...]:
    """The first of the list for users who are not known."""
    rows = connection.execute(
        "select lists.rank, lists.product_id, products.title, lists.score, lists.source,"
        " lists.reason_type, null, lists.reason_terms"
        " from reported_fallback as lists"
        " left join products on lists.product_id = products.product_id"
        " order by lists.rank limit ?",
        [LISTED],
    ).fetchall()
    return tuple(_recommended(*row) for row in rows)


def _example(
    connection: duckdb.DuckDBPyConnection, what: str, user_id: str, products: int
) -> Example:
    history = connection.execute(_HISTORY, [user_id, REVIEWED]).fetchall()
    listed = connection.execute(_LIST, [user_id, LISTED]).fetchall()
    return Example(
        what=what,
        user_id=user_id,
        products=products,
        history=tuple(Reviewed(*row) for row in history),
        recommended=tuple(_recommended(*row) for row in listed),
    )


def _recommended(
    rank: int,
    product_id: str,
    title: str | None,
    score: float,
    source: str,
    reason: str,
    because_of: str | None,
    terms: str | None,
) -> Recommended:
    if reason == "because_of":
        why = f"because of {because_of}"
    elif reason == "content":
        why = f"mentions {terms}" if terms else "described like what they reviewed"
    else:
        why = "a list rule" if reason == "rule" else IN_WORDS.get(reason, reason)
    return Recommended(rank, product_id, title, score, source, why)

"""Tables for people to read on a terminal."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import duckdb

from rankmart.errors import SnapshotError, first_line
from rankmart.publish import current_run, snapshot_path
from rankmart.reasons import IN_WORDS
from rankmart.settings import Settings

if TYPE_CHECKING:
    # Showing what is stored needs none of what makes it, which takes seconds to load.
    from rankmart.contest import Contest
    from rankmart.rollback import Snapshot
    from rankmart.score import Run

SHOWN = (("ndcg", 10), ("recall", 10), ("hit_rate", 10), ("mrr", 10), ("catalog_coverage", 10))


def run_summary(run: "Run") -> str:
    """What a scoring did: the figures of every model, and whether it was published."""
    lines = [evaluation_table(run.contest, published=run.model), ""]
    lines += [f"Note: {note}." for note in run.notes]
    what = "held" if run.held else run.verdict.name
    lines.append(f"Run {run.run_id} is {what}: {run.verdict.reason}.")
    if not run.verdict.passed:
        lines.append(
            "The run that was published before stays. To publish this one all the same:"
            " rankmart publish --accept, or rankmart score --accept to make it anew"
        )
    elif run.held:
        lines.append("Nothing is published yet. To publish it: rankmart publish")
    return "\n".join(lines)


def evaluation_table(contest: "Contest", *, published: str) -> str:
    """Every model, best first, on the same users."""
    rows = [
        [
            f"{model} *" if model == published else model,
            *(f"{contest.value(model, metric, k):.4f}" for metric, k in SHOWN),
        ]
        for model in contest.models()
    ]
    title = (
        f"{contest.users:,} test users, candidate recall {contest.candidate_recall:.3f},"
        f" * published"
    )
    return title + "\n" + table(["model", *(f"{metric}@{k}" for metric, k in SHOWN)], rows)


def recommendations_of(settings: Settings, user_id: str | None, *, k: int) -> str:
    """A user's history and list from the published snapshot; without an id, of some user.

    Raises SnapshotError where nothing is published or readable, or the user is not known.
    """
    try:
        return _recommendations_of(settings, user_id, k=k)
    except duckdb.Error as error:
        raise SnapshotError(
            f"can't read the published snapshot ({first_line(error)}):"
            " run `make score` to publish again"
        ) from error


def _recommendations_of(settings: Settings, user_id: str | None, *, k: int) -> str:
    run_id = current_run(settings.published)
    if run_id is None:
        raise SnapshotError(
            f"nothing is published in {settings.published}: run `dbt run`, then `make score`"
        )
    with duckdb.connect(snapshot_path(settings.published, run_id), read_only=True) as connection:
        if user_id is None:
            # A user who shows something: a history, and products recommended because of it.
            found = connection.execute(
                """
                select lists.user_id from recommendation_lists as lists
                inner join history_lists as histories on lists.user_id = histories.user_id
                order by
                    least(json_array_length(histories.items), 6) desc,
                    md5(lists.user_id)
                limit 1
                """
            ).fetchone()
            user_id = found[0] if found else ""
        items = connection.execute(
            """
            select items.rank, items.product_id, items.title, items.score,
                items.reason.type, coalesce(items.reason.title, items.reason.product_id),
                items.reason.terms
            from (
                select unnest(from_json(items, '[{"rank": "int", "product_id": "varchar",
                    "title": "varchar", "score": "double", "reason": {"type": "varchar",
                    "product_id": "varchar", "title": "varchar", "terms": "varchar"}}]'))
                    as items
                from recommendation_lists where user_id = ?
            ) order by items.rank limit ?
            """,
            [user_id, k],
        ).fetchall()
        if not items:
            raise SnapshotError(
                f"user {user_id!r} has no list in run {run_id}: ids are in the table users;"
                " who is not known gets popular products from the API"
            )
        history = connection.execute(
            """
            select items.product_id, products.title, items.rating, items.reviewed_at
            from (
                select unnest(from_json(items, '[{"product_id": "varchar",
                    "rating": "double", "reviewed_at": "varchar"}]')) as items
                from history_lists where user_id = ?
            )
            left join products on items.product_id = products.product_id
            order by items.reviewed_at desc, items.product_id limit 6
            """,
            [user_id],
        ).fetchall()
    return "\n".join(
        [
            f"What {user_id} reviewed last",
            table(
                ["product", "title", "stars", "on"],
                [
                    [product, cut(title), f"{rating:.0f}" if rating else "", reviewed_at[:10]]
                    for product, title, rating, reviewed_at in history
                ],
            ),
            "",
            f"Recommended to {user_id} (run {run_id})",
            table(
                ["rank", "product", "title", "score", "why"],
                [
                    [
                        str(rank),
                        product,
                        cut(title),
                        f"{score:.3f}",
                        _why(reason, because_of, terms),
                    ]
                    for rank, product, title, score, reason, because_of, terms in items
                ],
            ),
        ]
    )


def snapshots_table(snapshots: Sequence["Snapshot"]) -> str:
    """The runs that are kept, as given, with what is said of them."""
    rows = [
        [
            snapshot.run_id,
            snapshot.verdict,
            "" if snapshot.ndcg is None else f"{snapshot.ndcg:.4f}",
            snapshot.model,
            f"{snapshot.scored_at:%Y-%m-%d %H:%M}",
            "served" if snapshot.is_current else "withdrawn" if snapshot.is_withdrawn else "",
        ]
        for snapshot in snapshots
    ]
    return table(["run", "verdict", "ndcg@10", "model", "scored at (UTC)", ""], rows)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of text, as wide as they need to be.

    >>> print(table(["model", "ndcg"], [["popular", "0.1"]]))
    model    ndcg
    popular  0.1
    """
    everything = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in everything) for column in range(len(header))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in everything
    )


def cut(title: str | None) -> str:
    """A title at most 44 characters long; empty for none."""
    if not title:
        return ""
    return title if len(title) <= 44 else title[:43] + "…"


def _why(reason: str, because_of: str | None, terms: str | None) -> str:
    if reason == "because_of":
        return f"because of {cut(because_of)}"
    if reason == "content":
        return f"mentions: {terms}" if terms else "described like what they reviewed"
    return "a rule" if reason == "rule" else IN_WORDS.get(reason, reason)

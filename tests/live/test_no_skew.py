"""The features and scores of single users are those of the batch."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from project import Project
from rankmart.events import Event, EventStore
from rankmart_serving.live import Reranker
from rankmart_serving.snapshots import SnapshotStore

USERS = 40
EVENT_KINDS = {"view", "click", "purchase", "rating", "dismiss"}


@pytest.fixture(params=["scored_shop", "temporal", "leave_last_out", "varied"])
def built(request: pytest.FixtureRequest) -> Project:
    project: Project = request.getfixturevalue(request.param)
    return project


def test_users_without_events_have_the_lists_scores_and_reasons_of_the_batch(
    built: Project,
) -> None:
    store = SnapshotStore(built.published)
    store.refresh()
    users = [
        user_id
        for (user_id,) in built.rows(
            "select user_id from users where product_count > 0 order by md5(user_id) limit ?",
            [USERS],
        )
    ]
    with store.reading() as reading:
        lists = Reranker(reading).lists(reading, [(user_id, ()) for user_id in users])
    store.close()

    published = {}
    for user_id, *item in built.rows(
        "select user_id, product_id, score, source, reason_type, because_of_product_id"
        " from ranker.recommendations"
        " where list_contains(?, user_id) order by user_id, rank",
        [users],
    ):
        published.setdefault(user_id, []).append(tuple(item))
    assert {
        user_id: [
            (
                item.product_id,
                pytest.approx(item.score, abs=1e-6),
                item.source,
                item.reason and item.reason.type,
                item.reason and item.reason.product_id,
            )
            for item in items
        ]
        for user_id, items in lists.items()
    } == published


def test_features_of_users_without_events_are_those_of_the_batch(built: Project) -> None:
    store = SnapshotStore(built.published)
    store.refresh()
    users = built.rows(
        "select user_key, user_id from users order by md5(user_id) limit ?", [USERS]
    )
    with store.reading() as reading:
        reranker = Reranker(reading)
        live = reranker.features(reading, [(user_id, ()) for _, user_id in users])
    store.close()
    with built.connection() as warehouse:
        batch = warehouse.sql(
            "select * from user_product_features"
            " where split = 'serve' and list_contains($keys, user_key)",
            params={"keys": [key for key, _ in users]},
        ).to_arrow_table()

    order = [("user_key", "ascending"), ("product_key", "ascending")]
    live = live.sort_by(order).select(batch.column_names).cast(batch.schema)
    assert batch.num_rows > USERS
    assert _differing(live, batch.sort_by(order)) == []


def _differing(one: pa.Table, other: pa.Table) -> list[str]:
    return [name for name in one.column_names if not one[name].equals(other[name])]


def test_who_was_asked_before_changes_nothing(scored_shop: Project) -> None:
    store = SnapshotStore(scored_shop.published)
    store.refresh()
    one, other = (
        user_id
        for (user_id,) in scored_shop.rows(
            "select user_id from users where product_count > 0 order by md5(user_id) limit 2"
        )
    )
    (product_id,) = scored_shop.rows("select min(product_id) from products")[0]
    event = Event(
        event_id="1", user_id=other, product_id=product_id, kind="view", occurred_epoch=1, seq=1
    )
    with store.reading() as reading:
        reranker = Reranker(reading)
        alone = reranker.lists(reading, [(one, ())])
        reranker.lists(reading, [(other, (event,)), ("nobody", (event,))])
        again = reranker.lists(reading, [(one, ())])
    store.close()

    assert alone[one]
    assert again == alone


BEFORE_AND_SINCE = (
    (("purchase",), ("view",)),
    (("purchase",), ("dismiss",)),
    (("purchase",), ("dismiss", "view")),
    (("purchase",), ()),
    (("purchase", "dismiss"), ("view",)),
    (("purchase", "dismiss"), ("view", "dismiss")),
    (("view", "purchase"), ("purchase",)),
    (("view",), ("purchase",)),
    (("view",), ("view", "click")),
    (("view", "dismiss"), ("purchase",)),
    (("dismiss",), ("view",)),
    (("dismiss",), ("dismiss",)),
    (("dismiss",), ()),
    (("cart",), ("rating",)),
    ((), ("view",)),
)
"""What a user did with a product, a product each, before the run and since."""


def test_the_history_of_a_user_with_events_before_and_since_is_that_of_the_next_batch(
    scored_shop: Project, tmp_path: Path
) -> None:
    user_id, moment = scored_shop.rows(
        "select user_id, (select max(reviewed_epoch) from interactions) from interactions"
        " group by user_id having count(*) >= 5 order by md5(user_id) limit 1"
    )[0]
    products = [
        product_id
        for (product_id,) in scored_shop.rows(
            "select product_id from intermediate.product_keys where product_id not in ("
            " select product_id from interactions where user_id = ?) order by product_id limit ?",
            [user_id, len(BEFORE_AND_SINCE)],
        )
    ]
    before, since = (
        [
            Event(
                event_id=f"{part} {product_id} {number}",
                user_id=user_id,
                product_id=product_id,
                kind=kind,
                rating=4.0 if kind == "rating" else None,
                occurred_epoch=moment + 1000 * part + 100 * number + place,
            )
            for place, (product_id, kinds) in enumerate(
                zip(products, BEFORE_AND_SINCE, strict=True)
            )
            for number, kind in enumerate(kinds[part])
        ]
        for part in (0, 1)
    )
    url = f"sqlite:///{tmp_path}/events.sqlite"
    project = replace(scored_shop.copied_to(tmp_path), more={"RANKMART_EVENTS": url})
    events = EventStore(url)
    events.append(before)
    project.dbt().succeeded()
    project.rankmart("score", "--accept").succeeded()

    events.append(since)
    store = SnapshotStore(project.published)
    store.refresh()
    with store.reading() as reading:
        new = events.after(reading.run.events_through, limit=100)
        assert [event.event_id for event in new] == [event.event_id for event in since]
        Reranker(reading).features(reading, [(user_id, tuple(new))])
        live = reading.cursor.execute(
            "select product_id, kind, strength, rating, is_positive, review_id, position"
            " from live_split_interactions inner join live_product_keys using (product_key)"
            " order by position"
        ).fetchall()
    store.close()
    events.close()

    project.dbt("--select", "+split_interactions").succeeded()
    batch = project.rows(
        "select product_id, kind, strength, rating, is_positive, review_id, position"
        " from intermediate.split_interactions"
        " inner join intermediate.product_keys using (product_key)"
        " inner join users using (user_key)"
        " where split = 'serve' and role = 'history' and user_id = ? order by position",
        [user_id],
    )
    assert {kind for _, kind, *_ in batch} == {"review", *EVENT_KINDS}
    assert live == batch

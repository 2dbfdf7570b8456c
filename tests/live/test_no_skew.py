"""The features and scores of single users are those of the batch."""

import pyarrow as pa
import pytest

from project import Project
from rankmart.events import Event
from rankmart_serving.live import Reranker
from rankmart_serving.snapshots import SnapshotStore

USERS = 40


@pytest.fixture(params=["scored_shop", "temporal", "leave_last_out", "varied"])
def built(request: pytest.FixtureRequest) -> Project:
    project: Project = request.getfixturevalue(request.param)
    return project


def test_users_without_events_have_the_lists_and_scores_of_the_batch(built: Project) -> None:
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
    for user_id, product_id, score, source in built.rows(
        "select user_id, product_id, score, source from ranker.recommendations"
        " where list_contains(?, user_id) order by user_id, rank",
        [users],
    ):
        published.setdefault(user_id, []).append((product_id, score, source))
    assert {
        user_id: [
            (item.product_id, pytest.approx(item.score, abs=1e-6), item.source) for item in items
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

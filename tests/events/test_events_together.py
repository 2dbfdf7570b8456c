"""Requests that bring events at the same time share a transaction, and nothing else."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from rankmart.events import Event, EventStore, EventStoreError, events_table
from rankmart_serving.feed import EventFeed
from rankmart_serving.snapshots import SnapshotStore


class SlowStore(EventStore):
    """A store whose first transaction waits, and which refuses events of the user `bad`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.may_go_on = threading.Event()
        self.is_at_work = threading.Event()
        self.transactions: list[int] = []

    def append(self, events: Sequence[Event]) -> list[bool]:
        self.is_at_work.set()
        self.may_go_on.wait(10)
        if any(event.user_id == "bad" for event in events):
            raise EventStoreError("refused")
        if any(event.user_id == "odd" for event in events):
            raise RuntimeError("nobody foresaw this")
        self.transactions.append(len(events))
        return super().append(events)


def event(event_id: str, user_id: str = "ann") -> Event:
    return Event(
        event_id=event_id, user_id=user_id, product_id="P1", kind="view", occurred_epoch=1
    )


def sent_together(
    feed: EventFeed, store: SlowStore, requests: Sequence[Sequence[Event]]
) -> dict[int, list[bool] | str]:
    """What each request was told, of which all but the first came during the first."""
    told: dict[int, list[bool] | str] = {}

    def send(number: int) -> None:
        try:
            told[number] = feed.append(requests[number])
        except (EventStoreError, RuntimeError) as error:
            told[number] = str(error)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(requests))]
    threads[0].start()
    assert store.is_at_work.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(feed._sent) < len(requests) - 1:
        assert threads[0].is_alive()
    store.may_go_on.set()
    for thread in threads:
        thread.join()
    return told


@pytest.fixture
def store(tmp_path: Path) -> SlowStore:
    return SlowStore(f"sqlite:///{tmp_path}/events.sqlite")


def test_what_comes_during_a_transaction_is_stored_by_the_next(
    store: SlowStore, tmp_path: Path
) -> None:
    feed = EventFeed(store, SnapshotStore(tmp_path))

    told = sent_together(feed, store, [[event("1")], [event("2"), event("3")], [event("4")]])

    assert told == {0: [True], 1: [True, True], 2: [True]}
    assert store.transactions == [1, 3]
    feed.close()


def test_an_event_of_two_requests_is_new_to_one_of_them(store: SlowStore, tmp_path: Path) -> None:
    feed = EventFeed(store, SnapshotStore(tmp_path))

    told = sent_together(feed, store, [[event("1")], [event("2")], [event("2"), event("1")]])

    assert told[0] == [True]
    assert sorted(map(str, (told[1], told[2]))) in (
        ["[False, False]", "[True]"],
        ["[False]", "[True, False]"],
    )
    feed.close()
    stored = events_table(f"sqlite:///{tmp_path}/events.sqlite")["event_id"].to_pylist()
    assert sorted(stored) == ["1", "2"]


def test_what_can_not_be_stored_keeps_no_other_request_from_it(
    store: SlowStore, tmp_path: Path
) -> None:
    feed = EventFeed(store, SnapshotStore(tmp_path))

    told = sent_together(feed, store, [[event("1")], [event("2", "bad")], [event("3")]])

    assert told == {0: [True], 1: "refused", 2: [True]}
    feed.close()


def test_after_an_unforeseen_error_nothing_is_acknowledged_that_is_not_stored(
    store: SlowStore, tmp_path: Path
) -> None:
    feed = EventFeed(store, SnapshotStore(tmp_path))

    told = sent_together(feed, store, [[event("1")], [event("2", "odd")], [event("3")]])

    feed.close()
    stored = events_table(f"sqlite:///{tmp_path}/events.sqlite")["event_id"].to_pylist()
    assert told[0] == [True]
    assert told[1] == "nobody foresaw this"
    # Whichever of the two stored for both was told of the error.
    assert (told[2], "3" in stored) in (([True], True), ("nobody foresaw this", False))

"""What was acknowledged is there, once."""

import multiprocessing
from dataclasses import replace

import pytest

from rankmart.events import Event, EventStore, EventStoreError, events_table

EVENT = Event(
    event_id="1", user_id="ann", product_id="P1", kind="view", occurred_epoch=1_700_000_000
)


def numbered(count: int, prefix: str = "") -> list[Event]:
    return [replace(EVENT, event_id=f"{prefix}{number}") for number in range(count)]


def test_an_event_comes_back_as_it_was_stored(url: str) -> None:
    store = EventStore(url)
    odd = replace(
        EVENT,
        event_id="é'; --",
        user_id="漢字 🧴",
        kind="rating",
        rating=4.5,
        recommendation_id="r",
    )

    assert store.append([EVENT, odd]) == [True, True]

    assert store.after(0) == [replace(EVENT, seq=1), replace(odd, seq=2)]
    assert store.after(1) == [replace(odd, seq=2)]
    store.close()


def test_an_event_id_is_stored_once_and_the_first_counts(url: str) -> None:
    store = EventStore(url)
    assert store.append([EVENT, replace(EVENT, user_id="bea")]) == [True, False]
    assert store.append([replace(EVENT, user_id="cat")]) == [False]

    assert [event.user_id for event in store.after(0)] == ["ann"]
    store.close()


def test_events_are_stored_together_or_not_at_all(url: str) -> None:
    store = EventStore(url)
    broken = replace(EVENT, event_id="2", user_id=None)  # type: ignore[arg-type]

    with pytest.raises(EventStoreError, match="send them again"):
        store.append([EVENT, broken])

    assert store.after(0) == []
    store.close()


def test_pages_follow_one_another(url: str) -> None:
    store = EventStore(url)
    store.append(numbered(5))

    first = store.after(0, limit=3)
    second = store.after(first[-1].seq, limit=3)

    assert [event.event_id for event in first + second] == ["0", "1", "2", "3", "4"]
    store.close()


def _write(url: str, prefix: str) -> None:
    store = EventStore(url)
    for event in numbered(25, prefix):
        assert store.append([event]) == [True]
    store.close()


def test_processes_write_at_once(url: str) -> None:
    EventStore(url).close()
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(url, f"{name}-")) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0] * 4
    table = events_table(url)
    assert sorted(table["event_id"].to_pylist()) == sorted(
        f"{name}-{number}" for name in "abcd" for number in range(25)
    )


def test_a_store_that_never_was_is_empty_and_stays_away(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/none.sqlite"

    assert events_table(url).num_rows == 0
    with pytest.raises(FileNotFoundError):
        open(f"{tmp_path}/none.sqlite").close()


def test_without_a_store_there_are_no_events() -> None:
    assert events_table("off").num_rows == 0


def test_an_address_that_is_none_is_said_to_be_none() -> None:
    with pytest.raises(EventStoreError, match="RANKMART_EVENTS"):
        events_table("no url")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "no url",
        "oracle://x",
        "postgresql+psycopg://nobody@127.0.0.1:1/none",
        "sqlite:////proc/none/events.sqlite",
    ],
)
def test_a_store_that_cannot_be_opened_says_which_setting_to_see(url: str) -> None:
    with pytest.raises(EventStoreError, match="RANKMART_EVENTS"):
        EventStore(url)

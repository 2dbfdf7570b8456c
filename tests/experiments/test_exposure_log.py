"""Notes of what was shown wait for the store, but not without bound, and requests not for them."""

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rankmart.events import EventStore, EventStoreError
from rankmart.exposures import exposures_table
from rankmart_serving import exposures
from rankmart_serving.exposures import EXPOSURES, ExposureLog

ITEMS = (msgspec.Raw(b'{"rank": 1, "product_id": "P1"}'),)


def counted(outcome: str) -> float:
    return float(EXPOSURES.labels(outcome)._value.get())


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/events.sqlite"


def note(log: ExposureLog, user_id: str = "ann") -> str:
    return log.note(experiment="e", variant="v", user_id=user_id, run_id="run-1", items=ITEMS)


def stored(url: str) -> list[Any]:
    rows: list[Any] = exposures_table(url)["recommendation_id"].to_pylist()
    return rows


def test_notes_are_stored_soon_and_the_rest_at_the_end(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposures, "STORE_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(exposures, "STORED_AT_ONCE", 3)
    before = counted("stored")
    store = EventStore(url)
    log = ExposureLog(store)
    log.start()
    told = [note(log) for _ in range(8)]
    deadline = time.monotonic() + 20
    while len(stored(url)) < 8:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    told.append(note(log))
    log.stop()
    store.close()

    assert stored(url) == told
    assert len(set(told)) == 9
    assert counted("stored") - before == 9


def test_while_the_store_is_away_notes_wait_and_what_is_too_much_is_dropped_and_counted(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposures, "STORE_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(exposures, "WAITING_AT_MOST", 3)
    is_away = [True]
    tried = []

    def append_unless_away(store: EventStore, notes: list[Any]) -> None:
        tried.append(len(notes))
        if is_away[0]:
            raise EventStoreError("away")
        append(store, notes)

    append = exposures.append
    monkeypatch.setattr(exposures, "append", append_unless_away)
    before = counted("dropped")
    store = EventStore(url)
    log = ExposureLog(store)
    log.start()
    told = [note(log) for _ in range(5)]
    deadline = time.monotonic() + 20
    while len(tried) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)

    assert counted("dropped") - before == 2
    is_away[0] = False
    log.stop()
    store.close()
    assert stored(url) == told[:3]


def test_what_cannot_be_stored_at_the_end_is_said(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def never(store: EventStore, notes: list[Any]) -> None:
        raise EventStoreError("the disk is full")

    monkeypatch.setattr(exposures, "append", never)
    before = counted("dropped")
    store = EventStore(url)
    log = ExposureLog(store)
    log.start()
    note(log)
    log.stop()
    store.close()

    assert "the disk is full" in caplog.text
    assert "1 exposures were not stored" in caplog.text
    assert counted("dropped") - before == 1

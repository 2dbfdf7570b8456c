"""What the flow does and tells, with stand-ins of its programs, in Prefect's test harness."""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from prefect.testing.utilities import prefect_test_harness

from rankmart.errors import RankmartError
from rankmart.events import Event, EventStore
from rankmart.flow import job
from rankmart.release import release
from rankmart.rollback import roll_back_to
from rankmart.settings import Settings
from rankmart.steps import ledger, process, task

from .conftest import Hook
from .fake_shop import FakeShop


@pytest.fixture(scope="module", autouse=True)
def harness() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.fixture
def shop(shop: FakeShop, monkeypatch: pytest.MonkeyPatch) -> FakeShop:
    """The flow of these tests runs in this process, which is at the shop's folder."""
    monkeypatch.chdir(shop.folder)
    monkeypatch.setattr(process, "PROGRAMS", shop.folder / "programs")
    for name, value in shop.environment().items():
        monkeypatch.setenv(name, value)
    return shop


@pytest.fixture
def at_once() -> Iterator[None]:
    """No waiting before a step is tried again."""
    seconds = list(task.RETRY_SECONDS)
    task.RETRY_SECONDS[:] = [0, 0, 0]
    yield
    task.RETRY_SECONDS[:] = seconds


def flow(**options: Any) -> "State[Any]":
    state: State[Any] = job(**options, return_state=True)
    return state


def test_what_is_new_is_built_scored_judged_published_and_told(
    shop: FakeShop, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANKMART_WEBHOOK", hook.url)
    state = flow()
    assert (state.name, state.message) == ("Completed", "Run run-1 is published.")
    assert shop.calls == ["dbt build", "rankmart score", "rankmart publish"]
    assert shop.served == "run-1"
    assert hook.told == [
        {
            "flow": "rankmart",
            "status": "published",
            "run_id": "run-1",
            "model": "ranker",
            "verdict": "published",
            "reason": "for held",
            "metrics": {"ndcg_at_10": 0.1},
        }
    ]


def test_nothing_is_done_again_while_nothing_changes(
    shop: FakeShop, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANKMART_WEBHOOK", hook.url)
    flow()
    assert len(shop.calls) == 3
    state = flow()
    assert (state.name, state.message) == ("Completed", "Nothing is new since run run-1.")
    assert shop.calls == []
    assert len(hook.told) == 1

    assert flow(fresh=True).message == "Run run-2 is published."
    assert shop.calls == ["dbt build", "rankmart score", "rankmart publish"]


def test_a_step_is_done_again_when_what_it_reads_changed(
    shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ["dbt build", "rankmart score", "rankmart publish"]
    flow()
    assert shop.calls == everything

    shop.tell("reviews.csv", "user_id,product_id,reviewed_at\nann,P2,2014-01-02\n")
    assert flow().message == "Run run-2 is published."
    assert shop.calls == everything

    monkeypatch.setenv("RANKMART_SEED", "8")
    assert flow().message == "Run run-3 is published."
    assert shop.calls == everything[1:]

    # As it was once is not as it was last: the tables are those of seed 8.
    monkeypatch.setenv("RANKMART_SEED", "7")
    assert flow().message == "Run run-4 is published."
    assert shop.calls == everything[1:]

    shop.warehouse.unlink()
    flow()
    assert shop.calls == everything


def test_new_events_are_counted_and_taken_in(
    shop: FakeShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    flow()
    assert len(shop.calls) == 3
    url = f"sqlite:///{shop.folder / 'events.sqlite'}"
    monkeypatch.setenv("RANKMART_EVENTS", url)
    store = EventStore(url)
    # The warehouse has taken in seven.
    store.append(
        [
            Event(event_id=str(n), user_id="u", product_id="P1", kind="view", occurred_epoch=n)
            for n in range(9)
        ]
    )
    store.close()
    caplog.clear()
    flow()
    assert "2 events are new since the last build" in caplog.messages
    assert len(shop.calls) == 3


def test_a_refused_run_ends_the_flow_and_is_told(
    shop: FakeShop, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANKMART_WEBHOOK", hook.url)
    shop.tell("refuse")
    state = flow()
    assert state.is_failed()
    assert state.name == "Refused"
    assert state.message == (
        "stopped at gate: run run-1 is refused: for refused; run old is served as before"
    )
    assert shop.calls == ["dbt build", "rankmart score"]
    assert shop.served == "old"
    [message] = hook.told
    assert (message["status"], message["run_id"]) == ("refused", "run-1")
    assert (message["reason"], message["served_run_id"]) == ("for refused", "old")

    # The same data, the same verdict, and nobody is told twice.
    assert flow().name == "Refused"
    assert shop.calls == []
    assert len(hook.told) == 1

    release(Settings.from_environment(), accept=True)
    assert flow().is_completed()
    assert shop.served == "run-1"


def test_a_failed_step_is_told_with_its_error_and_is_where_the_next_flow_begins(
    shop: FakeShop, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANKMART_WEBHOOK", hook.url)
    fault = "Error: not enough labels. Give more reviews"
    shop.tell("fail_at", json.dumps(["rankmart score", 1, fault]))
    state = flow()
    error = "`rankmart score` ended with exit code 1: not enough labels. Give more reviews"
    assert state.name == "Failed"
    assert state.message == f"stopped at score: {error}; run old is served as before"
    assert hook.told == [
        {
            "flow": "rankmart",
            "status": "failed",
            "step": "score",
            "error": error,
            "served_run_id": "old",
        }
    ]
    # Bad data are not tried again.
    assert shop.calls == ["dbt build", "rankmart score"]
    assert shop.served == "old"

    (shop.folder / "fail_at").unlink()
    assert flow().message == "Run run-1 is published."
    assert shop.calls == ["rankmart score", "rankmart publish"]


def test_a_build_that_did_not_finish_is_not_scored(shop: FakeShop) -> None:
    lines = "Failure in test unique_users (models/m.yml)\n  Got 2 results"
    shop.tell("fail_at", json.dumps(["dbt build", 1, lines]))
    message = flow().message or ""
    assert "stopped at build_features: `dbt build` ended with exit code 1" in message
    assert "Failure in test unique_users (models/m.yml), Got 2 results" in message
    assert shop.calls == ["dbt build"]


def test_a_warehouse_in_use_is_tried_again(shop: FakeShop, at_once: None) -> None:
    fault = "Error: warehouse.duckdb is open in another process (process 7): wait for it"
    shop.tell("fail_at", json.dumps(["rankmart score", 1, fault]))
    assert "is open in another process (process 7)" in (flow().message or "")
    assert shop.calls == ["dbt build", *["rankmart score"] * 4]


def test_a_webhook_that_does_not_answer_well_leaves_the_run_published(
    shop: FakeShop, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANKMART_WEBHOOK", hook.url)
    hook.answer = 404
    state = flow()
    assert state.message == (
        "stopped at notify: the webhook at 127.0.0.1 answered 404: see RANKMART_WEBHOOK;"
        " run run-1 is published"
    )
    assert "secret" not in (state.message or "")
    assert shop.served == "run-1"
    assert len(hook.told) == 1
    assert len(shop.calls) == 3

    hook.answer = 200
    assert flow().is_completed()
    assert len(hook.told) == 2
    assert shop.calls == []


def test_that_nobody_can_be_told_does_not_hide_what_failed(
    shop: FakeShop, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANKMART_WEBHOOK", hook.url)
    hook.answer = 403
    shop.tell("fail_at", json.dumps(["dbt build", 2, "Error: no file of reviews"]))
    assert (flow().message or "").startswith("stopped at build_features: ")


def test_a_roll_back_is_not_undone_by_a_flow_without_news(shop: FakeShop) -> None:
    flow()
    settings = Settings.from_environment()
    assert roll_back_to(settings) == "old"
    assert flow().is_completed()
    assert shop.served == "old"
    shop.tell("reviews.csv", "more\n")
    assert flow().message == "Run run-2 is published."


def test_tuning_is_done_when_it_is_due(shop: FakeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    tuned = shop.folder / "tuned.json"
    monkeypatch.setenv("RANKMART_TUNED", str(tuned))
    flow()
    assert "rankmart tune" not in shop.calls
    flow(tune_every=7)
    assert shop.calls == ["rankmart tune"]
    flow(tune_every=7)
    assert shop.calls == []

    (shop.folder / "finished" / "tune.json").unlink()
    tuned.write_text("{}")
    flow(tune_every=7)
    # What is tuned by hand needs no tuning, but a scoring.
    assert shop.calls == ["rankmart score", "rankmart publish"]
    eight_days_ago = time.time() - 8 * 86_400
    os.utime(tuned, (eight_days_ago, eight_days_ago))
    flow(tune_every=7)
    assert shop.calls == ["rankmart tune"]


def test_two_flows_at_once_are_one_too_many(
    shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Settings.from_environment().flow
    running = rf"running already \(process {os.getpid()}\)"
    with (
        ledger.only_one(folder),
        pytest.raises(RankmartError, match=running),
        ledger.only_one(folder, wait_seconds=0),
    ):
        raise AssertionError
    monkeypatch.setattr(ledger, "WAIT_SECONDS", 0)
    with ledger.only_one(folder):
        state = flow()
    assert (state.name, shop.calls) == ("Failed", [])
    assert re.search(running, state.message or "")
    assert flow().is_completed()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(RankmartError, match="see RANKMART_FLOW"),
        ledger.only_one(tmp_path / "file" / "flow"),
    ):
        raise AssertionError

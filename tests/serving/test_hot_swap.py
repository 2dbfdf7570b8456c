"""A new run is picked up without a restart, and a broken one is not."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from publish.small_warehouse import publish_run
from rankmart_serving.snapshots import NoSnapshotError, SnapshotStore

ANN = "/v1/users/ann/recommendations"


def open_files(folder: Path) -> set[str]:
    """The names of the files in a folder that this process has open."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = Path(os.readlink(descriptor))
        except FileNotFoundError:
            continue
        if target.parent == folder:
            found.add(target.name)
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in 10 s"
        time.sleep(0.01)


@pytest.fixture
def store(warehouse: duckdb.DuckDBPyConnection, published: Path) -> Iterator[SnapshotStore]:
    publish_run(warehouse, published, "run-1")
    store = SnapshotStore(published)
    store.refresh()
    yield store
    store.close()


def test_a_new_run_is_picked_up_and_the_old_file_let_go(
    client_of_own_run: TestClient[Litestar], warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    assert client_of_own_run.get(ANN).json()["run_id"] == "run-1"
    assert open_files(published) == {"run-1.duckdb"}

    publish_run(warehouse, published, "run-2", anns_second="P4")

    wait_until(lambda: bool(client_of_own_run.get(ANN).json()["run_id"] == "run-2"))
    assert [item["product_id"] for item in client_of_own_run.get(ANN).json()["items"]] == [
        "P2",
        "P4",
    ]
    assert open_files(published) == {"run-2.duckdb"}


def test_requests_during_swaps_all_get_a_whole_answer_of_one_run(
    client_of_own_run: TestClient[Litestar], warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    second_product = {"run-1": "P3"}
    for number in range(2, 6):
        second_product[f"run-{number}"] = "P4" if number % 2 == 0 else "P3"
    answers: list[tuple[int, dict[str, Any]]] = []
    stop = threading.Event()

    def hammer() -> None:
        while not stop.is_set():
            response = client_of_own_run.get(ANN)
            answers.append((response.status_code, response.json()))

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for run_id, product in list(second_product.items())[1:]:
            publish_run(warehouse, published, run_id, anns_second=product)
            wait_until(lambda run_id=run_id: answers[-1][1].get("run_id") == run_id)  # type: ignore[misc]
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert {status for status, _ in answers} == {200}
    assert {answer["run_id"] for _, answer in answers} == set(second_product)
    for _, answer in answers:
        assert answer["items"][1]["product_id"] == second_product[answer["run_id"]]


def test_overlapping_readers_keep_their_run_open_until_the_last_is_done(
    store: SnapshotStore, warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    query = "select run_id from run"
    with store.reading() as first:
        with store.reading() as second:
            assert first.cursor is not second.cursor
            publish_run(warehouse, published, "run-2")
            store.refresh()
            assert open_files(published) == {"run-1.duckdb", "run-2.duckdb"}
            assert second.cursor.execute(query).fetchall() == [("run-1",)]
        assert first.cursor.execute(query).fetchall() == [("run-1",)]
        assert open_files(published) == {"run-1.duckdb", "run-2.duckdb"}
    assert open_files(published) == {"run-2.duckdb"}
    with store.reading() as later:
        assert later.cursor.execute(query).fetchall() == [("run-2",)]


def test_readers_in_threads_always_see_one_whole_run(
    store: SnapshotStore, warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    query = "select (select run_id from run), (select any_value(run_id) from evaluation)"
    seen: set[tuple[str, str, str]] = set()
    failures: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                with store.reading() as reading:
                    rows = reading.cursor.execute(query).fetchall()
                seen.add((reading.run.run_id, *rows[0]))
        except BaseException as failure:
            failures.append(failure)
            raise

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for run_id in ("run-2", "run-3", "run-4"):
            publish_run(warehouse, published, run_id)
            store.refresh()
            wait_until(lambda run_id=run_id: (run_id,) * 3 in seen)  # type: ignore[misc]
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert failures == []
    assert seen == {(run_id,) * 3 for run_id in ("run-1", "run-2", "run-3", "run-4")}
    assert open_files(published) == {"run-4.duckdb"}


def test_a_pruned_run_that_is_still_open_answers_on(store: SnapshotStore, published: Path) -> None:
    (published / "run-1.duckdb").unlink()

    with store.reading() as reading:
        assert reading.cursor.execute("select run_id from run").fetchall() == [("run-1",)]


def break_by_text(path: Path) -> None:
    path.write_text("this is no database")


def break_by_truncation(path: Path) -> None:
    path.write_bytes(path.with_name("run-1.duckdb").read_bytes()[:20000])


def break_by_zeros(path: Path) -> None:
    whole = path.with_name("run-1.duckdb").read_bytes()
    path.write_bytes(whole[:12288] + bytes(len(whole) - 12288))


def break_by_other_tables(path: Path) -> None:
    with duckdb.connect(path) as connection:
        connection.execute("create table something as select 1 as number")


def break_by_no_run(path: Path) -> None:
    path.write_bytes(path.with_name("run-1.duckdb").read_bytes())
    with duckdb.connect(path) as connection:
        connection.execute("delete from run")


def break_by_other_lists(path: Path) -> None:
    path.write_bytes(path.with_name("run-1.duckdb").read_bytes())
    with duckdb.connect(path) as connection:
        connection.execute("update fallback_list set items = '[{\"id\": 1}]'")


def break_by_another_run(path: Path) -> None:
    path.write_bytes(path.with_name("run-1.duckdb").read_bytes())


def leave_missing(path: Path) -> None:
    assert not path.exists()


@pytest.mark.parametrize(
    "break_file",
    [
        break_by_text,
        break_by_truncation,
        break_by_zeros,
        break_by_other_tables,
        break_by_no_run,
        break_by_other_lists,
        break_by_another_run,
        leave_missing,
    ],
)
def test_a_broken_new_run_leaves_the_old_one_serving_and_is_logged_once(
    store: SnapshotStore,
    published: Path,
    caplog: pytest.LogCaptureFixture,
    break_file: Callable[[Path], None],
) -> None:
    break_file(published / "run-2.duckdb")
    (published / "current").write_text("run-2\n")

    with caplog.at_level(logging.INFO):
        store.refresh()
        store.refresh()

    with store.reading() as reading:
        assert reading.run.run_id == "run-1"
    assert open_files(published) == {"run-1.duckdb"}
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message.endswith("still serving run run-1")


@pytest.mark.parametrize("content", ["", "../run-2\n", "\x00\xff" * 500])
def test_a_broken_pointer_leaves_the_old_run_serving(
    store: SnapshotStore, published: Path, content: str
) -> None:
    (published / "current").write_text(content, encoding="latin-1")

    store.refresh()

    with store.reading() as reading:
        assert reading.run.run_id == "run-1"


def test_a_pointer_that_is_gone_leaves_the_old_run_serving(
    store: SnapshotStore, published: Path
) -> None:
    (published / "current").unlink()

    store.refresh()

    with store.reading() as reading:
        assert reading.run.run_id == "run-1"


def test_a_run_whose_file_comes_after_its_pointer_is_picked_up(
    store: SnapshotStore, warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    path = publish_run(warehouse, published, "run-2")
    away = path.rename(path.with_suffix(".away"))
    store.refresh()
    away.rename(path)

    store.refresh()

    with store.reading() as reading:
        assert reading.run.run_id == "run-2"


def test_a_pointer_that_goes_back_is_followed(
    store: SnapshotStore, warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    publish_run(warehouse, published, "run-2")
    store.refresh()
    (published / "current").write_text("run-1\n")

    store.refresh()

    with store.reading() as reading:
        assert reading.run.run_id == "run-1"
    assert open_files(published) == {"run-1.duckdb"}


def test_a_closed_store_has_no_file_open(store: SnapshotStore, published: Path) -> None:
    store.close()

    assert open_files(published) == set()
    with pytest.raises(NoSnapshotError, match="make score"), store.reading():
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('/etc/hostname')",
        "copy run to '/tmp/never-written.csv'",
        "attach '/tmp/never-written.duckdb' as other",
        "install httpfs",
        "delete from run",
        "set enable_external_access = true",
        "set threads = 2",
    ],
)
def test_the_connection_can_only_read_the_snapshot(store: SnapshotStore, statement: str) -> None:
    with store.reading() as reading, pytest.raises(duckdb.Error):
        reading.cursor.execute(statement)

"""The open snapshot: found by its pointer, replaced while requests go on."""

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec

from rankmart.errors import RankmartError, SnapshotError, first_line
from rankmart.experiments import Experiment
from rankmart.pointer import POINTER
from rankmart.publish import current_run, snapshot_path, snapshots_there
from rankmart_serving import queries
from rankmart_serving.nearby import Nearby
from rankmart_serving.responses import Run
from rankmart_serving.statement_limit import StatementLimit

logger = logging.getLogger(__name__)

_CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "lock_configuration": "true",
    # A look-up touches one row: a second thread only costs.
    "threads": 1,
    # Pages of the file that stay in memory; the features of single users need some of it.
    "memory_limit": "1GB",
    # On a few rows of a few tables these cost more than they save: of the plans of the features,
    # half the optimizers' time.
    "disabled_optimizers": (
        "join_order,projection_pullup,projection_placement,common_subplan,column_lifetime,"
        "duplicate_groups,cte_filter_pusher,in_clause"
    ),
}


EARLIER_RUNS_OPEN = 2


class NoSuchRunError(RankmartError):
    """A run that was asked for by its id is not kept."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"no run {run_id!r} is kept: /v1/runs lists those that are")


class NoSnapshotError(RankmartError):
    """There is nothing to answer from yet."""

    def __init__(self) -> None:
        super().__init__("no run is published yet: run `dbt run` and `make score` first")


@dataclass(frozen=True)
class Reading:
    """A cursor on the open snapshot, for one request at a time, and what every request needs."""

    run: Run
    fallback: str
    experiments: tuple[Experiment, ...]
    list_settings: queries.ListSettings
    blocked: frozenset[str]
    nearby: Nearby
    cursor: duckdb.DuckDBPyConnection


class Snapshot:
    """One open snapshot file, with a cursor for each request that is under way.

    Not thread-safe by itself: `SnapshotStore` calls it under its lock.
    """

    def __init__(self, published: Path, run_id: str) -> None:
        path = snapshot_path(published, run_id)
        self._connection = duckdb.connect(path, read_only=True, config=_CONFIGURATION)
        self.nearby = Nearby()
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._in_use = 0
        self._retired = False
        try:
            self.run = queries.run(self._connection)
            if self.run.run_id != run_id:
                raise SnapshotError(f"{path.name} holds run {self.run.run_id}")
            self.fallback = queries.fallback_list(self._connection)
            self.experiments = queries.experiments(self._connection)
            self.list_settings = queries.list_settings(self._connection)
            self.blocked = queries.blocked_products(self._connection)
            # A file that can't answer is found out here, not by the first request.
            queries.lists_of(self._connection, [""])
            queries.with_history(self._connection, [""])
            queries.facts(self._connection, [""])
        except BaseException:
            self._connection.close()
            raise

    def borrow(self) -> duckdb.DuckDBPyConnection:
        """A cursor that no other request has."""
        cursor = self._idle.pop() if self._idle else self._connection.cursor()
        self._in_use += 1
        return cursor

    def give_back(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Take a cursor back; the last one of a retired snapshot closes the file."""
        self._idle.append(cursor)
        self._in_use -= 1
        self._close_if_unused()

    def retire(self) -> None:
        """Close the file as soon as no request uses it."""
        self._retired = True
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        # Every cursor keeps the file open, so each one has to be closed.
        if self._retired and self._in_use == 0:
            for connection in (*self._idle, self._connection):
                connection.close()
            self._idle.clear()
            logger.info("closed run %s", self.run.run_id)


class SnapshotStore:
    """The current snapshot of a folder; safe to use from any thread."""

    def __init__(self, published: Path, *, statement_seconds: float = 0) -> None:
        """A read that takes longer than `statement_seconds` is interrupted; 0 for any time."""
        self._published = published
        self._lock = threading.Lock()
        self.limit = StatementLimit(statement_seconds, self._lock)
        self._refreshing = threading.Lock()
        self._opening = threading.Lock()
        self._current: Snapshot | None = None
        self._earlier: OrderedDict[str, Snapshot] = OrderedDict()
        self.on_switch: list[Callable[[], None]] = []
        """Called after each switch of the run, whatever it is to."""
        self._seen_pointer: tuple[int, int, int] | None = None
        self._reported = ""

    @property
    def current_run(self) -> Run | None:
        """The run that is open; None before the first."""
        snapshot = self._current
        return None if snapshot is None else snapshot.run

    @property
    def current_run_id(self) -> str | None:
        """The id of the run that is open; None before the first."""
        run = self.current_run
        return None if run is None else run.run_id

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiments of the run that is open, those of other days among them."""
        snapshot = self._current
        return () if snapshot is None else snapshot.experiments

    @contextmanager
    def reading(self, run_id: str | None = None, *, limited: bool = True) -> Iterator[Reading]:
        """Read from the current snapshot: it stays open and the same until the block ends.

        With `run_id` from that run's, which is opened where it is kept. Raises NoSnapshotError
        when none is open, NoSuchRunError for a run that is not kept or can't be read. Reads that
        nobody waits for need not be `limited`.
        """
        borrowed = None
        while borrowed is None:
            with self._lock:
                snapshot = self._opened(run_id)
                if snapshot is not None:
                    borrowed = snapshot, snapshot.borrow()
                    if limited:
                        self.limit.begin(borrowed[1])
            if run_id is not None and borrowed is None:
                self._open_earlier(run_id)
        snapshot, cursor = borrowed
        try:
            yield Reading(
                run=snapshot.run,
                fallback=snapshot.fallback,
                experiments=snapshot.experiments,
                list_settings=snapshot.list_settings,
                blocked=snapshot.blocked,
                nearby=snapshot.nearby,
                cursor=cursor,
            )
        finally:
            with self._lock:
                self.limit.end(cursor)
                snapshot.give_back(cursor)

    def kept_runs(self) -> list[str]:
        """The ids of all snapshots in the folder, those written last first."""
        return snapshots_there(self._published)

    def _opened(self, run_id: str | None) -> Snapshot | None:
        """The current snapshot, or that of an earlier run if it is open."""
        if self._current is None:
            raise NoSnapshotError
        if run_id is None or run_id == self._current.run.run_id:
            return self._current
        if run_id in self._earlier:
            self._earlier.move_to_end(run_id)
        return self._earlier.get(run_id)

    def _open_earlier(self, run_id: str) -> None:
        """Open it without the lock, as that takes a while and others only want to read."""
        with self._opening:
            with self._lock:
                if self._opened(run_id) is not None:
                    return
            try:
                if not snapshot_path(self._published, run_id).is_file():
                    raise NoSuchRunError(run_id)
                snapshot = Snapshot(self._published, run_id)
            except (
                SnapshotError,
                duckdb.Error,
                msgspec.MsgspecError,
                OSError,
                ValueError,
            ) as error:
                raise NoSuchRunError(run_id) from error
            with self._lock:
                self._earlier[run_id] = snapshot
                if len(self._earlier) > EARLIER_RUNS_OPEN:
                    self._earlier.popitem(last=False)[1].retire()

    def refresh(self) -> None:
        """Look at the pointer; when it names another run, open that one and retire the old one.

        A run that can't be opened is logged, once, and tried again at the next look; meanwhile
        the old one stays.
        """
        with self._refreshing:
            try:
                self._follow_pointer()
            except (
                RankmartError,
                duckdb.Error,
                msgspec.MsgspecError,
                OSError,
                ValueError,
            ) as error:
                self._report(f"{self._published}: {first_line(error)}; {self._meanwhile()}")
            else:
                self._reported = ""

    def close(self) -> None:
        """Close the snapshot once no request uses it."""
        with self._refreshing:
            self._switch_to(None)
            self._seen_pointer = None
            with self._lock:
                while self._earlier:
                    self._earlier.popitem()[1].retire()

    def _follow_pointer(self) -> None:
        pointer = self._pointer_state()
        if pointer is not None and pointer == self._seen_pointer:
            return
        run_id = current_run(self._published)
        if run_id is None:
            raise NoSnapshotError
        if self._current is None or self._current.run.run_id != run_id:
            snapshot = Snapshot(self._published, run_id)
            self._switch_to(snapshot)
            logger.info("serving run %s, %s users", run_id, snapshot.run.users)
        self._seen_pointer = pointer

    def _pointer_state(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._published / POINTER)
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _switch_to(self, snapshot: Snapshot | None) -> None:
        with self._lock:
            old, self._current = self._current, snapshot
            if old is not None:
                old.retire()
        for tell in self.on_switch:
            tell()

    def _report(self, problem: str) -> None:
        if problem != self._reported:
            logger.warning("%s", problem)
            self._reported = problem

    def _meanwhile(self) -> str:
        if self._current is None:
            return "answering 503 until there is a run"
        return f"still serving run {self._current.run.run_id}"

"""A limit on the time of reads: one that takes longer is interrupted, and answered by a 503."""

import threading
import time

import duckdb

LOOKS_WITHIN_THE_LIMIT = 10
LOOK_EVERY_AT_MOST = 0.25


class StatementLimit:
    """Interrupts cursors that are in use for longer than `seconds`; 0 for any time.

    `begin` and `end` are called with the lock held, and interrupting takes it too: so a cursor
    that was given back, and may serve another request, is never interrupted.
    """

    def __init__(self, seconds: float, lock: threading.Lock) -> None:
        self._seconds = seconds
        self._lock = lock
        self._in_use: dict[int, tuple[float, duckdb.DuckDBPyConnection]] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="statement limit", daemon=True)

    def begin(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """A request begins to read."""
        if self._seconds:
            self._in_use[id(cursor)] = (time.monotonic() + self._seconds, cursor)

    def end(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """It has read."""
        self._in_use.pop(id(cursor), None)

    def start(self) -> None:
        """Begin to watch, if there is a limit."""
        if self._seconds:
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        pause = min(self._seconds / LOOKS_WITHIN_THE_LIMIT, LOOK_EVERY_AT_MOST)
        while not self._stopped.wait(pause):
            with self._lock:
                now = time.monotonic()
                for until, cursor in self._in_use.values():
                    if until < now:
                        # Again at each look, as the request may begin another statement.
                        cursor.interrupt()

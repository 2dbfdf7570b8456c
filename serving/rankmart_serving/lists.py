"""The lists of users: requests that come together are answered by one query, and kept a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from rankmart_serving import queries
from rankmart_serving.snapshots import SnapshotStore

Items = tuple[msgspec.Raw, ...]
USERS_AT_A_TIME = 256


class UserLists:
    """Published lists of the current run, as JSON texts of their items; for one event loop.

    At most `kept` of them stay in memory, those asked for last, and none longer than its run.
    """

    def __init__(self, snapshots: SnapshotStore, *, kept: int) -> None:
        self._snapshots = snapshots
        self._kept = kept
        self._run_id = ""
        self._lists: OrderedDict[str, Items | None] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[tuple[str, Items | None]]] = {}
        self._is_reading = False
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lists")

    def cached(self, user_id: str) -> tuple[str, Items | None] | None:
        """Run and list if the list is in memory. A list of None: the user has none."""
        run_id = self._snapshots.current_run_id
        if run_id != self._run_id:
            self._lists.clear()
            self._run_id = run_id or ""
        if user_id not in self._lists:
            return None
        self._lists.move_to_end(user_id)
        return self._run_id, self._lists[user_id]

    async def of(self, user_id: str) -> tuple[str, Items | None]:
        """Run and list; raises NoSnapshotError when no run is open.

        Whoever asks while a query is under way is answered by the next one, together.
        """
        found = self.cached(user_id)
        if found is not None:
            return found
        waiting = self._waiting.get(user_id)
        if waiting is None:
            loop = asyncio.get_running_loop()
            waiting = self._waiting[user_id] = loop.create_future()
            if not self._is_reading:
                self._is_reading = True
                loop.call_soon(self._read_next, loop)
        # One who goes away must not take the answer from the others.
        return await asyncio.shield(waiting)

    def _read_next(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._waiting:
            self._is_reading = False
            return
        users = list(self._waiting)[:USERS_AT_A_TIME]
        futures = [self._waiting.pop(user_id) for user_id in users]

        def answer(done: Future[tuple[str, dict[str, Items | None]]]) -> None:
            loop.call_soon_threadsafe(give, done)

        def give(done: Future[tuple[str, dict[str, Items | None]]]) -> None:
            error = done.exception()
            for user_id, future in zip(users, futures, strict=True):
                if future.done():
                    continue
                if error is not None:
                    future.set_exception(error)
                else:
                    run_id, lists = done.result()
                    future.set_result((run_id, lists[user_id]))
            if error is None:
                self._keep(*done.result())
            self._read_next(loop)

        self._reader.submit(self.read, users).add_done_callback(answer)

    def _keep(self, run_id: str, lists: dict[str, Items | None]) -> None:
        if not self._kept or run_id != self._snapshots.current_run_id:
            return
        if run_id != self._run_id:
            self._lists.clear()
            self._run_id = run_id
        self._lists.update(lists)
        while len(self._lists) > self._kept:
            self._lists.popitem(last=False)

    def close(self) -> None:
        """End the thread that reads."""
        self._reader.shutdown()

    def read(self, users: Sequence[str]) -> tuple[str, dict[str, Items | None]]:
        """The run, and the list of each user, None for one who has none."""
        with self._snapshots.reading() as reading:
            found = queries.lists_of(reading.cursor, users)
            run_id = reading.run.run_id
        return run_id, {user: items_of(found[user]) if user in found else None for user in users}


def items_of(text: str) -> Items:
    """A list as the texts of its items."""
    return tuple(queries.raw_items_decoder.decode(text))

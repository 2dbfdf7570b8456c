"""The lists of users: requests that come together are answered by one query, and kept a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

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

        Whoever asks before the event loop is through with what has arrived is answered by the
        same query.
        """
        found = self.cached(user_id)
        if found is not None:
            return found
        waiting = self._waiting.get(user_id)
        if waiting is None:
            loop = asyncio.get_running_loop()
            if not self._waiting:
                loop.call_soon(self._answer)
            waiting = self._waiting[user_id] = loop.create_future()
        return await asyncio.shield(waiting)

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, {}
        users = list(waiting)
        for low in range(0, len(users), USERS_AT_A_TIME):
            part = users[low : low + USERS_AT_A_TIME]
            try:
                run_id, lists = self.read(part)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is theirs who asked
                for user_id in part:
                    if not waiting[user_id].done():
                        waiting[user_id].set_exception(error)
                continue
            for user_id in part:
                if not waiting[user_id].done():
                    waiting[user_id].set_result((run_id, lists[user_id]))

    def read(self, users: Sequence[str]) -> tuple[str, dict[str, Items | None]]:
        """The run, and the list of each user, None for one who has none."""
        with self._snapshots.reading() as reading:
            found = queries.lists_of(reading.cursor, users)
            run_id = reading.run.run_id
        lists = {user: items_of(found[user]) if user in found else None for user in users}
        if self._kept and run_id == self._snapshots.current_run_id:
            if run_id != self._run_id:
                self._lists.clear()
                self._run_id = run_id
            self._lists.update(lists)
            while len(self._lists) > self._kept:
                self._lists.popitem(last=False)
        return run_id, lists


def items_of(text: str) -> Items:
    """A list as the texts of its items."""
    return tuple(queries.raw_items_decoder.decode(text))

"""Events since the run: who did what, known to every worker soon after it was stored."""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rankmart.events import Event, EventStore, EventStoreError
from rankmart_serving.snapshots import NoSnapshotError, SnapshotStore

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.2
EVENTS_AT_A_TIME = 10_000


@dataclass
class _Sent:
    """Events of one request: on their way to the store, then whether each was new, or why not."""

    events: Sequence[Event]
    new: list[bool] = field(default_factory=list)
    error: EventStoreError | None = None
    is_done: bool = False


class EventFeed:
    """The events that the current run has not taken in, by user; safe to use from any thread.

    A worker knows at once what it stored itself, and what others stored within
    LOOK_EVERY_SECONDS.
    """

    def __init__(self, store: EventStore, snapshots: SnapshotStore) -> None:
        self._store = store
        self._snapshots = snapshots
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._writing = threading.Lock()
        self._sent: list[_Sent] = []
        self._by_user: dict[str, tuple[Event, ...]] = {}
        self._last = -1
        self._through = -1
        self._problem = ""
        self.on_events: list[Callable[[set[str]], None]] = []
        """Called with the users of new events."""
        snapshots.on_switch.append(self._begin_again)

    def of(self, user_id: str) -> tuple[Event, ...]:
        """The user's events since the run, in the order in which they were stored."""
        return self._by_user.get(user_id, ())

    def append(self, events: Sequence[Event]) -> list[bool]:
        """Store events; for each, whether it is new. The next answer of this worker knows them.

        What comes while others are being stored is stored next, together: the disk is waited for
        once. Raises EventStoreError when nothing was stored.
        """
        mine = _Sent(events)
        with self._lock:
            self._sent.append(mine)
        with self._writing:
            if not mine.is_done:
                with self._lock:
                    together, self._sent = self._sent, []
                try:
                    self._store_together(together)
                finally:
                    # After an error that nobody foresaw, the others store their own.
                    with self._lock:
                        self._sent[:0] = [
                            sent for sent in together if not sent.is_done and sent is not mine
                        ]
                self.look()
        if mine.error is not None:
            raise mine.error
        return mine.new

    def _store_together(self, together: Sequence[_Sent]) -> None:
        try:
            new = iter(self._store.append([event for sent in together for event in sent.events]))
        except EventStoreError as error:
            if len(together) > 1:
                # What one request did must not keep the others from being stored.
                for sent in together:
                    self._store_together([sent])
                return
            together[0].error = error
        else:
            for sent in together:
                sent.new = [next(new) for _ in sent.events]
        for sent in together:
            sent.is_done = True

    def look(self) -> None:
        """Take in what was stored since the last look."""
        with self._looking:
            if self._last < 0:
                try:
                    with self._snapshots.reading() as reading:
                        self._through = reading.run.events_through
                except NoSnapshotError:
                    return
                self._last = self._through
            try:
                while events := self._store.after(self._last, limit=EVENTS_AT_A_TIME):
                    self._take(events)
            except EventStoreError as error:
                if str(error) != self._problem:
                    logger.warning("%s", error)
                self._problem = str(error)
            else:
                self._problem = ""

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def _take(self, events: list[Event]) -> None:
        by_user: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            by_user[event.user_id].append(event)
        with self._lock:
            for user_id, more in by_user.items():
                self._by_user[user_id] = (*self._by_user.get(user_id, ()), *more)
            self._last = events[-1].seq
        for tell in self.on_events:
            tell(set(by_user))

    def _begin_again(self) -> None:
        """Another run: the events that it has taken in are let go."""
        try:
            with self._snapshots.reading() as reading:
                through = reading.run.events_through
        except NoSnapshotError:
            return
        with self._looking, self._lock:
            if self._last < 0 or through < self._through:
                # An earlier run knows fewer events: they are read again.
                self._by_user, self._last, self._through = {}, through, through
                return
            self._through = through
            kept = {
                user_id: tuple(event for event in events if event.seq > through)
                for user_id, events in self._by_user.items()
            }
            self._by_user = {user_id: events for user_id, events in kept.items() if events}
        for tell in self.on_events:
            tell(set(self._by_user))

"""What is shown under experiments, written to the event store by a thread of its own.

A request only puts a note into a queue. Notes are stored together, a few times a second. While
the store is away they wait; when more wait than the queue holds, new ones are dropped and counted.
"""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from prometheus_client import Counter

from rankmart.events import EventStore, EventStoreError
from rankmart.exposures import Exposure, append

logger = logging.getLogger(__name__)

WAITING_AT_MOST = 20_000
STORED_AT_ONCE = 1_000
STORE_EVERY_SECONDS = 0.5

EXPOSURES = Counter(
    "rankmart_exposures", "Answers under experiments, by what became of the note", ["outcome"]
)


class _Shown(msgspec.Struct):
    product_id: str


_decoder = msgspec.json.Decoder(_Shown)


@dataclass(frozen=True, kw_only=True)
class Note:
    """An answer, with its items as they were sent."""

    recommendation_id: str
    experiment: str
    variant: str
    user_id: str
    run_id: str
    occurred_epoch: int
    items: Sequence[msgspec.Raw]

    def exposure(self) -> Exposure:
        """The note as it is stored."""
        return Exposure(
            recommendation_id=self.recommendation_id,
            experiment=self.experiment,
            variant=self.variant,
            user_id=self.user_id,
            run_id=self.run_id,
            occurred_epoch=self.occurred_epoch,
            product_ids=tuple(_decoder.decode(item).product_id for item in self.items),
        )


class ExposureLog:
    """The queue and its thread; safe to use from any thread."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._waiting: deque[Note] = deque()
        self._stopped = threading.Event()
        self._problem = ""
        self._thread = threading.Thread(target=self._work, name="exposures", daemon=True)
        self._stored, self._dropped = (EXPOSURES.labels(name) for name in ("stored", "dropped"))

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def stop(self) -> None:
        """Store what waits, if the store lets it, and end the thread."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        self._store_waiting()
        if self._waiting:
            self._dropped.inc(len(self._waiting))
            logger.warning("%d exposures were not stored", len(self._waiting))
            self._waiting.clear()

    def note(
        self,
        *,
        experiment: str,
        variant: str,
        user_id: str,
        run_id: str,
        items: Sequence[msgspec.Raw],
    ) -> str:
        """Have an answer stored soon; its new id."""
        recommendation_id = secrets.token_hex(16)
        if len(self._waiting) >= WAITING_AT_MOST:
            self._dropped.inc()
        else:
            self._waiting.append(
                Note(
                    recommendation_id=recommendation_id,
                    experiment=experiment,
                    variant=variant,
                    user_id=user_id,
                    run_id=run_id,
                    occurred_epoch=int(time.time()),
                    items=items,
                )
            )
        return recommendation_id

    def _work(self) -> None:
        while not self._stopped.wait(STORE_EVERY_SECONDS):
            self._store_waiting()

    def _store_waiting(self) -> None:
        while self._waiting:
            count = min(STORED_AT_ONCE, len(self._waiting))
            notes = [self._waiting[place] for place in range(count)]
            try:
                append(self._store, [note.exposure() for note in notes])
            except EventStoreError as error:
                # They stay, and the next turn tries again.
                if str(error) != self._problem:
                    logger.warning("%s", error)
                self._problem = str(error)
                return
            self._problem = ""
            self._stored.inc(count)
            for _ in notes:
                self._waiting.popleft()

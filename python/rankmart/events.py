"""The event store: what users did since the reviews were written, kept until `dbt run` reads it.

One table behind SQLAlchemy: SQLite in WAL mode unless RANKMART_EVENTS names another database.
Several processes may write at once. An event is acknowledged when its transaction is on the disk,
and an event id that is there already is not stored a second time, so a client may send again
whatever was not acknowledged.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rankmart.errors import RankmartError, first_line

DEFAULT_URL = "sqlite:///data/events.sqlite"
OFF = "off"
WAIT_SECONDS = 10
ROWS_AT_A_TIME = 50_000

_metadata = sa.MetaData()

# A whole number that SQLite fills by itself only as `integer primary key`.
_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

EVENTS = sa.Table(
    "events",
    _metadata,
    sa.Column("seq", _number, primary_key=True, autoincrement=True),
    sa.Column("event_id", sa.String(128), nullable=False, unique=True),
    sa.Column("user_id", sa.String(256), nullable=False),
    sa.Column("product_id", sa.String(256), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("rating", sa.Float),
    sa.Column("occurred_epoch", sa.BigInteger, nullable=False),
    sa.Column("recommendation_id", sa.String(256)),
    sqlite_autoincrement=True,
)

_ONE_WRITER = sa.text("lock table events in share row exclusive mode")

ARROW = pa.schema(
    [
        ("seq", pa.int64()),
        ("event_id", pa.string()),
        ("user_id", pa.string()),
        ("product_id", pa.string()),
        ("kind", pa.string()),
        ("rating", pa.float32()),
        ("occurred_epoch", pa.int64()),
        ("recommendation_id", pa.string()),
    ]
)


class EventStoreError(RankmartError):
    """The event store can't be read or written."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What one user did with one product. `seq` is the store's own number, 0 before it is stored.

    occurred_epoch: seconds since 1970. rating: 1 to 5, of the kind `rating` alone.
    """

    event_id: str
    user_id: str
    product_id: str
    kind: str
    occurred_epoch: int
    rating: float | None = None
    recommendation_id: str | None = None
    seq: int = 0


def events_url() -> str:
    """RANKMART_EVENTS, or the SQLite file beside the warehouse's default place."""
    return os.environ.get("RANKMART_EVENTS") or DEFAULT_URL


class EventStore:
    """An open event store; safe to use from any thread."""

    def __init__(self, url: str) -> None:
        """Open the store, and create its table where there is none.

        Raises EventStoreError for an URL that names no database that can be reached.
        """
        try:
            parsed = sa.make_url(url)
            if parsed.get_backend_name() == "sqlite":
                if not parsed.database or parsed.database == ":memory:":
                    raise EventStoreError(
                        "RANKMART_EVENTS must name a file or a server: events in memory are lost"
                    )
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = sa.create_engine(parsed, pool_pre_ping=True)
            if self.is_sqlite:
                sa.event.listen(self.engine, "connect", _prepare_sqlite)
                sa.event.listen(self.engine, "begin", _begin_immediate)
            _metadata.create_all(self.engine)
        except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
            raise EventStoreError(
                f"can't open the event store ({first_line(error)}): see RANKMART_EVENTS, an"
                " SQLAlchemy URL such as sqlite:///data/events.sqlite"
            ) from error

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite, else PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    def insert_new(self, table: sa.Table, *, key: str) -> postgresql.Insert | sqlite.Insert:
        """An insert that leaves a row alone whose `key`, a unique column, is there already."""
        insert = (sqlite if self.is_sqlite else postgresql).insert(table)
        statement: postgresql.Insert | sqlite.Insert = insert.on_conflict_do_nothing(
            index_elements=[key]
        )
        return statement

    def append(self, events: Sequence[Event]) -> list[bool]:
        """Store events in one transaction; for each, whether it is new.

        When this returns they are on the disk. Raises EventStoreError when nothing was stored.
        """
        statement = self.insert_new(EVENTS, key="event_id").returning(EVENTS.c.seq)
        try:
            with self.engine.begin() as connection:
                if not self.is_sqlite:
                    # One writer at a time, as in SQLite: so numbers follow the order of commits,
                    # and who reads on from the last number misses none.
                    connection.execute(_ONE_WRITER)
                return [
                    connection.execute(statement, _values(event)).first() is not None
                    for event in events
                ]
        except sa.exc.SQLAlchemyError as error:
            raise EventStoreError(
                f"the events were not stored ({first_line(error)}): send them again"
            ) from error

    def after(self, seq: int, *, limit: int = ROWS_AT_A_TIME) -> list[Event]:
        """Events that were stored after number `seq`, in order, at most `limit`."""
        try:
            with self.reading() as connection:
                rows = connection.execute(
                    sa.select(EVENTS).where(EVENTS.c.seq > seq).order_by(EVENTS.c.seq).limit(limit)
                )
                return [Event(**row) for row in rows.mappings()]
        except sa.exc.SQLAlchemyError as error:
            raise EventStoreError(
                f"the event store can't be read ({first_line(error)})"
            ) from error

    def newest(self, *, after: int = 0) -> tuple[int, int]:
        """The number of the last event, and how many were stored after number `after`."""
        try:
            with self.reading() as connection:
                last: int | None = connection.scalar(sa.select(sa.func.max(EVENTS.c.seq)))
                count: int | None = connection.scalar(
                    sa.select(sa.func.count()).where(EVENTS.c.seq > after)
                )
                return last or 0, count or 0
        except sa.exc.SQLAlchemyError as error:
            raise EventStoreError(
                f"the event store can't be read ({first_line(error)})"
            ) from error

    def reading(self) -> sa.Connection:
        """A connection that waits for no writer."""
        return self.engine.connect().execution_options(reads=True)

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()


def events_table(url: str) -> pa.Table:
    """Every event as an Arrow table, columns as in ARROW; none where nothing was ever stored.

    `off` stands for no store. Raises EventStoreError for one that can't be read.
    """
    if not is_there(url):
        return ARROW.empty_table()
    store = EventStore(url)
    try:
        batches = [
            pa.RecordBatch.from_pylist(
                [{name: getattr(event, name) for name in ARROW.names} for event in events],
                schema=ARROW,
            )
            for events in _pages(store)
        ]
    finally:
        store.close()
    return pa.Table.from_batches(batches, schema=ARROW)


def newest_event(url: str, *, after: int = 0) -> tuple[int, int]:
    """The number of the last event, and how many were stored after number `after`.

    Zeros where nothing was ever stored, and for `off`. Raises EventStoreError.
    """
    if not is_there(url):
        return 0, 0
    store = EventStore(url)
    try:
        return store.newest(after=after)
    finally:
        store.close()


def is_there(url: str) -> bool:
    """Whether there is a store to read: a file that nothing was stored in is not made for that."""
    if url == OFF:
        return False
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise EventStoreError(f"RANKMART_EVENTS is no SQLAlchemy URL ({error})") from error
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").exists()


def _pages(store: EventStore) -> Iterator[list[Event]]:
    last = 0
    while events := store.after(last):
        last = events[-1].seq
        yield events


def _values(event: Event) -> dict[str, Any]:
    return {
        column.name: getattr(event, column.name)
        for column in EVENTS.columns
        if column.name != "seq"
    }


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL, so that readers and the writer don't wait for one another; every commit synced."""
    # The driver's own transactions begin too late: see _begin_immediate.
    connection.isolation_level = None
    connection.execute(f"pragma busy_timeout = {WAIT_SECONDS * 1000}")
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")


def _begin_immediate(connection: sa.Connection) -> None:
    """Take the write lock at the start: one that is taken late can't be waited for."""
    immediate = "" if connection.get_execution_options().get("reads") else " immediate"
    connection.exec_driver_sql(f"begin{immediate}")

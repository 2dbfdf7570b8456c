"""What the API showed to whom under experiments, kept beside the events until `dbt run` reads it.

One row per answer, in the table `exposures` of the event store's database. The table is made when
the first exposure is stored, so a store has none where no experiment was ever on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa
import sqlalchemy as sa

from rankmart.errors import first_line
from rankmart.events import ROWS_AT_A_TIME, EventStore, EventStoreError, is_there

_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

EXPOSURES = sa.Table(
    "exposures",
    sa.MetaData(),
    sa.Column("seq", _number, primary_key=True, autoincrement=True),
    sa.Column("recommendation_id", sa.String(64), nullable=False, unique=True),
    sa.Column("experiment", sa.Text, nullable=False),
    sa.Column("variant", sa.Text, nullable=False),
    sa.Column("user_id", sa.String(256), nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("occurred_epoch", sa.BigInteger, nullable=False),
    # An id has no line break, so that one parts them.
    sa.Column("product_ids", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

ARROW = pa.schema(
    [
        ("seq", pa.int64()),
        ("recommendation_id", pa.string()),
        ("experiment", pa.string()),
        ("variant", pa.string()),
        ("user_id", pa.string()),
        ("run_id", pa.string()),
        ("occurred_epoch", pa.int64()),
        ("position", pa.int32()),
        ("product_id", pa.string()),
    ]
)
_OF_ANSWER = ARROW.names[:-2]


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """One answer to one user. product_ids: as shown, the first first.

    occurred_epoch: seconds since 1970.
    """

    recommendation_id: str
    experiment: str
    variant: str
    user_id: str
    run_id: str
    occurred_epoch: int
    product_ids: tuple[str, ...]


def append(store: EventStore, exposures: Sequence[Exposure]) -> None:
    """Store exposures in one transaction; one whose id is there already is left as it is.

    Raises EventStoreError when nothing was stored.
    """
    statement = store.insert_new(EXPOSURES, key="recommendation_id")
    try:
        with store.engine.begin() as connection:
            connection.execute(sa.schema.CreateTable(EXPOSURES, if_not_exists=True))
            connection.execute(
                statement,
                [
                    asdict(exposure) | {"product_ids": "\n".join(exposure.product_ids)}
                    for exposure in exposures
                ],
            )
    except sa.exc.SQLAlchemyError as error:
        raise EventStoreError(f"exposures were not stored ({first_line(error)})") from error


def exposures_table(url: str) -> pa.Table:
    """Every exposure as an Arrow table of answers and products, columns as in ARROW.

    Empty where nothing was ever stored; `off` stands for no store. Raises EventStoreError for one
    that can't be read.
    """
    if not is_there(url):
        return ARROW.empty_table()
    store = EventStore(url)
    try:
        if not sa.inspect(store.engine).has_table(EXPOSURES.name):
            return ARROW.empty_table()
        batches = [_flat(page) for page in _pages(store)]
    except sa.exc.SQLAlchemyError as error:
        raise EventStoreError(f"exposures can't be read ({first_line(error)})") from error
    finally:
        store.close()
    return pa.Table.from_batches(batches, schema=ARROW)


def _pages(store: EventStore) -> Iterator[Sequence[sa.RowMapping]]:
    last = 0
    while True:
        with store.reading() as connection:
            page = (
                connection.execute(
                    sa.select(EXPOSURES)
                    .where(EXPOSURES.c.seq > last)
                    .order_by(EXPOSURES.c.seq)
                    .limit(ROWS_AT_A_TIME)
                )
                .mappings()
                .all()
            )
        if not page:
            return
        last = page[-1]["seq"]
        yield page


def _flat(page: Sequence[sa.RowMapping]) -> pa.RecordBatch:
    """One row for each product, numbered from 1; number 0 and no product for an empty answer."""
    columns: dict[str, list[object]] = {name: [] for name in ARROW.names}
    for row in page:
        shown: list[tuple[int, str | None]] = [(0, None)]
        if row["product_ids"]:
            shown = list(enumerate(row["product_ids"].split("\n"), start=1))
        for position, product_id in shown:
            for name in _OF_ANSWER:
                columns[name].append(row[name])
            columns["position"].append(position)
            columns["product_id"].append(product_id)
    return pa.RecordBatch.from_pydict(columns, schema=ARROW)

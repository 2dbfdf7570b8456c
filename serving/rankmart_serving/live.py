"""Lists scored anew for users with events, by the published ranker over the batch's own SQL.

The steps to the features (`rankmart.live`) cost DuckDB a tenth of a second and more, most of it
planning, and less than ten times that for two hundred users. So users wait together: one thread
takes all that wait, at most USERS_AT_A_TIME, and scores them at once. Meanwhile `touched` answers.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xgboost as xgb

from rankmart.errors import RankmartError, first_line
from rankmart.events import Event
from rankmart.explain import contributions, read_model
from rankmart.features import generator_names
from rankmart.live import LAST
from rankmart.rank import GeneratorScorer, best_first
from rankmart.reasons import reason_sql, source_sql
from rankmart.rerank import reranking_of
from rankmart.rules import ListRules
from rankmart.train import summed_margins
from rankmart_serving import queries
from rankmart_serving.assignment import generator_now
from rankmart_serving.feed import EventFeed
from rankmart_serving.responses import Reason, RecommendedItem
from rankmart_serving.snapshots import Reading, SnapshotStore

logger = logging.getLogger(__name__)

USERS_AT_A_TIME = 200
LISTS_KEPT = 10_000

Asked = tuple[str, tuple[Event, ...]]


@dataclass(frozen=True)
class RerankedList:
    """A list, and what it was made of. `model`: the generator that an experiment asks for."""

    run_id: str
    model: str | None
    last_seq: int
    items: tuple[RecommendedItem, ...]


class Reranker:
    """What one run scores with: the steps to its features, the boosters, the rules."""

    def __init__(self, reading: Reading) -> None:
        """Raises duckdb.Error for a snapshot that has no such steps."""
        cursor = reading.cursor
        self._steps = _parsed_steps(cursor)
        self.run_id = reading.run.run_id
        self._length = reading.run.list_length
        self._boosters, self._features = read_model(cursor)
        for booster, _ in self._boosters:
            booster.set_param({"nthread": 1})
        self._model = reading.run.model
        self._rules = _rules(cursor)
        self._explained: str | None = None
        self._reranking = reranking_of(
            cursor,
            diversity=reading.list_settings.diversity,
            category_cap=reading.list_settings.category_cap,
            tags="live_product_tags",
        )

    def lists(
        self,
        reading: Reading,
        asked: Sequence[Asked],
        generator_of: Mapping[str, str | None] | None = None,
    ) -> dict[str, list[RecommendedItem]]:
        """The list of each user, given their events since the run.

        Users of `generator_of` who have a generator there are scored by that, not by the ranker.
        A user without events gets the scores of the batch. One of whom nothing is known, not
        even a product that the run knows, has an empty list.
        """
        cursor = reading.cursor
        table = self.features(reading, asked)
        user_of_key = dict(cursor.execute("select user_key, user_id from live_asked").fetchall())
        features = self._features or [
            name for name in table.column_names if name.endswith(("_rank", "_score"))
        ] + ["standing"]
        matrix = _matrix(table, features)
        users = table.column("user_key").to_numpy().astype(np.int32)
        products = table.column("product_key").to_numpy().astype(np.int32)
        scores = self._score(matrix, features)
        for user_key, user_id in user_of_key.items():
            generator = (generator_of or {}).get(user_id)
            if generator is not None:
                of_user = users == user_key
                scores[of_user] = GeneratorScorer(generator, features).predict(matrix[of_user])
        # Numbers from 0, because users that the run does not know have keys below it.
        _, numbers = np.unique(users, return_inverse=True)
        arrange = self._rules.before(
            best_first if self._reranking is None else self._reranking.arrange
        )
        listed = arrange(numbers.astype(np.int32), products, scores, k=self._length)
        return _items(cursor, table.take(listed), scores[listed], user_of_key)

    def features(self, reading: Reading, asked: Sequence[Asked]) -> pa.Table:
        """The rows of `user_product_features` of these users, as they are now, in any order.

        Beside the features, `source` and `reason_type`, as lists of the batch have them.
        """
        cursor = reading.cursor
        # One transaction: a statement of its own costs as much again.
        cursor.begin()
        try:
            _fill(cursor, asked)
            for step in self._steps:
                cursor.execute(step)
            features = cursor.sql(self._read_explained(cursor)).to_arrow_table()
        except BaseException:
            cursor.rollback()
            raise
        cursor.commit()
        return features

    def _read_explained(self, cursor: duckdb.DuckDBPyConnection) -> str:
        """The query of the last step's table, which tells the generators that the run has."""
        if self._explained is None:
            cursor.execute(f"select * from live_{LAST} limit 0")
            generators = generator_names([column[0] for column in cursor.description or ()])
            self._explained = (
                f"select *, {source_sql(generators)} as source,"
                f" {reason_sql(generators)} as reason_type from live_{LAST}"
            )
        return self._explained

    def parts(
        self, reading: Reading, asked: Asked, product_id: str
    ) -> tuple[list[tuple[str, float | None, float]], float] | None:
        """What each feature adds to a candidate's score, the largest first, and the bias.

        None for what is no candidate of this user, and where a generator stands in for the ranker.
        """
        if not self._boosters:
            return None
        row = reading.cursor.execute(
            "select product_key from live_product_keys where product_id = ?", [product_id]
        ).fetchone()
        if row is None:
            return None
        table = self.features(reading, [asked])
        table = table.filter(pc.equal(table.column("product_key"), row[0]))
        if not len(table):
            return None
        matrix = _matrix(table, self._features)
        added, bias = contributions(self._boosters, matrix)
        values = [None if np.isnan(value) else float(value) for value in matrix[0]]
        found = zip(self._features, values, added[0].tolist(), strict=True)
        return sorted(found, key=lambda part: (-abs(part[2]), part[0])), float(bias[0])

    def _score(
        self, matrix: npt.NDArray[np.float32], features: list[str]
    ) -> npt.NDArray[np.float32]:
        if self._boosters:
            return summed_margins(
                [(weight, booster) for booster, weight in self._boosters], matrix
            )
        return GeneratorScorer(self._model, features).predict(matrix)


class LiveLists:
    """The lists of users with events, kept up to date by a thread of its own."""

    def __init__(self, snapshots: SnapshotStore, feed: EventFeed) -> None:
        self._snapshots = snapshots
        self._feed = feed
        self._making = threading.Lock()
        self._reranker: Reranker | None = None
        self._without: str | None = None
        self._lists: OrderedDict[str, RerankedList] = OrderedDict()
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="live lists", daemon=True)
        feed.on_events.append(self.ask_for)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the users that it is at."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def ask_for(self, user_ids: set[str]) -> None:
        """Have the lists of these users made anew."""
        with self._changed:
            for user_id in sorted(user_ids):
                self._waiting[user_id] = None
            self._changed.notify()

    def of(
        self, user_id: str, run_id: str, events: Sequence[Event], model: str | None = None
    ) -> RerankedList | None:
        """The user's list, if it is of this run, of just these events, and by this generator."""
        found = self._lists.get(user_id)
        if found is None or found.run_id != run_id or found.last_seq != events[-1].seq:
            return None
        return found if found.model == model else None

    def parts(
        self, user_id: str, product_id: str
    ) -> tuple[list[tuple[str, float | None, float]], float] | None:
        """As `Reranker.parts`, of the user as they are now; as slow as a list."""
        with self._snapshots.reading() as reading:
            asked = user_id, self._feed.of(user_id)
            return self._reranker_of(reading).parts(reading, asked, product_id)

    def _reranker_of(self, reading: Reading) -> Reranker:
        with self._making:
            if self._reranker is None or self._reranker.run_id != reading.run.run_id:
                self._reranker = Reranker(reading)
            return self._reranker

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._stopped:
                    self._changed.wait()
                if self._stopped:
                    return
                count = min(USERS_AT_A_TIME, len(self._waiting))
                users = [self._waiting.popitem(last=False)[0] for _ in range(count)]
            asked = [(user_id, events) for user_id in users if (events := self._feed.of(user_id))]
            try:
                if asked:
                    self._rerank(asked)
            except (duckdb.Error, RankmartError, xgb.core.XGBoostError, ValueError) as error:
                logger.exception(
                    "lists of %d users keep their order: %s", len(asked), first_line(error)
                )

    def _rerank(self, asked: Sequence[Asked]) -> None:
        with self._snapshots.reading(limited=False) as reading:
            run_id = reading.run.run_id
            if self._without == run_id:
                return
            try:
                reranker = self._reranker_of(reading)
            except duckdb.Error as error:
                self._without = run_id
                logger.warning(
                    "run %s has nothing to score anew with (%s): lists follow events by"
                    " neighbours alone; `dbt run` and `make score` mend it",
                    run_id,
                    first_line(error),
                )
                return
            generators = {user_id: generator_now(reading, user_id) for user_id, _ in asked}
            lists = reranker.lists(reading, asked, generators)
        with self._changed:
            for user_id, events in asked:
                items = tuple(lists.get(user_id, ()))
                self._lists[user_id] = RerankedList(
                    run_id, generators[user_id], events[-1].seq, items
                )
                self._lists.move_to_end(user_id)
            while len(self._lists) > LISTS_KEPT:
                self._lists.popitem(last=False)


def _parsed_steps(cursor: duckdb.DuckDBPyConnection) -> list[duckdb.Statement]:
    """The statements that make the features, parsed once: that is a fifth of their time."""
    steps = cursor.execute("select name, sql from live_steps order by step").fetchall()
    if not steps:
        raise duckdb.CatalogException("the table live_steps is empty")
    return [
        cursor.extract_statements(f"create or replace temp table {name} as {sql}")[0]
        for name, sql in steps
    ]


def _matrix(table: pa.Table, features: list[str]) -> npt.NDArray[np.float32]:
    """The features as XGBoost takes them, float32 (rows, features), missing values as NaN."""
    matrix = np.empty((len(table), len(features)), dtype=np.float32)
    for place, name in enumerate(features):
        matrix[:, place] = table.column(name).to_numpy()
    return matrix


def _rules(cursor: duckdb.DuckDBPyConnection) -> ListRules:
    (most,) = cursor.execute("select coalesce(max(product_key), 0) from products").fetchone() or (
        0,
    )
    blocked, boosts = np.zeros(most + 1, dtype=bool), np.zeros(most + 1)
    for key, boost, is_blocked in cursor.execute(
        "select product_key, boost, is_blocked from live_rules"
    ).fetchall():
        blocked[key] |= is_blocked
        boosts[key] += boost
    return ListRules(blocked=blocked, boosts=boosts)


def _fill(cursor: duckdb.DuckDBPyConnection, asked: Sequence[Asked]) -> None:
    """Fill the tables that the steps begin with."""
    users = [user_id for user_id, _ in asked]
    known = queries.keys_of(cursor, users)
    keys = [known.get(user_id, (-number, 0)) for number, user_id in enumerate(users, start=1)]
    cursor.execute(
        "create or replace temp table live_asked as select"
        " unnest(cast($keys as integer [])) as user_key,"
        " unnest(cast($users as varchar [])) as user_id,"
        " unnest(cast($buckets as integer [])) as user_bucket",
        {
            "keys": [key for key, _ in keys],
            "users": users,
            "buckets": [bucket for _, bucket in keys],
        },
    )
    events = [event for _, since in asked for event in since]
    cursor.execute(
        "create or replace temp table live_stg_events as select"
        " unnest(cast($seqs as bigint [])) as seq,"
        " unnest(cast($users as varchar [])) as user_id,"
        " unnest(cast($products as varchar [])) as product_id,"
        " unnest(cast($kinds as varchar [])) as kind,"
        " unnest(cast($ratings as float [])) as rating,"
        " unnest(cast($epochs as bigint [])) as occurred_epoch",
        {
            "seqs": [event.seq for event in events],
            "users": [user_id for user_id, since in asked for _ in since],
            "products": [event.product_id for event in events],
            "kinds": [event.kind for event in events],
            "ratings": [event.rating for event in events],
            "epochs": [event.occurred_epoch for event in events],
        },
    )


def _items(
    cursor: duckdb.DuckDBPyConnection,
    chosen: pa.Table,
    scores: npt.NDArray[np.float32],
    user_of_key: dict[int, str],
) -> dict[str, list[RecommendedItem]]:
    """The items of lists whose rows stand in order, those of a user together."""
    rows = chosen.select(
        ["user_key", "product_key", "because_of_key", "source", "reason_type"]
    ).to_pylist()
    keys = {row["product_key"] for row in rows} | {
        row["because_of_key"] for row in rows if row["because_of_key"] is not None
    }
    products = queries.by_key(cursor, keys)
    lists: dict[str, list[RecommendedItem]] = {}
    for row, score in zip(rows, scores.tolist(), strict=True):
        of_user = lists.setdefault(user_of_key[row["user_key"]], [])
        product_id, title = products[row["product_key"]]
        of_user.append(
            RecommendedItem(
                rank=len(of_user) + 1,
                product_id=product_id,
                title=title,
                score=float(np.format_float_positional(np.float32(score), unique=True)),
                source=row["source"],
                reason=_reason(row["reason_type"], row["because_of_key"], products),
            )
        )
    return lists


def _reason(
    reason_type: str, because_of: int | None, products: dict[int, tuple[str, str | None]]
) -> Reason:
    product_id, title = (None, None) if because_of is None else products[because_of]
    return Reason(type=reason_type, product_id=product_id, title=title)

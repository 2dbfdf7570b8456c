"""Experiments, from the dbt seed `experiments`: which share of the users gets which lists.

A user's number, 0 to 9999, is a hash of the experiment's salt and the user's id, so that whoever
knows both knows the variant: dbt (`slot_of`, `experiment_variants`), scoring and the API alike.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from rankmart.errors import ExperimentError
from rankmart.warehouse import first_row, run

SEED = Path("dbt_project/seeds/experiments.csv")
COLUMNS = ("experiment", "salt", "variant", "share", "list", "starts_on", "ends_on")
CONTROL = "control"
RANKER = "ranker"
"""The list that everyone gets, whatever made it."""
SLOTS = 10_000
MEND = f"mend it in {SEED}, then run `dbt seed` and `make score`"

_RUN_ID = re.compile(r"\d{8}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A variant, with the numbers of its users: from first_slot to below end_slot."""

    name: str
    list: str
    first_slot: int
    end_slot: int

    @property
    def is_published(self) -> bool:
        """Whether its users get the list that everyone gets."""
        return self.list == RANKER

    @property
    def run_id(self) -> str | None:
        """The earlier run whose lists its users get."""
        return run_id_of(self.list)

    @property
    def generator(self) -> str | None:
        """The generator whose lists its users get."""
        return None if self.is_published or self.run_id else self.list


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """An experiment. Its days are numbers since 1970, UTC; last_day is None for no end."""

    name: str
    salt: str
    first_day: int
    last_day: int | None
    variants: tuple[Variant, ...]

    def is_on(self, day: int) -> bool:
        """Whether the day is one of its own."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    def variant_of(self, user_id: str) -> Variant | None:
        """The user's variant; None for who is not in the experiment."""
        slot = slot_of(self.salt, user_id)
        for variant in self.variants:
            if variant.first_slot <= slot < variant.end_slot:
                return variant
        return None


def run_id_of(list_name: str) -> str | None:
    """The list's name, if it is that of a run."""
    return list_name if _RUN_ID.fullmatch(list_name) else None


def slot_of(salt: str, user_id: str) -> int:
    """The user's number under a salt, 0 to 9999; the macro `slot_of` gives the same.

    >>> slot_of("s", "ann"), slot_of("t", "ann")
    (6899, 2773)
    """
    text = f"{salt}:{user_id}".encode("utf-8", "surrogatepass")
    return int(hashlib.md5(text, usedforsecurity=False).hexdigest()[:8], 16) % SLOTS


def day_number(day: date) -> int:
    """Days since 1970.

    >>> day_number(date(1970, 1, 2))
    1
    """
    return (day - date(1970, 1, 1)).days


def assigned(
    experiments: Iterable[Experiment], user_id: str, day: int
) -> tuple[Experiment, Variant] | None:
    """The experiment that a user is in on a day, and the variant; the first that takes the user.

    `experiments` are in the order of `made`: those that started first come first, so that a new
    one takes nobody away from them.
    """
    for experiment in experiments:
        if experiment.is_on(day) and (variant := experiment.variant_of(user_id)) is not None:
            return experiment, variant
    return None


def made(rows: Iterable[Sequence[Any]]) -> tuple[Experiment, ...]:
    """Experiments from rows of the seed, columns as in COLUMNS; by their first day, then name.

    Raises ExperimentError for rows that are not as they must be.
    """
    told = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    for row in told:
        _refuse_unsound(row)
    told.sort(key=lambda row: (row["experiment"], row["variant"]))
    experiments = [
        _experiment(name, list(of_one))
        for name, of_one in groupby(told, key=lambda row: row["experiment"])
    ]
    return tuple(sorted(experiments, key=lambda found: (found.first_day, found.name)))


def read_experiments(
    connection: duckdb.DuckDBPyConnection,
    day: date,
    *,
    generators: Collection[str],
    kept_runs: Collection[str],
) -> tuple[Experiment, ...]:
    """The experiments that have not ended by a day; none where the seed was never loaded.

    Raises ExperimentError for a row that is not as it must be, and for a list that there is not.
    """
    present = connection.execute(
        "select 1 from information_schema.tables"
        " where table_schema = 'main' and table_name = 'experiments'"
    ).fetchall()
    if not present:
        return ()
    try:
        rows = connection.execute(f"select {', '.join(COLUMNS)} from experiments").fetchall()
    except duckdb.BinderException as error:
        raise ExperimentError(
            f"the table experiments lacks a column: give {SEED} the header"
            f" `{','.join(COLUMNS)}`, then run `dbt seed --full-refresh` and `make score`"
        ) from error
    today = day_number(day)
    experiments = tuple(
        experiment
        for experiment in made(rows)
        if experiment.last_day is None or experiment.last_day >= today
    )
    for experiment in experiments:
        for variant in experiment.variants:
            if variant.generator is not None and variant.generator not in generators:
                raise ExperimentError(
                    f"{_of(experiment.name, variant.name)}: no list {variant.list!r}: it is"
                    f" {RANKER}, a generator ({', '.join(generators)}) or a run id: {MEND}"
                )
            if variant.run_id is not None and variant.run_id not in kept_runs:
                raise ExperimentError(
                    f"{_of(experiment.name, variant.name)}: run {variant.run_id} is no longer"
                    f" kept; those that are: {', '.join(kept_runs) or 'none'}: {MEND}"
                )
    return experiments


def generators_in_use(experiments: Iterable[Experiment]) -> list[str]:
    """The generators whose lists experiments serve, by name."""
    return sorted(
        {
            variant.generator
            for experiment in experiments
            for variant in experiment.variants
            if variant.generator is not None
        }
    )


def find_users(connection: duckdb.DuckDBPyConnection, experiments: Sequence[Experiment]) -> None:
    """Fill the temp table `variant_users` (list, user_key): whose list by a generator is needed.

    A user may be in two experiments that follow one another, and so need two lists.
    """
    import pyarrow as pa

    run(connection, "create or replace temp table variant_users (list varchar, user_key integer)")
    if not generators_in_use(experiments):
        return
    reader = connection.cursor()
    reader.execute("select user_key, user_id from users order by user_key")
    while users := reader.fetchmany(100_000):
        found = {
            (variant.generator, user_key)
            for user_key, user_id in users
            for experiment in experiments
            if (variant := experiment.variant_of(user_id)) is not None and variant.generator
        }
        lists, keys = zip(*sorted(found), strict=True) if found else ((), ())
        connection.register(
            "found",
            pa.table({"list": pa.array(lists, pa.string()), "key": pa.array(keys, pa.int32())}),
        )
        run(connection, "insert into variant_users select * from found")
        connection.unregister("found")
    reader.close()


def fingerprint(
    connection: duckdb.DuckDBPyConnection, experiments: Sequence[Experiment]
) -> str | None:
    """Equal for equal experiments and lists in `new_variant_recommendations`; None without any."""
    if not experiments:
        return None
    lists = first_row(
        connection,
        "select count(*), bit_xor(hash(list, user_id, rank, product_id, score, source,"
        " reason_type, because_of_product_id, reason_terms)) from new_variant_recommendations",
    )
    return hashlib.sha256(repr((experiments, lists)).encode()).hexdigest()[:16]


def _experiment(name: str, rows: list[dict[str, Any]]) -> Experiment:
    def one(column: str) -> Any:
        if len({row[column] for row in rows}) > 1:
            raise ExperimentError(
                f"experiment {name!r}: {column} must be the same in all of its rows: {MEND}"
            )
        return rows[0][column]

    names = [row["variant"] for row in rows]
    if len(set(names)) < len(names):
        raise ExperimentError(f"experiment {name!r}: a variant is there twice: {MEND}")
    if CONTROL not in names:
        raise ExperimentError(
            f"experiment {name!r}: one variant must be named {CONTROL!r}, with which the others"
            f" are compared: {MEND}"
        )
    variants, end = [], 0
    for row in rows:
        first, end = end, end + round(row["share"] * SLOTS)
        variants.append(
            Variant(name=row["variant"], list=row["list"], first_slot=first, end_slot=end)
        )
    if end > SLOTS:
        raise ExperimentError(f"experiment {name!r}: its shares add up to more than 1: {MEND}")
    last = one("ends_on")
    return Experiment(
        name=name,
        salt=one("salt"),
        first_day=day_number(one("starts_on")),
        last_day=None if last is None else day_number(last),
        variants=tuple(variants),
    )


def _refuse_unsound(row: dict[str, Any]) -> None:
    defect = None
    empty = [name for name in COLUMNS[:-1] if row[name] is None or row[name] == ""]
    if empty:
        defect = f"{empty[0]} is empty"
    elif not 0 < row["share"] <= 1:
        defect = "its share must be above 0 and at most 1"
    elif abs(row["share"] * SLOTS - round(row["share"] * SLOTS)) > 1e-6:
        defect = "its share has more than four decimals"
    elif row["ends_on"] is not None and row["starts_on"] > row["ends_on"]:
        defect = "its ends_on comes before its starts_on"
    if defect:
        raise ExperimentError(f"{_of(row['experiment'], row['variant'])}: {defect}: {MEND}")


def _of(experiment: str | None, variant: str | None) -> str:
    return f"experiment {experiment!r}, variant {variant!r}"

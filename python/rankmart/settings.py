"""Where things are and how much of the machine to use: from the environment, with defaults."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from rankmart.errors import RankmartError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One run's settings; each field names the environment variable that sets it.

    warehouse: RANKMART_WAREHOUSE, the DuckDB file that dbt builds.
    published: RANKMART_PUBLISHED, the directory of published snapshots.
    export: RANKMART_EXPORT, where `recommendations.parquet` goes; empty for none.
    analysis: RANKMART_ANALYSIS, where the copy for analysts goes after each scoring; empty for
        nowhere.
    analysis_schemas: RANKMART_ANALYSIS_SCHEMAS, the schemas that it holds, by commas.
    test_lists: RANKMART_TEST_LISTS, where the lists go by which models were evaluated; empty
        for nowhere.
    memory_limit: RANKMART_MEMORY_LIMIT, DuckDB's, such as `4GB`.
    temp: RANKMART_TEMP, where DuckDB spills; empty for beside the warehouse.
    threads: RANKMART_THREADS, for DuckDB and XGBoost; 0 for every core. Byte-equal models
        need the same number.
    seed: RANKMART_SEED, of the ranker.
    tuned: RANKMART_TUNED, the parameters that `rankmart tune` found; used where the file is there.
    list_length: RANKMART_LIST_LENGTH, products recommended to a user.
    keep_runs: RANKMART_KEEP_RUNS, published runs kept.
    diversity: RANKMART_DIVERSITY, 0 (lists by score) to 1 (of things as different as can be).
    category_cap: RANKMART_CATEGORY_CAP, products of one category in a list; 0 for any number.
    flow: RANKMART_FLOW, the folder in which `rankmart flow` notes what is finished.
    webhook: RANKMART_WEBHOOK, the address that is told how a flow ended; empty for none.
    today: RANKMART_TODAY, the day whose list rules apply, as 2024-12-31; empty for the day that
        it is (UTC).
    """

    warehouse: Path = Path("data/warehouse.duckdb")
    published: Path = Path("data/published")
    export: Path | None = Path("data/recommendations.parquet")
    analysis: str = ""
    analysis_schemas: str = "main,ranker"
    test_lists: str = ""
    memory_limit: str = "4GB"
    temp: str = ""
    threads: int = 0
    seed: int = 7
    tuned: Path = Path("data/tuned.json")
    list_length: int = 20
    keep_runs: int = 3
    diversity: float = 0.0
    category_cap: int = 0
    flow: Path = Path("data/.flow")
    webhook: str = ""
    today: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Settings from RANKMART_* variables; raises RankmartError for one that can't be read."""
        given = os.environ if environment is None else environment
        export = given.get("RANKMART_EXPORT", str(cls.export))
        return cls(
            warehouse=Path(given.get("RANKMART_WAREHOUSE") or cls.warehouse),
            published=Path(given.get("RANKMART_PUBLISHED") or cls.published),
            export=Path(export) if export else None,
            analysis=given.get("RANKMART_ANALYSIS", cls.analysis),
            analysis_schemas=given.get("RANKMART_ANALYSIS_SCHEMAS") or cls.analysis_schemas,
            test_lists=given.get("RANKMART_TEST_LISTS", cls.test_lists),
            memory_limit=given.get("RANKMART_MEMORY_LIMIT") or cls.memory_limit,
            temp=given.get("RANKMART_TEMP", cls.temp),
            threads=_number(given, "RANKMART_THREADS", cls.threads, at_least=0),
            tuned=Path(given.get("RANKMART_TUNED") or cls.tuned),
            seed=_number(given, "RANKMART_SEED", cls.seed, at_least=0),
            list_length=_number(given, "RANKMART_LIST_LENGTH", cls.list_length, at_least=1),
            keep_runs=_number(given, "RANKMART_KEEP_RUNS", cls.keep_runs, at_least=1),
            diversity=_share(given, "RANKMART_DIVERSITY", cls.diversity),
            category_cap=_number(given, "RANKMART_CATEGORY_CAP", cls.category_cap, at_least=0),
            flow=Path(given.get("RANKMART_FLOW") or cls.flow),
            webhook=given.get("RANKMART_WEBHOOK", cls.webhook),
            today=_day(given, "RANKMART_TODAY", cls.today),
        )

    @property
    def day(self) -> date:
        """The day whose list rules apply."""
        return date.fromisoformat(self.today) if self.today else datetime.now(UTC).date()

    @property
    def thread_count(self) -> int:
        """Threads to use, at least 1."""
        if self.threads:
            return self.threads
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1


def _number(given: Mapping[str, str], name: str, default: int, *, at_least: int) -> int:
    text = given.get(name)
    if not text:
        return default
    if not text.isdigit() or int(text) < at_least:
        raise RankmartError(f"{name} is {text!r}: give a whole number from {at_least}")
    return int(text)


def _share(given: Mapping[str, str], name: str, default: float) -> float:
    text = given.get(name)
    if not text:
        return default
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise RankmartError(f"{name} is {text!r}: give a number from 0 to 1")
    return share


def _day(given: Mapping[str, str], name: str, default: str) -> str:
    text = given.get(name) or default
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError as error:
        raise RankmartError(f"{name} is {text!r}: give a day, such as 2024-12-31") from error

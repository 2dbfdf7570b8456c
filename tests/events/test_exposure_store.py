"""What was shown is kept beside the events, once, and read as rows of answers and products."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from rankmart.events import EventStore, EventStoreError
from rankmart.exposures import ARROW, Exposure, append, exposures_table

EXPOSURE = Exposure(
    recommendation_id="r1",
    experiment="e",
    variant="control",
    user_id="漢字 🧴",
    run_id="run-1",
    occurred_epoch=1_700_000_000,
    product_ids=("P1", "a|b, 'c' \"d\"", "P3"),
)


def test_an_answer_comes_back_as_rows_of_its_products(url: str) -> None:
    store = EventStore(url)
    append(store, [EXPOSURE, replace(EXPOSURE, recommendation_id="r2", product_ids=())])
    # Sent again, as after an answer of the database that got lost.
    append(store, [EXPOSURE, replace(EXPOSURE, recommendation_id="r3", product_ids=("P9",))])
    store.close()

    table = exposures_table(url)

    assert table.schema == ARROW
    rows = table.to_pylist()
    assert [(row["recommendation_id"], row["position"], row["product_id"]) for row in rows] == [
        ("r1", 1, "P1"),
        ("r1", 2, "a|b, 'c' \"d\""),
        ("r1", 3, "P3"),
        ("r2", 0, None),
        ("r3", 1, "P9"),
    ]
    assert {row["user_id"] for row in rows} == {"漢字 🧴"}
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)


def test_a_store_without_exposures_has_no_table_for_them(url: str) -> None:
    EventStore(url).close()

    assert exposures_table(url).num_rows == 0
    engine = sa.create_engine(url)
    assert sa.inspect(engine).get_table_names() == ["events"]
    engine.dispose()


def test_without_a_store_there_are_no_exposures(tmp_path: Path) -> None:
    assert exposures_table("off").num_rows == 0
    assert exposures_table(f"sqlite:///{tmp_path}/none.sqlite").num_rows == 0
    with pytest.raises(EventStoreError, match="RANKMART_EVENTS"):
        exposures_table("no url")


def test_exposures_are_stored_together_or_not_at_all(url: str) -> None:
    store = EventStore(url)
    broken = replace(EXPOSURE, recommendation_id="r2", user_id=None)  # type: ignore[arg-type]

    with pytest.raises(EventStoreError, match="exposures were not stored"):
        append(store, [EXPOSURE, broken])

    store.close()
    assert exposures_table(url).num_rows == 0

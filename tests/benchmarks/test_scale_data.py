"""The made-up reviews of any size: repeatable, of the size asked for, and worth learning from."""

import hashlib
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.scale import data
from benchmarks.scale.data import ScaleData, write_scale_data
from benchmarks.scale.reviews import activity

SIZES = {"reviews": 60_000, "users": 6_000, "products": 1_200}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> ScaleData:
    return write_scale_data(tmp_path_factory.mktemp("scale"), **SIZES)


@pytest.fixture(scope="module")
def connection(written: ScaleData) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "create table reviews as select *, file_row_number as line from"
        f" read_parquet('{written.reviews_path}', file_row_number = true)"
    )
    connection.execute(
        "create table products as select *, split_part(categories, '|', 3) as niche"
        f" from '{written.products_path}'"
    )
    return connection


def test_sizes_are_those_asked_for(connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.execute(
        "select count(*), count(distinct user_id), min(rating), max(rating) from reviews"
    ).fetchone() == (60_000, 6_000, 1, 5)
    assert connection.execute("select count(*) from products").fetchone() == (1_200,)
    assert connection.execute(
        "select count(*) from reviews anti join products using (product_id)"
    ).fetchone() == (0,)


def test_equal_arguments_give_equal_files(written: ScaleData, tmp_path: Path) -> None:
    again = write_scale_data(tmp_path / "again", **SIZES)
    other = write_scale_data(tmp_path / "other", **SIZES, seed=8)
    for name in ("reviews_path", "products_path"):
        digests = [
            hashlib.sha256(getattr(files, name).read_bytes()).hexdigest()
            for files in (written, again, other)
        ]
        assert digests[0] == digests[1] != digests[2]


def test_users_are_written_a_chunk_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "USERS_AT_A_TIME", 1_000)
    chunked = pq.ParquetFile(write_scale_data(tmp_path, **SIZES).reviews_path)
    assert chunked.metadata.num_row_groups == 6
    assert chunked.metadata.num_rows == 60_000


def test_activity_and_popularity_have_long_tails(connection: duckdb.DuckDBPyConnection) -> None:
    for column in ("user_id", "product_id"):
        [median, most] = connection.execute(
            f"select median(n), max(n) from (select count(*) as n from reviews group by {column})"
        ).fetchall()[0]
        assert most > 15 * median


def test_activity_adds_up_and_leaves_nobody_out() -> None:
    counts = activity(1_000, reviews=7_777, rng=np.random.default_rng(1))
    assert counts.sum() == 7_777
    assert counts.min() >= 1


def test_products_come_and_fade(connection: duckdb.DuckDBPyConnection) -> None:
    """Of the products that are asked for most in the first year, few are so in the last."""
    best = [
        {
            row[0]
            for row in connection.execute(
                "select product_id from reviews where year(to_timestamp(timestamp)) = ?"
                " group by product_id order by count(*) desc, product_id limit 50",
                [year],
            ).fetchall()
        }
        for year in (2019, 2020, 2023)
    ]
    assert len(best[0] & best[1]) > 2 * len(best[0] & best[2])


def test_reviews_of_a_session_are_close_in_time_and_in_kind(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Two reviews in a row share their niche more often within a day than months apart, and
    there far more often than two reviews of anyone. Who writes much runs out of a niche, and
    counts on one side more than on the other: they are left out."""
    connection.execute(
        """
        create or replace temp table steps as
        select
            timestamp - lag(timestamp) over earlier as seconds,
            niche = lag(niche) over earlier as is_same
        from reviews inner join products using (product_id)
        where user_id in (
            select user_id from reviews group by user_id having count(*) between 2 and 30
        )
        window earlier as (partition by user_id order by timestamp, line)
        """
    )
    [within, apart, share_within] = connection.execute(
        "select avg(is_same) filter (seconds < 86400), avg(is_same) filter (seconds > 86400 * 30),"
        " avg(cast(seconds < 86400 as int)) from (select seconds, cast(is_same as int) as is_same"
        " from steps where seconds is not null)"
    ).fetchall()[0]
    [by_chance] = connection.execute(
        "select sum(share * share) from (select count(*) / sum(count(*)) over () as share"
        " from reviews inner join products using (product_id) group by niche)"
    ).fetchall()[0]
    assert share_within > 0.4
    assert within > 1.2 * apart
    assert apart > 3 * by_chance


def test_impossible_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too few for 20 users"):
        write_scale_data(tmp_path, reviews=10, users=20, products=50)
    with pytest.raises(ValueError, match="9 products are too few"):
        write_scale_data(tmp_path, reviews=100, users=20, products=9)

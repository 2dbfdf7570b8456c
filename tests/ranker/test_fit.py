"""Label windows: who is asked in several of them, and who is held out of all."""

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

from rankmart.fit import Fit, fit_splits, read_fit
from rankmart.plans import default_objectives, plan_for
from rankmart.train import members_of, train_ranker, try_objective
from rankmart.training_data import USERS_AT_MOST, TrainingData

# Every user has three candidates in both windows; user_key 7 has a label among them in none.
TABLES = """
create schema intermediate;
create table user_product_features as
select
    split,
    cast(user_key as integer) as user_key,
    cast(product_key as integer) as product_key,
    cast(user_key != 7 and product_key = 1 + user_key % 3 as integer) as label,
    cast(product_key = 1 + user_key % 3 as float) + random() as signal
from (values ('fit'), ('fit_2'), ('test')) as splits (split)
cross join range(1, 401) as users (user_key)
cross join range(1, 4) as products (product_key);
create table intermediate.target_users as
select distinct split, user_key from user_product_features;
create table intermediate.labels as
select split, user_key, product_key from user_product_features where label = 1
union all select 'fit', 7, 9;
"""


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("select setseed(0.5)")
        connection.execute(TABLES)
        yield connection


@pytest.fixture(scope="module")
def fit(warehouse: duckdb.DuckDBPyConnection) -> Fit:
    return read_fit(warehouse, features=["signal"])


def data_of(fit: Fit) -> TrainingData:
    """As of a larger set: one fold is held out, and each objective is drawn anew."""
    return TrainingData(fit.rows, plan_for(2_000, ()), ideal_dcg=fit.ideal_dcg, seed=3, threads=1)


def test_windows_are_read_from_the_last_one_back(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert fit_splits(warehouse) == ["fit", "fit_2"]


def test_a_user_of_two_windows_is_asked_twice(fit: Fit) -> None:
    keys = np.unique(fit.rows.users)
    assert fit.users == len(keys) == 2 * 399
    assert np.array_equal(keys[399:], keys[:399] + USERS_AT_MOST)
    assert np.all(np.diff(fit.rows.users) >= 0)
    assert 7 not in keys
    assert fit.ideal_dcg.keys() == {7, *keys.tolist()}
    assert set(fit.ideal_dcg.values()) == {1.0}


def test_who_is_held_out_is_held_out_of_every_window(fit: Fit) -> None:
    held_out = data_of(fit).held_out
    keys = set(np.unique(held_out.rows.users).tolist())
    assert 0.1 * fit.users < len(keys) < 0.3 * fit.users
    assert {(key + USERS_AT_MOST) % (2 * USERS_AT_MOST) for key in keys} == keys
    assert keys <= held_out.ideal_dcg.keys()


def test_more_draws_are_more_members_of_less_weight(fit: Fit) -> None:
    data = data_of(fit)
    trial = try_objective(data, default_objectives(2_000)[1])
    members = members_of(data, trial)
    assert len(members) == data.plan.draws > 1
    assert [member.weight for member in members] == pytest.approx(
        [1 / trial.scale / len(members)] * len(members)
    )
    assert [member.parameters["seed"] for member in members] == [3, 4, 5]
    one, two, *_ = (
        member.booster.inplace_predict(fit.rows.matrix, predict_type="margin")
        for member in members
    )
    assert not np.array_equal(one, two)
    assert np.corrcoef(one, two)[0, 1] > 0.9


def test_the_windows_train_one_ranker(fit: Fit) -> None:
    ranker = train_ranker(
        fit.rows, features=fit.features, ideal_dcg=fit.ideal_dcg, seed=1, threads=1
    )
    assert ranker is not None
    assert ranker.users == fit.users
    assert ranker.validation_ndcg > 0.8

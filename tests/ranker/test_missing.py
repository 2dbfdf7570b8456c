"""Missing values: NaN and the number that stands in for it are the same to a ranker."""

import numpy as np
import numpy.typing as npt
import pytest
import xgboost as xgb

from rankmart.explain import contributions
from rankmart.features import FeatureRows
from rankmart.missing import LOWEST, takes_lowest, with_lowest
from rankmart.train import Ranker, saved_members, summed_margins, train_ranker

FEATURES = ["tells_by_its_absence", "noise", "standing"]
USERS, CANDIDATES = 120, 12


def with_holes(seed: int) -> FeatureRows:
    """One positive a user: the only candidate without a value of the first feature."""
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(USERS * CANDIDATES, len(FEATURES))).astype(np.float32)
    labels = np.zeros((USERS, CANDIDATES), dtype=np.float32)
    labels[np.arange(USERS), generator.integers(0, CANDIDATES, size=USERS)] = 1
    matrix[labels.reshape(-1) == 1, 0] = np.nan
    matrix[generator.random(len(matrix)) < 0.3, 1] = np.nan
    return FeatureRows(
        matrix=matrix,
        users=np.repeat(np.arange(1, USERS + 1), CANDIDATES).astype(np.int32),
        products=np.tile(np.arange(1, CANDIDATES + 1), USERS).astype(np.int32),
        labels=labels.reshape(-1),
    )


@pytest.fixture(scope="module")
def ranker() -> Ranker:
    trained = train_ranker(
        with_holes(1),
        features=FEATURES,
        ideal_dcg=dict.fromkeys(range(1, USERS + 1), 1.0),
        seed=7,
        threads=1,
    )
    assert trained is not None
    return trained


@pytest.fixture(scope="module")
def unseen() -> npt.NDArray[np.float32]:
    return with_holes(2).matrix


def test_the_absence_of_a_value_is_learned(ranker: Ranker) -> None:
    assert ranker.validation_ndcg > 0.95


def test_boosters_that_were_saved_take_nan_as_it_is(
    ranker: Ranker, unseen: npt.NDArray[np.float32]
) -> None:
    assert np.isnan(unseen).any()
    for _, booster in saved_members(ranker):
        loaded = xgb.Booster(model_file=bytearray(booster))
        assert takes_lowest(loaded)
        assert np.array_equal(
            loaded.inplace_predict(unseen, predict_type="margin"),
            loaded.inplace_predict(with_lowest(unseen), predict_type="margin"),
        )


def test_contributions_of_rows_with_nan_add_up(
    ranker: Ranker, unseen: npt.NDArray[np.float32]
) -> None:
    members = [(member.booster, member.weight) for member in ranker.members]
    added, bias = contributions(members, unseen)
    assert added.sum(axis=1) + bias == pytest.approx(ranker.predict(unseen), abs=1e-4)


def test_a_booster_that_learned_where_missing_values_go_keeps_its_scores(
    unseen: npt.NDArray[np.float32],
) -> None:
    rows = with_holes(1)
    # The value is missing where it would be high.
    rows.matrix[:, 0] = np.where(rows.labels == 1, np.nan, -np.abs(rows.matrix[:, 0]))
    rows.matrix[:: CANDIDATES + 1, 0] = 5
    booster = xgb.train(
        {"objective": "binary:logistic", "max_depth": 2, "nthread": 1},
        xgb.DMatrix(rows.matrix, label=rows.labels),
        num_boost_round=5,
    )
    assert not takes_lowest(booster)
    assert np.array_equal(
        summed_margins([(1.0, booster)], unseen),
        booster.inplace_predict(unseen, predict_type="margin"),
    )
    filled = np.where(np.isnan(unseen), LOWEST, unseen)
    assert not np.array_equal(
        booster.inplace_predict(filled, predict_type="margin"),
        booster.inplace_predict(unseen, predict_type="margin"),
    )

"""Training on feature rows whose right order is known."""

from collections.abc import Callable

import numpy as np
import pytest

from rankmart import training_data
from rankmart.features import FeatureRows
from rankmart.rank import top_k
from rankmart.train import FEWEST_USERS, saved_members, train_ranker

FEATURES = ["signal", "noise", "standing"]
CANDIDATES = 12


def shop(users: int, *, seed: int = 1, shuffled_labels: bool = False) -> FeatureRows:
    """One positive a user: the candidate with the largest signal, `noise` says nothing."""
    generator = np.random.default_rng(seed)
    count = users * CANDIDATES
    matrix = generator.normal(size=(count, len(FEATURES))).astype(np.float32)
    best = matrix[:, 0].reshape(users, CANDIDATES).argmax(axis=1)
    if shuffled_labels:
        best = generator.integers(0, CANDIDATES, size=users)
    labels = np.zeros((users, CANDIDATES), dtype=np.float32)
    labels[np.arange(users), best] = 1
    return FeatureRows(
        matrix=matrix,
        users=np.repeat(np.arange(1, users + 1), CANDIDATES).astype(np.int32),
        products=np.tile(np.arange(1, CANDIDATES + 1), users).astype(np.int32),
        labels=labels.reshape(-1),
    )


def ideal(users: int) -> dict[int, float]:
    """With one label a user the best DCG is 1 / log2(2) = 1."""
    return dict.fromkeys(range(1, users + 1), 1.0)


def test_the_ranker_finds_the_feature_that_tells() -> None:
    ranker = train_ranker(shop(120), features=FEATURES, ideal_dcg=ideal(120), seed=7, threads=1)
    assert ranker is not None
    assert ranker.gain["signal"] > 2 * ranker.gain["noise"]
    assert ranker.validation_ndcg > 0.85
    fresh = shop(100, seed=2)
    first = top_k(fresh, ranker.predict(fresh.matrix), k=1).column("product_key").to_numpy()
    right = fresh.products[fresh.labels == 1]
    assert np.mean(first == right) > 0.8


def test_shuffled_labels_teach_nothing() -> None:
    # Where the positive is drawn by chance, NDCG@10 of any order is
    # (1/log2(2) + … + 1/log2(11)) / 12 = 4.5436 / 12 = 0.379 in the mean.
    rows = shop(120, shuffled_labels=True)
    ranker = train_ranker(rows, features=FEATURES, ideal_dcg=ideal(120), seed=7, threads=1)
    assert ranker is not None
    # Stopping at the best round on the held-out users adds some luck, not 0.9 as above.
    assert ranker.validation_ndcg < 0.55


def test_the_same_rows_give_the_same_ranker_to_the_byte() -> None:
    models = []
    for _ in range(2):
        ranker = train_ranker(shop(60), features=FEATURES, ideal_dcg=ideal(60), seed=7, threads=2)
        assert ranker is not None
        models.append(saved_members(ranker))
    assert models[0] == models[1]


def test_too_few_users_train_no_ranker() -> None:
    few = FEWEST_USERS - 1
    rows = shop(few)
    assert train_ranker(rows, features=FEATURES, ideal_dcg=ideal(few), seed=7, threads=1) is None


def test_users_whose_wish_no_generator_found_count_as_missed() -> None:
    # 120 users rank as above; 120 more have a label that was not among their candidates.
    both = ideal(240)
    ranker = train_ranker(shop(120), features=FEATURES, ideal_dcg=both, seed=7, threads=1)
    alone = train_ranker(shop(120), features=FEATURES, ideal_dcg=ideal(120), seed=7, threads=1)
    assert ranker is not None
    assert alone is not None
    assert ranker.validation_ndcg == pytest.approx(alone.validation_ndcg / 2, abs=0.08)


def test_progress_ends_at_all_of_the_steps() -> None:
    told: list[tuple[str, int, int]] = []
    train_ranker(
        shop(60),
        features=FEATURES,
        ideal_dcg=ideal(60),
        seed=7,
        threads=1,
        progress=lambda what, done, of: told.append((what, done, of)),
    )
    assert told[-1][1] == told[-1][2]
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_chunks_give_the_same_ranker_to_the_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    models = []
    for rows_per_chunk in (10_000, 100, 5):
        monkeypatch.setattr(training_data, "ROWS_PER_CHUNK", rows_per_chunk)
        ranker = train_ranker(shop(60), features=FEATURES, ideal_dcg=ideal(60), seed=7, threads=1)
        assert ranker is not None
        models.append(saved_members(ranker))
    assert models[0] == models[1] == models[2]


@pytest.mark.parametrize("at", [1, 2, 5])
def test_ctrl_c_while_xgboost_takes_rows_ends_the_training(
    monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    handed: list[int] = []
    hand_over = training_data._Chunks._hand_over

    def interrupted(chunks: training_data._Chunks, input_data: Callable[..., None]) -> bool:
        handed.append(chunks.number)
        if len(handed) == at:
            raise KeyboardInterrupt
        return hand_over(chunks, input_data)

    monkeypatch.setattr(training_data, "ROWS_PER_CHUNK", 200)
    monkeypatch.setattr(training_data._Chunks, "_hand_over", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_ranker(shop(60), features=FEATURES, ideal_dcg=ideal(60), seed=7, threads=1)

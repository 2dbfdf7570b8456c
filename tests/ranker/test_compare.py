"""Ways to train, and generators, compared on held-out users."""

import numpy as np
import pytest

from rankmart.compare import Comparison, compare_ways
from rankmart.errors import NotEnoughDataError
from rankmart.features import FeatureRows
from rankmart.plans import LAMBDAMART_SMALL, LOGISTIC
from rankmart.train import FEWEST_USERS, Member, Ranker, train_ranker

# `signal` and `noise` as scores of two generators, in whose order their candidates stand.
FEATURES = ["signal_score", "signal_rank", "noise_score", "noise_rank", "standing"]
CANDIDATES = 12
USERS = 60


def shop(users: int) -> FeatureRows:
    """One positive a user: the candidate with the largest signal."""
    generator = np.random.default_rng(1)
    scores = generator.normal(size=(users, CANDIDATES, 2))
    ranks = np.argsort(np.argsort(-scores, axis=1), axis=1) + 1
    columns = [scores[..., 0], ranks[..., 0], scores[..., 1], ranks[..., 1], 0 * scores[..., 0]]
    return FeatureRows(
        matrix=np.stack(columns, axis=2).reshape(-1, len(FEATURES)).astype(np.float32),
        users=np.repeat(np.arange(1, users + 1), CANDIDATES).astype(np.int32),
        products=np.tile(np.arange(1, CANDIDATES + 1), users).astype(np.int32),
        labels=(ranks[..., 0] == 1).reshape(-1).astype(np.float32),
    )


def ideal(users: int) -> dict[int, float]:
    return dict.fromkeys(range(1, users + 1), 1.0)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare_ways(
        shop(USERS),
        {"lists": [LAMBDAMART_SMALL], "labels": [LOGISTIC], "both": [LAMBDAMART_SMALL, LOGISTIC]},
        features=FEATURES,
        # Ten more users have a label that is not among their candidates.
        ideal_dcg=ideal(USERS + 10),
        seed=7,
        threads=1,
    )


def trained(*objectives: dict[str, object]) -> Ranker:
    ranker = train_ranker(
        shop(USERS),
        features=FEATURES,
        ideal_dcg=ideal(USERS + 10),
        seed=7,
        threads=1,
        objectives=objectives,
    )
    assert ranker is not None
    return ranker


def saved(members: tuple[Member, ...]) -> list[tuple[float, bytes]]:
    return [(member.weight, bytes(member.booster.save_raw("ubj"))) for member in members]


def test_a_way_alone_is_what_training_it_alone_gives(comparison: Comparison) -> None:
    ranker = trained(LOGISTIC)
    assert saved(comparison.members["labels"]) == saved(ranker.members)
    assert comparison.held_out["labels"].mean() == pytest.approx(ranker.validation_ndcg)


def test_a_sum_is_made_of_the_members_that_stand_alone(comparison: Comparison) -> None:
    assert saved(comparison.members["both"]) == saved(
        comparison.members["lists"] + comparison.members["labels"]
    )


def test_every_held_out_user_is_judged_those_without_a_candidate_too(
    comparison: Comparison,
) -> None:
    assert {len(values) for values in comparison.held_out.values()} == {USERS + 10}
    for values in comparison.held_out.values():
        assert np.count_nonzero(values == 0) >= 10


def test_generators_stand_beside_the_ways_in_their_own_order(comparison: Comparison) -> None:
    assert list(comparison.held_out) == ["lists", "labels", "both", "signal", "noise"]
    assert comparison.held_out["signal"].mean() == pytest.approx(USERS / (USERS + 10))
    assert comparison.held_out["noise"].mean() < 0.6
    assert comparison.held_out["both"].mean() > 0.8 * USERS / (USERS + 10)


def test_too_few_users_cannot_be_compared() -> None:
    few = FEWEST_USERS - 1
    with pytest.raises(NotEnoughDataError, match=f"{few} fit users .* from {FEWEST_USERS} on"):
        compare_ways(
            shop(few),
            {"labels": [LOGISTIC]},
            features=FEATURES,
            ideal_dcg=ideal(few),
            seed=7,
            threads=1,
        )

"""Ways to train the ranker side by side, and every generator, on the same held-out fit users.

Which way is best is asked here, without a look at test labels. What is compared is then fitted on
all fit users, so that the test users may be asked once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rankmart.errors import NotEnoughDataError
from rankmart.features import FeatureRows
from rankmart.plans import Parameters, plan_for
from rankmart.train import (
    FEWEST_USERS,
    Member,
    Trial,
    generator_values,
    members_of,
    try_objective,
)
from rankmart.training_data import TrainingData


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What `compare_ways` finds.

    held_out: by way and by generator, NDCG@10 of each held-out fit user, all in one order.
    members: by way, the boosters fitted on all fit users; their weighted sum is the score.
    """

    held_out: dict[str, npt.NDArray[np.float64]]
    members: dict[str, tuple[Member, ...]]


def compare_ways(
    rows: FeatureRows,
    ways: Mapping[str, Sequence[Parameters]],
    *,
    features: list[str],
    ideal_dcg: dict[int, float],
    seed: int,
    threads: int,
) -> Comparison:
    """Each way, a name and its objectives, trained as `train_ranker` would train it.

    A way of several objectives is the sum of them all, each divided by its own spread; an
    objective that several ways share is trained once. Held-out users choose the number of rounds,
    which flatters each way a little, and all of them alike.

    Raises NotEnoughDataError for fewer than FEWEST_USERS users with a positive.
    """
    users = len(np.unique(rows.users))
    if users < FEWEST_USERS:
        raise NotEnoughDataError(
            f"{users} fit users have a label among their candidates: ways to train can be"
            f" compared from {FEWEST_USERS} on"
        )
    plan = plan_for(users, ())
    data = TrainingData(rows, plan, ideal_dcg=ideal_dcg, seed=seed, threads=threads)
    trials: dict[str, Trial] = {}
    members: dict[str, list[Member]] = {}
    for objective in (one for objectives in ways.values() for one in objectives):
        key = _key(objective)
        if key not in trials:
            trials[key] = try_objective(data, objective)
            members[key] = members_of(data, trials[key])
    by_user = {
        way: data.held_out.ndcg_by_user(
            np.sum([trials[_key(one)].scaled for one in objectives], axis=0)
        )
        for way, objectives in ways.items()
    }
    return Comparison(
        held_out=by_user | generator_values(data.held_out, features),
        members={
            way: tuple(member for one in objectives for member in members[_key(one)])
            for way, objectives in ways.items()
        },
    )


def _key(objective: Parameters) -> str:
    return repr(sorted(objective.items()))

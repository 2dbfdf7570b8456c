"""How a ranker is trained, by how many users there are to fit on: objectives, folds, draws."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

Parameters = dict[str, Any]

LAMBDAMART: Parameters = {
    "objective": "rank:ndcg",
    "lambdarank_pair_method": "topk",
    "lambdarank_num_pair_per_sample": 20,
    "eta": 0.05,
    "max_depth": 6,
    "min_child_weight": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "reg_lambda": 2.0,
}
# From a thousand users on, leaves of more weight and fewer columns a tree: on three cut-offs of
# Beauty NDCG@10 was 3 to 5 % higher than with LAMBDAMART's, under leave-last-out 4 %. Larger steps
# need fewer trees, and came to the same NDCG@10 there, by chance's measure.
LAMBDAMART_CAUTIOUS = LAMBDAMART | {
    "eta": 0.15,
    "max_depth": 5,
    "min_child_weight": 20,
    "colsample_bytree": 0.35,
}
LAMBDAMART_SMALL = LAMBDAMART | {
    "lambdarank_pair_method": "mean",
    "lambdarank_num_pair_per_sample": 8,
    "max_depth": 4,
    "reg_lambda": 5.0,
}
LOGISTIC: Parameters = {
    "objective": "binary:logistic",
    "eta": 0.05,
    "max_depth": 4,
    "min_child_weight": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "reg_lambda": 5.0,
}
LOGISTIC_FASTER = LOGISTIC | {"eta": 0.15}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Objectives, which of how many folds are held out, and whether these then join.

    fewest_rounds, patience, look_every: how many rounds are fitted at least, how many after the
    best, and after how many each the held-out users are asked. bins: into how many XGBoost puts
    the values of a feature.
    wrong_answers: the share of the candidates without a label that training sees, drawn by chance.
    draws: how often each objective is then fitted, each time on others of them.
    """

    objectives: tuple[Parameters, ...]
    folds: tuple[int, ...]
    of: int
    fit_again: bool = True
    fewest_rounds: int
    patience: int
    look_every: int
    bins: int
    wrong_answers: float = 0.3
    draws: int = 3


def plan_for(users: int, objectives: Sequence[Parameters]) -> Plan:
    """Few users: every fold is held out once. Many: a tenth will do."""
    if users < 1_000:
        plan = Plan(
            objectives=(LAMBDAMART_SMALL, LOGISTIC),
            folds=(0, 1, 2),
            of=3,
            fewest_rounds=60,
            patience=40,
            look_every=10,
            bins=256,
        )
    else:
        # The curve of a few hundred held-out users is flat and noisy, and may peak early by
        # chance: on Beauty, at a third of these steps, 24 rounds gave NDCG@10 .0469, 96 gave
        # .0511, 240 gave .0509.
        plan = Plan(
            objectives=(LAMBDAMART_CAUTIOUS, LOGISTIC_FASTER),
            folds=(0,),
            of=5 if users < 5_000 else 10,
            # A second fit, on a tenth more users and of three draws, is worth its time unless
            # there are very many users.
            fit_again=users < 15_000,
            fewest_rounds=55,
            patience=25,
            look_every=5,
            bins=64,
        )
    return replace(plan, objectives=tuple(objectives)) if objectives else plan


def default_objectives(users: int) -> tuple[Parameters, ...]:
    """The objectives that so many fit users are given, LambdaMART first."""
    return plan_for(users, ()).objectives

"""The vars of dbt_project.yml that `rankmart tune` tries, and by what they are judged."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple


class Bounds(NamedTuple):
    """The ends of a range, in whole numbers where the parameter is one; log: tried by factors."""

    low: float
    high: float
    log: bool = False

    def around(self, value: float) -> "Bounds":
        return Bounds(min(self.low, value), max(self.high, value), self.log)

    @property
    def is_whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Vars that are tried together.

    models: the dbt models that a trial builds. judges: the generators by whose own lists a trial
    is judged, each counting the same.
    """

    name: str
    knobs: Mapping[str, Bounds]
    models: tuple[str, ...]
    judges: tuple[str, ...]

    def around(self, defaults: Mapping[str, float], generators: Collection[str]) -> "Group":
        """Without vars that have no default and generators that are not there.

        A default that lies outside of its bounds widens them.
        """
        left_out = {f"candidates_{name}" for name in self.judges if name not in generators}
        return replace(
            self,
            knobs={
                name: bounds.around(defaults[name])
                for name, bounds in self.knobs.items()
                if name in defaults and (defaults[name] > 0 or not bounds.log)
            },
            models=tuple(model for model in self.models if model not in left_out),
            judges=tuple(name for name in self.judges if name in generators),
        )


NEIGHBORS = ("co_visited", "recent", "transitions", "two_hop", "factors")

GROUPS = (
    Group(
        name="history",
        knobs={
            "recency_decay": Bounds(0.3, 0.95),
            "neighbors_taper": Bounds(0.4, 1.0),
            "activity_power": Bounds(0.0, 1.0),
        },
        models=(
            "product_activity",
            "candidate_neighbors",
            *(f"candidates_{name}" for name in (*NEIGHBORS, "similar_users")),
        ),
        judges=(*NEIGHBORS, "similar_users"),
    ),
    Group(
        name="pairs",
        knobs={
            "backward_weight": Bounds(0.0, 1.0),
            "popularity_power_from": Bounds(0.0, 1.0),
            "popularity_power_to": Bounds(0.0, 0.9),
        },
        models=("product_pairs", "candidate_neighbors", "candidates_co_visited"),
        judges=("co_visited",),
    ),
    Group(
        name="recent pairs",
        knobs={"pair_half_life_days": Bounds(20, 1500, log=True)},
        models=("product_pairs", "candidate_neighbors", "candidates_recent"),
        judges=("recent",),
    ),
    Group(
        name="transitions",
        knobs={"transition_smoothing": Bounds(500, 200_000, log=True)},
        models=("product_pairs", "candidate_neighbors", "candidates_transitions"),
        judges=("transitions",),
    ),
    Group(
        name="two hops",
        knobs={"two_hop_width": Bounds(8, 60)},
        models=("two_hop_pairs", "candidates_two_hop"),
        judges=("two_hop",),
    ),
    Group(
        name="factors",
        knobs={
            "factors": Bounds(24, 128),
            "factor_confidence": Bounds(1.0, 100.0, log=True),
            "factor_regularization": Bounds(0.05, 30.0, log=True),
        },
        models=("factor_pairs", "candidates_factors"),
        judges=("factors",),
    ),
    Group(
        name="similar users",
        knobs={
            "similar_users": Bounds(5, 80, log=True),
            "similar_users_history": Bounds(2, 12),
            "reviewers_per_product": Bounds(15, 150, log=True),
        },
        models=("product_reviewers", "candidates_similar_users"),
        judges=("similar_users",),
    ),
    Group(
        name="trend",
        knobs={"trend_half_life_days": Bounds(5, 180, log=True)},
        models=(
            *("product_stats", "product_charts", "tag_charts"),
            *("candidates_trending", "candidates_tag_trending"),
        ),
        judges=("trending", "tag_trending"),
    ),
)

SIZES: dict[str, tuple[float, ...]] = {"candidates_at_most": (100, 225)}
"""What no generator's own list can judge: each of these is tried with the ranker."""

GROUP_NAMES = (*(group.name for group in GROUPS), *SIZES)


def knob_names() -> list[str]:
    """All vars that may be tuned, in the order of the groups."""
    return [*(name for group in GROUPS for name in group.knobs), *SIZES]

"""The metrics in plain Python, straight from their definitions: the second method of the tests."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev
from typing import NamedTuple


class ListRow(NamedTuple):
    model: str
    user_key: int
    product_key: int
    rank: int


class Label(NamedTuple):
    user_key: int
    product_key: int


class Figure(NamedTuple):
    value: float
    ci_low: float | None
    ci_high: float | None
    users: int


def of_one_user(ranked: dict[int, int], wanted: set[int], *, k: int) -> dict[str, float]:
    """Metrics of one user: `ranked` is rank to product, `wanted` the labels (not empty)."""
    hits = 0
    gain = 0.0
    precision_at_hits = 0.0
    first_hit_rank = 0
    for rank in range(1, k + 1):
        if ranked.get(rank) in wanted:
            hits += 1
            gain += 1 / math.log2(rank + 1)
            precision_at_hits += hits / rank
            if first_hit_rank == 0:
                first_hit_rank = rank
    possible_hits = min(k, len(wanted))
    ideal_gain = 0.0
    for rank in range(1, possible_hits + 1):
        ideal_gain += 1 / math.log2(rank + 1)
    return {
        "ndcg": gain / ideal_gain,
        "recall": hits / len(wanted),
        "precision": hits / k,
        "map": precision_at_hits / possible_hits,
        "mrr": 1 / first_hit_rank if first_hit_rank else 0.0,
        "hit_rate": 1.0 if hits else 0.0,
    }


def reference_evaluation(
    lists: Iterable[ListRow],
    labels: Iterable[Label],
    *,
    catalog_size: int,
    ks: Sequence[int],
    models: Sequence[str] = (),
) -> dict[tuple[str, str, int], Figure]:
    """Figures by (model, metric, k)."""
    ranked: dict[tuple[str, int], dict[int, int]] = {}
    for row in lists:
        ranked.setdefault((row.model, row.user_key), {})[row.rank] = row.product_key
    wanted = labels_by_user(labels)

    figures: dict[tuple[str, str, int], Figure] = {}
    if not wanted:
        return figures
    for model in {model for model, _ in ranked} | set(models):
        for k in ks:
            values: dict[str, list[float]] = {}
            shown: set[int] = set()
            for user_key, products in wanted.items():
                of_user = ranked.get((model, user_key), {})
                shown |= {product for rank, product in of_user.items() if rank <= k}
                for metric, value in of_one_user(of_user, products, k=k).items():
                    values.setdefault(metric, []).append(value)
            for metric, of_users in values.items():
                figures[model, metric, k] = mean_with_interval(of_users)
            figures[model, "catalog_coverage", k] = Figure(
                len(shown) / catalog_size, None, None, len(wanted)
            )
    return figures


def mean_with_interval(values: Sequence[float]) -> Figure:
    mean = fmean(values)
    if len(values) == 1:
        return Figure(mean, None, None, 1)
    margin = 1.96 * stdev(values) / math.sqrt(len(values))
    return Figure(mean, mean - margin, mean + margin, len(values))


def reference_candidate_recall(
    candidates: Iterable[tuple[int, int]], labels: Iterable[Label]
) -> float:
    proposed = set(candidates)
    shares = []
    for user_key, products in labels_by_user(labels).items():
        found = [product for product in products if (user_key, product) in proposed]
        shares.append(len(found) / len(products))
    return fmean(shares)


def labels_by_user(labels: Iterable[Label]) -> dict[int, set[int]]:
    wanted: dict[int, set[int]] = {}
    for label in labels:
        wanted.setdefault(label.user_key, set()).add(label.product_key)
    return wanted

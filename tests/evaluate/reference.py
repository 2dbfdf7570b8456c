"""The metrics in plain Python, straight from their definitions: the second method of the tests."""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import fmean, quantiles
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rankmart.bootstrap import RESAMPLES, draw

LIST_METRICS = ("novelty", "intra_list_diversity", "new_product_share")


class ListRow(NamedTuple):
    model: str
    user_key: int
    product_key: int
    rank: int


class Label(NamedTuple):
    user_key: int
    product_key: int


class Known(NamedTuple):
    """What a split's history knows.

    lengths: of each user's history. products: (users who have it, age in days). tags: of each
    product, weight by tag.
    """

    lengths: dict[int, int]
    products: dict[int, tuple[int, float]]
    tags: dict[int, dict[str, float]]


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


def of_one_list(ranked: dict[int, int], known: Known, *, k: int) -> dict[str, float]:
    """What one list is like, whoever it is for; NaN where that can't be said."""
    listed = [ranked[rank] for rank in range(1, k + 1) if rank in ranked]
    if not listed:
        return dict.fromkeys(LIST_METRICS, math.nan)
    everyone = len(known.lengths) + 1
    surprises, new = [], 0
    for product in listed:
        count, age = known.products.get(product, (0, math.inf))
        surprises.append(math.log2(everyone / (count + 1)))
        new += age <= 30
    distances = []
    for one, other in combinations([known.tags[p] for p in listed if p in known.tags], 2):
        distances.append(1 - sum(weight * other.get(tag, 0) for tag, weight in one.items()))
    return {
        "novelty": fmean(surprises),
        "intra_list_diversity": fmean(distances) if distances else math.nan,
        "new_product_share": new / len(listed),
    }


def reference_evaluation(
    lists: Iterable[ListRow],
    labels: Iterable[Label],
    *,
    catalog_size: int,
    ks: Sequence[int],
    models: Sequence[str] = (),
    known: Known | None = None,
    resamples: int = RESAMPLES,
) -> dict[tuple[str, str, str, int], Figure]:
    """Figures by (model, segment, metric, k)."""
    values, wanted = values_by_user(lists, labels, ks=ks, models=models, known=known)
    users = sorted(wanted)
    draws = draws_of(len(users), resamples)
    figures = {}
    for (model, segment, metric, k), of_users in values.items():
        column = np.array([of_users.get(user, math.nan) for user in users])
        if not np.isnan(column).all():
            figures[model, segment, metric, k] = mean_with_interval(column, draws)
    ranked = lists_by_user(lists)
    for model in {model for model, _ in ranked} | set(models) if wanted else ():
        for k in ks:
            shown = {
                product
                for (name, user), products in ranked.items()
                if name == model and user in wanted
                for rank, product in products.items()
                if rank <= k
            }
            figures[model, "all", "catalog_coverage", k] = Figure(
                len(shown) / catalog_size, None, None, len(wanted)
            )
    return figures


def reference_differences(
    lists: Iterable[ListRow],
    labels: Iterable[Label],
    *,
    ks: Sequence[int],
    model: str = "ranker",
    models: Sequence[str] = (),
    known: Known | None = None,
    resamples: int = RESAMPLES,
) -> dict[tuple[str, str, int], Figure]:
    """By how much a model is above each baseline: by (baseline, metric, k)."""
    values, wanted = values_by_user(lists, labels, ks=ks, models=models, known=known)
    users = sorted(wanted)
    draws = draws_of(len(users), resamples)
    figures = {}
    for (baseline, segment, metric, k), of_baseline in values.items():
        if segment != "all" or baseline == model or (model, segment, metric, k) not in values:
            continue
        of_model = values[model, segment, metric, k]
        column = np.array(
            [of_model.get(user, math.nan) - of_baseline.get(user, math.nan) for user in users]
        )
        if not np.isnan(column).all():
            figures[baseline, metric, k] = mean_with_interval(column, draws)
    return figures


def values_by_user(
    lists: Iterable[ListRow],
    labels: Iterable[Label],
    *,
    ks: Sequence[int],
    models: Sequence[str],
    known: Known | None,
) -> tuple[dict[tuple[str, str, str, int], dict[int, float]], dict[int, set[int]]]:
    """By (model, segment, metric, k), the value of every user who counts; and who wants what."""
    ranked = lists_by_user(lists)
    wanted = labels_by_user(labels)
    values: dict[tuple[str, str, str, int], dict[int, float]] = {}
    for model in {model for model, _ in ranked} | set(models):
        for user, products in wanted.items():
            of_user = ranked.get((model, user), {})
            judged: list[tuple[str, int, dict[str, float]]] = []
            for k in {*ks, 10} if known else set(ks):
                found = of_one_user(of_user, products, k=k)
                if known is not None:
                    found |= of_one_list(of_user, known, k=k)
                if k in ks:
                    judged.append(("all", k, found))
                if known is not None and k == 10:
                    judged.append((history_segment(known.lengths.get(user, 0)), k, found))
            for segment, part in (labels_by_segment(products, known) if known else {}).items():
                judged.append((segment, 10, of_one_user(of_user, part, k=10)))
            for segment, k, found in judged:
                for metric, value in found.items():
                    values.setdefault((model, segment, metric, k), {})[user] = value
    return values, wanted


def history_segment(length: int) -> str:
    if length <= 1:
        return "history: 1" if length else "history: none"
    if length <= 4:
        return "history: 2 to 4"
    return "history: 5 to 9" if length <= 9 else "history: 10 or more"


def labels_by_segment(products: set[int], known: Known) -> dict[str, set[int]]:
    segments: dict[str, set[int]] = {}
    for product in products:
        if product not in known.products:
            name = "product: unseen"
        elif known.products[product][1] <= 30:
            name = "product: new, up to 30 days"
        elif known.products[product][1] <= 365:
            name = "product: 31 to 365 days"
        else:
            name = "product: over a year"
        segments.setdefault(name, set()).add(product)
    return segments


def draws_of(users: int, resamples: int) -> npt.NDArray[np.int64]:
    """The places of the users that each resample drew: (resamples, users)."""
    counts = draw(users, resamples=resamples)
    return np.array([np.repeat(np.arange(users), count) for count in counts], dtype=np.int64)


def mean_with_interval(column: npt.NDArray[np.float64], draws: npt.NDArray[np.int64]) -> Figure:
    """The mean of what is not NaN, and the middle 95 % of its resampled means."""
    users = int((~np.isnan(column)).sum())
    mean = fmean(column[~np.isnan(column)])
    if users == 1:
        return Figure(mean, None, None, 1)
    drawn = column[draws]
    means = drawn[~np.isnan(drawn).all(axis=1)]
    # Quantiles at every fortieth, so the first and last are those of 2.5 % and 97.5 %.
    ends = quantiles(np.nanmean(means, axis=1).tolist(), n=40, method="inclusive")
    return Figure(mean, ends[0], ends[-1], users)


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


def lists_by_user(lists: Iterable[ListRow]) -> dict[tuple[str, int], dict[int, int]]:
    ranked: dict[tuple[str, int], dict[int, int]] = {}
    for row in lists:
        ranked.setdefault((row.model, row.user_key), {})[row.rank] = row.product_key
    return ranked

"""How far a distribution has moved from another, as the population stability index."""

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.floating]

SMALL, LARGE = 0.1, 0.25
"""What is usually read out of the index: below SMALL no shift, above LARGE a large one."""

BINS = 10


def shares(reference: Values, compared: Values) -> tuple[list[float], list[float]]:
    """What part of each lies in each bin: tenths of the reference, then the missing values.

    Values that are frequent make their bins wider: then there are fewer than ten of them.
    """
    known = reference[~np.isnan(reference)]
    edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if len(known) else np.empty(0)
    return _shares(reference, edges), _shares(compared, edges)


def _shares(values: Values, edges: Values) -> list[float]:
    missing = np.isnan(values)
    # A value on an edge lies below it, so that a frequent least value has a bin of its own.
    bins = np.where(missing, len(edges) + 1, np.searchsorted(edges, values, side="left"))
    counts = np.bincount(bins, minlength=len(edges) + 2)
    return [float(share) for share in counts / max(1, len(values))]


def stability_index(reference: list[float], compared: list[float]) -> float:
    """The sum over bins of (q - p) ln(q / p); 0 for equal shares. An empty bin counts as 0.0001.

    From credit scoring; see Yurdakul, Statistical properties of population stability index
    (2018).

    >>> stability_index([0.5, 0.5], [0.5, 0.5])
    0.0
    >>> round(stability_index([0.5, 0.5], [0.75, 0.25]), 4)
    0.2747
    """
    p, q = (np.maximum(np.asarray(part), 1e-4) for part in (reference, compared))
    return float(np.sum((q - p) * np.log(q / p)))


def in_words(index: float) -> str:
    """What the index says."""
    if index < SMALL:
        return "alike"
    return "moved" if index < LARGE else "moved far"

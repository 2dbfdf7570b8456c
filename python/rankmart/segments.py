"""Parts of the users, or of their labels, that are evaluated apart."""

import numpy as np
import numpy.typing as npt

ALL = "all"

NEW_DAYS = 30
"""A product is new up to so many days after the split first saw it."""

# By the products in a user's history at the cut-off: the name, and the longest history of it.
HISTORIES = (
    ("history: none", 0),
    ("history: 1", 1),
    ("history: 2 to 4", 4),
    ("history: 5 to 9", 9),
    ("history: 10 or more", np.inf),
)

# By the age of the label's product at the cut-off; label_ages.sql deals them out.
PRODUCTS = (
    "product: new, up to 30 days",
    "product: 31 to 365 days",
    "product: over a year",
    "product: unseen",
)

SEGMENTS = (ALL, *(name for name, _ in HISTORIES), *PRODUCTS)


def history_segments(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place in HISTORIES of each history, by the number of its products.

    >>> history_segments(np.array([0, 1, 2, 4, 5, 9, 10, 300])).tolist()
    [0, 1, 2, 2, 3, 3, 4, 4]
    """
    return np.searchsorted([longest for _, longest in HISTORIES], lengths)

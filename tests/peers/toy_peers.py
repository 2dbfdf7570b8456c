"""Peers that need NumPy alone, as functions that benchmarks.peers.train_peer finds by name."""

import numpy as np

from benchmarks.peers.history import History, Ints, Lists


def popular(history: History, users: Ints, *, k: int, threads: int, power: float) -> Lists:
    """What was reviewed most, weights to a power; -1 turns the order around. Seen ones stay in."""
    del threads
    reviews = np.bincount(history.product, minlength=len(history.product_keys))
    best = np.argsort(-(reviews.astype(float) ** power), kind="stable")[: 5 * k]
    return Lists(user=np.repeat(users, len(best)), product=np.tile(best, len(users)))


def failing(history: History, users: Ints, *, k: int, threads: int) -> Lists:
    """Fails as a library would."""
    raise RuntimeError(f"nothing for {len(users)} users")

"""The search for nearest vectors, against the same by plain sorting."""

import numpy as np
import pytest

from rankmart import nearest as module
from rankmart.nearest import Floats, nearest


def unit_vectors(count: int, *, seed: int = 3) -> Floats:
    vectors = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def found(vectors: Floats, **asked: object) -> list[tuple[int, int, int]]:
    return [
        pair
        for near in nearest(vectors, **asked)  # type: ignore[arg-type]
        for pair in zip(near.rows.tolist(), near.others.tolist(), near.ranks.tolist(), strict=True)
    ]


def by_sorting(vectors: Floats, standing: Floats, k: int) -> list[tuple[int, int, int]]:
    pairs = []
    for row in range(len(vectors)):
        values = ((vectors @ vectors[row]) * standing).round(6)
        others = [
            other
            for other in sorted(range(len(vectors)), key=lambda one: (-values[one], one))
            if other != row and values[other] > 0
        ]
        pairs += [(row, other, rank) for rank, other in enumerate(others[:k], start=1)]
    return pairs


@pytest.mark.parametrize("count", [2, 40, 700])
def test_they_are_those_of_sorting_all(count: int) -> None:
    vectors = unit_vectors(count)
    standing = np.random.default_rng(4).uniform(0.5, 2, size=count).astype(np.float32)
    assert found(vectors, k=7, standing=standing, decimals=6) == by_sorting(vectors, standing, 7)


def test_small_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit_vectors(300)
    whole = found(vectors, k=5, decimals=6)
    monkeypatch.setattr(module, "CELLS", 300 * 7)
    assert found(vectors, k=5, decimals=6) == whole


def test_of_equals_the_first_comes_first() -> None:
    vectors = np.tile(unit_vectors(1), (200, 1))
    of_the_last = [pair for pair in found(vectors, k=3, decimals=6) if pair[0] == 199]
    assert of_the_last == [(199, 0, 1), (199, 1, 2), (199, 2, 3)]


def test_of_very_many_the_first_of_what_is_equal_when_rounded() -> None:
    """More than are sorted whole: those of the smallest keys are taken, by the rounded values."""
    count, k = 400, 3
    assert count > module.MANY * k
    angles = np.full(count, 0.5)
    # The later a vector, the nearer it is to the first, by less than a millionth.
    angles[1:] -= np.arange(1, count) * 1e-9
    angles[0] = 0
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    vectors[1:, 0] += np.linspace(0, 2e-7, count - 1, dtype=np.float32)
    assert len(np.unique(vectors @ vectors[0])) > 2
    of_the_first = [pair for pair in found(vectors, k=k, decimals=6) if pair[0] == 0]
    assert of_the_first == [(0, 1, 1), (0, 2, 2), (0, 3, 3)]


def test_only_those_asked_for_have_neighbours() -> None:
    vectors = unit_vectors(50)
    asked = np.array([3, 40])
    assert {row for row, _, _ in found(vectors, k=2, asked=asked)} == {3, 40}


def test_neighbours_come_from_among_those_told() -> None:
    vectors = unit_vectors(120)
    standing = np.random.default_rng(4).uniform(0.5, 2, size=120).astype(np.float32)
    among = np.arange(1, 120, 3)
    others = set(among.tolist())
    expected = [
        (row, other)
        for row in range(120)
        for other in [other for own, other, _ in by_sorting(vectors, standing, 119) if own == row]
        if other in others
    ]
    first_four = [
        pair for row in range(120) for pair in [pair for pair in expected if pair[0] == row][:4]
    ]
    near = found(vectors, k=4, among=among, standing=standing, decimals=6)
    assert [(row, other) for row, other, _ in near] == first_four


def test_what_points_elsewhere_is_no_neighbour() -> None:
    vectors = np.array([[1, 0], [-1, 0], [0, 1]], dtype=np.float32)
    assert found(vectors, k=2) == []

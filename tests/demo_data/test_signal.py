"""There is something to learn: what was bought together beats what is popular."""

from collections import defaultdict

import numpy as np
import pytest

from .strict_reader import seconds

Baskets = dict[str, list[int]]


@pytest.fixture(scope="module")
def split(good_rows: list[list[str]]) -> tuple[Baskets, dict[str, set[int]], int]:
    """Each user's products in order up to the cut-off, and after it; and how many there are.

    One interaction per user and variant family; variants are known by their shared reviews.
    """
    copies = defaultdict(set)
    for row in good_rows:
        copies[row[2], row[7], row[9]].add(row[1])
    representative: dict[str, str] = {}
    for members in copies.values():
        for member in members:
            representative[member] = min(representative.get(member, member), *members)

    number = {name: place for place, name in enumerate(sorted(set(representative.values())))}
    first: dict[tuple[str, int], tuple[int, int]] = {}
    for row in good_rows:
        key = row[2], number[representative[row[1]]]
        first[key] = min(first.get(key, (2**62, 0)), (seconds(row), int(row[0])))
    cut_off = np.quantile([time for time, _ in first.values()], 0.925)

    history: Baskets = defaultdict(list)
    labels: dict[str, set[int]] = defaultdict(set)
    for (user, product), (time, _) in sorted(first.items(), key=lambda item: item[1]):
        if time <= cut_off:
            history[user].append(product)
        else:
            labels[user].add(product)
    return history, {user: labels[user] for user in labels if user in history}, len(number)


def test_co_visitation_hits_twice_as_often_as_popularity(
    split: tuple[Baskets, dict[str, set[int]], int],
) -> None:
    history, labels, products = split
    popularity = np.zeros(products)
    pairs = np.zeros((products, products))
    for basket in history.values():
        np.add.at(popularity, basket, 1)
        for place, product in enumerate(basket):
            for gap, other in enumerate(basket[place + 1 :], start=1):
                pairs[product, other] += 1 / gap
                pairs[other, product] += 1 / gap
    pairs /= np.sqrt(np.outer(popularity, popularity)).clip(1)

    hits = {"popular": 0, "co_visited": 0}
    for user, wanted in labels.items():
        basket = history[user]
        for name, scores in (("popular", popularity), ("co_visited", pairs[basket].sum(axis=0))):
            unseen = scores.copy()
            unseen[basket] = -1
            hits[name] += not wanted.isdisjoint(np.argsort(-unseen, kind="stable")[:10].tolist())

    popular, co_visited = (hits[name] / len(labels) for name in ("popular", "co_visited"))
    assert len(labels) > 500
    assert 0.03 < popular < 0.13
    assert co_visited > 0.2
    assert co_visited > 2 * popular

"""Reviews of a made-up shop: who comes when, for what, and how they like it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.scale.catalogue import MONTHS, NICHES_PER_TOPIC, Catalogue, Floats, Ints

SECONDS_PER_MONTH = 2_629_746
LAST_SECOND = 1_703_980_800
"""2023-12-31."""
FIRST_SECOND = LAST_SECOND - MONTHS * SECONDS_PER_MONTH

TASTES = np.array([0.35, 0.25, 0.2, 0.1, 0.1])
"""How often a user comes for each of five favourite niches."""
OPENS_SESSION = 0.4
CHANGES_TASTE = 0.5
FROM_NICHE, FROM_TOPIC = 0.55, 0.25
"""What a review is drawn from: the session's niche, its topic, and else everything."""


@dataclass(frozen=True, kw_only=True)
class Reviews:
    """One row per review, a user's in the order of sessions; arrays of the same length."""

    user: Ints
    product: Ints
    rating: Ints
    second: Ints
    """Since 1970."""


def activity(users: int, *, reviews: int, rng: np.random.Generator) -> Ints:
    """Reviews of each user: a power law, at least one each, `reviews` in sum."""
    if reviews < users:
        raise ValueError(f"{reviews} reviews are too few for {users} users: give one each or more")
    eagerness = np.minimum((1 - rng.random(users)) ** (-1 / 1.7) - 1, 150.0)
    heaped = np.cumsum(eagerness) / eagerness.sum() * (reviews - users)
    counts: Ints = 1 + np.diff(np.rint(heaped).astype(np.int64), prepend=0)
    return counts


def reviews_of(counts: Ints, catalogue: Catalogue, *, rng: np.random.Generator) -> Reviews:
    """The reviews of users 0, 1, … of whom each writes as many as `counts` says."""
    user = np.repeat(np.arange(len(counts)), counts)
    opens = (rng.random(len(user)) < OPENS_SESSION) | _changes(user)
    session = np.cumsum(opens) - 1
    user_of_session = user[opens]
    second_of_session = _sessions(len(counts), user_of_session, rng)
    place = np.arange(len(user)) - np.flatnonzero(opens)[session]
    second = np.minimum(
        second_of_session[session] + place * rng.integers(60, 7200, len(user)), LAST_SECOND
    )
    month = np.minimum((second - FIRST_SECOND) // SECONDS_PER_MONTH, MONTHS - 1)
    niche = _favourites(len(counts), user_of_session, catalogue, rng)[session]
    lot = rng.random(len(user))
    product = _products(month, niche, lot, catalogue, rng)
    # What a user has already is not looked for again: first all of the topic is tried, then all.
    for widened in (FROM_NICHE, 1.0):
        again = _repeats(user, product, len(catalogue))
        lot[again] = np.maximum(lot[again], widened)
        product[again] = _products(month[again], niche[again], lot[again], catalogue, rng)
    is_to_taste = lot < FROM_NICHE + FROM_TOPIC
    generosity = rng.normal(0, 0.4, len(counts))
    liking = 4.1 + 0.5 * catalogue.quality[product] + generosity[user] + 0.2 * is_to_taste
    rating = np.clip(np.rint(liking + rng.normal(0, 0.9, len(user))), 1, 5).astype(np.int64)
    return Reviews(user=user, product=product, rating=rating, second=second)


def _sessions(users: int, user_of_session: Ints, rng: np.random.Generator) -> Ints:
    """The second at which each session begins, ascending within a user.

    Users come at some time, later ones more, and stay a year and a half in the mean.
    """
    span = LAST_SECOND - FIRST_SECOND
    arrived = rng.random(users) ** 0.7
    stays = np.minimum(rng.exponential(18 / MONTHS, users), 1 - arrived)
    moment = arrived[user_of_session] + rng.random(len(user_of_session)) * stays[user_of_session]
    moment = moment[np.lexsort((moment, user_of_session))]
    return FIRST_SECOND + (moment * span).astype(np.int64)


def _favourites(
    users: int, user_of_session: Ints, catalogue: Catalogue, rng: np.random.Generator
) -> Ints:
    """The niche that each session is about: one of the user's, often that of the last session."""
    month = rng.integers(0, MONTHS, users * len(TASTES))
    niches = catalogue.niche[_anything(month, catalogue, rng)].reshape(users, len(TASTES))
    taste = rng.choice(len(TASTES), size=len(user_of_session), p=TASTES)
    fresh = (rng.random(len(taste)) < CHANGES_TASTE) | _changes(user_of_session)
    taste = taste[np.maximum.accumulate(np.where(fresh, np.arange(len(taste)), 0))]
    found: Ints = niches[user_of_session, taste]
    return found


def _products(
    month: Ints, niche: Ints, lot: Floats, catalogue: Catalogue, rng: np.random.Generator
) -> Ints:
    """Products of the niche, of its topic, or of all, as the lot says."""
    topic = niche // NICHES_PER_TOPIC
    in_niche, in_topic = lot < FROM_NICHE, lot < FROM_NICHE + FROM_TOPIC
    niches, topics = catalogue.niche_edges, catalogue.topic_edges
    first = np.where(in_niche, niches[niche], np.where(in_topic, topics[topic], 0))
    end = np.where(
        in_niche, niches[niche + 1], np.where(in_topic, topics[topic + 1], len(catalogue))
    )
    return catalogue.draw(month, first, end, rng)


def _anything(month: Ints, catalogue: Catalogue, rng: np.random.Generator) -> Ints:
    return catalogue.draw(month, np.zeros_like(month), np.full_like(month, len(catalogue)), rng)


def _repeats(user: Ints, product: Ints, products: int) -> Ints:
    """Where a user reviews a product that an earlier row has already."""
    pair = user * products + product
    order = np.argsort(pair, kind="stable")
    repeats: Ints = order[1:][pair[order][1:] == pair[order][:-1]]
    return repeats


def _changes(values: Ints) -> npt.NDArray[np.bool_]:
    """Where a value differs from the one before it, and at the first."""
    changes: npt.NDArray[np.bool_] = np.diff(values, prepend=-1) != 0
    return changes

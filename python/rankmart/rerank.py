"""Lists of different things: few of one category, and no near copies of what stands above.

Two ways, each off by default, both after scoring and before business rules:

* a category cap: of each category only the user's best so many candidates stay;
* maximal marginal relevance: each place goes to the candidate with the largest
  (1 - diversity) · relevance - diversity · similarity to the most similar product above it
  (Carbonell & Goldstein, SIGIR 1998, with λ = 1 - diversity). Relevance is the score scaled to
  0 … 1 within the user's pool, similarity the cosine of brand and category tags.
"""

import logging
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from rankmart.rank import Keys, Positions, Scores, best_first, ranks_within
from rankmart.settings import Settings
from rankmart.warehouse import first_row

logger = logging.getLogger(__name__)

POOL = 50
"""So many of a user's best candidates compete for the places, or k, if that is more."""

WEIGHTS_PER_BATCH = 2**25
"""Numbers that a batch of users may hold to look up tags by: 256 MB, with a million tags."""

MOST_USERS_PER_BATCH = 1024


@dataclass(frozen=True, kw_only=True)
class TagVectors:
    """The tags of each product, by product_key; a key without tags is a vector of zeros.

    Product p has the tags tags[starts[p]:starts[p + 1]], numbered from 1, and weights of length 1.
    """

    starts: npt.NDArray[np.int64]
    tags: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]

    @property
    def tag_count(self) -> int:
        return int(self.tags.max(initial=0))

    def of(self, products: Keys) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Tags and weights, (*shape of products, most tags of one); filling has tag, weight 0."""
        first = self.starts[products]
        counts = self.starts[products + 1] - first
        place = np.arange(max(1, counts.max(initial=0)))
        there = place < counts[..., None]
        where = np.where(there, first[..., None] + place, 0)
        if not len(self.tags):
            return np.zeros(where.shape, np.int32), np.zeros(where.shape, np.float32)
        return (
            np.where(there, self.tags[where], np.int32(0)),
            np.where(there, self.weights[where], np.float32(0)),
        )


@dataclass(frozen=True, kw_only=True)
class Reranking:
    """How lists are made where they are not simply the best k.

    diversity: 0 (relevance alone) to 1 (difference alone). category_cap: 0 for none.
    categories: int32 by product_key, 0 for a product without one, which no cap counts.
    """

    diversity: float
    category_cap: int
    vectors: TagVectors
    categories: npt.NDArray[np.int32]

    def arrange(self, users: Keys, products: Keys, scores: Scores, *, k: int) -> Positions:
        """The lists of k, as `rank.Arrange` asks. A cap may leave fewer than k."""
        kept = np.arange(len(users))
        if self.category_cap:
            kept = within_cap(
                users, products, scores, self.categories[products], cap=self.category_cap
            )
        pool = k if not self.diversity else max(POOL, k)
        best = kept[best_first(users[kept], products[kept], scores[kept], k=pool)]
        if not self.diversity:
            return best
        return self._diverse(best, users[best], products[best], scores[best], k=k)

    def _diverse(
        self, rows: Positions, users: Keys, products: Keys, scores: Scores, *, k: int
    ) -> Positions:
        """`rows` are sorted by user and score; the k of each user that go well together."""
        if not len(rows):
            return rows
        starts = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])
        lengths = np.diff(np.r_[starts, len(users)])
        at_once = WEIGHTS_PER_BATCH // (self.vectors.tag_count + 1)
        at_once = min(max(at_once, 1), MOST_USERS_PER_BATCH, len(starts))
        # Left as zeros by every batch: fresh memory for each would cost more than the look-ups.
        listed_weight = np.zeros(at_once * (self.vectors.tag_count + 1))
        lists = []
        for low in range(0, len(starts), at_once):
            first, length = starts[low : low + at_once, None], lengths[low : low + at_once, None]
            place = np.arange(length.max())
            there = place < length
            where = np.where(there, first + place, 0)
            tags, weights = self.vectors.of(np.where(there, products[where], 0))
            picked = maximal_marginal_relevance(
                scaled(np.where(there, scores[where], -np.inf)),
                tags,
                weights,
                listed_weight=listed_weight,
                tag_count=self.vectors.tag_count,
                diversity=self.diversity,
                k=k,
            )
            lists.append((first + picked)[picked >= 0])
        return rows[np.concatenate(lists)]


def within_cap(
    users: Keys, products: Keys, scores: Scores, categories: npt.NDArray[np.int32], *, cap: int
) -> Positions:
    """Positions, ascending, of the `cap` best of each user and category.

    Category 0 stands for none and is not capped.
    """
    order = np.lexsort((products, -scores, categories, users))
    group = users[order].astype(np.int64) * (int(categories.max(initial=0)) + 1)
    group += categories[order]
    kept = (ranks_within(group) <= cap) | (categories[order] == 0)
    return np.sort(order[kept])


def scaled(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Each user's (row's) scores from 0, the lowest, to 1, the highest; -inf stays.

    >>> scaled(np.array([[3.0, 1.0, -np.inf], [2.0, 2.0, 2.0]])).tolist()
    [[1.0, 0.0, -inf], [0.0, 0.0, 0.0]]
    """
    there = np.isfinite(scores)
    wide = scores.astype(np.float64)
    low = np.where(there, wide, np.inf).min(axis=1, keepdims=True)
    high = np.where(there, wide, -np.inf).max(axis=1, keepdims=True)
    span = np.where(high > low, high - low, 1.0)
    relative: npt.NDArray[np.float64] = (np.where(there, wide, low) - low) / span
    return np.where(there, relative, -np.inf)


def maximal_marginal_relevance(
    relevance: npt.NDArray[np.float64],
    tags: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float32],
    *,
    tag_count: int,
    diversity: float,
    k: int,
    listed_weight: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.int64]:
    """Which candidates to list, in order: int64 (users, k), -1 after the last.

    relevance: (users, candidates), -inf where there is none. tags, weights: (users, candidates,
    tags), tags from 1 to tag_count, weight 0 as filling. Of equals the first candidate is taken.
    listed_weight: zeros (users · (tag_count + 1) or more), to be used again by the next call.
    """
    users, candidates = relevance.shape
    every = np.arange(users)
    # One weight per user and tag, of the product listed last: similarity is then a look-up.
    code = tags + every[:, None, None] * (tag_count + 1)
    if listed_weight is None:
        listed_weight = np.zeros(users * (tag_count + 1))
    nearest = np.zeros((users, candidates))
    is_open = np.isfinite(relevance)
    worth = (1 - diversity) * np.where(is_open, relevance, 0)
    picked = np.full((users, k), -1, dtype=np.int64)
    for place in range(min(k, candidates)):
        value = np.where(is_open, worth - diversity * nearest, -np.inf)
        best = value.argmax(axis=1)
        picked[:, place] = np.where(is_open[every, best], best, -1)
        is_open[every, best] = False
        of_best = code[every, best]
        listed_weight[of_best] = weights[every, best]
        similarity = np.einsum("uct,uct->uc", listed_weight[code], weights)
        np.maximum(nearest, similarity, out=nearest)
        listed_weight[of_best] = 0
    return picked


def read_reranking(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Reranking | None:
    """What the settings ask for, with the products' tags and categories; None for the best k."""
    reranking = reranking_of(
        connection, diversity=settings.diversity, category_cap=settings.category_cap
    )
    if reranking is None:
        return None
    if settings.diversity and not len(reranking.vectors.tags):
        logger.warning("no product has a brand or category, so RANKMART_DIVERSITY changes nothing")
    if settings.category_cap and not reranking.categories.any():
        logger.warning("no product has a category, so RANKMART_CATEGORY_CAP changes nothing")
    return reranking


def reranking_of(
    connection: duckdb.DuckDBPyConnection,
    *,
    diversity: float,
    category_cap: int,
    tags: str = "intermediate.product_tags",
) -> Reranking | None:
    """As `read_reranking`, of these two; `tags` is the table of the products' tags."""
    if not diversity and not category_cap:
        return None
    (products,) = first_row(connection, "select coalesce(max(product_key), 0) from products")
    return Reranking(
        diversity=diversity,
        category_cap=category_cap,
        vectors=_vectors(connection, products, tags),
        categories=_categories(connection, products),
    )


def _vectors(connection: duckdb.DuckDBPyConnection, products: int, table: str) -> TagVectors:
    found = connection.sql(
        f"""
        select product_key, cast(dense_rank() over (order by tag) as int) as tag, weight
        from {table}
        order by product_key, tag
        """
    ).fetchnumpy()
    counts = np.bincount(found["product_key"], minlength=products + 1)
    return TagVectors(
        starts=np.r_[0, np.cumsum(counts)].astype(np.int64),
        tags=np.asarray(found["tag"], dtype=np.int32),
        weights=np.asarray(found["weight"], dtype=np.float32),
    )


def _categories(connection: duckdb.DuckDBPyConnection, products: int) -> npt.NDArray[np.int32]:
    found = connection.sql(
        """
        select product_key, cast(dense_rank() over (order by category) as int) as category
        from products
        where product_key is not null and category is not null
        """
    ).fetchnumpy()
    categories = np.zeros(products + 1, dtype=np.int32)
    categories[found["product_key"]] = found["category"]
    return categories

"""What is known of products and what lies near them, kept for as long as their run is open."""

from collections.abc import Iterable

from duckdb import DuckDBPyConnection

from rankmart_serving import queries
from rankmart_serving.responses import Product, SimilarProduct

FACTS_KEPT = 20_000
NEIGHBORS_KEPT = 5_000
"""Products; beyond that it is begun anew, as few are asked for often."""


class Nearby:
    """Look-ups in one snapshot, each done once; from any thread, where two may do it twice."""

    def __init__(self) -> None:
        self._facts: dict[str, Product | None] = {}
        self._neighbors: dict[tuple[str, int], list[SimilarProduct]] = {}

    def facts(self, cursor: DuckDBPyConnection, product_ids: Iterable[str]) -> dict[str, Product]:
        """As `queries.facts`."""
        if len(self._facts) > FACTS_KEPT:
            self._facts = {}
        kept = self._facts
        asked = list(dict.fromkeys(product_ids))
        if missing := [product_id for product_id in asked if product_id not in kept]:
            found = queries.facts(cursor, missing)
            kept.update((product_id, found.get(product_id)) for product_id in missing)
        return {product_id: fact for product_id in asked if (fact := kept[product_id]) is not None}

    def neighbors(
        self, cursor: DuckDBPyConnection, product_id: str, k: int
    ) -> list[SimilarProduct]:
        """As `queries.similar`, of a product that stands for its variants.

        By two indexes: a join would read the title of every product.
        """
        if len(self._neighbors) > NEIGHBORS_KEPT:
            self._neighbors = {}
        kept = self._neighbors
        if (product_id, k) not in kept:
            near = queries.neighbors(cursor, product_id, k)
            facts = self.facts(cursor, [neighbor_id for neighbor_id, _ in near])
            kept[product_id, k] = [
                SimilarProduct(neighbor_id, queries.title_of(facts, neighbor_id), score)
                for neighbor_id, score in near
            ]
        return kept[product_id, k]

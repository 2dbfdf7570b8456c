"""Which part of a list a request wants."""

from dataclasses import dataclass, field

from rankmart_serving.responses import Product, RecommendedItem


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which part of a list is wanted. `exclude` holds product ids."""

    k: int
    offset: int = 0
    category: str | None = None
    brand: str | None = None
    min_price: float | None = None
    max_price: float | None = None
    exclude: frozenset[str] = field(default_factory=frozenset)
    include_reasons: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether it is a part of the list as it stands."""
        return self.include_reasons and not self.exclude and not self._asks_for_facts

    @property
    def _asks_for_facts(self) -> bool:
        wanted = (self.category, self.brand, self.min_price, self.max_price)
        return any(value is not None for value in wanted)

    def suits(self, item: RecommendedItem, product: Product | None, categories: str) -> bool:
        """Whether a product of the list is wanted; without a price, it is in no range of them."""
        if item.product_id in self.exclude:
            return False
        if not self._asks_for_facts:
            return True
        if product is None:
            return False
        low = float("-inf") if self.min_price is None else self.min_price
        high = float("inf") if self.max_price is None else self.max_price
        any_price = self.min_price is None and self.max_price is None
        return (
            (self.category is None or self.category in categories.split("|"))
            and (self.brand is None or product.brand == self.brand)
            and (any_price or (product.price is not None and low <= product.price <= high))
        )

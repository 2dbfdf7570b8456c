"""What the catalogue can't answer."""


class NoSuchProductError(LookupError):
    """A product that the run does not know."""

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"no product {product_id[:80]!r} in this run: /v1/products?query= searches"
        )

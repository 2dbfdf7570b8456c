"""Products that are near one another in the space of an implicit matrix factorisation."""

from rankmart.factors import factor_pairs


def model(dbt, session):
    """One row per split, product and neighbour, in order of split and product."""
    dbt.config(materialized="table")
    return factor_pairs(
        dbt.ref("histories"),
        dbt.ref("product_activity"),
        factors=int(dbt.config.get("factors")),
        iterations=int(dbt.config.get("iterations")),
        confidence=float(dbt.config.get("confidence")),
        regularization=float(dbt.config.get("regularization")),
        neighbors=int(dbt.config.get("neighbors")),
    )

"""Products that are near one another in the space of an implicit matrix factorisation."""

from rankmart.factors import factor_pairs
from rankmart.tuned import vars_of_build


def model(dbt, session):
    """One row per split, product and neighbour."""
    dbt.config(materialized="table")
    found = vars_of_build(session)
    return factor_pairs(
        dbt.ref("histories"),
        dbt.ref("product_activity"),
        factors=int(found.get("factors", dbt.config.get("factors"))),
        iterations=int(dbt.config.get("iterations")),
        iterations_later=int(dbt.config.get("iterations_later")),
        confidence=float(found.get("factor_confidence", dbt.config.get("confidence"))),
        regularization=float(found.get("factor_regularization", dbt.config.get("regularization"))),
        neighbors=int(dbt.config.get("neighbors")),
    )

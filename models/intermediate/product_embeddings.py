"""The terms of products as short vectors, so that "yummy" and "delicious" lie near each other."""

import pyarrow

from rankmart.content import EMBEDDINGS, embeddings_table
from rankmart.nearest import splits_of


def model(dbt, session):
    """One row per split and product that has terms."""
    dbt.config(materialized="table")
    weights = dbt.ref("product_term_weights")
    dimensions = int(dbt.config.get("dimensions"))
    tables = [EMBEDDINGS.empty_table()]
    for split in splits_of(weights):
        rows = (
            weights.filter(f"split = '{split}'")
            .project("product_key, dense_rank() over (order by term) as term_number, weight")
            .order("product_key, term_number")
            .to_arrow_table()
        )
        products, terms, values = (column.to_numpy() for column in rows.columns)
        tables.append(embeddings_table(split, products, terms, values, dimensions=dimensions))
    return pyarrow.concat_tables(tables)

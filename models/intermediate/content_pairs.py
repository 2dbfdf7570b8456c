"""Which products are described alike."""

import numpy

from rankmart.content import neighbor_tables
from rankmart.nearest import pairs_reader, splits_of


def model(dbt, session):
    """One row per split, product of its histories, and product near it."""
    dbt.config(materialized="table")
    embeddings = dbt.ref("product_embeddings")
    histories = dbt.ref("product_stats").project("split, product_key").distinct()
    k = int(dbt.config.get("neighbors"))
    described = []
    for split in splits_of(embeddings):
        rows = embeddings.filter(f"split = '{split}'").order("product_key").to_arrow_table()
        if not rows.num_rows:
            continue
        products = rows.column("product_key").to_numpy()
        vectors = numpy.stack(rows.column("vector").to_numpy()).astype(numpy.float32)
        known = histories.filter(f"split = '{split}'").to_arrow_table()
        asked = numpy.isin(products, known.column("product_key").to_numpy())
        described.append((split, products, vectors, asked))
    # Made while DuckDB reads it: all that is read from DuckDB was read before.
    return pairs_reader(table for each in described for table in neighbor_tables(*each, k=k))

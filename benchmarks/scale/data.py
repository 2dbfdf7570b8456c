"""`make scale-data`: reviews.parquet and products.parquet of a made-up shop of any size.

Equal arguments give equal files. Memory goes with the products (500 bytes each) and the users
(20 bytes each), not with the reviews: those are made and written some users at a time.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.scale.catalogue import NICHES_PER_TOPIC, Catalogue, make_catalogue
from benchmarks.scale.reviews import activity, reviews_of

USERS_AT_A_TIME = 50_000
REVIEW_COLUMNS = pa.schema(
    [
        ("user_id", pa.string()),
        ("product_id", pa.string()),
        ("rating", pa.int8()),
        ("timestamp", pa.int64()),
    ]
)


@dataclass(frozen=True, kw_only=True)
class ScaleData:
    """Where the files are."""

    reviews_path: Path
    products_path: Path


def users_of(reviews: int) -> int:
    """How many users write so many reviews, unless told otherwise."""
    return max(1, reviews // 10)


def products_of(reviews: int) -> int:
    """How many products so many reviews are of, unless told otherwise."""
    return max(10, reviews // 50)


def write_scale_data(
    out: Path, *, reviews: int, users: int, products: int, seed: int = 7
) -> ScaleData:
    """Write the files, each whole or not at all. Raises ValueError for impossible sizes."""
    if products < 10:
        raise ValueError(f"{products} products are too few to make a shop: give 10 or more")
    streams = np.random.SeedSequence(seed).spawn(2 + -(-users // USERS_AT_A_TIME))
    catalogue = make_catalogue(products, rng=np.random.default_rng(streams[0]))
    counts = activity(users, reviews=reviews, rng=np.random.default_rng(streams[1]))
    out.mkdir(parents=True, exist_ok=True)
    written = ScaleData(
        reviews_path=out / "reviews.parquet", products_path=out / "products.parquet"
    )
    product_ids = pa.array([f"P{number:08d}" for number in range(products)])
    temporary = _temporary(written.products_path)
    pq.write_table(_product_table(product_ids, catalogue, seed), temporary)
    os.replace(temporary, written.products_path)
    temporary = _temporary(written.reviews_path)
    with pq.ParquetWriter(temporary, REVIEW_COLUMNS, compression="zstd") as writer:
        for number, stream in enumerate(streams[2:]):
            first = number * USERS_AT_A_TIME
            some = counts[first : first + USERS_AT_A_TIME]
            made = reviews_of(some, catalogue, rng=np.random.default_rng(stream))
            user_ids = pa.array([f"U{first + user:09d}" for user in range(len(some))])
            columns = [
                pa.DictionaryArray.from_arrays(made.user.astype(np.int32), user_ids),
                pa.DictionaryArray.from_arrays(made.product.astype(np.int32), product_ids),
                pa.array(made.rating, pa.int8()),
                pa.array(made.second, pa.int64()),
            ]
            writer.write_table(pa.table(columns, names=REVIEW_COLUMNS.names).cast(REVIEW_COLUMNS))
    os.replace(temporary, written.reviews_path)
    return written


def _product_table(product_ids: pa.Array, catalogue: Catalogue, seed: int) -> pa.Table:
    """Brand, category path, title and price of each product."""
    prices = np.exp(np.random.default_rng(seed).normal(3, 0.8, len(catalogue)))
    topics = catalogue.niche // NICHES_PER_TOPIC
    rows = zip(catalogue.niche.tolist(), topics.tolist(), catalogue.brand.tolist(), strict=True)
    categories, brands, titles = [], [], []
    for number, (niche, topic, brand) in enumerate(rows):
        categories.append(f"Department {topic // 10}|Topic {topic}|Niche {niche}")
        brands.append(f"Brand {brand}")
        titles.append(f"Brand {brand} Niche {niche} No. {number}")
    return pa.table(
        {
            "product_id": product_ids,
            "title": titles,
            "brand": brands,
            "categories": categories,
            "price": np.round(prices, 2),
        }
    )


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


@click.command()
@click.option("--reviews", type=click.IntRange(min=1), default=1_000_000, show_default=True)
@click.option("--users", type=click.IntRange(min=1), help="Default: a tenth of the reviews.")
@click.option("--products", type=click.IntRange(min=10), help="Default: a fiftieth of them.")
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("data/scale")
)
def main(*, reviews: int, users: int | None, products: int | None, seed: int, out: Path) -> None:
    """Write reviews.parquet and products.parquet of a made-up shop, at any size."""
    try:
        written = write_scale_data(
            out,
            reviews=reviews,
            users=users or users_of(reviews),
            products=products or products_of(reviews),
            seed=seed,
        )
    except (OSError, ValueError) as error:
        raise click.ClickException(f"no reviews in {out}: {error}") from error
    click.echo(f"Wrote {written.reviews_path} and {written.products_path}.")


if __name__ == "__main__":
    main()

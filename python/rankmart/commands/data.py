"""`rankmart demo-data`."""

from pathlib import Path

import click

from rankmart.errors import RankmartError


@click.command("demo-data")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data/demo"),
    show_default=True,
    help="Directory for reviews.csv and products.csv.",
)
@click.option("--users", type=click.IntRange(min=1), default=3_000, show_default=True)
@click.option("--products", type=click.IntRange(min=1), default=800, show_default=True)
@click.option("--reviews", type=click.IntRange(min=1), default=40_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True)
def demo_data(*, out: Path, users: int, products: int, reviews: int, seed: int) -> None:
    """Write made-up reviews and products of a made-up shop, to try Rankmart on."""
    from rankmart.demo_data import write_demo_data

    try:
        written = write_demo_data(out, users=users, products=products, reviews=reviews, seed=seed)
    except (OSError, ValueError) as error:
        raise RankmartError(f"no demo data in {out}: {error}") from error
    click.echo(f"Wrote {written.reviews_path} and {written.products_path}.")

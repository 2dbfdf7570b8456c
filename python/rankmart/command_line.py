"""The `rankmart` command. Errors are one line; exit code 1, or 2 for wrong usage.

A run that the gate refuses is exit code 3: nothing went wrong, and nothing was published.
"""

import logging
import os
import sys
from pathlib import Path

# Threads that wait for others let go of the core: on a machine that does other work too, XGBoost
# is several times faster so. It counts only if set before the library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import click

from rankmart.errors import RankmartError

REFUSED = 3


class _Commands(click.Group):
    """Prints RankmartError as one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except RankmartError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rankmart")
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
def main(*, verbose: bool) -> None:
    """Ranked product recommendations from a file of reviews.

    The daily job is `dbt run`, then `rankmart score`. Where files are is told by RANKMART_*
    variables; the README lists them.
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )


@main.command("demo-data")
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


@main.command()
@click.option("--accept", is_flag=True, help="Publish even if the gate refuses the run.")
def score(*, accept: bool) -> None:
    """Train, evaluate, gate, score everyone and publish, on what `dbt run` built."""
    from rankmart.score import score as score_run
    from rankmart.settings import Settings
    from rankmart.show import run_summary

    run = score_run(Settings.from_environment(), accept=accept)
    click.echo(run_summary(run))
    if run.snapshot is None:
        sys.exit(REFUSED)


@main.command()
@click.option("--trials", type=click.IntRange(min=1), default=30, show_default=True)
@click.option("--minutes", type=click.FloatRange(min=0), help="Stop before the next trial then.")
def tune(*, trials: int, minutes: float | None) -> None:
    """Look for better parameters of the ranker, on the fit users alone; resumes where it stopped.

    The best are kept in the file that RANKMART_TUNED names, and the next scoring uses them.
    """
    from rankmart.settings import Settings
    from rankmart.tune import tune as tune_ranker

    settings = Settings.from_environment()
    tuning = tune_ranker(settings, trials=trials, minutes=minutes)
    click.echo(
        f"NDCG@10 on held-out fit users: {tuning.value:.4f}, the defaults {tuning.default:.4f};"
        f" {tuning.trials} trials."
    )
    if tuning.value > tuning.default:
        click.echo(f"Wrote {settings.tuned}: the next `rankmart score` uses it.")
    else:
        click.echo("Nothing was better than the defaults, so they stay.")


@main.command()
@click.argument("user_id", required=False)
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True)
def recommend(*, user_id: str | None, k: int) -> None:
    """Show what is recommended to a user, and why; without an id, to some user."""
    from rankmart.settings import Settings
    from rankmart.show import recommendations_of

    click.echo(recommendations_of(Settings.from_environment(), user_id, k=k))


@main.command()
@click.argument("user_id")
@click.argument("product_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="All features, as one JSON object.")
def explain(*, user_id: str, product_id: str | None, as_json: bool) -> None:
    """Show what a published recommendation is made of; without a product, the user's first."""
    from rankmart.explain import explain as explain_item
    from rankmart.explain import in_words
    from rankmart.settings import Settings

    explanation = explain_item(Settings.from_environment(), user_id, product_id)
    click.echo(explanation.as_json() if as_json else in_words(explanation))


@main.command()
@click.option("--host", help="Address to listen on.  [default: RANKMART_HOST or 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="[default: RANKMART_PORT or 8000]")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True)
def serve(*, host: str | None, port: int | None, workers: int) -> None:
    """Serve the API on the last published run."""
    from rankmart_serving.server import serve as serve_api
    from rankmart_serving.settings import Settings

    serve_api(Settings.from_environment(), host, port, workers=workers)


@main.command()
@click.option("--reviews", required=True, help="A file or glob of reviews.")
@click.option("--products", help="A file of products.")
@click.option(
    "--protocol",
    type=click.Choice(["temporal", "leave_last_out"]),
    default="temporal",
    show_default=True,
)
@click.option(
    "--same-day-order",
    type=click.Choice(["file", "shuffled", "both"]),
    default="file",
    show_default=True,
    help="The order of a user's reviews of one moment: of the file, by chance, or a run of each.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where the JSON goes."
)
@click.option(
    "--project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The directory of dbt_project.yml.",
)
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for what the job writes; it is kept.",
)
def benchmark(
    *,
    reviews: str,
    products: str | None,
    protocol: str,
    same_day_order: str,
    out: Path | None,
    project: Path,
    scratch: Path | None,
) -> None:
    """Run the whole job on a file, in a scratch warehouse, and print every model's figures."""
    import json

    from rankmart.benchmark import benchmark as run_benchmark
    from rankmart.benchmark import write_json

    figures = run_benchmark(
        project=project,
        reviews=reviews,
        products=products,
        protocol=protocol,
        same_day_order=same_day_order,
        scratch=scratch,
    )
    click.echo(json.dumps(figures, indent=2))
    if out is not None:
        write_json(figures, out)

"""`rankmart benchmark`."""

from pathlib import Path

import click


@click.command()
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
    "--history",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that gets one line of JSON more, with machine and versions.",
)
@click.option("--name", help="What the history calls this run.  [default: the file's name]")
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
    history: Path | None,
    name: str | None,
    project: Path,
    scratch: Path | None,
) -> None:
    """Run the whole job on a file, in a scratch warehouse, and print every model's figures."""
    import json

    from rankmart.benchmark import benchmark as run_benchmark
    from rankmart.benchmark import write_json
    from rankmart.benchmark_history import add_to_history

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
    if history is not None:
        add_to_history(history, name or Path(reviews).name, figures)

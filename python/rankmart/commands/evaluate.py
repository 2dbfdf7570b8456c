"""`rankmart evaluate`."""

import click

from rankmart.commands.completing import complete_run


@click.command()
@click.option(
    "--run",
    "run_id",
    default="current",
    show_default=True,
    shell_complete=complete_run,
    help="A run id; current, the published one; or latest, refused or not.",
)
@click.option(
    "--segment",
    default="all",
    show_default=True,
    help="Of whom, such as 'history: 1'; the table ranker.evaluation has all.",
)
@click.option("-k", "--k", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Every metric, as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Every metric, as CSV.")
def evaluate(*, run_id: str, segment: str, k: int, as_json: bool, as_csv: bool) -> None:
    """Show how good a run is beside every generator, with intervals, and the differences."""
    if as_json and as_csv:
        raise click.UsageError("Give --json or --csv, not both.")
    from rankmart.figures import run_figures
    from rankmart.settings import Settings

    figures = run_figures(Settings.from_environment(), run_id, segment=segment, k=k)
    if as_json:
        click.echo(figures.as_json())
    elif as_csv:
        click.echo(figures.as_csv())
    else:
        click.echo(figures.in_words())

"""`rankmart report`."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("data/report.html"),
    show_default=True,
    help="Where the page goes.",
)
def report(*, out: Path) -> None:
    """Write one HTML page on the published run: data, evaluation, examples, drift."""
    from rankmart.report.page import write_report
    from rankmart.settings import Settings

    content = write_report(Settings.from_environment(), out)
    click.echo(f"Wrote {out}, on run {content.run.run_id}.")

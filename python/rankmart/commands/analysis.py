"""`rankmart analysis-copy`."""

from pathlib import Path

import click


@click.command("analysis-copy")
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file.  [default: RANKMART_ANALYSIS or data/analysis.duckdb]",
)
@click.option(
    "--schema",
    "schemas",
    multiple=True,
    help="A schema to copy; may be repeated.  [default: RANKMART_ANALYSIS_SCHEMAS]",
)
@click.option("--everything", is_flag=True, help="Copy every schema.")
def analysis_copy(*, to: Path | None, schemas: tuple[str, ...], everything: bool) -> None:
    """Copy the tables for analysts into a file of their own, which they may read at any time.

    A copy that is there is replaced at once; who has it open goes on reading the old one.
    """
    from rankmart.analysis_copy import DEFAULT_PATH, copy_for_analysis, schemas_of
    from rankmart.settings import Settings

    if schemas and everything:
        raise click.UsageError("--everything is every schema: leave out --schema")
    settings = Settings.from_environment()
    copy = copy_for_analysis(
        settings,
        to or Path(settings.analysis or DEFAULT_PATH),
        None if everything else schemas or schemas_of(settings),
    )
    click.echo(
        f"Copied {len(copy.tables)} tables into {copy.path} ({copy.size_bytes / 1e6:,.1f} MB)."
    )

"""`rankmart doctor`."""

import sys
from pathlib import Path

import click


@click.command()
@click.option(
    "--project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The directory of dbt_project.yml.",
)
@click.option("--json", "as_json", is_flag=True, help="The checks as one JSON object.")
def doctor(*, project: Path, as_json: bool) -> None:
    """Check the installation, files, warehouse, published run and machine; say what to do.

    Changes nothing. Exit code 1 if there is a problem.
    """
    import json
    import logging

    from rankmart.doctor import examine
    from rankmart.doctor.checks import as_object, count, in_lines

    # What the parts that are tried log of themselves is no finding.
    logging.getLogger("rankmart_serving").setLevel(logging.WARNING)
    checks = examine(project)
    click.echo(json.dumps(as_object(checks), indent=2) if as_json else in_lines(checks))
    if count(checks, "problem"):
        sys.exit(1)

"""The `rankmart` command. Errors are one line; exit code 1, or 2 for wrong usage.

A run that the gate refuses is exit code 3: nothing went wrong, and nothing was published.
"""

import logging
import os
import sys

# Threads that wait for others let go of the core: on a machine that does other work too, XGBoost
# is several times faster so. It counts only if set before the library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import click

from rankmart.commands.benchmark import benchmark
from rankmart.commands.data import demo_data
from rankmart.commands.job import score, tune
from rankmart.commands.look import explain, recommend
from rankmart.commands.report import report
from rankmart.commands.serve import serve
from rankmart.errors import RankmartError

COMMANDS = (demo_data, score, tune, recommend, explain, report, serve, benchmark)
"""In the order in which `--help` lists them: the order of use."""


class _Commands(click.Group):
    """Prints RankmartError as one line, without a traceback; lists commands in order of use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

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


for command in COMMANDS:
    main.add_command(command)

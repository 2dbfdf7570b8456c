"""The `rankmart` command: its sub-commands, and what they share."""

import logging
import os
import sys

# Threads that wait for others let go of the core: on a machine that does other work too, XGBoost
# is several times faster so. It counts only if set before the library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import click

from rankmart.command_group import CommandGroup
from rankmart.commands.analysis import analysis_copy
from rankmart.commands.benchmark import benchmark
from rankmart.commands.completion import completion
from rankmart.commands.data import demo_data
from rankmart.commands.doctor import doctor
from rankmart.commands.download import download
from rankmart.commands.evaluate import evaluate
from rankmart.commands.flow import flow
from rankmart.commands.init import init
from rankmart.commands.job import score, tune
from rankmart.commands.look import explain, recommend
from rankmart.commands.publish import publish, rollback
from rankmart.commands.report import report
from rankmart.commands.serve import serve

COMMANDS = (
    init,
    download,
    demo_data,
    doctor,
    score,
    publish,
    rollback,
    tune,
    flow,
    evaluate,
    recommend,
    explain,
    report,
    analysis_copy,
    serve,
    benchmark,
    completion,
)


class _Commands(CommandGroup):
    """The headings that `--help` lists commands below, in the order of use."""

    headings = {  # noqa: RUF012
        "Get started": ("init", "download", "demo-data", "doctor"),
        "The daily job, after `dbt run`": ("score", "publish", "rollback", "tune"),
        "The whole job, from events to publishing": ("flow",),
        "Look at a run": ("evaluate", "recommend", "explain", "report", "analysis-copy"),
        "Serve": ("serve",),
        "Measure": ("benchmark",),
        "The command line itself": ("completion",),
    }


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rankmart")
@click.option("-v", "--verbose", is_flag=True, help="Log more; show where a bug is.")
def main(*, verbose: bool) -> None:
    """Ranked product recommendations from a file of reviews.

    The daily job is `dbt run`, then `rankmart score`. Something does not work: `rankmart doctor`.
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
    if not verbose:
        # Its lines of single requests.
        logging.getLogger("httpx").setLevel(logging.WARNING)


for command in COMMANDS:
    main.add_command(command)

"""`rankmart flow`, and `rankmart flow serve`."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from rankmart.commands.job import REFUSED
from rankmart.errors import RankmartError

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import State

TUNE_EVERY = click.option(
    "--tune-every",
    metavar="DAYS",
    type=click.IntRange(min=1),
    help="Tune first, if that was not done for so many days.  [default: never]",
)


@click.group(invoke_without_command=True)
@click.option("--fresh", is_flag=True, help="Do every step again, also what is finished.")
@TUNE_EVERY
@click.pass_context
def flow(context: click.Context, *, fresh: bool, tune_every: int | None) -> None:
    """Run the whole job once: events, features, ranker, gate, publish.

    Goes on where a run before it stopped: steps that are finished are not done again.
    """
    if context.invoked_subcommand is not None:
        if fresh or tune_every is not None:
            raise click.UsageError("give the options after `serve`")
        return
    state = cast(
        "State[Any]",
        _connected_job()(fresh=fresh, tune_every=tune_every, return_state=True),
    )
    if state.is_completed():
        click.echo(state.message)
        return
    if state.name == "Refused":
        click.echo(f"Error: {state.message}", err=True)
        sys.exit(REFUSED)
    raise RankmartError(state.message or f"the flow ended as {state.name}")


@flow.command()
@click.option("--cron", help="When, such as '0 3 * * *' for 03:00 every day (UTC).")
@click.option(
    "--every", metavar="MINUTES", type=click.IntRange(min=1), help="Or every so many minutes."
)
@TUNE_EVERY
def serve(*, cron: str | None, every: int | None, tune_every: int | None) -> None:
    """Stay, and run the job by a schedule, as the Prefect deployment rankmart/scheduled."""
    if (cron is None) == (every is None):
        raise click.UsageError("give either --cron '0 3 * * *' or --every MINUTES")
    from datetime import timedelta

    job = _connected_job()
    from prefect.types.entrypoint import EntrypointType

    try:
        job.serve(
            "scheduled",
            cron=cron,
            interval=None if every is None else timedelta(minutes=every),
            parameters={"tune_every": tune_every},
            # It was paused when it was served last, and that ended.
            paused=False,
            limit=1,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
    except ValueError as error:
        raise click.UsageError(f"--cron {cron!r} is no schedule: {error}") from error


def _connected_job() -> "Flow[..., Any]":
    """The flow, with Prefect's API there; raises RankmartError where either is missing."""
    if not Path("dbt_project.yml").exists():
        raise RankmartError(
            f"no dbt_project.yml in {Path.cwd()}: run it at the root of the repository"
        )
    from rankmart.settings import Settings
    from rankmart.steps.server import connect, keep_quiet

    settings = Settings.from_environment()
    keep_quiet()
    # Prefect's own log lines name the step.
    logging.getLogger().handlers.clear()
    try:
        connect(settings.flow)
        from rankmart.flow import job
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "prefect":
            raise
        raise RankmartError("the flow needs Prefect: `pip install 'rankmart[flow]'`") from error
    return job

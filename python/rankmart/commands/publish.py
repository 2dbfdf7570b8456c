"""`rankmart publish` and `rankmart rollback`."""

import sys

import click

from rankmart.commands.completing import complete_kept_run
from rankmart.commands.job import REFUSED


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option("--accept", is_flag=True, help="Publish even what the gate refused.")
def publish(*, run_id: str | None, accept: bool) -> None:
    """Publish the run that was scored last, or RUN, if the warehouse has its lists."""
    from rankmart.release import release
    from rankmart.settings import Settings

    released = release(Settings.from_environment(), run_id, accept=accept)
    click.echo(f"Run {released.run_id} is {released.verdict.name}: {released.verdict.reason}.")
    if released.snapshot is None:
        click.echo(
            "The run that was published before stays. To publish this one all the same:"
            " rankmart publish --accept"
        )
        sys.exit(REFUSED)


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False, shell_complete=complete_kept_run)
@click.option("--list", "only_list", is_flag=True, help="Show the runs that are kept.")
def rollback(*, run_id: str | None, only_list: bool) -> None:
    """Serve the run that was published before, or RUN, if its snapshot is kept."""
    from rankmart.rollback import kept_snapshots, roll_back_to
    from rankmart.settings import Settings
    from rankmart.show import snapshots_table

    if only_list and run_id is not None:
        raise click.UsageError("--list shows every run: give it none")
    settings = Settings.from_environment()
    if only_list:
        click.echo(snapshots_table(kept_snapshots(settings.published)))
        return
    click.echo(f"Run {roll_back_to(settings, run_id)} is served.")

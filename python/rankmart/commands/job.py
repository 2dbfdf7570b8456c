"""`rankmart score` and `rankmart tune`."""

import signal
import sys
from pathlib import Path
from typing import Any

import click
import yaml  # type: ignore[import-untyped]  # no stubs: dbt brings PyYAML alone

from rankmart.knobs import GROUP_NAMES

REFUSED = 3
"""The exit code of a run that the gate refused."""


class DbtVars(click.ParamType):  # type: ignore[type-arg]  # generic in Click 8.4 alone
    """YAML, as dbt takes it."""

    name = "yaml"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        try:
            given = yaml.safe_load(value) if isinstance(value, str) else value
        except yaml.YAMLError:
            given = None
        if not isinstance(given, dict):
            self.fail(f"{value!r} is no YAML of names and values: '{{history_length: 10}}'")
        return given


@click.command()
@click.option("--accept", is_flag=True, help="Publish even if the gate refuses the run.")
@click.option("--hold", is_flag=True, help="Publish nothing: `rankmart publish` does it later.")
def score(*, accept: bool, hold: bool) -> None:
    """Train, evaluate, gate, score everyone and publish, on what `dbt run` built."""
    if accept and hold:
        raise click.UsageError(
            "--hold publishes nothing, so there is nothing to --accept:"
            " `rankmart publish --accept` is for later"
        )
    from rankmart.score import score as score_run
    from rankmart.settings import Settings
    from rankmart.show import run_summary

    run = score_run(Settings.from_environment(), accept=accept, hold=hold)
    click.echo(run_summary(run))
    if not run.verdict.passed:
        sys.exit(REFUSED)


@click.command()
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="So many more of the ranker.",
)
@click.option(
    "--generator-trials",
    type=click.IntRange(min=0),
    default=12,
    show_default=True,
    help="So many more of each group of the generators' vars; 0: these stay.",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    type=click.Choice(GROUP_NAMES),
    help="One group of these vars; may be repeated.  [default: all]",
)
@click.option("--minutes", type=click.FloatRange(min=0), help="Stop before the next trial then.")
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder of dbt_project.yml.  [default: .]",
)
@click.option(
    "--vars",
    "given",
    type=DbtVars(),
    default="{}",
    help="What `dbt run` was given as --vars, if it was.",
)
def tune(
    *,
    trials: int,
    generator_trials: int,
    groups: tuple[str, ...],
    minutes: float | None,
    project: Path,
    given: dict[str, Any],
) -> None:
    """Look for better vars of the generators and parameters of the ranker, on fit users alone.

    Resumes where it stopped. What is better is kept in the file that RANKMART_TUNED names: the
    next `dbt run` and the next scoring use it.
    """
    from rankmart.settings import Settings
    from rankmart.tune import tune as tune_all

    # A scheduler that stops it gets what Ctrl-C does: the scratch warehouse is deleted.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = Settings.from_environment()
    tuning = tune_all(
        settings,
        trials=trials,
        generator_trials=generator_trials,
        groups=groups,
        minutes=minutes,
        project=project,
        given=given,
    )
    click.echo(
        f"NDCG@10 on held-out fit users: {tuning.value:.4f}, the defaults {tuning.default:.4f};"
        f" {tuning.trials} trials of the ranker."
    )
    if tuning.elsewhere is not None:
        gain, error = tuning.elsewhere
        click.echo(
            f"On other fit users the best of them is {gain:+.4f} from the defaults (standard error"
            f" {error:.4f}): {'kept' if tuning.objectives else 'not kept'}."
        )
    for name, var in tuning.vars.items():
        click.echo(f"{name}: {var.value:g} instead of {var.instead_of:g}")
    if not tuning.found:
        click.echo("Nothing was surely better than the defaults, so they stay.")
    elif tuning.vars:
        click.echo(
            f"They are in {settings.tuned}: the next `dbt run` and `rankmart score` use it."
        )
    else:
        click.echo(f"They are in {settings.tuned}: the next `rankmart score` uses it.")

"""`rankmart score` and `rankmart tune`."""

import sys

import click

REFUSED = 3
"""The exit code of a run that the gate refused."""


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
@click.option("--trials", type=click.IntRange(min=1), default=30, show_default=True)
@click.option("--minutes", type=click.FloatRange(min=0), help="Stop before the next trial then.")
def tune(*, trials: int, minutes: float | None) -> None:
    """Look for better parameters of the ranker, on the fit users alone; resumes where it stopped.

    The best are kept in the file that RANKMART_TUNED names, and the next scoring uses them.
    """
    from rankmart.settings import Settings
    from rankmart.tune import tune as tune_ranker

    settings = Settings.from_environment()
    tuning = tune_ranker(settings, trials=trials, minutes=minutes)
    click.echo(
        f"NDCG@10 on held-out fit users: {tuning.value:.4f}, the defaults {tuning.default:.4f};"
        f" {tuning.trials} trials."
    )
    if tuning.value > tuning.default:
        click.echo(f"Wrote {settings.tuned}: the next `rankmart score` uses it.")
    else:
        click.echo("Nothing was better than the defaults, so they stay.")

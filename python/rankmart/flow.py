"""`rankmart flow`: the whole job as a Prefect flow, from new events to the published run.

A step that is finished is not done again while what it is done with is the same (`steps.ledger`),
so that a flow that failed or was killed goes on where it stopped. Nothing but `publish` changes
what is served.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from rankmart.commands.job import REFUSED
from rankmart.errors import RankmartError, SnapshotError
from rankmart.events import events_url, newest_event
from rankmart.publish import current_run, snapshot_path
from rankmart.settings import Settings
from rankmart.steps import done, inputs, ledger
from rankmart.steps.process import run_program
from rankmart.steps.task import RefusedError, StepError, step, unless_finished
from rankmart.steps.webhook import post


@step
def take_events() -> int:
    """See to the event store; returns the number of its last event, which the build takes in."""
    settings = Settings.from_environment()
    last, new = newest_event(events_url(), after=done.events_through(settings))
    get_run_logger().info("%d events are new since the last build", new)
    return last


@step
def build_features(*, last_event: int) -> str:
    """Models and data tests; returns dbt's id of the build. Unit tests are for who changes SQL."""
    settings = Settings.from_environment()

    def build() -> dict[str, Any]:
        run_program(
            "dbt",
            *("build", "--selector", "before_scoring", "--exclude-resource-type", "unit_test"),
            log=get_run_logger().info,
        )
        return {"build": done.last_whole_build(settings)}

    made = unless_finished(
        "build_features",
        inputs.build_key(Path(), last_event=last_event),
        there=lambda before: before["build"] == done.last_whole_build(settings) is not None,
        work=build,
    )
    return str(made["build"])


@step
def tune(*, every_days: int | None) -> bool:
    """Tune, if that was not done for so many days; None for never. Returns whether it was due."""
    settings = Settings.from_environment()
    if every_days is None:
        return False
    before = ledger.finished(settings.flow, "tune")
    times = [] if before is None else [before.finished_at]
    if settings.tuned.exists():
        times.append(datetime.fromtimestamp(settings.tuned.stat().st_mtime, UTC))
    if times and max(times) > datetime.now(UTC) - timedelta(days=every_days):
        get_run_logger().info("tuned on %s: not due", f"{max(times):%Y-%m-%d}")
        return False
    run_program("rankmart", "tune", log=get_run_logger().info)
    ledger.note(settings.flow, "tune", key="", output={})
    return True


@step
def score(*, build_id: str) -> str:
    """Train, evaluate, judge and rank everyone, without publishing; returns the run."""
    settings = Settings.from_environment()

    def score_and_hold() -> dict[str, Any]:
        served = _served(settings)
        run_program("rankmart", "score", "--hold", log=get_run_logger().info, fine=(0, REFUSED))
        scored = done.last_scored(settings)
        assert scored is not None
        return {"run_id": scored.run_id, "created_at": scored.created_at, "served": served}

    def is_there(before: dict[str, Any]) -> bool:
        scored = done.last_scored(settings)
        return (
            scored is not None
            and (scored.run_id, scored.created_at) == (before["run_id"], before["created_at"])
            # The gate compared with what was served then.
            and _served(settings) in {before["served"], before["run_id"]}
        )

    key = inputs.score_key(settings, build_id=build_id, rules=done.rules_of_the_day(settings))
    return str(unless_finished("score", key, there=is_there, work=score_and_hold)["run_id"])


@step
def gate(*, run_id: str) -> done.ScoredRun:
    """The run with its verdict; fails where that is a refusal."""
    scored = done.last_scored(Settings.from_environment())
    if scored is None or scored.run_id != run_id:
        raise RankmartError(
            f"run {run_id} is not the last one any more: run `rankmart flow` again"
        )
    if scored.verdict == "refused":
        raise RefusedError(f"run {run_id} is refused: {scored.reason}")
    get_run_logger().info("run %s passed: %s", run_id, scored.reason)
    return scored


@step
def publish(*, scored: done.ScoredRun) -> str | None:
    """Make the run the one that is served; returns it, or None where it was published before."""
    settings = Settings.from_environment()
    new: list[str] = []

    def publish_scored() -> dict[str, Any]:
        run_program("rankmart", "publish", scored.run_id, log=get_run_logger().info)
        new.append(scored.run_id)
        return {"run_id": scored.run_id}

    def is_there(_before: dict[str, Any]) -> bool:
        # Any run: one that was rolled back is not published again for nothing.
        served = _served(settings)
        return served is not None and snapshot_path(settings.published, served).exists()

    unless_finished(
        "publish",
        inputs.digest(scored.run_id, scored.created_at, settings.published, settings.export),
        there=is_there,
        work=publish_scored,
    )
    return new[0] if new else None


@step
def notify(*, message: dict[str, Any]) -> None:
    """Tell RANKMART_WEBHOOK, if it is set, once for each message about a run."""
    settings = Settings.from_environment()
    if not settings.webhook:
        get_run_logger().info("RANKMART_WEBHOOK is not set: nobody is told")
        return
    if message["status"] == "failed":
        post(settings.webhook, message)
        return

    def tell() -> dict[str, Any]:
        post(settings.webhook, message)
        return {}

    unless_finished(
        "notify",
        inputs.digest(settings.webhook, message),
        there=lambda _before: True,
        work=tell,
    )


@flow(name="rankmart", validate_parameters=False)
def job(*, fresh: bool = False, tune_every: int | None = None) -> "State[Any]":
    """All steps, once. Completed, or Failed with where it stopped; Refused where the gate did."""
    try:
        settings = Settings.from_environment()
        with ledger.only_one(settings.flow):
            if fresh:
                ledger.forget(settings.flow)
            try:
                return Completed(message=_steps(tune_every))
            except StepError as stop:
                return _stopped(settings, stop)
    except RankmartError as error:
        return Failed(message=str(error))


def _steps(tune_every: int | None) -> str:
    last_event = take_events()
    build_id = build_features(last_event=last_event)
    if tune(every_days=tune_every):
        # With other vars of the generators, if some are better; else nothing is built again.
        build_id = build_features(last_event=last_event)
    run_id = score(build_id=build_id)
    scored = gate(run_id=run_id)
    new = publish(scored=scored)
    notify(message=_about(scored, "published"))
    return f"Run {new} is published." if new else f"Nothing is new since run {run_id}."


def _stopped(settings: Settings, stop: StepError) -> "State[Any]":
    """Tell of it; that nobody can be told does not hide what happened."""
    refused = isinstance(stop.cause, RefusedError)
    scored = done.last_scored(settings) if refused else None
    message = (
        _about(scored, "refused")
        if scored is not None
        else {"flow": "rankmart", "status": "failed", "step": stop.step, "error": str(stop)}
    )
    served = _served(settings)
    message["served_run_id"] = served
    if stop.step != "notify":
        try:
            notify(message=message)
        except StepError as untold:
            get_run_logger().warning("and nobody was told: %s", untold)
    kept = f"run {served} is served as before" if served else "nothing is published yet"
    if stop.step == "notify":
        kept = f"run {served} is published"
    return Failed(
        name="Refused" if refused else "Failed",
        message=f"stopped at {stop.step}: {stop}; {kept}",
    )


def _about(scored: done.ScoredRun, status: str) -> dict[str, Any]:
    return {
        "flow": "rankmart",
        "status": status,
        "run_id": scored.run_id,
        "model": scored.model,
        "verdict": scored.verdict if status == "refused" else "published",
        "reason": scored.reason,
        "metrics": json.loads(scored.metrics),
    }


def _served(settings: Settings) -> str | None:
    try:
        return current_run(settings.published)
    except SnapshotError:
        return None

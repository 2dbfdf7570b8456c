"""A function of the job as a Prefect task, and not doing again what is finished."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Task, get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Failed

from rankmart.errors import BusyError, RankmartError
from rankmart.events import EventStoreError
from rankmart.settings import Settings
from rankmart.steps import ledger
from rankmart.steps.webhook import WebhookError

RETRY_SECONDS: list[float] = [10, 60, 300]

P = ParamSpec("P")
R = TypeVar("R")


class StepError(RankmartError):
    """A step that did not succeed."""

    def __init__(self, step: str, cause: RankmartError) -> None:
        super().__init__(str(cause))
        self.step = step
        self.cause = cause


class RefusedError(RankmartError):
    """The gate refused the run."""


def step(work: Callable[P, R]) -> Callable[P, R]:
    """The function as a task, which raises StepError for a RankmartError.

    To Prefect that is a failed state, without a traceback in the log.
    """

    @functools.wraps(work)
    def worked(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return work(*args, **kwargs)
        except RankmartError as error:
            name = "Refused" if isinstance(error, RefusedError) else "Failed"
            return Failed(name=name, message=str(error), data=StepError(work.__name__, error))

    as_task: Task[..., Any] = Task(
        worked,
        name=work.__name__,
        retries=len(RETRY_SECONDS),
        retry_delay_seconds=RETRY_SECONDS,
        retry_condition_fn=_may_pass,
        cache_policy=NO_CACHE,
        persist_result=False,
    )

    @functools.wraps(work)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        state = cast("State[R]", as_task(*args, return_state=True, **kwargs))
        return state.result()

    return call


def unless_finished(
    name: str,
    key: str,
    *,
    there: Callable[[dict[str, Any]], bool],
    work: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """What a step made: now, or last time, if it was done with the same and is still `there`."""
    folder = Settings.from_environment().flow
    before = ledger.finished(folder, name)
    if before is not None and before.key == key and there(before.output):
        get_run_logger().info(
            "finished before, at %s, and nothing changed since",
            f"{before.finished_at:%Y-%m-%d %H:%M}",
        )
        return before.output
    made = work()
    ledger.note(folder, name, key=key, output=made)
    return made


def _may_pass(_task: "Task[..., Any]", _run: TaskRun, state: "State[Any]") -> bool:
    """Whether a step may succeed if it is tried again: not if data, settings or code are wrong."""
    cause = state.data.cause if isinstance(state.data, StepError) else None
    if isinstance(cause, WebhookError):
        return cause.may_pass
    return isinstance(cause, BusyError | EventStoreError)

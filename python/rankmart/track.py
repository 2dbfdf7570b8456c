"""Whether what Rankmart does is tracked in MLflow. Nothing stands or falls with that."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import shorten

from rankmart.errors import first_line
from rankmart.settings import Settings

logger = logging.getLogger(__name__)

EXTRA = ("mlflow", "matplotlib")

MESSAGE = 200
"""Characters of a message of MLflow's that are shown: some hold a whole answer of a server."""

TALKATIVE = ("alembic", "matplotlib", "urllib3")
"""Loggers that tell of each table made, font found and try that failed."""

QUIET = {
    # MLflow asks a server that is away eight times within four minutes, unless told otherwise.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    # It would tell its makers how it is used.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""What MLflow is told meanwhile, unless the environment says something else."""

Members = Sequence[tuple[float, bytes]]
"""The ranker's weights and boosters in UBJSON; none where a generator stands in for it."""


def track_scored(settings: Settings, *, run_id: str, members: Members) -> None:
    """Log a run that is in the warehouse as an MLflow run."""

    def log() -> None:
        from rankmart.mlflow_run import log_run

        log_run(settings, run_id=run_id, members=members)

    _attempt(log, run_id)


def track_published(settings: Settings, *, run_id: str, members: Members) -> None:
    """Note that a run was published which was scored before, and may have been logged then."""

    def log() -> None:
        from rankmart.mlflow_run import log_published

        log_published(settings, run_id=run_id, members=members)

    _attempt(log, run_id)


def track_rolled_back(run_id: str) -> None:
    """Let `champion` name the model of a run that is served again."""

    def log() -> None:
        from rankmart.mlflow_run import log_rolled_back

        log_rolled_back(run_id)

    _attempt(log, run_id)


def _attempt(log: Callable[[], None], run_id: str) -> None:
    """Do it where MLFLOW_TRACKING_URI is set; whatever goes wrong is a warning of one line."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return
    try:
        with _quietly():
            log()
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            _warn(run_id, error)
            return
        logger.warning(
            "run %s is not tracked: MLFLOW_TRACKING_URI is set, but %s is not installed:"
            " pip install 'rankmart[track]'",
            run_id,
            error.name,
        )
    # Stores are plug-ins, each with errors of its own, and none may cost a run.
    except Exception as error:  # noqa: BLE001
        _warn(run_id, error)
    else:
        logger.info("run %s is tracked in MLflow", run_id)


def _warn(run_id: str, error: Exception) -> None:
    logger.warning(
        "run %s is not tracked, or not all of it (MLflow: %s): see to MLFLOW_TRACKING_URI."
        " All else of the run is as it should be",
        run_id,
        shorten(first_line(error), MESSAGE, placeholder="…"),
    )
    logger.debug("why it is not tracked", exc_info=error)


@contextmanager
def _quietly() -> Iterator[None]:
    """MLflow without its own lines and retries, and without warnings that only it could mend."""
    added = {name: value for name, value in QUIET.items() if name not in os.environ}
    levels = {name: logging.getLogger(name).level for name in TALKATIVE}
    os.environ.update(added)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)

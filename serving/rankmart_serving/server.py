"""Running the API with uvicorn."""

import copy
import os
from typing import Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings


def serve(
    settings: Settings, host: str | None = None, port: int | None = None, *, workers: int = 1
) -> None:
    """Serve until stopped, also when no run is published yet.

    `host` and `port` override the settings. Each of several workers is a process that opens the
    snapshot for itself and reads its settings from the environment, where they are put here.
    """
    settings.refuse_open_writes(settings.host if host is None else host)
    options: dict[str, Any] = {
        "access_log": False,
        "server_header": False,
        "host": settings.host if host is None else host,
        "port": settings.port if port is None else port,
        "log_config": _log_config(),
    }
    if workers == 1:
        uvicorn.run(create_app(settings), **options)
    else:
        os.environ.update(settings.as_environment())
        uvicorn.run("rankmart_serving.app:create_app", factory=True, workers=workers, **options)


def _log_config() -> dict[str, Any]:
    """Uvicorn's own, with the loggers of Rankmart beside it."""
    config = copy.deepcopy(LOGGING_CONFIG)
    # Lines of JSON, with nothing before them.
    config["formatters"]["line"] = {"format": "%(message)s"}
    config["handlers"]["requests"] = {
        "class": "logging.StreamHandler",
        "formatter": "line",
        "stream": "ext://sys.stdout",
    }
    config["loggers"]["rankmart_serving.requests"] = {
        "handlers": ["requests"],
        "level": "INFO",
        "propagate": False,
    }
    config["loggers"]["rankmart_serving"] = {
        "handlers": ["default"],
        "level": "INFO",
        "propagate": False,
    }
    return config

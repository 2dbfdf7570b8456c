"""`rankmart flow serve` registers a schedule, and runs of it are run where it was started."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from project import BESIDE_PYTHON

from .fake_shop import FakeShop


def wait_for(look: Callable[[], Any], *, seconds: int = 150) -> Any:
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up
        time.sleep(0.2)
    return found


def test_a_schedule_is_registered_and_its_runs_are_run(
    shop: FakeShop, prefect_server: str, tmp_path: Path
) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RANKMART_", "DBT_"))
    }
    environment |= shop.environment() | {
        "PREFECT_API_URL": prefect_server,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    }
    # With no stand-ins, and a dbt project that is none: the first program fails at once.
    with subprocess.Popen(
        [*(BESIDE_PYTHON / "rankmart", "flow", "serve"), "--cron", "0 3 * * *"],
        cwd=shop.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as serving:
        try:

            def deployments() -> list[dict[str, Any]]:
                assert serving.poll() is None
                found: list[dict[str, Any]] = httpx.post(
                    f"{prefect_server}/deployments/filter", json={}
                ).json()
                return found

            [deployment] = wait_for(deployments)
            assert deployment["name"] == "scheduled"
            assert deployment["entrypoint"] == "rankmart.flow.job"
            assert deployment["paused"] is False
            [schedule] = deployment["schedules"]
            assert schedule["active"] is True
            assert schedule["schedule"]["cron"] == "0 3 * * *"

            run = httpx.post(
                f"{prefect_server}/deployments/{deployment['id']}/create_flow_run", json={}
            ).json()

            def ended() -> dict[str, Any] | None:
                state: dict[str, Any] = httpx.get(
                    f"{prefect_server}/flow_runs/{run['id']}"
                ).json()["state"]
                return state if state["type"] in {"COMPLETED", "FAILED", "CRASHED"} else None

            state = wait_for(ended)
        finally:
            serving.send_signal(signal.SIGINT)
            serving.communicate(timeout=60)
    assert state["type"] == "FAILED"
    assert state["message"].startswith("stopped at build_features: `dbt build` ended with exit")
    assert state["message"].endswith("run old is served as before")


def test_a_cron_line_that_is_none_is_wrong_usage(
    shop: FakeShop, prefect_server: str, tmp_path: Path
) -> None:
    ended = shop.ran(
        *("serve", "--cron", "at night"),
        PREFECT_API_URL=prefect_server,
        PREFECT_HOME=str(tmp_path / "prefect"),
    )
    assert "--cron 'at night' is no schedule" in ended.failed_plainly(exit_code=2)


@pytest.mark.parametrize("minutes", ["0", "often"])
def test_an_interval_is_a_number_of_minutes(shop: FakeShop, minutes: str) -> None:
    shop.ran("serve", "--every", minutes).failed_plainly(exit_code=2)

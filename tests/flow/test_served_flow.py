"""`rankmart flow serve` registers a schedule, and runs of it are run where it was started."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from project import BESIDE_PYTHON

from .fake_shop import FakeShop

pytestmark = pytest.mark.long


def wait_for(look: Callable[[], Any], *, seconds: int = 150) -> Any:
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up
        time.sleep(0.2)
    return found


@contextmanager
def serving(shop: FakeShop, *arguments: str, **environment: str) -> Iterator[None]:
    """`rankmart flow serve` with the real programs, ended by SIGTERM."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RANKMART_", "DBT_"))
    }
    with subprocess.Popen(
        [BESIDE_PYTHON / "rankmart", "flow", "serve", *arguments],
        cwd=shop.folder,
        env=inherited | shop.environment() | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def deployment_of(url: str, *, paused: bool) -> dict[str, Any] | None:
    """The flow's deployment, once it is there and paused or not."""
    answer = httpx.post(f"{url}/deployments/filter", json={})
    for deployment in answer.json() if answer.is_success else []:
        if deployment["paused"] is paused:
            return dict(deployment)
    return None


def test_a_schedule_is_registered_and_its_runs_are_run(
    shop: FakeShop, prefect_server: str, tmp_path: Path
) -> None:
    environment = {
        "PREFECT_API_URL": prefect_server,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    }
    with serving(shop, "--cron", "0 3 * * *", **environment):
        deployment = wait_for(lambda: deployment_of(prefect_server, paused=False))
        assert deployment["name"] == "scheduled"
        assert deployment["entrypoint"] == "rankmart.flow.job"
        [schedule] = deployment["schedules"]
        assert schedule["active"] is True
        assert schedule["schedule"]["cron"] == "0 3 * * *"

        # A server with a busy SQLite may refuse for a moment.
        def created() -> dict[str, Any] | None:
            answer = httpx.post(
                f"{prefect_server}/deployments/{deployment['id']}/create_flow_run", json={}
            )
            return answer.json() if answer.is_success else None

        run = wait_for(created)

        def ended() -> dict[str, Any] | None:
            answer = httpx.get(f"{prefect_server}/flow_runs/{run['id']}")
            state: dict[str, Any] = answer.json()["state"] if answer.is_success else {"type": ""}
            return state if state["type"] in {"COMPLETED", "FAILED", "CRASHED"} else None

        # Its dbt project is none, so that the first program fails at once.
        state = wait_for(ended)
        assert state["type"] == "FAILED"
        assert state["message"].startswith("stopped at build_features: `dbt build` ended with")
        assert state["message"].endswith("run old is served as before")

    # While nobody serves it, no runs pile up; and it goes on when it is served again.
    assert deployment_of(prefect_server, paused=True) is not None
    with serving(shop, "--every", "90", **environment):
        deployment = wait_for(lambda: deployment_of(prefect_server, paused=False))
        [schedule] = deployment["schedules"]
        assert schedule["active"] is True
        assert schedule["schedule"]["interval"] == 90 * 60


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

"""`kill -9` at any step leaves the old run served, and the next flow goes on from there.

Against a real Prefect server, with stand-ins of `dbt` and `rankmart score`.
"""

from pathlib import Path

import httpx
import pytest

from project import TRACEBACK

from .conftest import Hook
from .fake_shop import FakeShop

pytestmark = pytest.mark.long

TUNE = ("--tune-every", "1")


@pytest.fixture
def environment(prefect_server: str, hook: Hook, tmp_path: Path) -> dict[str, str]:
    return {
        "PREFECT_API_URL": prefect_server,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "RANKMART_WEBHOOK": hook.url,
    }


def flow_runs(url: str) -> list[tuple[str, str]]:
    """Name of state and message of every run of the flow, the last first."""
    found = httpx.post(
        f"{url}/flow_runs/filter",
        json={"flows": {"name": {"any_": ["rankmart"]}}, "sort": "START_TIME_DESC"},
    ).json()
    return [(run["state"]["name"], run["state"]["message"]) for run in found]


def test_a_flow_that_is_killed_at_each_step_in_turn_goes_on_from_there(
    shop: FakeShop, environment: dict[str, str], prefect_server: str, hook: Hook
) -> None:
    # Each time what the last one had finished is not called any more.
    for words, called in (
        ("take_events", []),
        ("dbt build", ["dbt build"]),
        ("rankmart tune", ["dbt build", "rankmart tune"]),
        ("rankmart score", ["rankmart tune", "rankmart score"]),
        ("gate", ["rankmart score"]),
        ("rankmart publish", ["rankmart publish"]),
    ):
        shop.killed_at(words, *TUNE, **environment)
        assert shop.calls == called, words
        assert shop.served == "old", words
    assert hook.told == []

    hook.slow = True
    with shop.started(*TUNE, **environment) as process:
        assert hook.asked.wait(60)
        process.kill()
    assert shop.calls == ["rankmart publish"]
    assert shop.served == "run-1"

    hook.slow = False
    finished = shop.ran(*TUNE, **environment).succeeded()
    assert finished.stdout == "Nothing is new since run run-1.\n"
    assert shop.calls == []
    assert shop.served == "run-1"
    assert [message["run_id"] for message in hook.told] == ["run-1", "run-1"]
    assert TRACEBACK not in finished.stderr
    name, message = flow_runs(prefect_server)[0]
    assert (name, message) == ("Completed", "Nothing is new since run run-1.")

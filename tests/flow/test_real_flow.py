"""The flow with real programs, and no Prefect server but the one that it starts for itself."""

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from litestar.testing import TestClient

from project import BESIDE_PYTHON, ROOT, TRACEBACK, Finished, Project
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings

from .conftest import Hook

pytestmark = pytest.mark.long

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def ran(project: Project) -> Finished:
    """`rankmart flow` at the root of the project, which needs selectors.yml too."""
    selectors = project.root / "selectors.yml"
    if not selectors.exists():
        selectors.symlink_to(ROOT / "selectors.yml")
    ended = subprocess.run(
        [BESIDE_PYTHON / "rankmart", "flow"],
        cwd=project.root,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return Finished(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def proxy() -> Iterator[socket.socket]:
    """Where all requests to other machines would come to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def test_the_whole_job_is_run_once_and_not_again_and_asks_no_other_machine(
    temporal: Project, hook: Hook, proxy: socket.socket, tmp_path: Path
) -> None:
    copy = temporal.copied_to(tmp_path)
    project = replace(
        copy,
        more={
            "PREFECT_HOME": str(tmp_path / "prefect"),
            "RANKMART_FLOW": str(tmp_path / "finished"),
            "RANKMART_EVENTS": "off",
            "RANKMART_SEED": "8",
            "RANKMART_WEBHOOK": hook.url,
            **dict.fromkeys(PROXIES, f"http://127.0.0.1:{proxy.getsockname()[1]}"),
            "NO_PROXY": "127.0.0.1",
            "DO_NOT_TRACK": "",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "",
        },
    )
    finished = ran(project).succeeded()
    assert TRACEBACK not in finished.output
    run_id = project.current_run
    assert run_id != temporal.current_run
    assert finished.stdout == f"Run {run_id} is published.\n"
    assert "Completed successfully" in finished.stderr
    assert [(told["status"], told["run_id"]) for told in hook.told] == [("published", run_id)]
    with TestClient(create_app(Settings(published=project.published))) as client:
        assert client.get("/v1/users/c03-u07/recommendations").json()["run_id"] == run_id
    builds = "select count(*) from raw.builds"
    assert project.value(builds) == temporal.value(builds) + 1

    again = ran(project).succeeded()
    assert again.stdout == f"Nothing is new since run {run_id}.\n"
    assert project.value(builds) == temporal.value(builds) + 1
    assert len(hook.told) == 1
    with pytest.raises(BlockingIOError):
        proxy.accept()

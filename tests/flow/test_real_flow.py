"""The flow with real programs, and no Prefect server but the one that it starts for itself."""

from dataclasses import replace
from pathlib import Path

from litestar.testing import TestClient

from project import BESIDE_PYTHON, TRACEBACK, Finished, Project
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings

from .conftest import Hook


def ran(project: Project) -> Finished:
    return project._run([BESIDE_PYTHON / "rankmart", "flow"], cwd=project.root)


def test_the_whole_job_is_run_once_and_not_again(
    temporal: Project, hook: Hook, tmp_path: Path
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

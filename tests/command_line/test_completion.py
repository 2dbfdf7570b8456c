"""What Tab offers, as a shell asks for it."""

import shutil
import subprocess
from dataclasses import replace

import pytest

from project import Project


def offered(project: Project, *words: str) -> list[str]:
    """What may stand for the last of `words`, after `rankmart`."""
    asking = replace(
        project,
        more={
            "_RANKMART_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["rankmart", *words]),
            "COMP_CWORD": str(len(words)),
        },
    )
    lines = asking.rankmart().succeeded().stdout.splitlines()
    return [line.split(",", 1)[1] for line in lines if line]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_ends_with_how_to_install_it(project: Project, shell: str) -> None:
    script = project.rankmart("completion", shell).succeeded().stdout
    assert "_RANKMART_COMPLETE" in script
    *_, how, line = script.splitlines()
    assert how.startswith("# To install it, put this line into ~/.")
    assert f"rankmart completion {shell}" in line
    assert line.startswith("#")


def test_bash_takes_the_script(project: Project) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    ended = subprocess.run(
        [bash, "-c", 'eval "$(rankmart completion bash)" && complete -p rankmart'],
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith(" rankmart\n")


def test_other_shells_are_wrong_usage(project: Project) -> None:
    project.rankmart("completion", "tcsh").failed_plainly(exit_code=2)


def test_commands_and_options_are_offered(project: Project) -> None:
    assert offered(project, "do") == ["download", "doctor"]
    assert "--accept" in offered(project, "score", "--")


def test_names_of_sets_are_offered(project: Project) -> None:
    assert offered(project, "download", "fine") == ["fine-foods", "fine-foods-kaggle"]
    assert offered(project, "download", "2014-b") == [
        "2014-baby",
        "2014-beauty",
        "2014-books",
    ]


def test_users_of_the_published_run_are_offered(temporal: Project) -> None:
    users = offered(temporal, "recommend", "c03-u0")
    assert users == sorted(users)
    assert "c03-u07" in users
    assert all(user.startswith("c03-u0") for user in users)


def test_products_in_the_users_list_are_offered(temporal: Project) -> None:
    listed = {
        product
        for (product,) in temporal.rows(
            "select product_id from ranker.recommendations where user_id = 'c03-u07'"
        )
    }
    assert set(offered(temporal, "explain", "c03-u07", "c03")) == {
        product for product in listed if product.startswith("c03")
    }


def test_kept_runs_are_offered(temporal: Project) -> None:
    run = temporal.current_run
    assert offered(temporal, "evaluate", "--run", run[:4]) == [run]


def test_nothing_is_offered_and_nothing_said_where_nothing_is_published(project: Project) -> None:
    assert offered(project, "recommend", "c") == []
    (project.published).mkdir()
    (project.published / "current").write_text("no run id\n", encoding="utf-8")
    assert offered(project, "recommend", "c") == []

"""The how-to of deploying: its units, its commands and its back-up do what it says."""

import configparser
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import yaml

from docs.pages import blocks, page
from project import ROOT
from rankmart.command_line import main
from rankmart.events import Event, EventStore

PAGE = page("docs/how-to/deploy.md")


def units() -> list[configparser.ConfigParser]:
    read = []
    for block in blocks(PAGE, "ini"):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        unit.read_string(block)
        read.append(unit)
    return read


def test_units_run_commands_of_the_package_as_the_user_that_is_made() -> None:
    api, job, timer = units()
    home = "/srv/rankmart"
    assert f"useradd --system --create-home --home-dir {home} rankmart\n" in PAGE
    for unit in (api, job):
        assert unit["Service"]["User"] == "rankmart"
        assert unit["Service"]["WorkingDirectory"] == f"{home}/shop"
        assert unit["Service"]["ReadWritePaths"].startswith(f"{home}/shop")
    started = re.findall(rf"^ExecStart={home}/.venv/bin/(\S+) (\S+)", PAGE, re.MULTILINE)
    assert started == [("rankmart", "serve"), ("dbt", "run"), ("rankmart", "score")]
    assert timer["Timer"]["OnCalendar"]


def test_commands_and_options_on_the_page_exist() -> None:
    called = re.findall(
        r"(?:^|`|&& |/bin/)rankmart ([a-z-]+)((?: --[a-z]+)*)", PAGE, flags=re.MULTILINE
    )
    assert {"init", "score", "serve"} <= {name for name, _ in called}
    for name, options in called:
        known = {option for parameter in main.commands[name].params for option in parameter.opts}
        assert set(options.split()) <= known, name


def test_services_and_profiles_on_the_page_are_those_of_compose() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    profiles = {profile for one in services.values() for profile in one.get("profiles", ())}
    assert set(re.findall(r"--profile (\S+)", PAGE)) == {"prefect", "mlflow"} <= profiles
    options = r"(?: --rm| --build| -T| --entrypoint \S+)*"
    named = re.findall(rf"docker compose (?:run|exec|stop|start){options} ([a-z-]+)", PAGE)
    assert {"job", "tracked-job", "postgres", "api"} == set(named) <= set(services)


def test_a_back_up_of_events_has_what_was_stored(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    store = EventStore(f"sqlite:///{tmp_path}/data/events.sqlite")
    store.append([Event(event_id="1", user_id="u", product_id="p", kind="view", occurred_epoch=0)])
    [script] = re.findall(r'^python -c "\n(.*?)^"$', PAGE, re.MULTILINE | re.DOTALL)
    # The API still has the store open.
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    store.close()
    with sqlite3.connect(tmp_path / "backup.sqlite") as backup:
        assert backup.execute("select event_id from events").fetchall() == [("1",)]

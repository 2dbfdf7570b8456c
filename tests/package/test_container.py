"""The Dockerfile and compose.yaml: facts that hold without a container engine."""

import dataclasses
import json
import re
import shlex
from typing import Any

import pytest
import yaml

from project import ROOT
from rankmart.command_line import main
from rankmart.settings import Settings
from rankmart_serving.health import ready
from rankmart_serving.settings import Settings as ServingSettings

from .dockerfile import copied, stages

BUILD, RUNTIME = stages()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
LONG_LIVED = {name for name, service in SERVICES.items() if "restart" in service}
ADDRESSES = ("-url", "https://", ".org/")
PINNED = re.compile(r"[a-z/.-]+:\d+\.\d+(\.\d+)?(-[a-z0-9-]+)?")
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


def environment_of_the_image() -> dict[str, str]:
    [argument] = RUNTIME.of("ENV")
    return dict(pair.split("=", 1) for pair in shlex.split(argument))


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    sources = [path for path, _ in copied()]
    assert all(path.exists() for path in sources)
    assert {path.relative_to(ROOT).as_posix() for path in sources} == let_in
    assert "*" in lines


def test_packages_are_those_of_the_lock_files() -> None:
    runs = " && ".join(BUILD.of("RUN"))
    installs = re.findall(r"-m pip install ([^&]+)", runs)
    assert installs[0] == '--require-hashes --requirement "$REQUIREMENTS" '
    assert "--no-deps --no-index" in installs[1]
    assert len(installs) == 2
    names = {argument.partition("=")[2] for argument in BUILD.of("ARG")}
    names |= {
        service["build"]["args"]["REQUIREMENTS"]
        for service in OURS.values()
        if isinstance(service["build"], dict)
    }
    assert names == {"requirements.txt", "requirements-services.txt"}
    for name in names:
        pins = re.findall(r"^[a-z].*", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        assert all(re.match(r"[a-z0-9._-]+(\[[a-z0-9, -]+\])?==", pin) for pin in pins)
        assert len(pins) == (ROOT / name).read_text("utf-8").count("\n    # via")


def test_images_are_pinned_and_come_from_no_named_index() -> None:
    images = {stage.image.split(" AS ")[0] for stage in (BUILD, RUNTIME)}
    images |= {service["image"] for service in SERVICES.values()}
    assert all(PINNED.fullmatch(image) for image in images), images
    for name in ("Dockerfile", "compose.yaml"):
        text = (ROOT / name).read_text("utf-8")
        assert [word for word in ADDRESSES if word in text] == []


def test_the_image_runs_as_a_user_without_rights() -> None:
    assert RUNTIME.of("USER") == ["10001:10001"]
    [run] = RUNTIME.of("RUN")
    assert "--uid 10001" in run
    assert "--owner=rankmart --group=rankmart /data" in run
    names = [name for name, _ in RUNTIME.steps]
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")


def test_all_that_is_written_is_in_the_volume() -> None:
    assert RUNTIME.of("VOLUME") == ["/data"]
    variables = environment_of_the_image()
    paths = {name: value for name, value in variables.items() if "/" in value and name != "PATH"}
    assert {"RANKMART_WAREHOUSE", "RANKMART_PUBLISHED", "DBT_TARGET_PATH"} <= set(paths)
    for name, value in paths.items():
        assert value.removeprefix("sqlite:///").startswith("/data/"), name


def test_what_is_below_data_by_default_is_in_the_volume_too() -> None:
    of_scoring = {
        f"RANKMART_{setting.name.upper()}": str(getattr(Settings(), setting.name))
        for setting in dataclasses.fields(Settings)
    }
    variables = environment_of_the_image()
    defaults = of_scoring | ServingSettings().as_environment()
    below = {
        name: value for name, value in defaults.items() if re.match("(sqlite:///)?data/", value)
    }
    assert len(below) >= 5
    for name, value in below.items():
        assert variables[name] == value.replace("data/", "/data/"), name


def test_the_health_check_asks_whether_a_run_is_served() -> None:
    [check] = RUNTIME.of("HEALTHCHECK")
    command = json.loads(check.split(" CMD ")[1])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "health check", "exec")
    assert next(iter(ready.paths)) in command[2]
    assert environment_of_the_image()["RANKMART_PORT"] == "8000"
    assert RUNTIME.of("EXPOSE") == ["8000"]


def commands_of(service: dict[str, Any]) -> list[list[str]]:
    """What a service runs, without the shell around it."""
    entry = service.get("entrypoint", json.loads(RUNTIME.of("ENTRYPOINT")[0]))
    if entry[0] == "/bin/sh":
        [steps] = service["command"]
        return [step.split() for step in steps.split(" && ")]
    return [[*entry, *service["command"]]]


@pytest.mark.parametrize("name", OURS)
def test_services_run_commands_that_there_are(name: str) -> None:
    for program, command, *_ in commands_of(OURS[name]):
        assert program in ("rankmart", "dbt", "prefect", "mlflow")
        if program == "rankmart":
            assert command in main.commands


def test_the_job_is_that_of_the_readme() -> None:
    daily = [["dbt", "run"], ["rankmart", "score"]]
    assert commands_of(SERVICES["job"]) == commands_of(SERVICES["tracked-job"]) == daily
    assert json.loads(RUNTIME.of("CMD")[0]) == ["serve"]


@pytest.mark.parametrize("name", SERVICES)
def test_services_have_limits_health_and_what_they_depend_on(name: str) -> None:
    service = SERVICES[name]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    if name not in ("api", "flow"):  # The image's own; a client of Prefect, which serves nothing.
        assert name not in LONG_LIVED or "test" in service["healthcheck"]
    for needed, how in service.get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert needed in LONG_LIVED
        mine, theirs = (set(one.get("profiles", ())) for one in (service, SERVICES[needed]))
        assert not theirs or mine <= theirs, f"{needed} is not started with {name}"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights_and_no_port_to_other_machines(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_named_volumes_are_declared_and_used() -> None:
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if not volume.startswith(("$", ".", "/"))
    }
    assert used == set(COMPOSE["volumes"])


def test_every_variable_is_in_the_example_and_has_the_default_that_it_shows() -> None:
    example = (ROOT / "env.example").read_text("utf-8")
    shown = dict(re.findall(r"^(#?[A-Z_]+)=(.*)$", example, re.MULTILINE))
    compose = re.sub(
        r"^ *#.*$", "", (ROOT / "compose.yaml").read_text("utf-8"), flags=re.MULTILINE
    )
    used = {name: (kind, text) for name, kind, text in VARIABLE.findall(compose)}
    assert {name.lstrip("#") for name in shown} == set(used)
    assert compose.count("$") == len(VARIABLE.findall(compose))
    for name, (kind, text) in used.items():
        if kind == "?":
            assert shown[name] == "", f"a secret is in the example: {name}"
        elif text:
            assert shown[f"#{name}"] == text, name
        else:
            assert f"#{name}" in shown


def test_the_file_of_secrets_is_in_no_git_and_no_image() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert ".env" in ignored
    assert not (ROOT / ".dockerignore").read_text("utf-8").count("!.env")

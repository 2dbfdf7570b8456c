"""Every command, option, exit code and make target is in the reference, with its default."""

import re

import click
import pytest

from project import ROOT
from rankmart.command_group import EXIT_CODES
from rankmart.command_line import main
from rankmart.commands.job import REFUSED

from .pages import PAGES, code, page, rows, section


def options_of(command: click.Command) -> dict[str, str]:
    """By name, the default as the reference writes it; empty where the text tells.

    Those of sub-commands are among them.
    """
    commands = [command]
    if isinstance(command, click.Group):
        commands += command.commands.values()
    defaults = {}
    for parameter in [parameter for one in commands for parameter in one.params]:
        if isinstance(parameter, click.Option):
            if parameter.is_flag:
                default = "off"
            elif isinstance(parameter.default, str | int) or hasattr(parameter.default, "parts"):
                default = f"`{parameter.default}`"
            else:
                default = "needed" if parameter.required else ""
            defaults[parameter.opts[-1]] = default
    return defaults


def test_every_command_is_in_the_reference_and_no_other() -> None:
    commands = section(page("docs/reference.md"), "## Commands")
    named = re.findall(r"^### `rankmart ([a-z-]+)`$", commands, re.MULTILINE)
    assert sorted(named) == sorted(main.commands)


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_option_is_in_the_reference_with_its_default(name: str) -> None:
    about = section(page("docs/reference.md"), f"### `rankmart {name}`")
    documented = {code(row[0]): row[1] for row in rows(about)}
    options = options_of(main.commands[name])
    assert sorted(documented) == sorted(options)
    for option, default in options.items():
        if default:
            assert documented[option] == default, option


def test_options_of_all_commands_are_in_the_reference() -> None:
    commands = section(page("docs/reference.md"), "## Commands")
    for option in [*main.params, main.get_help_option(click.Context(main))]:
        assert isinstance(option, click.Option)
        assert any(name in commands for name in option.opts), option.opts


def test_the_exit_code_of_a_refused_run_is_in_the_reference() -> None:
    commands = section(page("docs/reference.md"), "## Commands")
    assert f"{REFUSED} (`score`, `publish`, `flow`)" in " ".join(commands.split())


def test_every_exit_code_is_in_the_reference() -> None:
    commands = " ".join(section(page("docs/reference.md"), "## Commands").split())
    told = commands.partition("Exit codes of `rankmart`: ")[2].partition(". ")[0]
    assert [int(part.split()[0]) for part in told.split("; ")] == list(EXIT_CODES)


def test_every_make_target_is_in_the_reference_and_no_other() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert "demo" in targets
    table = rows(section(page("docs/reference.md"), "## Make targets"))
    assert sorted(code(row[0]) for row in table) == sorted(f"make {name}" for name in targets)


def test_pages_name_only_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for path in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text("utf-8"), re.MULTILINE))
        assert named <= targets, path.name

"""What a project folder begins as: the dbt project of this version, and a few files around it.

There is one source of each. The dbt project is at the top of the repository; `setup.py` puts it
into the wheel. What only a project outside the repository has is in `project_template`.
"""

from collections.abc import Iterator
from pathlib import Path

from rankmart.errors import RankmartError

PARTS = ("dbt_project.yml", "profiles.yml", "selectors.yml", "models", "dbt_project")
"""Of the repository, what is a project's too."""

LEFT_OUT = ("__pycache__", "lint_stubs")
"""Folders below PARTS that are no part of it: what Python wrote, and what the linter needs."""

IN_THE_WHEEL = "project"
"""The folder beside this file that the wheel has PARTS in."""

TEMPLATE = {
    "Makefile": "Makefile",
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "gitkeep": "data/.gitkeep",
}
"""The files of `project_template`, and where each goes. Git would heed a `.gitignore` there."""

_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parents[1]


def dbt_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Every file of the dbt project at `root`, with its path relative to it, in order.

    Hidden ones are left out: an editor or a desktop wrote them.
    """
    for part in PARTS:
        found = root / part
        for path in [found] if found.is_file() else sorted(found.rglob("*")):
            relative = path.relative_to(root)
            hidden = path.name.startswith(".")
            if path.is_file() and not hidden and not set(relative.parts) & set(LEFT_OUT):
                yield relative.as_posix(), path


def shipped_files() -> dict[str, Path]:
    """The files of the installed version, by the path with `/` that each has in a project.

    Raises RankmartError for an installation without them.
    """
    in_wheel = _HERE / IN_THE_WHEEL
    files = dict(dbt_files(in_wheel if in_wheel.is_dir() else _REPOSITORY))
    if "dbt_project.yml" not in files:
        raise RankmartError(
            f"the dbt project is not in {in_wheel}: install Rankmart anew, from a wheel or from a"
            " clone of its repository"
        )
    for name, goes_to in TEMPLATE.items():
        files[goes_to] = _HERE / "project_template" / name
    return files

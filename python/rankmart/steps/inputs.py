"""Digests of what a step is done with: equal digests, nothing to do again."""

import hashlib
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import yaml  # type: ignore[import-untyped]  # no stubs: dbt brings PyYAML alone

import rankmart
from rankmart.errors import RankmartError
from rankmart.events import events_url
from rankmart.settings import Settings
from rankmart.tuned import read_tuned_vars

PROJECT_FILES = (
    "dbt_project.yml",
    "profiles.yml",
    "selectors.yml",
    "models",
    "dbt_project",
)
NOT_OF_THE_RESULT = {"memory_limit", "temp", "flow", "webhook", "today", "tuned"}
"""Settings that change no list; `today` counts by its list rules, `tuned` by its content."""


def digest(*parts: Any) -> str:
    """Of anything whose repr tells it whole."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def build_key(project: Path, *, last_event: int) -> str:
    """Of what `dbt build` is done with: data, events, the project, its settings, tuned vars, code.

    Files of data count by name, size and time, as they do for dbt.
    """
    return digest(
        [_data_files(path) for path in data_paths(project)],
        (events_url(), last_event),
        os.environ.get("RANKMART_PROTOCOL", ""),
        os.path.abspath(os.environ.get("RANKMART_WAREHOUSE", "")),
        sorted(read_tuned_vars(Settings.from_environment().tuned).items()),
        project_files(project),
        code(),
    )


def score_key(settings: Settings, *, build_id: str, rules: str | None) -> str:
    """Of what `rankmart score` is done with, on a build; `rules` are those of the day."""
    kept = {
        name: str(value)
        for name, value in asdict(settings).items()
        if name not in NOT_OF_THE_RESULT
    }
    tuned = _content(settings.tuned) if settings.tuned.exists() else None
    return digest(build_id, rules, sorted(kept.items()), tuned, code())


def data_paths(project: Path) -> tuple[str, str]:
    """Where reviews and products are, as dbt finds it; empty for no products."""
    try:
        given = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))
        told = given.get("vars") or {}
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise RankmartError(f"can't read {project / 'dbt_project.yml'} ({error})") from error
    return (
        told.get("reviews_path") or os.environ.get("RANKMART_REVIEWS") or "data/reviews.csv",
        told.get("products_path") or os.environ.get("RANKMART_PRODUCTS") or "",
    )


def project_files(project: Path) -> list[tuple[str, str]]:
    """By name, a digest of each file that dbt reads, the list rules among them."""
    found = [path for name in PROJECT_FILES for path in _files_below(project / name)]
    return [(str(path.relative_to(project)), _content(path)) for path in sorted(found)]


def code() -> list[tuple[str, str]]:
    """The same of this package, of which the models and the ranker are made."""
    package = Path(rankmart.__file__).parent
    return [
        (str(path.relative_to(package)), _content(path))
        for path in sorted(package.rglob("*"))
        if path.suffix in {".py", ".sql"}
    ]


def _files_below(start: Path) -> list[Path]:
    """A file itself, or those in a folder; links count as what they lead to."""
    if start.is_file():
        return [start]
    return [
        Path(folder) / name
        for folder, _folders, names in os.walk(start, followlinks=True)
        for name in names
        if not name.endswith(".pyc")
    ]


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _data_files(path: str) -> list[tuple[Any, ...]]:
    """Name, size and time of the files that a path or glob names; none is for dbt to tell."""
    if not path:
        return []
    with duckdb.connect() as connection:
        try:
            return connection.execute(
                "select filename, size, last_modified from read_blob($path) order by filename",
                {"path": path},
            ).fetchall()
        except duckdb.Error:
            return []

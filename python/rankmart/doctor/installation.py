"""Is what Rankmart needs installed: Python, packages, dbt and its project, XGBoost, extras."""

import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from rankmart.doctor.checks import Check, from_error, ok, problem, warning

# One of these is as good as the other: DECISIONS.md says why.
_SAME = {"xgboost": ("xgboost", "xgboost-cpu")}
_INSTALL = "run `make setup`, or pip install --upgrade rankmart"


def check_python(version: tuple[int, int, int] | None = None) -> Check:
    """Is this a Python that Rankmart is for."""
    running = ".".join(map(str, version or sys.version_info[:3]))
    wanted = metadata.metadata("rankmart")["Requires-Python"]
    if running in SpecifierSet(wanted):
        return ok("python", running)
    return problem(
        "python",
        f"{running}, and Rankmart needs {wanted}",
        "make an environment with such a Python: make PYTHON=python3.11 setup",
    )


def check_packages() -> Check:
    """Is every required package there, in a version that is required."""
    needed = [one for one in requirements() if not _extra(one)]
    faults = [fault for one in needed if (fault := _fault(one))]
    if faults:
        return problem("packages", "; ".join(faults), _INSTALL)
    return ok("packages", f"all {len(needed)} as required")


def check_extras() -> Check:
    """Which extras are there; none is needed for the daily job."""
    there: list[str] = []
    lacking: list[str] = []
    faults: list[str] = []
    extras = metadata.metadata("rankmart").get_all("Provides-Extra") or []
    for extra in extras:
        packages = [one for one in requirements() if _extra(one) == extra]
        if extra == "dev" or not packages:
            continue
        if all(_version(one) is None for one in packages[:1]):
            lacking.append(extra)
            continue
        there.append(extra)
        faults += [fault for one in packages if (fault := _fault(one))]
    found = f"installed: {', '.join(there) or 'none'}"
    if lacking:
        found += f"; not: {', '.join(lacking)} (pip install 'rankmart[{lacking[0]}]')"
    if faults:
        return warning(
            "extras", "; ".join(faults), f"pip install --upgrade 'rankmart[{','.join(there)}]'"
        )
    return ok("extras", found)


def check_dbt(project: Path, profiles: Path | None = None) -> Check:
    """Is dbt there, the project, and the project's profile."""
    dbt = shutil.which("dbt", path=str(Path(sys.executable).parent)) or shutil.which("dbt")
    if dbt is None:
        return problem("dbt", "there is no `dbt` beside this Python or on the path", _INSTALL)
    file = project / "dbt_project.yml"
    try:
        settings = _yaml(file)
    except OSError:
        return problem(
            "dbt",
            f"no dbt_project.yml in {project.resolve()}",
            "run dbt and rankmart where it is, or say where with --project; `rankmart init` makes"
            " one",
        )
    except yaml.YAMLError as error:
        return from_error("dbt", error, f"mend {file}")
    specifiers = settings.get("require-dbt-version", [])
    wanted = SpecifierSet(",".join([specifiers] if isinstance(specifiers, str) else specifiers))
    version = metadata.version("dbt-core")
    if version not in wanted:
        return problem("dbt", f"dbt is {version}, and the project needs {wanted}", _INSTALL)
    profile = str(settings.get("profile", ""))
    fault = _profile_fault(profile, [profiles] if profiles else [project, Path.home() / ".dbt"])
    if fault:
        return problem(
            "dbt",
            fault,
            "bring it back by `rankmart init --force`, or name its folder in DBT_PROFILES_DIR",
        )
    return ok("dbt", f"{version}, project {settings.get('name')}, profile {profile}")


def _profile_fault(profile: str, folders: list[Path]) -> str:
    file = next((one / "profiles.yml" for one in folders if (one / "profiles.yml").exists()), None)
    if file is None:
        return f"no profiles.yml in {' or '.join(map(str, folders))}"
    try:
        known = _yaml(file)
    except yaml.YAMLError as error:
        return " ".join(str(error).split())
    return "" if profile in known else f"{file} has no profile {profile!r}"


def check_xgboost() -> Check:
    """Does XGBoost train here: a wrong build fails only then."""
    try:
        import numpy as np
        import xgboost as xgb

        rows = xgb.DMatrix(
            np.arange(8, dtype=np.float32).reshape(-1, 1),
            label=np.array([0, 1] * 4, dtype=np.float32),
            qid=np.repeat([0, 1], 4),
        )
        xgb.train({"objective": "rank:ndcg", "nthread": 1, "verbosity": 0}, rows, 1)
    except (ImportError, OSError, AttributeError, ValueError) as error:
        # XGBoost's own error is a ValueError.
        return from_error("xgboost", error, "pip install --force-reinstall xgboost")
    return ok("xgboost", f"{xgb.__version__}, trains")


def project_vars(project: Path) -> dict[str, Any]:
    """The vars of dbt_project.yml; none where it can't be read."""
    try:
        return dict(_yaml(project / "dbt_project.yml").get("vars") or {})
    except (OSError, yaml.YAMLError, ValueError):
        return {}


def requirements() -> Iterator[Requirement]:
    """What the installed Rankmart says that it needs, extras too."""
    for line in metadata.requires("rankmart") or []:
        yield Requirement(line)


def _yaml(file: Path) -> dict[str, Any]:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise yaml.YAMLError(f"{file} holds no settings")
    return content


def _extra(requirement: Requirement) -> str:
    found = re.search(r"extra == ['\"]([^'\"]+)", str(requirement.marker or ""))
    return found[1] if found else ""


def _version(requirement: Requirement) -> str | None:
    return _first(
        version
        for name in _SAME.get(requirement.name, (requirement.name,))
        if (version := _installed(name)) is not None
    )


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _first(versions: Iterable[str]) -> str | None:
    return next(iter(versions), None)


def _fault(requirement: Requirement) -> str:
    version = _version(requirement)
    if version is None:
        return f"{requirement.name} is not installed"
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{requirement.name} is {version}, not {requirement.specifier}"
    return ""

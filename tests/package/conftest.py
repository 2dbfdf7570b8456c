"""The wheel, built from what the Dockerfile copies, and an environment that it is installed in."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from project import Finished

from .dockerfile import copied

DBT = """\
#!{python}
from dbt.cli.main import cli
cli()
"""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, which sees all other packages of the tests' own."""

    environment: Path

    def run(self, *command: str, cwd: Path, **variables: str) -> Finished:
        """A command of the environment; no variable of the tests' own project reaches it."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RANKMART_", "DBT_", "PYTHON"))
        }
        path = f"{self.environment / 'bin'}{os.pathsep}{inherited['PATH']}"
        ended = subprocess.run(
            command,
            cwd=cwd,
            env=inherited | variables | {"PATH": path, "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return Finished(ended.returncode, ended.stdout, ended.stderr)


def build(source: Path, out: Path, kind: str) -> Path:
    """The path of a wheel or an sdist of `source`, as a front end builds it."""
    out.mkdir(exist_ok=True)
    hook = f"import setuptools.build_meta as b; print(b.build_{kind}({str(out)!r}))"
    ended = subprocess.run(
        [sys.executable, "-c", hook], cwd=source, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return out / ended.stdout.splitlines()[-1]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the Dockerfile copies, and no others of the repository."""
    folder = tmp_path_factory.mktemp("source")
    for path, target in copied():
        if path.is_dir():
            # Developers' installations leave things beside the packages.
            left = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(path, folder / target, ignore=left)
        else:
            shutil.copy(path, folder / target)
    return folder


@pytest.fixture(scope="session")
def wheel(source: Path) -> Path:
    return build(source, source.parent / "dist", "wheel")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, installed without anything from elsewhere."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", python, "install"),
            *("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    # A line of a .pth adds the folder, and not what .pth files in that folder name: so the
    # packages are seen, and the repository, installed as editable there, is not.
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    beside = folder / "lib" / version / "site-packages" / "packages_of_the_tests.pth"
    beside.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    dbt = folder / "bin" / "dbt"
    dbt.write_text(DBT.format(python=python), encoding="utf-8")
    dbt.chmod(0o755)
    return Installed(folder)

"""Puts the dbt project, which is at the top of the repository, into the wheel and the sdist.

All else is in pyproject.toml. An editable installation finds the project in the repository.
"""

import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "python"))

from rankmart.project_files import IN_THE_WHEEL, dbt_files  # noqa: E402


class BuildWithProject(build_py):
    """`rankmart/project/` in the wheel is the dbt project as it is now."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        folder = self._folder()
        # What an earlier build left there: a model that was deleted would be built by dbt.
        shutil.rmtree(folder, ignore_errors=True)
        for name, path in dbt_files(ROOT):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        outputs: list[str] = super().get_outputs(include_bytecode)
        if self.editable_mode:
            return outputs
        return outputs + [str(self._folder() / name) for name, _ in dbt_files(ROOT)]

    def get_source_files(self) -> list[str]:
        """With the dbt project: what is named here is in the sdist."""
        sources: list[str] = super().get_source_files()
        return sources + [name for name, _ in dbt_files(ROOT)]

    def _folder(self) -> Path:
        return Path(self.build_lib) / "rankmart" / IN_THE_WHEEL


setup(cmdclass={"build_py": BuildWithProject})

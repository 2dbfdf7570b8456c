"""The Dockerfile, taken apart: its stages, and what they copy from the repository."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from project import ROOT


@dataclass
class Stage:
    """From one FROM to the next: instruction and argument, continued lines joined."""

    image: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def of(self, instruction: str) -> list[str]:
        return [argument for name, argument in self.steps if name == instruction]


def stages() -> list[Stage]:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    found: list[Stage] = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        instruction, argument = line.split(maxsplit=1)
        if instruction == "FROM":
            found.append(Stage(argument))
        else:
            found[-1].steps.append((instruction, " ".join(argument.split())))
    return found


def copied() -> Iterator[tuple[Path, str]]:
    """Each file or folder of the repository that a stage copies, and where to."""
    for stage in stages():
        for argument in stage.of("COPY"):
            *sources, target = shlex.split(argument)
            if not sources[0].startswith("--from="):
                for source in sources:
                    name = Path(source).name if target.endswith("/") else ""
                    yield ROOT / source, f"{target}{name}"

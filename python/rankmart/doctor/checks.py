"""What a check says: one line, and what to do where something is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

OK, WARNING, PROBLEM = "ok", "warning", "problem"
State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `todo` is empty where there is nothing to do.

    A problem keeps something from working; a warning does not yet, or need not.
    """

    name: str
    state: State
    found: str
    todo: str = ""


def ok(name: str, found: str) -> Check:
    return Check(name, "ok", found)


def warning(name: str, found: str, todo: str) -> Check:
    return Check(name, "warning", found, todo)


def problem(name: str, found: str, todo: str) -> Check:
    return Check(name, "problem", found, todo)


def from_error(name: str, error: BaseException, otherwise: str) -> Check:
    """A problem that an error tells; what to do is what its message says after the colon.

    >>> from_error("port", ValueError("no port 9: take another"), "see the docs").todo
    'take another'
    """
    text = " ".join(str(error).split()) or type(error).__name__
    what, colon, todo = text.rpartition(": ")
    return problem(name, what, todo) if colon else problem(name, text, otherwise)


def count(checks: Iterable[Check], state: State) -> int:
    return sum(check.state == state for check in checks)


def in_lines(checks: Sequence[Check]) -> str:
    """A line a check, and one for the sum."""
    width = max(len(check.name) for check in checks)
    lines = [
        f"{check.state:<8} {check.name:<{width}}  {check.found}"
        + (f" -> {check.todo}" if check.todo else "")
        for check in checks
    ]
    problems, warnings = count(checks, "problem"), count(checks, "warning")
    if problems or warnings:
        lines.append(f"\nProblems: {problems}, warnings: {warnings}.")
    else:
        lines.append("\nAll is well.")
    return "\n".join(lines)


def as_object(checks: Sequence[Check]) -> dict[str, Any]:
    """The same for a program."""
    return {
        "problems": count(checks, "problem"),
        "warnings": count(checks, "warning"),
        "checks": [asdict(check) for check in checks],
    }

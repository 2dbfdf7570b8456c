"""Runs a command and keeps what it says, and what it takes of the machine meanwhile."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from rankmart.errors import RankmartError

_SECONDS_BETWEEN_LOOKS = 0.2


@dataclass(frozen=True, kw_only=True)
class Look:
    """The process at a moment: seconds since 1970, CPU seconds so far, memory in MB."""

    at: float
    cpu_seconds: float
    memory_mb: float


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A process that ended well. `lines` are those of standard error, each with its moment."""

    seconds: float
    cpu_seconds: float
    peak_memory_mb: int
    looks: list[Look]
    lines: list[tuple[float, str]]

    def between(self, start: float, end: float) -> dict[str, float | None]:
        """CPU seconds and peak memory from one moment to another; None where nobody looked."""
        inside = [look for look in self.looks if start <= look.at <= end]
        before = [look for look in self.looks if look.at < start]
        if not inside:
            return {"cpu_seconds": None, "peak_memory_mb": None}
        first = before[-1] if before else inside[0]
        return {
            "cpu_seconds": round(inside[-1].cpu_seconds - first.cpu_seconds, 1),
            "peak_memory_mb": round(max(look.memory_mb for look in inside)),
        }


def run_and_watch(command: list[str], *, cwd: Path, environment: dict[str, str]) -> Finished:
    """Run to the end; raises RankmartError where it fails. Memory is of the process alone.

    The looks are Linux's; elsewhere there are none, and only the peak of the whole is known.
    That peak is never below what the process that calls this took before: a child starts as its
    copy, and the system counts that too.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=sys.stderr, stderr=subprocess.PIPE, text=True
    )
    lines: list[tuple[float, str]] = []
    reader = threading.Thread(target=_read, args=(process, lines))
    reader.start()
    looks: list[Look] = []
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        looks += _look(process.pid)
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    reader.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RankmartError(
            f"{Path(command[0]).name} ended with exit code {process.returncode}: see its message"
            " above"
        )
    return Finished(
        seconds=round(time.monotonic() - started, 1),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 1),
        # In kilobytes; on macOS in bytes.
        peak_memory_mb=round(usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)),
        looks=looks,
        lines=lines,
    )


def _read(process: "subprocess.Popen[str]", lines: list[tuple[float, str]]) -> None:
    assert process.stderr is not None
    with process.stderr as told:
        for line in told:
            sys.stderr.write(line)
            lines.append((time.time(), line.rstrip("\n")))


def _look(process_id: int) -> list[Look]:
    folder = Path("/proc") / str(process_id)
    try:
        pages = int((folder / "statm").read_text().split()[1])
        # After the name, which is in brackets and may hold anything: state is field 3.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
    except (OSError, IndexError):
        return []
    ticks = int(fields[11]) + int(fields[12])
    return [
        Look(
            at=time.time(),
            cpu_seconds=ticks / os.sysconf("SC_CLK_TCK"),
            memory_mb=pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        )
    ]

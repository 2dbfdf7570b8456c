"""Which steps are finished: one small JSON file a step, replaced by a rename.

Prefect's own cache is not used: it finds a result by its inputs, however long ago it was made,
and a step here changes a warehouse in place. Built from A, then from B, then from A again, the
tables must be built three times. So a step counts as finished if what it was done with last is
the same as now; whether its work is still there is for the step to see.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rankmart.errors import RankmartError
from rankmart.whole_files import write_whole

WAIT_SECONDS = 15
"""So long an ended flow's last step may take to end too."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A step that was finished. key: a digest of what it was done with; output: what it made."""

    key: str
    output: dict[str, Any]
    finished_at: datetime


def finished(folder: Path, step: str) -> Finished | None:
    """When a step was finished last, and with what; None for never, and for a damaged file."""
    try:
        entry = json.loads((folder / f"{step}.json").read_text(encoding="utf-8"))
        return Finished(
            key=str(entry["key"]),
            output=dict(entry["output"]),
            finished_at=datetime.fromisoformat(entry["finished_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note(folder: Path, step: str, *, key: str, output: dict[str, Any]) -> None:
    """Say that a step is finished; on the disk when this returns."""
    entry = {"key": key, "output": output, "finished_at": datetime.now(UTC).isoformat()}
    write_whole(folder / f"{step}.json", json.dumps(entry, indent=2) + "\n", synced=True)


def forget(folder: Path) -> None:
    """Let every step count as not finished."""
    for path in folder.glob("*.json"):
        path.unlink()


@contextmanager
def only_one(folder: Path, *, wait_seconds: float | None = None) -> Iterator[None]:
    """Hold the folder for one flow. The lock goes with the process, and with its step's process.

    Raises RankmartError when another flow holds it for longer than `wait_seconds`, or
    WAIT_SECONDS.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise RankmartError(
            f"can't write to {folder} ({error}): see RANKMART_FLOW and its permissions"
        ) from error
    try:
        os.set_inheritable(descriptor, True)
        give_up = time.monotonic() + (WAIT_SECONDS if wait_seconds is None else wait_seconds)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    who = os.pread(descriptor, 20, 0).decode() or "unknown"
                    raise RankmartError(
                        f"the flow is running already (process {who}): wait for it, or end it"
                    ) from None
                time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)

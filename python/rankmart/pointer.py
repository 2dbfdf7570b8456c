"""The small files beside the snapshots: which run is served, and which were gone back from.

`current` has the run id and a newline, `withdrawn` the runs that `rankmart rollback` left, one a
line. Both are replaced by a rename, so that a reader never meets half a file.
"""

import os
import secrets
from pathlib import Path

POINTER = "current"
WITHDRAWN = "withdrawn"


def point_to(published: Path, run_id: str) -> None:
    """Make a run whose snapshot is there the one that is served; raises OSError."""
    _replace(published / POINTER, f"{run_id}\n")


def read_withdrawn(published: Path) -> set[str]:
    """The runs that were gone back from; none where nobody ever did."""
    try:
        return set((published / WITHDRAWN).read_text(encoding="utf-8", errors="replace").split())
    except FileNotFoundError:
        return set()


def write_withdrawn(published: Path, run_ids: set[str]) -> None:
    """Replace what `read_withdrawn` reads; raises OSError."""
    if run_ids or (published / WITHDRAWN).exists():
        _replace(published / WITHDRAWN, "".join(f"{run_id}\n" for run_id in sorted(run_ids)))


def _replace(path: Path, content: str) -> None:
    """A file of this content, whole or not at all, on the disk when this returns."""
    temporary = temporary_name(path)
    try:
        temporary.write_text(content, encoding="utf-8")
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def temporary_name(target: Path) -> Path:
    """A name of its own in the same folder, hidden from those who look for snapshots."""
    return target.with_name(f".{target.name}.tmp-{secrets.token_hex(4)}")


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The small files beside the snapshots: which run is served, and which were gone back from.

`current` has the run id and a newline, `withdrawn` the runs that `rankmart rollback` left, one a
line. Both are replaced by a rename, so that a reader never meets half a file.
"""

from pathlib import Path

from rankmart.whole_files import write_whole

POINTER = "current"
WITHDRAWN = "withdrawn"


def point_to(published: Path, run_id: str) -> None:
    """Make a run whose snapshot is there the one that is served; raises OSError."""
    write_whole(published / POINTER, f"{run_id}\n", synced=True)


def read_withdrawn(published: Path) -> set[str]:
    """The runs that were gone back from; none where nobody ever did."""
    try:
        return set((published / WITHDRAWN).read_text(encoding="utf-8", errors="replace").split())
    except FileNotFoundError:
        return set()


def write_withdrawn(published: Path, run_ids: set[str]) -> None:
    """Replace what `read_withdrawn` reads; raises OSError."""
    if run_ids or (published / WITHDRAWN).exists():
        names = "".join(f"{run_id}\n" for run_id in sorted(run_ids))
        write_whole(published / WITHDRAWN, names, synced=True)

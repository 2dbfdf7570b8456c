"""Does the machine have what the settings ask for: disk, memory, threads."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import duckdb

from rankmart.doctor.checks import Check, ok, problem, warning
from rankmart.errors import first_line
from rankmart.settings import Settings

# The warehouse, and what is spilt on the way, in sizes of the files as text. Measured: 23 for the
# demo of 14 MB; less for larger ones.
NEEDED = 25
PACKED = 4
"""A packed file is about so many times as large as text."""
MEMORY_SHARE = 0.85
"""DuckDB's limit leaves the rest of the memory to XGBoost, Python and the system."""


def check_disk(settings: Settings, files: list[tuple[str, int, float]]) -> Check:
    """Is there room for the warehouse and for what is spilt, for files as large as these."""
    text = sum(
        size * (PACKED if name.endswith((".gz", ".zst", ".parquet")) else 1)
        for name, size, _ in files
    )
    here = settings.warehouse.stat().st_size if settings.warehouse.exists() else 0
    needed = max(NEEDED * text - here, 0)
    found = []
    places = {
        "warehouse": settings.warehouse.parent,
        "temp": Path(settings.temp) if settings.temp else settings.warehouse.parent,
        "published": settings.published,
    }
    for what, place in places.items():
        folder = _existing(place)
        if not os.access(folder, os.W_OK):
            return problem(
                "disk", f"{folder} can't be written to", f"RANKMART_{what.upper()} elsewhere"
            )
        free = shutil.disk_usage(folder).free
        if free < text:
            return problem("disk", f"{folder} has {_mb(free)} free", "make room")
        if what != "published" and free < needed:
            return warning(
                "disk",
                f"{folder} has {_mb(free)} free; files of {_mb(text)} as text may need"
                f" {_mb(needed)}",
                f"make room, or RANKMART_{what.upper()} elsewhere",
            )
        found.append(f"{what} {_mb(free)}")
    return ok("disk", f"free: {', '.join(found)}")


def check_memory(settings: Settings, total: int | None = None) -> Check:
    """Is the memory limit one that DuckDB takes, and one that the machine has."""
    try:
        with duckdb.connect(config={"memory_limit": settings.memory_limit}) as connection:
            [(limit,)] = connection.execute(
                "select parse_formatted_bytes(current_setting('memory_limit'))"
            ).fetchall()
    except duckdb.Error as error:
        return problem(
            "memory",
            f"RANKMART_MEMORY_LIMIT is {settings.memory_limit!r} ({first_line(error)})",
            "give a size, such as 4GB",
        )
    there = total or memory_bytes()
    said = f"RANKMART_MEMORY_LIMIT {settings.memory_limit}"
    if there is None:
        return ok("memory", said)
    if limit > there:
        return problem("memory", f"{said}, and there are {_mb(there)}", "lower it")
    if limit > MEMORY_SHARE * there:
        return warning(
            "memory",
            f"{said} of {_mb(there)} leaves little for XGBoost and the system",
            f"lower it to {_mb(int(MEMORY_SHARE * there))} or less",
        )
    return ok("memory", f"{said} of {_mb(there)}")


def check_threads(settings: Settings, cores: int | None = None) -> Check:
    """Are there as many cores as threads are asked for."""
    here = cores or Settings().thread_count
    if settings.threads > here:
        return warning(
            "threads",
            f"RANKMART_THREADS is {settings.threads}, and there are {here} cores",
            "lower it, or 0 for every core",
        )
    return ok("threads", f"{settings.thread_count} of {here} cores")


def memory_bytes() -> int | None:
    """The memory of the machine, or of the container if that is less; None where nobody says."""
    found = []
    with suppress(ValueError, OSError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except OSError:
            continue
        if text.isdigit():
            found.append(int(text))
    return min(found, default=None)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    here = folder.resolve()
    while not here.is_dir() and here != here.parent:
        here = here.parent
    return here


def _mb(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"

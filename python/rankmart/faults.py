"""Any exception as one line for the person at the terminal, and whether it is a bug of ours."""

import errno
import re

from rankmart.errors import RankmartError, first_line

_LOCKED = re.compile(r"Could not set lock on file \"([^\"]+)\".*?(?:PID (\d+)|$)", re.DOTALL)


def in_one_line(error: Exception) -> str | None:
    """What went wrong and what to do about it; None for what only a bug of ours explains."""
    if isinstance(error, RankmartError):
        return str(error)
    if isinstance(error, OSError):
        return _of_the_system(error)
    if isinstance(error, ImportError):
        return f"a package is missing ({error}): `rankmart doctor` tells which"
    if isinstance(error, MemoryError):
        return "out of memory: close other programs, or lower RANKMART_MEMORY_LIMIT"
    return _of_duckdb(error)


def is_interrupt(error: BaseException) -> bool:
    """Whether it is Ctrl-C, as Python says it or as DuckDB does in the middle of a query."""
    if isinstance(error, KeyboardInterrupt):
        return True
    import duckdb

    return isinstance(error, duckdb.InterruptException) or (
        isinstance(error, RuntimeError) and "Query interrupted" in str(error)
    )


def _of_the_system(error: OSError) -> str | None:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full{where}: free some space, then run it again"
    if isinstance(error, PermissionError):
        return f"no permission{where}: see who owns it, or name another place"
    if error.filename:
        return f"{error.strerror or error} ({error.filename})"
    return None


def _of_duckdb(error: Exception) -> str | None:
    import duckdb

    if not isinstance(error, duckdb.Error):
        return None
    text = str(error)
    if found := _LOCKED.search(text):
        who = f" (process {found[2]})" if found[2] else ""
        return (
            f"{found[1]} is open in another process{who}: wait for it, or close it"
            " (dbt, a notebook, the DuckDB shell)"
        )
    if "No space left" in text or "out of disk space" in text.lower():
        return f"the disk is full: free some space, then run it again ({first_line(error)})"
    if isinstance(error, duckdb.OutOfMemoryException):
        return (
            f"out of memory: raise RANKMART_MEMORY_LIMIT, then run it again ({first_line(error)})"
        )
    if isinstance(error, duckdb.IOException):
        return first_line(error)
    return None

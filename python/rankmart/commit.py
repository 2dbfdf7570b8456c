"""The commit of the project that is run."""

import subprocess


def git_commit() -> str | None:
    """The full hash of the commit checked out here; None where nothing is under git."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None

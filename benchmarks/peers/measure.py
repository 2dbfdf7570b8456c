"""Run a command and write its seconds and peak memory: `python -S measure.py OUT COMMAND …`.

A process of its own, small, because on Linux a new process inherits the peak memory of the one
that starts it.
"""

import json
import os
import subprocess
import sys
import time


def measured(command: list[str]) -> dict[str, float]:
    """Exit code, wall-clock seconds, and peak memory in MB of 2^20 bytes.

    ru_maxrss is in kilobytes, on macOS in bytes.
    """
    started = time.monotonic()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "exit_code": child.returncode,
        "seconds": time.monotonic() - started,
        "peak_memory_mb": usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
    }


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(measured(sys.argv[2:]), out)

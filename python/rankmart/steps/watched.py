"""Runs a command that must not outlive who started it: `python -m rankmart.steps.watched dbt …`.

Who starts it holds a pipe to its standard input. The pipe closes when that process ends, also by
`kill -9`, and then the command is ended too. The command itself has no standard input.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

PATIENCE_SECONDS = 5


def main(command: list[str]) -> int:
    """The exit code of the command, as a shell tells it."""
    # Ctrl-C reaches the command as well, which ends by itself.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        signal.signal(signal.SIGTERM, lambda _number, _frame: process.terminate())
        threading.Thread(target=_end_with_parent, args=[process], daemon=True).start()
        code = process.wait()
    return code if code >= 0 else 128 - code


def _end_with_parent(process: "subprocess.Popen[bytes]") -> None:
    # Not by `sys.stdin`, whose lock a waiting thread would hold when this process ends.
    while os.read(0, 1024):
        pass
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_SECONDS)
    process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Telling how far a long step is: a bar on a terminal, log lines elsewhere."""

import logging
import sys
from typing import Any

from tqdm import tqdm

logger = logging.getLogger(__name__)


class Progress:
    """Called as `progress(what, done, of)`; a new `what` begins a new bar."""

    def __init__(self, *, terminal: bool | None = None) -> None:
        self.terminal = sys.stderr.isatty() if terminal is None else terminal
        self.bar: Any = None
        self.what = ""
        self.tenths = 0

    def __call__(self, what: str, done: int, of: int) -> None:
        if self.terminal:
            self._draw(what, done, of)
        else:
            self._log(what, done, of)

    def _draw(self, what: str, done: int, of: int) -> None:
        if what != self.what:
            self.close()
            self.what = what
            self.bar = tqdm(total=of, desc=what, leave=False, file=sys.stderr)
        self.bar.total = of
        self.bar.n = done
        self.bar.refresh()
        if done >= of:
            self.close()

    def _log(self, what: str, done: int, of: int) -> None:
        tenths = 10 * done // max(1, of)
        if what != self.what or tenths > self.tenths:
            logger.info("%s: %d of %d", what, done, of)
        self.what, self.tenths = what, tenths

    def close(self) -> None:
        """Take the bar off the terminal."""
        if self.bar is not None:
            self.bar.close()
        self.bar, self.what = None, ""

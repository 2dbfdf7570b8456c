"""How long each stage of a job took, as log lines."""

import logging
import time

logger = logging.getLogger(__name__)


class Stages:
    """`enter` begins a stage and ends the one before; an ended stage is logged with its seconds.

    The lines are `NAME took SECONDS s`: benchmarks/scale reads them.
    """

    def __init__(self) -> None:
        self.name = ""
        self.started = time.monotonic()

    def enter(self, name: str) -> None:
        """Begin a stage."""
        self.close()
        self.name, self.started = name, time.monotonic()

    def close(self) -> None:
        """End the last stage."""
        if self.name:
            logger.info("%s took %.1f s", self.name, time.monotonic() - self.started)
        self.name = ""

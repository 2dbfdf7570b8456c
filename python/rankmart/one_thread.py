"""BLAS on one thread, for work that dbt's threads do at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from threadpoolctl import OpenBLASController, threadpool_limits


@dataclass(kw_only=True)
class _Inside:
    """The limits of those who are inside, and of those who left before the last."""

    lock: Lock = field(default_factory=Lock)
    limits: list[threadpool_limits] = field(default_factory=list)
    count: int = 0


_inside = _Inside()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Sums of BLAS in the same order every time, however many threads of Python are inside.

    The limit is one of the whole process, and whoever sets it keeps what it was before. Two that
    overlap would put it back while the other still computes; here the last to leave does. Who
    enters sets it again, for a library that was loaded since.
    """
    with _inside.lock:
        _let_this_thread_set_it()
        _inside.limits.append(threadpool_limits(1, user_api="blas"))
        _inside.count += 1
    try:
        yield
    finally:
        with _inside.lock:
            _inside.count -= 1
            if not _inside.count:
                _let_this_thread_set_it()
                while _inside.limits:
                    _inside.limits.pop().restore_original_limits()
                # Nor does it stay the one thread that may.
                _let_this_thread_set_it()


def _let_this_thread_set_it() -> None:
    """As long as the thread that first set a limit is alive, threadpoolctl does nothing, and says
    nothing, when another one does."""
    OpenBLASController.clear_controlling_thread(force=True)

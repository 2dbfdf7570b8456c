"""What is costly to make is made once, by whichever of pytest's workers needs it first."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

Made = TypeVar("Made")


def folder_of_all_workers(factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of pytest; each of xdist's workers has its own one below it."""
    own = factory.getbasetemp()
    return own.parent if own.name.startswith("popen-") else own


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]) -> Made:
    """What `make` returns, given a new folder; a worker that comes second waits for it.

    Workers share the files below the folder, and the value as it was pickled: so it should be
    of paths and names.
    """
    folder = folder_of_all_workers(factory) / "shared" / name
    folder.parent.mkdir(exist_ok=True)
    value = folder.with_suffix(".pickle")
    with FileLock(folder.with_suffix(".lock")):
        if not value.exists():
            folder.mkdir()
            value.write_bytes(pickle.dumps(make(folder)))
    made: Made = pickle.loads(value.read_bytes())
    return made

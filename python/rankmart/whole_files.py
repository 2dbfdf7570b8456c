"""Files that appear whole or not at all: written under another name, then renamed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, content: str | bytes, *, synced: bool = False) -> None:
    """Make or replace a file; text is UTF-8. With `synced` it is on the disk when this returns.

    What was there stays as it is when this raises OSError.
    """
    with whole(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        if synced:
            sync(temporary)
    if synced:
        sync(path.parent)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write a file that takes its place in the end, or is gone if anything goes wrong."""
    temporary = temporary_name(path)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def temporary_name(target: Path) -> Path:
    """A name of its own in the same folder, hidden from those who look for what is finished."""
    return target.with_name(f".{target.name}.tmp-{secrets.token_hex(4)}")


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

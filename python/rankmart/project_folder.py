"""A project folder: begun from the files of the installed version, and brought up to a later one.

A manifest in the folder remembers the digest of each file as it was shipped. What still has that
digest is unchanged, so an upgrade may replace it; all else is the user's, and stays.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rankmart.errors import RankmartError
from rankmart.whole_files import write_whole

MANIFEST = ".rankmart.json"
"""Kept in the folder, and in its git: version, and digest of each file as it was shipped."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The version that wrote a folder last, and SHA-256 of each of its files, by path."""

    version: str
    files: Mapping[str, str]


@dataclass(kw_only=True)
class Changes:
    """What was done to the files of a folder, each a path in it."""

    written: list[str] = field(default_factory=list)
    """New ones."""
    replaced: list[str] = field(default_factory=list)
    """Unchanged ones, by those of this version."""
    removed: list[str] = field(default_factory=list)
    """Unchanged ones that this version has no more."""
    kept: list[str] = field(default_factory=list)
    """The user's, the same in both versions: nothing to do."""
    kept_from_new: list[str] = field(default_factory=list)
    """The user's, where this version has changed too, or has no such file: to be looked at."""
    left_out: list[str] = field(default_factory=list)
    """Those that the user has deleted."""


def begin(folder: Path, shipped: Mapping[str, Path], *, version: str) -> Changes:
    """Write all files into a folder; raises RankmartError where one of them is there already."""
    there = [name for name in sorted(shipped) if _present(folder / name)]
    if there or (folder / MANIFEST).exists():
        named = ", ".join(there[:3] or [MANIFEST]) + (" …" if len(there) > 3 else "")
        raise RankmartError(
            f"{folder.resolve()} has {named} already: name another folder, or use --force to add"
            " only what is missing, or --upgrade to bring a project to this version"
        )
    return _add(folder, shipped, version=version, manifest=None)


def add_missing(folder: Path, shipped: Mapping[str, Path], *, version: str) -> Changes:
    """Write the files that the folder has not, and leave all others as they are."""
    manifest = read_manifest(folder)
    if manifest and manifest.version != version:
        raise RankmartError(
            f"{folder.resolve()} is a project of Rankmart {manifest.version}, and {version} is"
            " installed: use --upgrade first, so that the files fit together"
        )
    return _add(folder, shipped, version=version, manifest=manifest)


def upgrade(folder: Path, shipped: Mapping[str, Path], *, version: str) -> Changes:
    """Bring a folder to the installed version, but for the files that the user has changed.

    A file that was changed both here and in the new version is named once, then counts as the
    user's own. Raises RankmartError for a folder without a manifest. An upgrade that was cut
    short is finished by the next one.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise RankmartError(
            f"no {MANIFEST} in {folder.resolve()}, so `rankmart init` did not write it: in a clone"
            " of the repository use git; elsewhere `rankmart init` begins a project"
        )
    changes = _compared(folder, _digests(shipped), manifest.files)
    for name in changes.written + changes.replaced:
        _write(folder / name, shipped[name].read_bytes())
    for name in changes.removed:
        (folder / name).unlink()
    _write_manifest(folder, Manifest(version=version, files=_digests(shipped)))
    return changes


def _compared(folder: Path, shipped: Mapping[str, str], base: Mapping[str, str]) -> Changes:
    """What an upgrade does, by the digests of what ships now and of what shipped before."""
    changes = Changes()
    for name in sorted({*shipped, *base}):
        here = _digest_of(folder / name)
        new, old = shipped.get(name), base.get(name)
        if here == new:
            continue
        if here is None:
            (changes.written if old is None else changes.left_out).append(name)
        elif here == old:
            (changes.removed if new is None else changes.replaced).append(name)
        else:
            (changes.kept if new == old else changes.kept_from_new).append(name)
    return changes


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; None where there is none. Raises RankmartError if it is broken."""
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        files = {str(name): str(digest) for name, digest in found["files"].items()}
        manifest = Manifest(version=str(found["version"]), files=files)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RankmartError(
            f"{path} can't be read: take it back from git, or delete it and use --force"
        ) from error
    for name in files:
        parts = Path(name).parts
        if not parts or ".." in parts or Path(name).is_absolute():
            raise RankmartError(f"{path} names {name!r}, which is not in the folder")
    return manifest


def _add(
    folder: Path, shipped: Mapping[str, Path], *, version: str, manifest: Manifest | None
) -> Changes:
    changes = Changes()
    for name in sorted(shipped):
        if not _present(folder / name):
            _write(folder / name, shipped[name].read_bytes())
            changes.written.append(name)
        elif _digest_of(folder / name) != _digest(shipped[name].read_bytes()):
            changes.kept.append(name)
    # What the manifest has is what was shipped, also where that was another build of this version.
    files = _digests(shipped) | dict(manifest.files if manifest else {})
    files |= {name: _digest(shipped[name].read_bytes()) for name in changes.written}
    _write_manifest(folder, Manifest(version=version, files=files))
    return changes


def _digests(shipped: Mapping[str, Path]) -> dict[str, str]:
    return {name: _digest(path.read_bytes()) for name, path in shipped.items()}


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    files = {name: manifest.files[name] for name in sorted(manifest.files)}
    text = json.dumps({"version": manifest.version, "files": files}, indent=1) + "\n"
    _write(folder / MANIFEST, text.encode())


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise RankmartError(f"{path} can't be written: {error.strerror or error}") from error


def _present(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _digest_of(path: Path) -> str | None:
    """None where there is no such file."""
    try:
        return _digest(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RankmartError(f"{path} can't be read: {error.strerror or error}") from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

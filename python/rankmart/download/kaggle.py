"""A set from Kaggle, through the client that the user has installed and signed in with."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from rankmart.download.transfer import DownloadError

_INSTEAD = "`rankmart download fine-foods` needs no account"


def fetch_from_kaggle(dataset: str, file: str, target: Path) -> None:
    """Get one file of a set of Kaggle's; Rankmart never sees the user's key.

    Raises DownloadError where there is no client, or the client fails.
    """
    client = shutil.which("kaggle")
    if client is None:
        raise DownloadError(
            "there is no `kaggle` on the path: pip install kaggle, and sign in as its"
            f" documentation says; {_INSTEAD}"
        )
    folder = target.with_name(f".{target.name}.kaggle")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        ended = subprocess.run(
            [client, "datasets", "download", dataset, "--file", file, "--path", folder],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
            raise DownloadError(
                f"`kaggle` failed ({said[-1] if said else f'exit code {ended.returncode}'}):"
                f" see `kaggle datasets files {dataset}`; {_INSTEAD}"
            )
        os.replace(_unzipped(folder, file), target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unzipped(folder: Path, file: str) -> Path:
    """The file, which the client may have left as it is or in a zip."""
    plain = folder / file
    for packed in folder.glob("*.zip"):
        try:
            with (
                zipfile.ZipFile(packed) as archive,
                archive.open(file) as inside,
                plain.open("wb") as out,
            ):
                shutil.copyfileobj(inside, out)
        except (zipfile.BadZipFile, KeyError, OSError) as error:
            raise DownloadError(f"what `kaggle` left can't be unpacked ({error})") from error
    if not plain.exists():
        raise DownloadError(f"`kaggle` ended well, but left no {file}; {_INSTEAD}")
    return plain

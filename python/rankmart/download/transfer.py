"""Getting one file over HTTP: whole or not there, going on where it broke off.

What has come is in `<file>.part`, and `<file>.part.json` says of which address and version it is.
A later call goes on after it, if the server still has that version (`If-Range`); else it begins
anew. Only a whole file gets the name that was asked for.
"""

import gzip
import hashlib
import json
import logging
import os
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from tqdm import tqdm

from rankmart.errors import RankmartError, first_line

logger = logging.getLogger(__name__)

TRIES = 6
"""So often in a row a connection may break without a byte; each byte starts the count anew."""
LONGEST_WAIT = 30.0
_CHUNK = 1 << 20
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class DownloadError(RankmartError):
    """A file can't be had; what has come of it is kept, unless it is damaged."""


class _UnavailableError(Exception):
    """This address does not give the file; another one may."""


class _BrokenError(Exception):
    """The transfer broke off; it may go on. `wait` is what the server asked for, in seconds."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass(frozen=True)
class _Version:
    """Which file a `.part` is a beginning of. Without a validator, nobody can tell."""

    address: str
    validator: str = ""


def mirrored(address: str, environment: Mapping[str, str] | None = None) -> str:
    """The address, on the host that RANKMART_MIRROR names if it is set.

    >>> mirrored("https://host.edu/data/a.gz", {"RANKMART_MIRROR": "http://cache:8080/amazon/"})
    'http://cache:8080/amazon/data/a.gz'
    """
    given = os.environ if environment is None else environment
    mirror = given.get("RANKMART_MIRROR", "").rstrip("/")
    return mirror + urlsplit(address).path if mirror else address


def fetch(
    addresses: Sequence[str],
    target: Path,
    *,
    sha256: str = "",
    growth: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Get a file from the first address that has it, and check it.

    `growth` is the space needed in all, in sizes of the file. With `sha256` that is checked;
    without, a `.gz` is read through. Raises DownloadError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    failures: list[str] = []
    with _client() as client:
        for address in dict.fromkeys(mirrored(address) for address in addresses):
            try:
                _fetch_from(client, address, target, growth=growth, sleep=sleep)
            except _UnavailableError as error:
                logger.info("%s", error)
                failures.append(str(error))
                continue
            break
        else:
            raise DownloadError(
                "; ".join(failures) + ". See whether the page of the set has moved, or name a"
                " mirror: RANKMART_MIRROR=https://host/path"
            )
    _check(_part(target), target, sha256)
    os.replace(_part(target), target)
    _note(target).unlink(missing_ok=True)


def _client() -> httpx.Client:
    return httpx.Client(
        timeout=httpx.Timeout(30.0),
        follow_redirects=True,
        # The bytes as they lie there: what is resumed is counted in these.
        headers={"User-Agent": "rankmart", "Accept-Encoding": "identity"},
    )


def _fetch_from(
    client: httpx.Client,
    address: str,
    target: Path,
    *,
    growth: float,
    sleep: Callable[[float], None],
) -> None:
    failed = 0
    while True:
        before = _size(_part(target))
        try:
            _go_on(client, address, target, growth=growth)
        except _BrokenError as error:
            failed = 1 if _size(_part(target)) > before else failed + 1
            if failed == TRIES:
                raise _UnavailableError(f"{address}: {error}, {TRIES} times in a row") from error
            wait = min(max(error.wait, 0.5 * 2 ** (failed - 1)), LONGEST_WAIT)
            logger.info("%s: %s; again in %.1f s", address, error, wait)
            sleep(wait)
        else:
            return


def _go_on(client: httpx.Client, address: str, target: Path, *, growth: float) -> None:
    """One request: the rest of the file, or all of it."""
    part = _part(target)
    version = _read_note(target)
    have = _size(part) if version.address == address and version.validator else 0
    headers = {"Range": f"bytes={have}-", "If-Range": version.validator} if have else {}
    try:
        with client.stream("GET", address, headers=headers) as response:
            begin, total = _begin_and_total(response, target, have)
            if begin is None:
                return
            if have and not begin:
                logger.info("%s: the server sends it from the beginning", address)
            _require_space(target, total, begin, growth)
            _write_note(target, _Version(address, _validator(response)))
            _append(response, target, begin, total)
    except httpx.TransportError as error:
        raise _BrokenError(first_line(error)) from error
    except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
        raise _UnavailableError(f"{address}: {first_line(error)}") from error
    if total is not None and _size(part) != total:
        raise _BrokenError(f"{_size(part):,} of {total:,} bytes came")


def _begin_and_total(
    response: httpx.Response, target: Path, have: int
) -> tuple[int | None, int | None]:
    """From which byte on the answer is, and the size of the file; no beginning if all is here."""
    if response.status_code in _PASSING:
        wait = response.headers.get("Retry-After", "")
        raise _BrokenError(
            f"the server answers {response.status_code}", float(wait) if wait.isdigit() else 0.0
        )
    size = response.headers.get("Content-Range", "").rpartition("/")[2]
    total = int(size) if size.isdigit() else None
    if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and have:
        if total == have:
            return None, total
        raise _begin_anew(response, target)
    if response.status_code == httpx.codes.PARTIAL_CONTENT:
        first = response.headers.get("Content-Range", "").partition("-")[0].split()[-1:]
        if first != [str(have)]:
            raise _begin_anew(response, target)
        return have, total
    if response.status_code != httpx.codes.OK:
        raise _UnavailableError(f"{response.url}: the server answers {response.status_code}")
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _begin_anew(response: httpx.Response, target: Path) -> _BrokenError:
    """What is here does not fit the answer, so the next request asks for all."""
    _note(target).unlink(missing_ok=True)
    return _BrokenError(f"the server answers {response.status_code} with another range")


def _append(response: httpx.Response, target: Path, begin: int, total: int | None) -> None:
    try:
        with _part(target).open("r+b" if begin else "wb") as file:
            file.seek(begin)
            file.truncate()
            with _bar(target.name, begin, total) as bar:
                for chunk in response.iter_raw():
                    file.write(chunk)
                    bar.update(len(chunk))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DownloadError(
            f"can't write {_part(target)} ({error.strerror}): mend that, then run it again: it"
            " goes on where it was"
        ) from error


@contextmanager
def _bar(what: str, begin: int, total: int | None) -> Iterator[tqdm]:
    """Bytes on a terminal; elsewhere a line at the beginning."""
    terminal = sys.stderr.isatty()
    if not terminal:
        size = f" of {total:,}" if total is not None else ""
        logger.info("%s: from byte %s%s", what, f"{begin:,}", size)
    with tqdm(
        total=total,
        initial=begin,
        desc=what,
        unit="B",
        unit_scale=True,
        leave=False,
        disable=not terminal,
        file=sys.stderr,
    ) as bar:
        yield bar


def _require_space(target: Path, total: int | None, begin: int, growth: float) -> None:
    if total is None:
        return
    needed = int(total * growth) - begin
    free = shutil.disk_usage(target.parent).free
    if free < needed:
        raise DownloadError(
            f"{target.parent} has {free / 1e6:,.0f} MB free, and {target.name} needs"
            f" {needed / 1e6:,.0f} MB: make room, or name another folder with --out"
        )


def _check(part: Path, target: Path, sha256: str) -> None:
    """Raise, and delete what came, where it is not the file that it should be."""
    fault = _differs(part, sha256) if sha256 else _damaged(part, target)
    if fault:
        part.unlink()
        _note(target).unlink(missing_ok=True)
        raise DownloadError(f"{target.name} {fault}")


def _differs(part: Path, sha256: str) -> str:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found == sha256:
        return ""
    return (
        f"is not the file that is known: its SHA-256 is {found}, not {sha256}. It is deleted: run"
        " it again; if it is the same then, the archive has a new file: --no-checksum takes it"
    )


def _damaged(part: Path, target: Path) -> str:
    if target.suffix != ".gz":
        return ""
    try:
        with gzip.open(part) as file:
            while file.read(_CHUNK):
                pass
    except (OSError, EOFError, zlib.error) as error:
        return f"came damaged ({first_line(error)}). It is deleted: run it again"
    return ""


def _validator(response: httpx.Response) -> str:
    """What If-Range may hold: a strong ETag, else the time of change, else nothing."""
    etag = str(response.headers.get("ETag", ""))
    if etag.startswith('"'):
        return etag
    return str(response.headers.get("Last-Modified", ""))


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _note(target: Path) -> Path:
    return target.with_name(f"{target.name}.part.json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read_note(target: Path) -> _Version:
    try:
        return _Version(**json.loads(_note(target).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return _Version("")


def _write_note(target: Path, version: _Version) -> None:
    _note(target).write_text(json.dumps(asdict(version)), encoding="utf-8")

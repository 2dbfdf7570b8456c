"""From what an archive has to what Rankmart reads, line by line, never a file in memory."""

import ast
import csv
import gzip
import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from tqdm import tqdm

from rankmart.download.transfer import DownloadError
from rankmart.whole_files import whole

logger = logging.getLogger(__name__)

KAGGLE_HEADER = (
    "Id",
    "ProductId",
    "UserId",
    "ProfileName",
    "HelpfulnessNumerator",
    "HelpfulnessDenominator",
    "Score",
    "Time",
    "Summary",
    "Text",
)

_SNAP_FIELDS = {
    b"product/productId": "ProductId",
    b"review/userId": "UserId",
    b"review/profileName": "ProfileName",
    b"review/helpfulness": "helpfulness",
    b"review/score": "Score",
    b"review/time": "Time",
    b"review/summary": "Summary",
    b"review/text": "Text",
}


def snap_to_csv(source: Path, target: Path) -> int:
    """SNAP's blocks of `product/productId: …` lines as the CSV that Kaggle has; rows written.

    A block begins with its product. A line without a known key goes on with the field before it.
    Bytes that are no UTF-8 are read as Latin-1.
    """
    with _written(target) as file, _unpacked(source) as lines:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(KAGGLE_HEADER)
        count = 0
        for count, review in enumerate(_snap_reviews(lines), start=1):
            rows.writerow([count, *_kaggle_row(review)])
        if not count:
            raise DownloadError(
                f"{source.name} holds no line that begins with product/productId: the archive has"
                " changed its form. What Kaggle has is read as it is: fine-foods-kaggle"
            )
    return count


def literals_to_json(source: Path, target: Path) -> int:
    """Lines of Python's literals, as in UCSD's metadata of 2014, as lines of JSON; lines written.

    A line that is neither stays as it is: `dbt run` counts it among the malformed ones.
    """
    count = unread = 0
    with _written(target) as file, _unpacked(source) as lines:
        for line in lines:
            count += 1
            text = _decoded(line).strip()
            try:
                file.write(_as_json(text) + "\n")
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                unread += 1
                file.write(text + "\n")
    if unread:
        logger.warning("%s: %d of %d lines are neither JSON nor literals", source, unread, count)
    return count


CONVERSIONS: dict[str, tuple[Callable[[Path, Path], int], float]] = {
    # With what is needed beside the packed file, in sizes of it.
    "snap": (snap_to_csv, 4.0),
    "literals": (literals_to_json, 1.5),
}


def converted_name(file: str, convert: str) -> str:
    """The name of what a file becomes.

    >>> converted_name("meta_Beauty.json.gz", "literals")
    'meta_Beauty.jsonl.gz'
    """
    return file.replace(".json.gz", ".jsonl.gz") if convert == "literals" else file


def _as_json(text: str) -> str:
    if text.startswith('{"'):
        try:
            return json.dumps(json.loads(text), ensure_ascii=False)
        except ValueError:
            pass
    return json.dumps(ast.literal_eval(text), ensure_ascii=False)


def _snap_reviews(lines: Iterable[bytes]) -> Iterator[dict[str, str]]:
    review: dict[str, str] = {}
    field = ""
    for raw in lines:
        line = raw.strip()
        key, colon, value = line.partition(b":")
        known = _SNAP_FIELDS.get(key) if colon else None
        if known == "ProductId" and review:
            yield review
            review = {}
        if known:
            field = known
            review[field] = _one_line(value)
        elif line and field:
            review[field] += " " + _one_line(line)
    if review:
        yield review


def _kaggle_row(review: dict[str, str]) -> list[str]:
    helpful, _, votes = review.get("helpfulness", "").partition("/")
    return [
        review.get("ProductId", ""),
        review.get("UserId", ""),
        review.get("ProfileName", ""),
        helpful,
        votes,
        review.get("Score", "").removesuffix(".0"),
        review.get("Time", ""),
        review.get("Summary", ""),
        review.get("Text", ""),
    ]


def _one_line(value: bytes) -> str:
    """Text without breaks, so that each review is one line of the file."""
    return " ".join(_decoded(value).splitlines()).strip()


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


@contextmanager
def _unpacked(source: Path) -> Iterator[Iterable[bytes]]:
    """The lines of a packed file, with a bar of how much of it is read."""
    with (
        source.open("rb") as packed,
        tqdm(
            total=source.stat().st_size,
            desc=f"convert {source.name}",
            unit="B",
            unit_scale=True,
            leave=False,
            disable=not sys.stderr.isatty(),
            file=sys.stderr,
        ) as bar,
    ):
        yield _lines(packed, bar)


def _lines(packed: BinaryIO, bar: tqdm) -> Iterator[bytes]:
    with gzip.open(packed) as file:
        for number, line in enumerate(file):
            if number % 1000 == 0:
                bar.n = packed.tell()
                bar.update(0)
            yield line


@contextmanager
def _written(target: Path) -> Iterator[TextIO]:
    """A text file that appears whole or not at all, packed where its name says so."""
    with (
        whole(target) as temporary,
        (
            gzip.open(temporary, "wt", encoding="utf-8", newline="", compresslevel=6)
            if target.suffix == ".gz"
            else temporary.open("w", encoding="utf-8", newline="")
        ) as file,
    ):
        yield file

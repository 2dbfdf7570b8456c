"""What archives have in forms of their own becomes what Rankmart reads."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from rankmart.download.convert import KAGGLE_HEADER, literals_to_json, snap_to_csv
from rankmart.download.transfer import DownloadError

BLOCKS = """product/productId: B001E4KFG0
review/userId: A3SGXH7AUHU8GW
review/profileName: delmartian
review/helpfulness: 1/2
review/score: 5.0
review/time: 1303862400
review/summary: Good "Quality" Dog Food
review/text: Several,  of them.<br />Ratio: 3:1

product/productId: B00813GRG4
review/userId: A1D87F6ZCVE5NK
review/profileName: dll
 pa
review/helpfulness: 0/0
review/score: 1.0
review/time: 1346976000
review/summary:
review/text: Caf\xe9

still the same review
"""


def unpacked(text: bytes, folder: Path) -> Path:
    path = folder / "packed.gz"
    path.write_bytes(gzip.compress(text))
    return path


def test_blocks_become_the_csv_that_kaggle_has(tmp_path: Path) -> None:
    source = unpacked(BLOCKS.encode("latin-1"), tmp_path)
    assert snap_to_csv(source, tmp_path / "Reviews.csv") == 2
    with (tmp_path / "Reviews.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        list(KAGGLE_HEADER),
        [
            *("1", "B001E4KFG0", "A3SGXH7AUHU8GW", "delmartian", "1", "2", "5", "1303862400"),
            *('Good "Quality" Dog Food', "Several,  of them.<br />Ratio: 3:1"),
        ],
        [
            *("2", "B00813GRG4", "A1D87F6ZCVE5NK", "dll pa", "0", "0", "1", "1346976000"),
            *("", "Café still the same review"),
        ],
    ]


def test_each_review_is_one_line(tmp_path: Path) -> None:
    source = unpacked(BLOCKS.replace("Ratio", "A\rB").encode("latin-1"), tmp_path)
    snap_to_csv(source, tmp_path / "Reviews.csv")
    assert (tmp_path / "Reviews.csv").read_bytes().count(b"\n") == 3


def test_utf_8_is_kept_as_it_is(tmp_path: Path) -> None:
    source = unpacked(BLOCKS.encode("utf-8"), tmp_path)
    snap_to_csv(source, tmp_path / "Reviews.csv")
    assert "Café still" in (tmp_path / "Reviews.csv").read_text(encoding="utf-8")


def test_what_holds_no_blocks_is_an_error_and_no_file(tmp_path: Path) -> None:
    source = unpacked(b"<html>moved</html>\n", tmp_path)
    with pytest.raises(DownloadError, match="no line that begins with product/productId"):
        snap_to_csv(source, tmp_path / "Reviews.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["packed.gz"]


def test_literals_of_python_become_json_lines(tmp_path: Path) -> None:
    lines = [
        "{'asin': '0205616461', 'title': \"Bio's Gel\", 'categories': [['Beauty', 'Skin']]}",
        '{"asin": "0558925278", "title": "Powder", "price": 9.5}',
        "{'asin': 'broken'",
    ]
    source = unpacked("\n".join(lines).encode(), tmp_path)
    assert literals_to_json(source, tmp_path / "meta.jsonl.gz") == 3
    with gzip.open(tmp_path / "meta.jsonl.gz", "rt", encoding="utf-8") as file:
        first, second, third = file.read().splitlines()
    assert json.loads(first) == {
        "asin": "0205616461",
        "title": "Bio's Gel",
        "categories": [["Beauty", "Skin"]],
    }
    assert json.loads(second) == {"asin": "0558925278", "title": "Powder", "price": 9.5}
    assert third == lines[2]


def test_a_literal_is_read_and_never_run(tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')"
    literals_to_json(unpacked(trap.encode(), tmp_path), tmp_path / "meta.jsonl.gz")
    assert not (tmp_path / "ran").exists()

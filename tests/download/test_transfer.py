"""One file comes whole or not at all, whatever the connection, the server or the disk does."""

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from rankmart.download.transfer import TRIES, DownloadError, fetch

from .archive import Archive

CONTENT = bytes(range(256)) * 400
PATH = "/data/file.csv"


class Waits(list[float]):
    """Stands for sleeping: the seconds that were asked for."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole_and_leaves_nothing_beside_it(archive: Archive, tmp_path: Path) -> None:
    archive.add(PATH, CONTENT)
    fetch([archive.url + PATH], tmp_path / "file.csv")
    assert (tmp_path / "file.csv").read_bytes() == CONTENT
    assert left_in(tmp_path) == ["file.csv"]


def test_an_empty_file_comes_too(archive: Archive, tmp_path: Path) -> None:
    archive.add(PATH, b"")
    fetch([archive.url + PATH], tmp_path / "file.csv")
    assert (tmp_path / "file.csv").read_bytes() == b""


def test_a_connection_that_breaks_goes_on_where_it_broke(archive: Archive, tmp_path: Path) -> None:
    archive.add(PATH, CONTENT, breaks=[1000, 500])
    waits = Waits()
    fetch([archive.url + PATH], tmp_path / "file.csv", sleep=waits)
    assert (tmp_path / "file.csv").read_bytes() == CONTENT
    assert [asked for _, asked in archive.requests] == ["", "bytes=1000-", "bytes=1500-"]
    assert waits == [0.5, 0.5]


def test_a_server_without_ranges_is_read_from_the_beginning(
    archive: Archive, tmp_path: Path
) -> None:
    archive.add(PATH, CONTENT, breaks=[1000], ranges=False)
    fetch([archive.url + PATH], tmp_path / "file.csv", sleep=Waits())
    assert (tmp_path / "file.csv").read_bytes() == CONTENT


def test_a_later_call_goes_on_after_what_has_come(archive: Archive, tmp_path: Path) -> None:
    stored = archive.add(PATH, CONTENT, breaks=[700], statuses=[])
    stored.breaks += [0] * (TRIES - 1)
    with pytest.raises(DownloadError):
        fetch([archive.url + PATH], tmp_path / "file.csv", sleep=Waits())
    assert left_in(tmp_path) == ["file.csv.part", "file.csv.part.json"]
    stored.breaks.clear()
    archive.requests.clear()
    fetch([archive.url + PATH], tmp_path / "file.csv")
    assert archive.requests == [(PATH, "bytes=700-")]
    assert (tmp_path / "file.csv").read_bytes() == CONTENT


def test_a_file_that_has_changed_meanwhile_is_not_mixed_with_the_old_one(
    archive: Archive, tmp_path: Path
) -> None:
    stored = archive.add(PATH, CONTENT, breaks=[700, *[0] * (TRIES - 1)])
    with pytest.raises(DownloadError):
        fetch([archive.url + PATH], tmp_path / "file.csv", sleep=Waits())
    stored.breaks.clear()
    stored.content, stored.etag = CONTENT[::-1], '"2"'
    fetch([archive.url + PATH], tmp_path / "file.csv")
    assert (tmp_path / "file.csv").read_bytes() == CONTENT[::-1]


def test_a_beginning_without_a_strong_validator_is_not_trusted(
    archive: Archive, tmp_path: Path
) -> None:
    archive.add(PATH, CONTENT, breaks=[700], etag='W/"weak"')
    fetch([archive.url + PATH], tmp_path / "file.csv", sleep=Waits())
    assert [asked for _, asked in archive.requests] == ["", ""]
    assert (tmp_path / "file.csv").read_bytes() == CONTENT


def test_all_bytes_without_the_name_are_not_fetched_again(
    archive: Archive, tmp_path: Path
) -> None:
    archive.add(PATH, CONTENT, breaks=[len(CONTENT) - 1])
    # Stopped after the last byte and before the file had its name.
    fetch([archive.url + PATH], tmp_path / "file.csv", sleep=Waits())
    (tmp_path / "file.csv").rename(tmp_path / "file.csv.part")
    (tmp_path / "file.csv.part.json").write_text(
        f'{{"address": "{archive.url}{PATH}", "validator": "\\"1\\""}}', encoding="utf-8"
    )
    archive.requests.clear()
    fetch([archive.url + PATH], tmp_path / "file.csv")
    assert archive.requests == [(PATH, f"bytes={len(CONTENT)}-")]
    assert (tmp_path / "file.csv").read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_thrown_away(archive: Archive, tmp_path: Path) -> None:
    archive.add(PATH, CONTENT)
    (tmp_path / "file.csv.part").write_bytes(CONTENT + b"more")
    (tmp_path / "file.csv.part.json").write_text(
        f'{{"address": "{archive.url}{PATH}", "validator": "\\"1\\""}}', encoding="utf-8"
    )
    fetch([archive.url + PATH], tmp_path / "file.csv", sleep=Waits())
    assert (tmp_path / "file.csv").read_bytes() == CONTENT


def test_a_busy_server_is_asked_again_ever_later(archive: Archive, tmp_path: Path) -> None:
    archive.add(PATH, CONTENT, statuses=[503, 502, 429])
    waits = Waits()
    fetch([archive.url + PATH], tmp_path / "file.csv", sleep=waits)
    assert waits == [0.5, 1.0, 2.0]
    assert (tmp_path / "file.csv").read_bytes() == CONTENT


def test_the_next_address_is_taken_where_one_does_not_have_the_file(
    archive: Archive, tmp_path: Path
) -> None:
    archive.add(PATH, CONTENT)
    fetch([f"{archive.url}/gone.csv", archive.url + PATH], tmp_path / "file.csv")
    assert [path for path, _ in archive.requests] == ["/gone.csv", PATH]
    assert (tmp_path / "file.csv").read_bytes() == CONTENT


def test_a_file_that_no_address_has_says_what_each_answered(
    archive: Archive, tmp_path: Path
) -> None:
    gone = [f"{archive.url}/a.csv", f"{archive.url}/b.csv"]
    with pytest.raises(DownloadError, match=r"a\.csv: the server answers 404; .*b\.csv.*MIRROR"):
        fetch(gone, tmp_path / "file.csv")
    assert left_in(tmp_path) == []


def test_a_server_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    waits = Waits()
    with pytest.raises(DownloadError, match=rf"127\.0\.0\.1:9/.*{TRIES} times in a row"):
        fetch(["http://127.0.0.1:9/file.csv"], tmp_path / "file.csv", sleep=waits)
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_a_file_with_its_checksum_is_taken(archive: Archive, tmp_path: Path) -> None:
    archive.add(PATH, CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    fetch([archive.url + PATH], tmp_path / "file.csv", sha256=digest)
    assert left_in(tmp_path) == ["file.csv"]


def test_a_file_with_another_checksum_is_deleted(archive: Archive, tmp_path: Path) -> None:
    archive.add(PATH, CONTENT)
    with pytest.raises(DownloadError, match=r"is not the file that is known.*--no-checksum"):
        fetch([archive.url + PATH], tmp_path / "file.csv", sha256="0" * 64)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("damage", [lambda packed: packed[:-6], lambda packed: b"<html>" + packed])
def test_a_packed_file_that_can_not_be_unpacked_is_deleted(
    archive: Archive, tmp_path: Path, damage: object
) -> None:
    assert callable(damage)
    archive.add("/file.gz", damage(gzip.compress(CONTENT)))
    with pytest.raises(DownloadError, match=r"came damaged.*run it again"):
        fetch([f"{archive.url}/file.gz"], tmp_path / "file.gz")
    assert left_in(tmp_path) == []


def test_a_disk_without_room_is_told_before_anything_is_written(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.add(PATH, CONTENT)
    usage = shutil.disk_usage(tmp_path)._replace(free=len(CONTENT) + 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match=r"MB free, and file\.csv needs"):
        fetch([archive.url + PATH], tmp_path / "file.csv", growth=2.0)
    assert left_in(tmp_path) == []
    fetch([archive.url + PATH], tmp_path / "file.csv", growth=1.0)


def test_a_disk_that_fills_up_keeps_what_has_come(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    archive.add(PATH, CONTENT)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DownloadError, match=r"No space left.*it goes on where it was"):
            fetch([archive.url + PATH], tmp_path / "file.csv")
    assert left_in(tmp_path) == ["file.csv.part", "file.csv.part.json"]
    fetch([archive.url + PATH], tmp_path / "file.csv")
    assert (tmp_path / "file.csv").read_bytes() == CONTENT

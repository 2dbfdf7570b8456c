"""A project folder: begun, filled up, brought to another version."""

from collections.abc import Callable
from pathlib import Path

import pytest

from project import Project
from rankmart import project_folder
from rankmart.errors import RankmartError
from rankmart.project_files import shipped_files
from rankmart.project_folder import MANIFEST, add_missing, begin, read_manifest, upgrade

Ship = Callable[..., dict[str, Path]]


@pytest.fixture
def ship(tmp_path: Path) -> Ship:
    """Makes the files of a version: `ship("1", {"models/a.sql": "select 1"})`."""

    def made(version: str, files: dict[str, str]) -> dict[str, Path]:
        root = tmp_path / "shipped" / version
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return {name: root / name for name in files}

    return made


@pytest.fixture
def first(ship: Ship) -> dict[str, Path]:
    return ship("1", {"dbt_project.yml": "vars: 1", "models/a.sql": "a1", "models/b.sql": "b1"})


@pytest.fixture
def folder(tmp_path: Path, first: dict[str, Path]) -> Path:
    """A project of version 1."""
    made = tmp_path / "shop"
    begin(made, first, version="1")
    return made


def test_the_command_writes_a_project_whose_files_are_those_of_the_repository(
    project: Project,
) -> None:
    said = project.rankmart("init", "shop").succeeded().stdout
    shop = project.scratch / "shop"
    shipped = shipped_files()
    assert f"{shop} is a project of Rankmart" in said
    assert f"{len(shipped)} files written" in said
    written = {path.relative_to(shop).as_posix() for path in shop.rglob("*") if path.is_file()}
    assert written == {*shipped, MANIFEST}
    assert all((shop / name).read_bytes() == path.read_bytes() for name, path in shipped.items())
    again = project.rankmart("init", "shop").failed_plainly()
    assert "already: name another folder, or use --force" in again
    changed = shop / "models" / "marts" / "users.sql"
    changed.write_text("select 1", encoding="utf-8")
    (shop / "profiles.yml").unlink()
    assert "1 files written" in project.rankmart("init", "shop", "--force").succeeded().stdout
    upgraded = project.rankmart("init", "shop", "--upgrade").succeeded().stdout
    assert "Yours, so kept: models/marts/users.sql" in upgraded
    assert changed.read_text(encoding="utf-8") == "select 1"
    both = project.rankmart("init", "--force", "--upgrade").failed_plainly(exit_code=2)
    assert "give one of them" in both


def test_a_folder_with_other_files_becomes_a_project(
    tmp_path: Path, first: dict[str, Path]
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert begin(tmp_path, first, version="1").written == sorted(first)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_nothing_is_written_where_one_of_the_files_is_there(
    tmp_path: Path, first: dict[str, Path]
) -> None:
    shop = tmp_path / "shop"
    (shop / "models").mkdir(parents=True)
    (shop / "models" / "b.sql").symlink_to("nowhere")
    with pytest.raises(RankmartError, match=r"has models/b\.sql already"):
        begin(shop, first, version="1")
    assert [path.name for path in shop.rglob("*")] == ["models", "b.sql"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, first: dict[str, Path]) -> None:
    (tmp_path / "models").write_text("a file", encoding="utf-8")
    with pytest.raises(RankmartError, match=r"models/a\.sql can't be written"):
        begin(tmp_path, first, version="1")


def test_what_is_missing_is_added_and_nothing_else_changed(
    folder: Path, first: dict[str, Path]
) -> None:
    (folder / "models" / "a.sql").write_text("mine", encoding="utf-8")
    (folder / "models" / "b.sql").unlink()
    changes = add_missing(folder, first, version="1")
    assert (changes.written, changes.kept) == (["models/b.sql"], ["models/a.sql"])
    assert (folder / "models" / "a.sql").read_text(encoding="utf-8") == "mine"


def test_files_of_two_versions_are_not_mixed(folder: Path, first: dict[str, Path]) -> None:
    with pytest.raises(RankmartError, match="of Rankmart 1, and 2 is installed: use --upgrade"):
        add_missing(folder, first, version="2")


def test_what_was_there_before_the_project_counts_as_the_users(
    tmp_path: Path, ship: Ship, first: dict[str, Path]
) -> None:
    (tmp_path / "dbt_project.yml").write_text("mine", encoding="utf-8")
    add_missing(tmp_path, first, version="1")
    second = ship("2", {"dbt_project.yml": "vars: 2"})
    assert upgrade(tmp_path, second, version="2").kept_from_new == ["dbt_project.yml"]
    assert (tmp_path / "dbt_project.yml").read_text(encoding="utf-8") == "mine"


def test_an_upgrade_replaces_what_is_unchanged_and_keeps_what_is_not(
    folder: Path, ship: Ship
) -> None:
    (folder / "models" / "a.sql").write_text("mine", encoding="utf-8")
    (folder / "models" / "own.sql").write_text("own", encoding="utf-8")
    second = ship("2", {"dbt_project.yml": "vars: 2", "models/a.sql": "a2", "models/c.sql": "c2"})
    changes = upgrade(folder, second, version="2")
    assert changes.replaced == ["dbt_project.yml"]
    assert changes.written == ["models/c.sql"]
    assert changes.removed == ["models/b.sql"]
    assert changes.kept_from_new == ["models/a.sql"]
    texts = {path.name: path.read_text("utf-8") for path in (folder / "models").iterdir()}
    assert texts == {"a.sql": "mine", "own.sql": "own", "c.sql": "c2"}
    assert upgrade(folder, second, version="2").kept == ["models/a.sql"]


def test_a_file_that_the_user_deleted_stays_deleted(folder: Path, ship: Ship) -> None:
    (folder / "models" / "a.sql").unlink()
    second = ship("2", {"models/a.sql": "a2", "models/b.sql": "b1"})
    changes = upgrade(folder, second, version="2")
    assert changes.left_out == ["models/a.sql"]
    assert not (folder / "models" / "a.sql").exists()


def test_a_changed_file_that_is_shipped_no_more_is_told_and_kept(folder: Path, ship: Ship) -> None:
    (folder / "models" / "b.sql").write_text("mine", encoding="utf-8")
    changes = upgrade(folder, ship("2", {"models/a.sql": "a1"}), version="2")
    assert (changes.kept_from_new, changes.removed) == (["models/b.sql"], ["dbt_project.yml"])
    assert (folder / "models" / "b.sql").exists()


def test_an_upgrade_that_was_cut_short_is_finished_by_the_next(
    folder: Path, ship: Ship, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = ship("2", {"models/a.sql": "a2", "models/b.sql": "b2"})
    write = project_folder._write

    def fails_at_b(path: Path, content: bytes) -> None:
        if path.name == "b.sql":
            raise RankmartError("the disk is full")
        write(path, content)

    monkeypatch.setattr(project_folder, "_write", fails_at_b)
    with pytest.raises(RankmartError, match="full"):
        upgrade(folder, second, version="2")
    monkeypatch.undo()
    changes = upgrade(folder, second, version="2")
    assert (changes.replaced, changes.kept_from_new) == (["models/b.sql"], [])
    assert [(folder / f"models/{name}.sql").read_text("utf-8") for name in "ab"] == ["a2", "b2"]


def test_a_folder_that_init_did_not_write_is_not_upgraded(
    tmp_path: Path, first: dict[str, Path]
) -> None:
    with pytest.raises(RankmartError, match=r"no \.rankmart\.json in .* use git"):
        upgrade(tmp_path, first, version="1")


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        '{"version": "1"}',
        '{"version": "1", "files": 3}',
        '{"version": "1", "files": {"../a": ""}}',
        '{"version": "1", "files": {"/a": ""}}',
    ],
)
def test_a_manifest_that_is_none_is_told(folder: Path, manifest: str) -> None:
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")
    with pytest.raises(RankmartError, match=r"\.rankmart\.json (can't be read|names)"):
        read_manifest(folder)

"""The site of the documentation builds without a warning, and asks nothing of other hosts."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from project import BESIDE_PYTHON, ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    ended = subprocess.run(
        [BESIDE_PYTHON / "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "WARNING" not in ended.stdout + ended.stderr
    return folder


def test_the_readme_is_the_first_page(site: Path) -> None:
    first = (site / "index.html").read_text(encoding="utf-8")
    assert "turns a file of product reviews into ranked recommendations" in first
    assert (site / "images" / "flow.svg").exists()


def test_every_page_of_the_documentation_is_on_it(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 10
    assert [page for page in pages if not (site / page).with_suffix(".html").exists()] == []


def test_files_of_the_repository_are_there_as_text(site: Path) -> None:
    model = "models/intermediate/candidates_popular.sql"
    copy = (site / "files" / f"{model}.txt").read_text(encoding="utf-8")
    assert copy == (ROOT / model).read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded = re.compile(r"""<(?:script|img|iframe|link rel="(?:stylesheet|icon|preload)")[^>]*""")
    pages = list(site.rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        for tag in loaded.findall(page.read_text(encoding="utf-8")):
            assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", tag), (page.name, tag)

"""mkdocs hooks: the pages at the root of the repository, and the files that pages link to.

On the site the README is the first page. A link to a file of the repository that is no page leads
to a copy of the file, as text.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
ROOT_PAGES = {
    "README.md": "index.md",
    "DECISIONS.md": "DECISIONS.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
}
_LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(\))")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    for name, page in ROOT_PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    linked = {
        target
        for file in files.documentation_pages()
        for _, link, _, _ in _LINK.findall(file.content_string)
        if (target := _in_repository(file.src_uri, link)) is not None
    }
    for target in sorted(linked - ROOT_PAGES.keys()):
        if not target.startswith("docs/"):
            files.append(File.generated(config, _copy_of(target), content=_content(target)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    here = posixpath.dirname(page.file.src_uri)

    def rewritten(found: re.Match[str]) -> str:
        before, link, anchor, after = found.groups(default="")
        target = _in_repository(page.file.src_uri, link)
        if target is None:
            return found[0]
        if target in ROOT_PAGES:
            on_site = ROOT_PAGES[target]
        elif target.startswith("docs/"):
            on_site = target.removeprefix("docs/")
        else:
            on_site = _copy_of(target)
        return f"{before}{posixpath.relpath(on_site, here or '.')}{anchor}{after}"

    return _LINK.sub(rewritten, markdown)


def _in_repository(src_uri: str, link: str) -> str | None:
    """The file that a link of a page leads to, from the root of the repository."""
    if re.match(r"[a-z]+:", link):
        return None
    of_page = {page: name for name, page in ROOT_PAGES.items()}.get(src_uri, f"docs/{src_uri}")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(of_page), link))
    return target if (ROOT / target).exists() else None


def _copy_of(target: str) -> str:
    # mkdocs leaves out files whose names begin with a dot.
    return "files/" + target.lstrip(".") + ".txt"


def _content(target: str) -> str:
    path = ROOT / target
    if path.is_dir():
        return "\n".join(sorted(entry.name for entry in path.iterdir())) + "\n"
    return path.read_text(encoding="utf-8")

"""Files outside of ``docs/`` that pages link to: they are part of the site, under ``repository/``.

Pages link to them as GitHub needs it (``../examples/gelu.mlir``); here the links lead to the copies.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PREFIX = "repository"
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
FOLDERS = ("examples",)
ENDINGS = (".c", ".h", ".json", ".lark", ".md", ".mlir", ".py")
_LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    root = Path(config.config_file_path).parent
    found = {*PAGES, "LICENSE"}
    for folder in FOLDERS:
        found |= {
            path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.suffix in ENDINGS
        }
    # What else pages link to.
    for name in [*PAGES, *(f"docs/{file.src_uri}" for file in files.documentation_pages())]:
        for link in _LINK.finditer((root / name).read_text(encoding="utf-8")):
            target = _target(name, link[2])
            if not target.startswith(("docs/", "..")) and (root / target).is_file():
                found.add(target)
    for name in sorted(found):
        files.append(File.generated(config, f"{PREFIX}/{name}", abs_src_path=str(root / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    root = Path(config.config_file_path).parent
    uri = page.file.src_uri
    name = uri.removeprefix(f"{PREFIX}/") if uri.startswith(f"{PREFIX}/") else f"docs/{uri}"

    def rewritten(link: re.Match[str]) -> str:
        target = _target(name, link[2])
        path = root / target
        if target.startswith("..") or not path.exists():
            return link[0]
        if path.is_dir():
            target += "/README.md"
        copied = target.removeprefix("docs/") if target.startswith("docs/") else f"{PREFIX}/{target}"
        if files.get_file_from_path(copied) is None:
            return link[0]
        return link[1] + relpath(copied, str(PurePosixPath(uri).parent)) + link[3]

    return _LINK.sub(rewritten, markdown)


def _target(page: str, link: str) -> str:
    """Where a link of a page leads, from the top of the repository."""
    return normpath(str(PurePosixPath(page).parent / link))

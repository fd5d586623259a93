"""The site of the documentation is built without warnings and without a network, and nothing in it is missing."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from support.pages import ROOT

import approxir as ax
from approxir import testing

griffe = pytest.importorskip("griffe")
pytest.importorskip("mkdocs")
pytest.importorskip("mkdocstrings_handlers.python")
pytest.importorskip("material")

# Whatever the build would fetch ends it.
BUILD = """
import socket, sys

def refuse(*arguments):
    raise SystemExit(f"the build of the site wants the network: {arguments}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from mkdocs.__main__ import cli
cli(["build", "--strict", "--site-dir", sys.argv[1]])
"""
REFERENCE = ROOT / "docs" / "reference"
# Names of the package whose documentation is that of the registries in the packages.
ELSEWHERE = {
    "passes": "approxir.passes.registry.passes",
    "transforms": "approxir.transforms.registry.transforms",
}
ELSEWHERE |= {"quality": "approxir.tuning.quality", "hpvm": "approxir.tuning.hpvm"}


class _Links(HTMLParser):
    """The anchors of a page of the site, and what it refers to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        for name in ("id", "name"):
            if held.get(name):
                self.anchors.add(held[name] or "")
        target = held.get("href") or held.get("src")
        if target:
            self.targets.append(target)
            if tag in ("script", "img", "iframe") or (tag == "link" and held.get("rel") == "stylesheet"):
                self.loaded.append(target)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The site, and what was said when it was built."""
    site = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(site)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stdout
    return site, done.stdout


@pytest.fixture(scope="module")
def pages(built: tuple[Path, str]) -> dict[Path, _Links]:
    return {path: _Links(path) for path in built[0].rglob("*.html")}


def test_it_is_built_without_warnings(built: tuple[Path, str]) -> None:
    site, said = built
    assert "WARNING" not in said
    assert "ERROR" not in said
    # What is not in the navigation is only told as information.
    assert "not included in the" not in said
    sources = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    for source in sources:
        folder = source.parent if source.stem == "README" else source.with_suffix("")
        assert (site / folder / "index.html").is_file(), source


def test_every_page_is_in_the_navigation(built: tuple[Path, str]) -> None:
    site = built[0]
    start = (site / "index.html").read_text(encoding="utf-8")
    listed = set(re.findall(r'<a href="([^"]+)" class="md-nav__link', start))
    for path in (ROOT / "docs").rglob("*.md"):
        source = path.relative_to(ROOT / "docs")
        folder = source.parent if source.stem == "README" else source.with_suffix("")
        assert folder == Path() or f"{folder.as_posix()}/" in listed, source


def test_links_and_anchors_lead_somewhere(built: tuple[Path, str], pages: dict[Path, _Links]) -> None:
    site = built[0]
    wrong = []
    for path, links in pages.items():
        if path.name == "404.html":
            continue
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            found = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            found = found / "index.html" if found.is_dir() else found
            anchor = unquote(parts.fragment)
            if (
                not found.is_file()
                or not found.is_relative_to(site)
                or (anchor and found in pages and anchor not in pages[found].anchors)
            ):
                wrong.append(f"{path.relative_to(site)}: {target}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, _Links]) -> None:
    for path, links in pages.items():
        assert [name for name in links.loaded if urlsplit(name).netloc] == [], path


def inventory(site: Path) -> set[str]:
    """The names that the reference documents: those in the inventory for other projects."""
    packed = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    return {line.split(" ")[0] for line in zlib.decompress(packed).decode().splitlines()}


def test_every_public_name_is_in_the_reference(built: tuple[Path, str]) -> None:
    names = inventory(built[0])
    missing = {name for name in ax.__all__ if ELSEWHERE.get(name, f"approxir.{name}") not in names}
    assert not missing, missing
    missing = {f"approxir.testing.{name}" for name in testing.__all__} - names
    assert not missing, missing


def documented() -> Iterator[str]:
    for path in sorted(REFERENCE.glob("*.md")):
        yield from re.findall(r"^::: ([\w.]+)$", path.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """approxir as the reference sees it: constants have docstrings, too."""
    folder = tmp_path_factory.mktemp("package")
    runpy.run_path(str(ROOT / "docs" / "hooks" / "sources.py"))["lay_out"](ROOT, folder)
    return griffe.load("approxir", search_paths=[str(folder)], resolve_aliases=True, try_relative_path=False)


def test_everything_in_the_reference_has_a_docstring(package: Any) -> None:
    without = []
    for name in documented():
        obj = package[name.removeprefix("approxir.")]
        obj = obj.final_target if obj.is_alias else obj
        if obj.docstring is None or not obj.docstring.value.strip():
            without.append(name)
        if obj.is_class:
            without += [f"{name}.{member}" for member in undocumented_members(obj)]
    assert not without, ", ".join(without)


def undocumented_members(kind: Any) -> Iterator[str]:
    """Public methods and properties without a docstring; what overrides one that has it needs none."""
    for name, member in kind.members.items():
        if name.startswith("_") or member.is_alias or not (member.is_function or "property" in member.labels):
            continue
        kinds = [kind, *kind.mro()]
        found = [each.members[name].docstring for each in kinds if name in each.members]
        if not any(found):
            yield name


def test_the_command_line_is_in_the_reference(built: tuple[Path, str]) -> None:
    from approxir.cli.main import COMMANDS

    page = _Links(built[0] / "reference" / "commands" / "index.html")
    assert {f"approxir-{name}" for name in COMMANDS} <= page.anchors
    assert "approx-opt" in page.anchors
    text = (built[0] / "reference" / "commands" / "index.html").read_text(encoding="utf-8")
    assert "--language [c|c++]" in text
    assert "[0&lt;=x&lt;=3]" in text

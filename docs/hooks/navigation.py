"""Patterns in the navigation of ``mkdocs.yml``: each stands for the pages that nothing else there names."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from posixpath import dirname
from typing import Any

from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> None:
    pages = sorted(
        path.relative_to(config.docs_dir).as_posix() for path in Path(config.docs_dir).rglob("*.md")
    )
    named = set(_named(config.nav))
    config.nav = _expanded(config.nav, [page for page in pages if page not in named])


def _named(nav: Any) -> list[str]:
    """All pages that a part of the navigation names."""
    if isinstance(nav, str):
        return [nav]
    return [name for item in (nav.values() if isinstance(nav, dict) else nav) for name in _named(item)]


def _expanded(nav: list[Any], pages: list[str]) -> list[Any]:
    found: list[Any] = []
    for item in nav:
        if isinstance(item, str) and "*" in item:
            # A star does not reach into folders below.
            found += [page for page in pages if fnmatchcase(page, item) and dirname(page) == dirname(item)]
        elif isinstance(item, dict):
            found.append(
                {
                    title: _expanded(inner, pages) if isinstance(inner, list) else inner
                    for title, inner in item.items()
                }
            )
        else:
            found.append(item)
    return found

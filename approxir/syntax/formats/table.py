"""Loads `grammar/dialects/*.fmt` into plain data, one dialect at a time, with a cache on disk.

The Lark grammar `grammar/formats.lark` defines the language. Its result for one file is kept as JSON in
the user's cache folder under a name made from the contents of both files, so a stale or foreign entry
is never used; where the folder cannot be written, the file is simply parsed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from approxir.syntax.formats.data import directory

Node = list[Any]
"""One element, type or reader: its tag and then its fields, all of them JSON."""

_CACHE_VERSION = "1"


@dataclass(frozen=True, slots=True)
class OpEntry:
    """The table entry of one operation: declarations and the elements of its format (None: traits only)."""

    operands: list[tuple[str, str, Node | None]]
    results: list[tuple[Node, str]]
    regions: list[tuple[str, str]]
    successors: list[tuple[str, str]]
    segments: bool
    result_segments: bool
    inherent: list[str]
    defaults: list[tuple[str, Node]]
    symbol: str | None
    format: list[Node] | None


@dataclass(frozen=True, slots=True)
class DialectTable:
    """The operations (by name without prefix) and enumerations of one dialect."""

    operations: dict[str, OpEntry]
    enums: dict[str, dict[str, int]]


@cache
def dialect_table(dialect: str) -> DialectTable | None:
    """The table of a dialect, or None when it has none. The set of files bounds this cache's useful part."""
    path = directory() / "dialects" / f"{dialect}.fmt"
    # Names of files have at most 255 bytes.
    if len(dialect) > 60 or not dialect.replace("_", "a").isalnum() or not path.is_file():
        return None
    data = _load(path)
    return DialectTable(
        {name: OpEntry(**entry) for name, entry in data["operations"].items()},
        data["enums"],
    )


def _load(path: Path) -> dict[str, Any]:
    text = path.read_bytes()
    grammar = (directory() / "formats.lark").read_bytes()
    digest = hashlib.sha256(b"\0".join((_CACHE_VERSION.encode(), grammar, text))).hexdigest()[:24]
    cached = _cache_folder() / f"{path.stem}-{digest}.json"
    try:
        loaded: dict[str, Any] = json.loads(cached.read_text(encoding="utf-8"))
        return loaded
    except (OSError, ValueError):
        pass
    from approxir.syntax.formats.compile_table import compile_table

    data = compile_table(text.decode("utf-8"), grammar.decode("utf-8"), str(path))
    _store(cached, json.dumps(data, separators=(",", ":")))
    return data


def _cache_folder() -> Path:
    root = os.environ.get("APPROXIR_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    base = Path(root) if root else Path.home() / ".cache"
    return base / "approxir" / "formats"


def _store(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError:
        # A full disk is left as it was; where nothing can be removed, nothing could be written.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)

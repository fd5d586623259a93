"""Loading grammars: their text from the package, their parse tables from a cache on disk."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any


def grammar_text(name: str) -> str:
    """The text of a file of the package `approxir.grammar`."""
    return resources.files("approxir.grammar").joinpath(name).read_text(encoding="utf-8")


def cache_folder() -> Path:
    """Where parse tables are kept: ``APPROXIR_CACHE_DIR``, or ``approxir`` in the user's cache folder."""
    chosen = os.environ.get("APPROXIR_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(base) / "approxir" if base else Path.home() / ".cache" / "approxir"


def load_lark(name: str, *, start: list[str], transformer: Any, lexer: Any) -> Any:
    """A strict LALR parser for a grammar file, which calls the methods of `transformer` as it goes.

    The parse table is read from the cache where it is found there. A table is written under a name of its
    own first and then renamed, so that processes never see each other's half-written files; without a
    folder to write to, the table is made anew each time.
    """
    import lark

    text = grammar_text(name)
    options: dict[str, Any] = {
        "parser": "lalr",
        "strict": True,
        "start": start,
        "transformer": transformer,
        "lexer": lexer,
        "maybe_placeholders": False,
    }
    key = repr((text, start, lark.__version__, sys.version_info[:2], lexer.__qualname__))
    digest = hashlib.sha256(key.encode("utf-8")).hexdigest()[:24]
    try:
        folder = cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{Path(name).stem}-{digest}.lark-cache"
        if path.exists():
            # A damaged file makes Lark build the table and write the file again.
            return lark.Lark(text, cache=str(path), **options)
        handle, scratch = tempfile.mkstemp(suffix=".tmp", dir=folder)
        os.close(handle)
    except (OSError, RuntimeError):
        return lark.Lark(text, **options)
    try:
        Path(scratch).unlink()
        parser = lark.Lark(text, cache=scratch, **options)
        Path(scratch).replace(path)
    except OSError:
        parser = lark.Lark(text, **options)
    return parser

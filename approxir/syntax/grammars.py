"""Loading grammars: their text from the package, their parse tables from a cache on disk."""

from __future__ import annotations

import os
import sys
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

    `transformer` and `lexer` must be importable by name. The parse table is read from the cache where it is
    found there, whole. A table is written under a name of its own first and then renamed, so that
    processes never see each other's half-written files; without a folder to write to, the table is made
    anew each time.
    """
    import hashlib
    import io

    import lark

    text = grammar_text(name)
    names = (transformer.__class__.__qualname__, lexer.__module__, lexer.__qualname__)
    key = repr((text, start, lark.__version__, sys.version_info[:2], names))
    digest = hashlib.sha256(key.encode("utf-8")).hexdigest()[:24]
    path: Path | None = None
    try:
        path = cache_folder() / f"{Path(name).stem}-{digest}.lark"
        stored = path.read_bytes()
        if hashlib.sha256(stored[32:]).digest() == stored[:32]:
            return lark.Lark.load(io.BytesIO(stored[32:]))
    except (OSError, RuntimeError):
        # No such file yet, no permission to read it, or no home folder to look in.
        pass
    parser = lark.Lark(
        text,
        parser="lalr",
        strict=True,
        start=start,
        transformer=transformer,
        lexer=lexer,
        maybe_placeholders=False,
    )
    if path is not None:
        buffer = io.BytesIO()
        parser.save(buffer)
        _write(path, hashlib.sha256(buffer.getvalue()).digest() + buffer.getvalue())
    return parser


def _write(path: Path, data: bytes) -> None:
    """Store a file as a whole or not at all."""
    import tempfile

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(suffix=".tmp", dir=path.parent)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(scratch).replace(path)
    except OSError:
        Path(scratch).unlink(missing_ok=True)

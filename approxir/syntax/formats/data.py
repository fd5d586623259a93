"""Where the tables `grammar/dialects/*.fmt` are found: in the package `approxir.grammar`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PREFIX_ALIASES = {"approxMLIR": "approx", "spv": "spirv"}
"""Older dialect prefixes that are read with the table of another."""


@cache
def directory() -> Path:
    """The folder of the grammar data; in a checkout that is not installed, `grammar/` beside the package."""
    package = Path(__file__).resolve().parents[2]
    for candidate in (package / "grammar", package.parent / "grammar"):
        if (candidate / "dialects").is_dir():
            return candidate
    from importlib.resources import files

    return Path(str(files("approxir.grammar")))


def dialect_text(dialect: str) -> str | None:
    """The table of one dialect as text, or None when the dialect has none."""
    path = directory() / "dialects" / f"{PREFIX_ALIASES.get(dialect, dialect)}.fmt"
    if not dialect.replace("_", "a").isalnum() or not path.is_file():
        return None
    return path.read_text(encoding="utf-8")

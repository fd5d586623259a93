"""Files that are written beside an artefact, and must not take the place of somebody else's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from approxir import files
from approxir._version import __version__
from approxir.errors import ApproxIRError

_GENERATOR = "approxir"
VERSION = 1
"""The version of the JSON documents that describe artefacts: their shape stays what it is for one number."""


class OutputError(ApproxIRError):
    """A file cannot be written where it was asked for, because of what stands there or of its name."""


def document(kind: str, artefact: Path, contents: dict[str, Any]) -> str:
    """The JSON document that describes an artefact of some kind."""
    generator = f"{_GENERATOR} {__version__}"
    head = {"version": VERSION, "generator": generator, "kind": kind, "file": artefact.name}
    # Names of files may hold bytes that are not UTF-8, as JSON has to be.
    plain = not artefact.name.isascii()
    return json.dumps({**head, **contents}, indent=2, ensure_ascii=plain) + "\n"


def description_of(artefact: Path) -> Path:
    """The path of the document that describes an artefact.

    Raises `OutputError` where a file of somebody else has it, or the document of another artefact.
    """
    path = companion(artefact, ".json", "the description", lambda text: _document(text) is not None)
    held = _document(files.read_text(path)) if path.exists() else None
    other = held.get("file") if held is not None else None
    if isinstance(other, str) and other != artefact.name and path.with_name(other).exists():
        raise OutputError(
            f"{path} describes {path.with_name(other)}, and {artefact} would need a description of the same "
            "name: remove that file, or choose another name"
        )
    return path


def _document(text: str) -> dict[str, Any] | None:
    """What a text says, if it is such a document."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(held, dict) and str(held.get("generator", "")).startswith(_GENERATOR + " "):
        return held
    return None


def companion(artefact: Path, suffix: str, what: str, is_ours: Callable[[str], bool]) -> Path:
    """The path of a file beside an artefact, which differs from it in its ending.

    `what` names the file in messages, and `is_ours` tells whether a text is one that was written before.
    Raises `OutputError` where that is the artefact itself, or a file of somebody else.
    """
    if not artefact.name:
        raise OutputError(f"'{artefact}' names no file")
    path = artefact.with_suffix(suffix)
    if path == artefact:
        raise OutputError(f"{artefact}: an artefact cannot end in {suffix}, as {what} beside it does")
    if path.exists() and not _is(path, is_ours):
        raise OutputError(
            f"{path} is there already and was not written by approxir; {what} of {artefact} would take its "
            "place: move it, or choose another name"
        )
    return path


def _is(path: Path, is_ours: Callable[[str], bool]) -> bool:
    try:
        return is_ours(files.read_text(path))
    except (ApproxIRError, IsADirectoryError):
        return False

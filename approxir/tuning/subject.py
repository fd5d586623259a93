"""What a search evaluates, as its record tells it, so that evaluations of something else do not join it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from approxir.errors import ArgumentError
from approxir.tuning.space import SearchSpace

if TYPE_CHECKING:
    from approxir.ir.module import Module

_SHOWN = 80
"""Longer texts are kept as digests."""


def subject_of(given: str | Mapping[str, str] | None) -> dict[str, str]:
    """Each part of what is evaluated, as a record keeps it: long texts as their digests.

    A text alone is the part ``subject``. Raises `ArgumentError` for what is no text and no mapping of texts.
    """
    if given is None:
        return {}
    parts: Mapping[Any, Any] = {"subject": given} if isinstance(given, str) else given
    if not isinstance(parts, Mapping) or not all(
        isinstance(name, str) and isinstance(text, str) for name, text in parts.items()
    ):
        raise ArgumentError(f"subject is a text, or a mapping from names to texts, not {given!r}")
    return {name: _short(text) for name, text in parts.items()}


def differences(recorded: object, given: Mapping[str, str]) -> list[str]:
    """What differs between the subject on record and another one, of the parts that both tell."""
    if not isinstance(recorded, Mapping):
        return []
    found = []
    for name, text in given.items():
        before = recorded.get(name, text)
        if before == text:
            continue
        if _is_digest(text) and _is_digest(before):
            found.append(f"another {name}")
        else:
            found.append(f"{name} is {before} there, not {text}")
    return found


def module_text(module: Module, space: SearchSpace) -> str:
    """The text of a module with the same values for the parameters, whichever it has now."""
    blank = module.clone()
    dynamic = space.dynamic()
    blank.apply(dynamic.decode([axis.low for axis in dynamic.axes]))
    return str(blank)


def argument_texts(texts: Sequence[str]) -> dict[str, str]:
    """The arguments of a call as command lines spell them, a file of NumPy's by what it holds.

    Raises `OSError` for a file that cannot be read.
    """
    found = {}
    for number, text in enumerate(texts, 1):
        stripped = text.strip()
        if stripped.endswith(".npy"):
            stripped = _digest(Path(stripped).read_bytes())
        found[f"argument {number}"] = stripped
    return found


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN and text.isprintable() else _digest(text.encode("utf-8", "replace"))


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and text.startswith("sha256:")

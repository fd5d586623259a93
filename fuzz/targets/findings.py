"""What was found: faults, told apart by where they happen, with their inputs made small."""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import approxir
from approxir.testing.targets.base import Target, Violation

_PACKAGE = os.path.dirname(os.path.abspath(approxir.__file__))
_ROOT = os.path.dirname(_PACKAGE)


@dataclass(frozen=True)
class Finding:
    """A fault of a target. `signature` is the same for inputs that fail in the same place."""

    target: str
    signature: str
    data: bytes
    report: str

    @property
    def key(self) -> str:
        """A short name for files."""
        return hashlib.sha256(self.signature.encode("utf-8", "replace")).hexdigest()[:12]

    def save(self, folder: Path) -> Path:
        """Write the input, and beside it what happened. Returns the path of the input."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.target.partition(':')[0]}-{self.key}"
        path.write_bytes(self.data)
        shown = f"{self.signature}\n\n{self.data[:4000]!r}\n\n{self.report}"
        path.with_suffix(".txt").write_text(shown, encoding="utf-8", errors="backslashreplace")
        return path


def examine(target: Target, data: bytes) -> Finding | None:
    """Run one input; None where all that must hold holds."""
    try:
        target.check(data)
    except Exception as error:
        return Finding(target.name, signature(error), data, _report(error))
    return None


def signature(error: BaseException) -> str:
    """The kind of an error and the innermost function of approxir, outside of the targets, that raised it."""
    if isinstance(error, Violation):
        return f"Violation: {error.what}"
    place = "?"
    for frame in traceback.extract_tb(error.__traceback__):
        path = os.path.abspath(frame.filename)
        if path.startswith(_ROOT) and f"{os.sep}targets{os.sep}" not in path:
            place = f"{os.path.relpath(path, _ROOT)}:{frame.name}"
    if isinstance(error, RecursionError):
        # Where the stack ends is chance.
        return "RecursionError"
    return f"{type(error).__name__} in {place}"


def _report(error: BaseException) -> str:
    limit = -30 if isinstance(error, RecursionError) else None
    return "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=limit))


def minimise(data: bytes, fails: Callable[[bytes], bool], budget: int = 2000) -> bytes:
    """A short input that still fails: pieces are left out, the largest first, until none can be.

    `fails` is asked at most `budget` times.
    """
    size = max(1, len(data) // 2)
    while True:
        at = 0
        shrunk = False
        while at < len(data):
            if budget <= 0:
                return data
            smaller = data[:at] + data[at + size :]
            budget -= 1
            if fails(smaller):
                data = smaller
                shrunk = True
            else:
                at += size
        if size > 1:
            size //= 2
        elif not shrunk:
            return data


def minimised(target: Target, finding: Finding) -> Finding:
    """The same finding with a short input."""

    def fails(data: bytes) -> bool:
        other = examine(target, data)
        return other is not None and other.signature == finding.signature

    small = examine(target, minimise(finding.data, fails))
    return small if small is not None and small.signature == finding.signature else finding

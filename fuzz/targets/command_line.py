"""The command lines, in this process and in a folder of their own."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from approxir.cli.approx_opt import main as approx_opt
from approxir.cli.main import main as approxir
from approxir.testing.targets import samples, seeds
from approxir.testing.targets.base import Target, bytes_of, require, text_of

# These run no other program and call no function of a module.
_COMMANDS = ("fmt", "lint", "validate", "knobs", "get", "set", "opt", "annotate", "convert", "pareto")
_STATUSES = (0, 1, 2)
_MOST_ARGUMENTS = 12


def check(data: bytes) -> bool:
    """Whether the command succeeds.

    The arguments are lines up to an empty one; the rest is standard input.
    """
    head, _, stdin = data.partition(b"\n\n")
    words = [text_of(word) for word in head.split(b"\n")]
    if len(words) > _MOST_ARGUMENTS or not all(_is_harmless(word) for word in words):
        return False
    program, *arguments = words
    if program != "approx-opt" and program not in _COMMANDS:
        return False
    folder = _folder()
    before = os.getcwd()
    streams = sys.stdin, sys.stdout, sys.stderr
    os.chdir(folder)
    try:
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
        sys.stdout = io.TextIOWrapper(io.BytesIO())
        sys.stderr = io.TextIOWrapper(io.BytesIO(), errors="backslashreplace")
        status = approx_opt(arguments) if program == "approx-opt" else approxir(words)
        sys.stderr.flush()
        shown = sys.stderr.buffer.getvalue()
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(before)
    require(status in _STATUSES, "an unknown exit status", str(status))
    require(b"Traceback (most recent call last)" not in shown, "a traceback", shown.decode())
    require(status == 0 or bool(shown) or status == 1, "wrong usage is not explained", " ".join(words))
    left = {name for name in os.listdir(folder) if name.endswith(".tmp")}
    require(not left, "a temporary file stays behind", " ".join(left))
    _restore(folder)
    return status == 0


def _is_harmless(word: str) -> bool:
    """Whether a system can pass an argument, and it names no file outside of the folder."""
    return not any(part in word for part in ("/", "..", "~", "\0"))


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="approxir-fuzz-")
    path = Path(folder.name)
    import atexit

    atexit.register(folder.cleanup)
    _fill(path)
    return path


def _fill(folder: Path) -> None:
    for name, text in samples.FILES.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def _restore(folder: Path) -> None:
    """Put the files back as they were, and take away what was added."""
    for entry in os.scandir(os.fsencode(folder)):
        name = os.fsdecode(entry.name)
        if name not in samples.FILES:
            if not entry.is_dir():
                os.unlink(entry.path)
        elif entry.stat().st_size != len(samples.FILES[name]):
            Path(folder, name).unlink()
    for name, text in samples.FILES.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="")


def _seeds() -> Iterator[bytes]:
    for arguments, stdin in samples.COMMAND_LINES:
        yield bytes_of("\n".join(arguments) + "\n\n" + stdin)


TARGET = Target(
    name="command-line",
    about="the command lines, with files and standard input",
    check=check,
    seeds=_seeds,
    words=seeds.command_words,
    max_len=512,
)

"""Programs of the system that the back ends run: MLIR's and LLVM's tools, and the C compiler.

Distributions install LLVM's tools under names with a version, such as ``llc-22``; the newest one is taken
where there is none without.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from approxir.errors import ApproxIRError

TIMEOUT = 600.0
"""Seconds after which a program is given up."""


class ProgramError(ApproxIRError):
    """A program of the system crashed, cannot be run, or did not come to an end in time."""


def folders() -> list[str]:
    """Where programs are looked for: on PATH, and beside Python, should its environment not be activated."""
    return [*os.get_exec_path(), str(Path(sys.executable).parent)]


def find(name: str) -> str | None:
    """The path of a program of just this name."""
    return shutil.which(name, path=os.pathsep.join(folders()))


def versioned_names(name: str) -> list[str]:
    """The names ``name-22`` and the like under which a program is found, newest first."""
    pattern = re.compile(re.escape(name) + r"-(\d+)")
    versions: set[int] = set()
    for folder in folders():
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        versions.update(int(match[1]) for held in names if (match := pattern.fullmatch(held)))
    return [f"{name}-{version}" for version in sorted(versions, reverse=True)]


def find_newest(name: str) -> str | None:
    """The path of a program, under whichever name gives the newest version."""
    found = [path for held in (name, *versioned_names(name)) if (path := find(held)) is not None]
    return max(found, key=lambda path: _numbers(version(path)), default=None)


@functools.cache
def version(path: str) -> str | None:
    """The version that a program gives itself. Raises `ProgramError`."""
    words = run([path, "--version"]).output.decode("utf-8", errors="replace").split()
    return words[words.index("version") + 1] if "version" in words[:-1] else None


def _numbers(held: str | None) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", held or "")]


def sibling(path: str, old: str, new: str) -> str | None:
    """The program that belongs to another one: of the same version, in the same folder or on PATH.

    `path` is that of the program `old`, such as ``/usr/bin/mlir-opt-22``.
    """
    folder, held = os.path.split(path)
    wanted = held.replace(old, new, 1)
    if wanted == held:
        return None
    return shutil.which(wanted, path=folder) or find(wanted)


@dataclass(frozen=True, slots=True)
class Done:
    """What a program has left: its exit status and what it wrote."""

    status: int
    output: bytes
    said: str


def run(command: Sequence[str], data: bytes = b"", *, timeout: float = TIMEOUT) -> Done:
    """Run a program to its end, with `data` on its standard input.

    Raises `ProgramError` where it cannot be run, takes longer than `timeout` seconds or is ended by a signal.
    """
    name = command[0]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise ProgramError(f"{name} did not come to an end within {timeout:g} seconds") from None
    except OSError as error:
        raise ProgramError(f"{name} cannot be run: {error.strerror}") from None
    said = done.stderr.decode("utf-8", errors="replace")
    if done.returncode < 0:
        raise ProgramError("\n  ".join([f"{name} was ended by signal {-done.returncode}", *tail(said)]))
    return Done(done.returncode, done.stdout, said)


def tail(said: str, lines: int = 20) -> list[str]:
    """The last lines of what a program wrote, or those with which LLVM gives up, without the stack behind."""
    written = said.strip().split("\n")
    given_up = [line for line in written if "LLVM ERROR:" in line or "error in backend:" in line]
    return given_up or written[-lines:]

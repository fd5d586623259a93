"""IREE's compiler as a program: where it is, what it can do, and running it.

The compiler runs in a process of its own. It takes no longer than the same compiler in this process (0.3
seconds for a small module), and whatever happens to it does not happen to the user's program.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from approxir.errors import CompilationError, MissingDependencyError
from approxir.files import encode

DISTRIBUTION = "iree-base-compiler"
_PATH_VARIABLE = "IREE_TOOL_PATH"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the compiler did: its exit status, what it made, and what it said."""

    status: int
    output: bytes
    said: str


def compiler_path() -> Path | None:
    """The program ``iree-compile``: one that ``IREE_TOOL_PATH`` leads to, or that of the Python package."""
    return _program("iree-compile")


def linker_path() -> Path | None:
    """The linker that comes with IREE's compiler."""
    return _program("iree-lld")


def version() -> str | None:
    """The version of IREE's compiler; None if it is not installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None


def backends() -> tuple[str, ...]:
    """The back ends that the installed compiler has, by its own account; none if it is not installed."""
    path = compiler_path()
    return () if path is None else _backends(path)


def run(flags: Sequence[str], text: str, timeout: float | None) -> Outcome:
    """Compile a text.

    Raises `MissingDependencyError` without a compiler, and `CompilationError` if it takes more than so many
    seconds.
    """
    path = compiler_path()
    if path is None:
        raise MissingDependencyError("IREE's compiler is not installed: pip install 'approxir[iree]'")
    return _run(path, ["-", "-o", "-", *flags], text, timeout)


def _run(path: Path, arguments: Sequence[str], text: str, timeout: float | None) -> Outcome:
    try:
        done = subprocess.run(
            [path, *arguments], input=encode(text), capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise CompilationError(f"IREE's compiler did not finish within {timeout:g} seconds") from None
    except OSError as error:
        raise CompilationError(f"{path} cannot be run: {error.strerror or error}") from error
    return Outcome(done.returncode, done.stdout, done.stderr.decode("utf-8", errors="replace"))


@functools.cache
def _backends(path: Path) -> tuple[str, ...]:
    outcome = _run(path, ["--iree-hal-list-target-backends"], "", 60.0)
    # The first line is a heading.
    return tuple(outcome.output.decode("utf-8", errors="replace").split("\n", 1)[-1].split())


def _program(name: str) -> Path | None:
    file = name + (".exe" if sys.platform == "win32" else "")
    folders = [Path(folder) for folder in os.environ.get(_PATH_VARIABLE, "").split(os.pathsep) if folder]
    if importlib.util.find_spec("iree") is not None:
        spec = importlib.util.find_spec("iree.compiler")
        found = spec.submodule_search_locations if spec is not None else None
        folders += [Path(place) / "_mlir_libs" for place in found or ()]
    paths = [folder / file for folder in folders]
    return next((path for path in paths if path.is_file() and os.access(path, os.X_OK)), None)

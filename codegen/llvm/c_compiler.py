"""The C compiler of the system, which links object files and compiles C around them."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from approxir.codegen import programs
from approxir.errors import CompilationError, MissingDependencyError

NAMES = ("cc", "gcc", "clang")
"""What is looked for where the environment variable ``CC`` names nothing."""

_MISSING = "linking needs a C compiler: set CC, or install {}"


class CCompiler:
    """Runs the C compiler that ``$CC`` names, else the first of `NAMES` that is on PATH.

    Raises `MissingDependencyError` where there is none.
    """

    def __init__(self) -> None:
        self.command = _found()

    @property
    def name(self) -> str:
        """The command, as it would be typed."""
        return shlex.join(self.command)

    def version(self) -> str:
        """The first line of what the compiler says about itself. Raises `ProgramError`."""
        said = programs.run([*self.command, "--version"]).output.decode("utf-8", errors="replace")
        return said.strip().partition("\n")[0]

    def preprocessed(self, source: Path, options: Sequence[str]) -> bytes:
        """A C source with all that it includes, and not where it stood.

        Raises `CompilationError` with what the compiler says.
        """
        return self._run([*options, "-E", "-P", str(source)]).output

    def compile_shared(self, source: Path, target: Path, options: Sequence[str]) -> None:
        """Compile a C source to a shared library. Raises `CompilationError` with what the compiler says."""
        self._run([*options, "-fPIC", "-shared", str(source), "-o", str(target), "-lm"])

    def link_shared(self, parts: Sequence[Path], target: Path, *, soname: str, complete: bool) -> None:
        """Link object files to a shared library without relocations in its code.

        `complete` refuses functions that are nowhere to be found; otherwise the program that loads the
        library has to have them. Raises `CompilationError` with what the linker says.
        """
        options = ["-shared", *map(str, parts), "-o", str(target), "-lm"]
        if sys.platform == "darwin":
            options.append(f"-Wl,-install_name,{soname}")
            if not complete:
                options.append("-Wl,-undefined,dynamic_lookup")
        else:
            options += [f"-Wl,-soname,{soname}", "-Wl,-z,text", "-Wl,-z,noexecstack"]
            if complete:
                options.append("-Wl,-z,defs")
        self._run(options)

    def link_executable(self, parts: Sequence[Path], target: Path, include: Path) -> None:
        """Compile C sources, which find headers in the folder `include`, and link them with object files.

        Raises `CompilationError` with what the compiler says.
        """
        self._run(["-std=gnu11", "-O2", f"-I{include}", *map(str, parts), "-o", str(target), "-lm"])

    def _run(self, options: Sequence[str]) -> programs.Done:
        done = programs.run([*self.command, *options])
        if done.status:
            said = "\n  ".join(programs.tail(done.said))
            raise CompilationError(f"{self.name} cannot make the file:\n  {said}")
        return done


def _found() -> list[str]:
    asked = os.environ.get("CC", "").strip()
    if asked:
        try:
            command = shlex.split(asked)
        except ValueError as error:
            raise MissingDependencyError(f"the environment variable CC is no command: {error}") from None
        path = shutil.which(command[0])
        if path is None:
            raise MissingDependencyError(
                f"the environment variable CC names '{command[0]}', which is not found"
            )
        return [path, *command[1:]]
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return [path]
    raise MissingDependencyError(_MISSING.format(" or ".join(NAMES)))

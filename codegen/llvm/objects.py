"""LLVM's language to machine code: object files, position-independent.

There are several ways, all of which give the same code for the same version of LLVM: the package llvmlite,
and the programs ``clang``, or ``opt`` and ``llc``. What is not there is not looked for before
it is needed.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import os
import platform
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import ClassVar

from approxir.codegen import programs
from approxir.codegen.llvm.processors import (
    Processor,
    UnknownProcessorError,
    check_cpu,
    check_with_llvmlite,
    listed,
)
from approxir.codegen.mlir_process import Child
from approxir.errors import CompilationError, MissingDependencyError

LEVELS = range(4)
"""How much LLVM optimizes."""


def check_level(opt_level: int) -> None:
    """Raise `ValueError` for what is no level of optimization."""
    if opt_level not in LEVELS:
        raise ValueError(f"the optimization level is 0, 1, 2 or 3, not {opt_level!r}")


class ObjectCompiler(ABC):
    """Compiles LLVM's language."""

    name: ClassVar[str]

    @abstractmethod
    def compile(self, text: str, opt_level: int, processor: Processor) -> bytes:
        """The object file for a module.

        Raises `CompilationError` where LLVM refuses the text, `UnknownProcessorError` for a processor that it
        does not have, and `ProgramError` where a program does not come to an end.
        """

    @abstractmethod
    def version(self) -> str | None:
        """The version of what compiles."""

    def host_cpu(self) -> str | None:
        """The name that LLVM has for the processor of this machine; None where it does not tell."""
        return None


def object_compiler(using: str | None = None) -> ObjectCompiler:
    """What compiles here: llvmlite, else the programs ``clang``, else ``opt`` and ``llc``.

    Args:
        using: "llvmlite", "clang" or "llc" for that one, or the path of one of these programs.

    Raises `MissingDependencyError` where there is none, or not the one that is asked for.
    """
    if using is None:
        for make in (_llvmlite, _clang, _llc):
            found = make()
            if found is not None:
                return found
        raise MissingDependencyError(
            "compiling for files needs LLVM: pip install 'approxir[llvm]', or put clang, or opt and llc, "
            "on PATH"
        )
    held: ObjectCompiler | None
    if os.sep in using:
        base = os.path.basename(using)
        held = _llc(using) if base.startswith("llc") else _clang(using) if "clang" in base else None
        if held is None:
            raise MissingDependencyError(f"{using} is neither clang nor an llc with its opt")
        return held
    ways = {"llvmlite": _llvmlite, "clang": _clang, "llc": _llc}
    if using not in ways:
        raise MissingDependencyError(f"'{using}' compiles nothing here; there are: {', '.join(ways)}")
    held = ways[using]()
    if held is None:
        hint = "pip install 'approxir[llvm]'" if using == "llvmlite" else "put it on PATH"
        needed = "opt and llc are" if using == "llc" else f"{using} is"
        raise MissingDependencyError(f"{needed} not installed: {hint}")
    return held


def _llvmlite() -> ObjectCompiler | None:
    return Llvmlite() if importlib.util.find_spec("llvmlite") is not None else None


def _clang(path: str | None = None) -> ObjectCompiler | None:
    path = path or programs.find_newest("clang")
    return Clang(path) if path is not None else None


def _llc(path: str | None = None) -> ObjectCompiler | None:
    path = path or programs.find_newest("llc")
    opt = programs.sibling(path, "llc", "opt") if path is not None else None
    return OptAndLlc(opt, path) if path is not None and opt is not None else None


class Llvmlite(ObjectCompiler):
    """The LLVM inside of llvmlite, in a child process: LLVM ends its process at what it cannot compile."""

    name = "llvmlite"

    def version(self) -> str | None:
        return metadata.version("llvmlite")

    def host_cpu(self) -> str | None:
        name: str = importlib.import_module("llvmlite.binding").get_host_cpu_name()
        return name

    def compile(self, text: str, opt_level: int, processor: Processor) -> bytes:
        if not processor.is_native:
            check_with_llvmlite(processor.cpu, processor.triple)
        reply = _child().ask(
            {
                "text": text,
                "opt_level": opt_level,
                "cpu": None if processor.is_native else processor.cpu,
                "triple": processor.triple,
            }
        )
        if "object" in reply:
            return base64.b64decode(reply["object"])
        if reply["of"] == "target":
            raise UnknownProcessorError(reply["error"])
        raise CompilationError(f"LLVM cannot compile this module: {reply['error']}")


@cache
def _child() -> Child:
    return Child("llvmlite", Path(__file__).with_name("llvmlite_worker.py"))


class _Programs(ObjectCompiler):
    """What programs have in common."""

    def __init__(self, path: str) -> None:
        self.path = path

    def version(self) -> str | None:
        return programs.version(self.path)

    @staticmethod
    def _checked(path: str, done: programs.Done) -> bytes:
        if done.status:
            said = "\n  ".join(programs.tail(done.said))
            raise CompilationError(f"LLVM cannot compile this module; {path} says:\n  {said}")
        return done.output


class OptAndLlc(_Programs):
    """LLVM's own programs: ``opt`` optimizes, ``llc`` makes code."""

    name = "llc"

    def __init__(self, opt: str, llc: str) -> None:
        super().__init__(llc)
        self.opt = opt

    def compile(self, text: str, opt_level: int, processor: Processor) -> bytes:
        triple = processor.triple or self._own_triple()
        known = programs.run([self.path, f"-mtriple={triple}", "-mcpu=help"])
        if known.status:
            raise UnknownProcessorError(f"LLVM has no target '{triple}': {known.said.strip()}")
        if not processor.is_native:
            check_cpu(processor.cpu, listed(known.said), triple)
        common = [f"-mtriple={triple}", f"-mcpu={processor.cpu}", "-o", "-", "-"]
        command = [self.opt, f"-O{opt_level}", *common]
        optimized = self._checked(self.opt, programs.run(command, text.encode("utf-8")))
        # Without any optimization LLVM takes a way to code of its own, which cannot do all that others can.
        command = [self.path, f"-O{max(1, opt_level)}", "-relocation-model=pic", "-filetype=obj", *common]
        code = programs.run(command, optimized)
        return self._checked(self.path, code)

    def host_cpu(self) -> str | None:
        return self._told("Host CPU:")

    def _own_triple(self) -> str:
        return self._told("Default target:")

    def _told(self, what: str) -> str:
        said = programs.run([self.path, "--version"]).output.decode("utf-8", errors="replace")
        return said.partition(what)[2].split()[0]


class Clang(_Programs):
    """The C compiler of LLVM, which takes LLVM's language too."""

    name = "clang"

    def compile(self, text: str, opt_level: int, processor: Processor) -> bytes:
        # x86 and Arm spell the same option differently.
        option = "-march" if _is_x86(processor) else "-mcpu"
        command = [self.path, "-fPIC", "-x", "ir", "-c", "-Wno-override-module"]
        # Without any optimization LLVM takes a way to code of its own, which cannot do all that others can.
        command += [f"-O{opt_level}"] if opt_level else ["-O1", "-Xclang", "-disable-llvm-passes"]
        command.append(f"{option}={processor.cpu}")
        if processor.triple is not None:
            command.append(f"--target={processor.triple}")
        done, code = self._made(command, text)
        if done.status:
            nothing, _ = self._made(command, "")
            if nothing.status:
                raise UnknownProcessorError(f"{self.path}: {nothing.said.strip()}")
        self._checked(self.path, done)
        return code

    @staticmethod
    def _made(command: Sequence[str], text: str) -> tuple[programs.Done, bytes]:
        # Not all versions can write an object to standard output.
        with tempfile.TemporaryDirectory(prefix="approxir-") as folder:
            path = Path(folder, "module.o")
            done = programs.run([*command, "-o", str(path), "-"], text.encode("utf-8"))
            return done, path.read_bytes() if not done.status else b""


def _is_x86(processor: Processor) -> bool:
    name = processor.triple or platform.machine()
    return name.startswith(("x86", "i386", "i686", "amd64", "AMD64"))

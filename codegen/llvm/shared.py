"""Modules as shared libraries, compiled ahead of time and loaded into this process."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from approxir.codegen.backend import Artifact, Backend, BackendInfo
from approxir.codegen.kernel import Kernel
from approxir.codegen.llvm.c_compiler import CCompiler
from approxir.codegen.llvm.calls import Native
from approxir.codegen.llvm.interface import Interface
from approxir.codegen.llvm.linking import link
from approxir.codegen.llvm.lowering import export
from approxir.codegen.llvm.objects import check_level, object_compiler
from approxir.codegen.llvm.processors import NATIVE, Processor, fingerprint
from approxir.codegen.llvm.translation import translator
from approxir.errors import CompilationError, MissingDependencyError
from approxir.ir.module import parse

if TYPE_CHECKING:
    from approxir.ir.module import Module

_close = ctypes.CDLL(None).dlclose
_close.argtypes = [ctypes.c_void_p]
_close.restype = ctypes.c_int


@dataclass(frozen=True)
class SharedArtifact(Artifact):
    """A shared library, and what is needed to call it. It can be pickled, and loaded by other processes.

    `original` is the text of the module before it was lowered, and `file` its name; `made_for` tells the
    processor that the code is for, and is None where one was named.
    """

    library: bytes
    interface: Interface
    original: str
    file: str
    made_for: str | None


class LlvmShared(Backend):
    """Compiles to a shared library, with the C compiler of the system as the linker."""

    name = "llvm-shared"
    summary = "shared libraries by LLVM, through torch-mlir or MLIR's own programs"

    def describe(self) -> BackendInfo:
        version = None
        reason = None
        try:
            lowering = translator()
            compiler = object_compiler()
            version = f"{lowering.name}, {compiler.name} {compiler.version()}, {CCompiler().name}"
        except MissingDependencyError as error:
            reason = str(error)
        found = ("cpu",) if reason is None else ()
        return BackendInfo(self.name, self.summary, reason is None, version, ("cpu",), found, reason)

    def compile(
        self,
        module: Module | str,
        *,
        live: bool = False,
        externals: Mapping[str, Callable[..., Any]] | None = None,
        copy: bool = False,
        opt_level: int = 3,
        cpu: str = NATIVE,
        using: str | None = None,
        compiler: str | None = None,
    ) -> SharedArtifact:
        """Compile a module; see `Backend.compile` and `approxir.codegen.llvm.jit.jit`.

        `cpu` is the processor to make code for, `using` what lowers the module ("torch-mlir", or an
        ``mlir-opt``), and `compiler` what makes the code ("llvmlite", "clang" or "llc").
        """
        check_level(opt_level)
        linker, lowering, objects = CCompiler(), translator(using), object_compiler(compiler)
        exported = export(module, live=live, externals=externals or (), copies=copy)
        text = lowering.translate(exported).llvm_ir
        code = objects.compile(text, opt_level, Processor(cpu))
        with tempfile.TemporaryDirectory(prefix="approxir-") as folder:
            part, target = Path(folder, "module.o"), Path(folder, "module.so")
            part.write_bytes(code)
            linker.link_shared([part], target, soname="module.so", complete=True)
            library = target.read_bytes()
        made_for = fingerprint() if cpu == NATIVE else None
        original = exported.original
        return SharedArtifact(self.name, library, exported.interface, str(original), original.file, made_for)

    def load(
        self, artifact: SharedArtifact, externals: Mapping[str, Callable[..., Any]] | None = None
    ) -> Kernel:
        """The functions of a library.

        Raises `CompilationError` where it was made for another processor, or the system cannot load it.
        """
        if artifact.made_for not in (None, fingerprint()):
            raise CompilationError(
                "this library was compiled for the processor of another machine; compile it for one that is "
                "named, such as cpu='x86-64-v3'"
            )
        library = Library(artifact.library)

        def find(symbol: str) -> Native:
            return Native(library.address(symbol), library)

        original = parse(artifact.original, file=artifact.file)
        return link(artifact.interface, find, self.name, library, externals, original)


class Library:
    """A shared library in this process, unloaded with this object.

    Raises `CompilationError` where the system cannot load it.
    """

    def __init__(self, data: bytes) -> None:
        descriptor, path = tempfile.mkstemp(prefix="approxir-", suffix=".so")
        try:
            with open(descriptor, "wb") as stream:
                stream.write(data)
            self._held = ctypes.CDLL(path)
        except OSError as error:
            raise CompilationError(f"the system cannot load the library: {error}") from None
        finally:
            # What is loaded needs no name any more.
            os.unlink(path)

    def address(self, symbol: str) -> int:
        """Where a function lies."""
        address = ctypes.cast(self._held[symbol], ctypes.c_void_p).value
        assert address is not None
        return address

    def __del__(self, close: Any = _close) -> None:
        held = getattr(self, "_held", None)
        # While Python ends, other threads may still be in the code.
        if held is not None and not sys.is_finalizing():
            close(held._handle)

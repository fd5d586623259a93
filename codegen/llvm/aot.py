"""Compiling ahead of time: object files, shared libraries and programs, with what is needed to use them.

Beside the artefact ``gelu.so`` stand a header for C and C++, ``gelu.h``, and a description of its interface
for all other languages, ``gelu.json``: `approxir.codegen.llvm.description`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from approxir import files
from approxir.codegen.llvm.c_compiler import CCompiler
from approxir.codegen.llvm.c_main import main_program, names_taken
from approxir.codegen.llvm.c_names import identifier
from approxir.codegen.llvm.description import Target, describe
from approxir.codegen.llvm.header import MARK, Header
from approxir.codegen.llvm.lowering import export
from approxir.codegen.llvm.objects import check_level, object_compiler
from approxir.codegen.llvm.processors import NATIVE, Processor
from approxir.codegen.llvm.translation import Translated, translator
from approxir.codegen.outputs import companion, description_of
from approxir.errors import CompilationError

if TYPE_CHECKING:
    from approxir.ir.module import Module

StrPath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Written:
    """The files of an artefact: itself, the header (programs have none) and the description."""

    path: Path
    header: Path | None
    description: Path


@dataclass(frozen=True, slots=True)
class Options:
    """How to compile; see `compile_object`."""

    live: bool = False
    externals: Collection[str] = ()
    opt_level: int = 3
    cpu: str = NATIVE
    triple: str | None = None
    using: str | None = None
    compiler: str | None = None


def compile_object(
    module: Module | str,
    path: StrPath,
    *,
    live: bool = False,
    externals: Collection[str] = (),
    name: str | None = None,
    prefix: str = "",
    opt_level: int = 3,
    cpu: str = NATIVE,
    triple: str | None = None,
    using: str | None = None,
    compiler: str | None = None,
) -> Written:
    """Compile a module to an object file, position-independent, with a C header and a JSON description.

        ax.compile_object(module, "gelu.o")           # and: cc main.c gelu.o -lm, main.c including gelu.h

    Approximations are lowered first; the module stays as it is. The files are written together, or none.

    Args:
        module: a module, or its text; see `approxir.codegen.llvm.jit.jit`.
        path: where to write; the header and the description have the endings ``.h`` and ``.json`` instead.
        live: keep thresholds and decisions changeable: the header has a function for the array.
        externals: functions that the module only declares and the C program defines, by their names there.
        name: what C code calls the module; by default the name of the file.
        prefix: what to put before the names of the functions in C.
        opt_level: how much LLVM optimizes, 0 to 3.
        cpu: the processor to make code for, by LLVM's name; by default the one that this runs on.
        triple: the target, such as ``aarch64-linux-gnu``; by default this machine.
        using: what lowers the module: "torch-mlir", "mlir-opt" or the path of an ``mlir-opt``.
        compiler: what makes the code: "llvmlite", "clang" or "llc".

    Raises:
        VerifyError, ParseError: the module is not valid.
        PassError, ParamsError: an approximation cannot be lowered.
        CompilationError: MLIR or LLVM cannot compile it, or none of its functions can be called from C.
        UnknownProcessorError: LLVM does not know the processor or the target.
        OutputError: a file of one of these names is there and was not written by this.
        MissingDependencyError: what compiles it is not installed.
        OSError: a file cannot be written.
    """
    options = Options(live, externals, opt_level, cpu, triple, using, compiler)
    output = _Output("object", path, name, prefix)
    made = _compiled(module, options, output)
    return output.write(made.header, made.target, made.code)


def compile_shared(
    module: Module | str,
    path: StrPath,
    *,
    live: bool = False,
    externals: Collection[str] = (),
    name: str | None = None,
    prefix: str = "",
    opt_level: int = 3,
    cpu: str = NATIVE,
    using: str | None = None,
    compiler: str | None = None,
) -> Written:
    """Compile a module to a shared library, linked by the C compiler of the system.

        ax.compile_shared(module, "libgelu.so")       # and: cc main.c -L. -lgelu, main.c including libgelu.h

    The arguments and errors are those of `compile_object`. Functions among `externals` are found when the
    library is loaded: in the program that is linked with it, if that includes the header.
    """
    options = Options(live, externals, opt_level, cpu, None, using, compiler)
    output = _Output("shared", path, name, prefix)
    linker = CCompiler()
    made = _compiled(module, options, output)
    with _folder() as folder:
        part, target = folder / "module.o", folder / "module.so"
        part.write_bytes(made.code)
        linker.link_shared([part], target, soname=output.path.name, complete=not externals)
        return output.write(made.header, made.target, target.read_bytes())


def compile_executable(
    module: Module | str,
    path: StrPath,
    function: str = "main",
    *,
    live: bool = False,
    externals: Collection[str] = (),
    sources: Sequence[StrPath] = (),
    opt_level: int = 3,
    cpu: str = NATIVE,
    using: str | None = None,
    compiler: str | None = None,
) -> Written:
    """Compile a module to a program that calls one of its functions.

        ax.compile_executable(module, "fib", "fibonacci")     # and: ./fib 30

    The program takes the arguments of the function, which must be numbers, and prints its results, one a
    line, with enough digits to be read back as they were. Complex numbers are ``re,im``. With `live`
    parameters are set by ``--set NAME=VALUE``. A function ``main`` without arguments that returns an ``i32``
    gives the program's exit status and prints nothing. Wrong arguments end in a message and the status 2.

    Args:
        module: a module, or its text.
        path: where to write the program; a description of its interface has the ending ``.json`` instead.
        function: the function to call.
        externals: functions that the module only declares and `sources` define.
        sources: C sources, object files and libraries to link; sources can include a header of the module's
            functions, whose name is that of the program with the ending ``.h``.

    The other arguments and the errors are those of `compile_object`.
    """
    options = Options(live, externals, opt_level, cpu, None, using, compiler)
    output = _Output("executable", path, None, "")
    linker = CCompiler()
    made = _compiled(module, options, output)
    program = main_program(made.header, function)
    with _folder() as folder:
        part, main, target = folder / "module.o", folder / "main.c", folder / "program"
        part.write_bytes(made.code)
        main.write_bytes(files.encode(program))
        (folder / output.header.name).write_bytes(files.encode(made.header.text()))
        linker.link_executable([main, part, *map(Path, sources)], target, folder)
        return output.write(made.header, made.target, target.read_bytes())


def translate(module: Module | str, *, name: str = "module", options: Options | None = None) -> Translated:
    """A module in LLVM's dialect of MLIR and in LLVM's own language, as `compile_object` compiles it."""
    options = options or Options()
    exported = export(module, live=options.live, externals=options.externals, c_name=identifier(name))
    return translator(options.using).translate(exported)


@dataclass(frozen=True, slots=True)
class _Made:
    header: Header
    target: Target
    code: bytes


def _compiled(module: Module | str, options: Options, output: _Output) -> _Made:
    check_level(options.opt_level)
    lowering, objects = translator(options.using), object_compiler(options.compiler)
    processor = Processor(options.cpu, options.triple)
    exported = export(module, live=options.live, externals=options.externals, c_name=output.name)
    taken = names_taken(exported.interface) if output.kind == "executable" else ()
    header = Header(exported.interface, output.name, output.prefix, taken)
    if not header.functions:
        raise CompilationError("the module has no public function, so that nothing could call its code")
    code = objects.compile(lowering.translate(exported).llvm_ir, options.opt_level, processor)
    cpu = objects.host_cpu() if processor.is_native else processor.cpu
    target = Target(cpu, options.triple, options.opt_level, f"{objects.name} {objects.version()}")
    return _Made(header, target, code)


class _Output:
    """The files of one artefact, which must not take the place of anything else."""

    def __init__(self, kind: str, path: StrPath, name: str | None, prefix: str) -> None:
        self.kind = kind
        self.path = Path(path)
        self.name = identifier(self.path.stem if name is None else name)
        self.prefix = identifier(prefix) if prefix else ""
        self._check()
        self.header = self.path.with_suffix(".h")

    def _check(self) -> None:
        self.description = description_of(self.path)
        if self.kind != "executable":
            companion(self.path, ".h", "the C header", lambda text: MARK in text[:80])

    def write(self, header: Header, target: Target, code: bytes) -> Written:
        """Write all files, or none."""
        self._check()
        contents = {str(self.description): files.encode(describe(self.kind, self.path, header, target))}
        if self.kind != "executable":
            contents[str(self.header)] = files.encode(header.text())
        contents[str(self.path)] = code
        files.write_all_atomic(contents, executable={str(self.path)} if self.kind != "object" else ())
        return Written(self.path, self.header if self.kind != "executable" else None, self.description)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="approxir-") as name:
        yield Path(name)

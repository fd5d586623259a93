"""From a module with its interface to LLVM's own language, by torch-mlir or by MLIR's own programs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from approxir.codegen import mlir_report, programs, upstream
from approxir.codegen.llvm import bindings
from approxir.codegen.llvm.bindings import Bindings
from approxir.codegen.llvm.float_literals import spelled_as_bits
from approxir.codegen.llvm.lowering import Exported
from approxir.codegen.llvm.pipeline import pipeline
from approxir.codegen.mlir_process import Program, UpstreamError
from approxir.codegen.prepare import failed
from approxir.errors import CompilationError, MissingDependencyError
from approxir.syntax.source import Source

TORCH_MLIR = "torch-mlir"
MLIR_OPT = "mlir-opt"
TRANSLATE = "mlir-translate"
# Under this name standard input is told apart from that of mlir-opt, where operations say they come from.
_INPUT = "/dev/stdin"


@dataclass(frozen=True, slots=True)
class Translated:
    """A module in LLVM's dialect, if it was printed on the way, and in LLVM's own language."""

    mlir: str
    llvm_ir: str


class Translator(ABC):
    """Runs MLIR's passes, and what translates their result."""

    name: str

    @abstractmethod
    def translate(self, exported: Exported) -> Translated:
        """Lower a module and translate it.

        Raises `CompilationError`, placed in the module's source, and `UpstreamError` where a program
        crashes, is too old, or does not answer in time.
        """


def translator(using: str | None = None) -> Translator:
    """What lowers modules here: torch-mlir or, where that is not installed, ``mlir-opt``.

    Args:
        using: "torch-mlir", "mlir-opt", or the path of an ``mlir-opt``, for that one.

    Raises `MissingDependencyError` where there is none, or not the one that is asked for.
    """
    if using == TORCH_MLIR or (using is None and bindings.version() is not None):
        return _ByBindings()
    if using is None:
        found = programs.find_newest(MLIR_OPT)
        if found is None:
            raise MissingDependencyError(
                "compiling modules needs torch-mlir: pip install 'approxir[llvm]', or put mlir-opt and "
                "mlir-translate on PATH"
            )
        return _ByPrograms(found)
    if using == MLIR_OPT:
        found = programs.find_newest(MLIR_OPT)
        if found is None:
            raise MissingDependencyError("mlir-opt is not installed: put it on PATH")
        return _ByPrograms(found)
    return _ByPrograms(upstream.program(using))


class _ByBindings(Translator):
    """The passes of torch-mlir, in this process."""

    name = TORCH_MLIR

    def __init__(self) -> None:
        self._bindings = Bindings()

    def translate(self, exported: Exported) -> Translated:
        lowered = self._bindings.lowered(exported.text, exported.passes, exported.module)
        return Translated(str(lowered), spelled_as_bits(self._bindings.llvm_ir(lowered)))


class _ByPrograms(Translator):
    """MLIR's own programs."""

    def __init__(self, path: str) -> None:
        self.name = path
        self._opt = Program(path)
        found = programs.sibling(path, MLIR_OPT, TRANSLATE)
        if found is None:
            raise MissingDependencyError(f"there is no {TRANSLATE} that belongs to {path}")
        self._translate = found

    def translate(self, exported: Exported) -> Translated:
        report = self._opt.run_passes(exported.text, pipeline(exported.passes))
        if not report.ok:
            raise self._refused("MLIR cannot compile this module:", report, exported)
        done = programs.run([self._translate, "--mlir-to-llvmir", _INPUT], report.text.encode("utf-8"))
        if not done.status:
            return Translated(report.text, spelled_as_bits(done.output.decode("utf-8")))
        said = mlir_report.from_stderr(done.said, False, "")
        errors = [entry for entry in said.entries if entry.severity == "error"]
        if not errors:
            shown = "\n  ".join([f"{self._translate} ended without a verdict", *programs.tail(done.said)])
            raise UpstreamError(shown)
        if errors[0].elsewhere is not None and errors[0].elsewhere[0] == _INPUT:
            raise CompilationError(
                f"LLVM cannot compile this module; {self._translate} says of what {self.name} has made of "
                f"it: {errors[0].message}"
            )
        raise self._refused("LLVM cannot compile this module:", said, exported)

    @staticmethod
    def _refused(message: str, report: mlir_report.Report, exported: Exported) -> CompilationError:
        found = mlir_report.to_diagnostics(report, Source(exported.text, exported.module.file))
        return failed(message, found, exported.text, exported.module)

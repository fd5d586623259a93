"""torch-mlir in this process: MLIR's pass manager and LLVM's engine.

Nothing is imported before it is used. Each module gets a context of its own, so that several threads may
compile at once, and nothing of one compilation outlives it.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from approxir.codegen import mlir_report
from approxir.codegen.llvm import tensors
from approxir.codegen.llvm.pipeline import BUFFERS_TO_LLVM, COPIES_TO_LOOPS, pipeline
from approxir.codegen.mlir_worker import plain
from approxir.codegen.prepare import failed
from approxir.errors import CompilationError, MissingDependencyError
from approxir.ir.module import Module
from approxir.syntax.source import Source

DISTRIBUTION = "torch-mlir"


def version() -> str | None:
    """The version of torch-mlir; None where it is not installed."""
    if importlib.util.find_spec("torch_mlir") is None:
        return None
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None


class Bindings:
    """The parts of torch-mlir that are used. Raises `MissingDependencyError` where it is not installed."""

    def __init__(self) -> None:
        try:
            self.ir = importlib.import_module("torch_mlir.ir")
            self.passmanager = importlib.import_module("torch_mlir.passmanager")
            self.execution_engine = importlib.import_module("torch_mlir.execution_engine")
            self._llvm = importlib.import_module("torch_mlir._mlir_libs._mlirDialectsLLVM")
            # Importing this one makes torch-mlir's own passes known.
            importlib.import_module("torch_mlir._mlir_libs._torchMlir")
        except ImportError as error:
            message = f"running modules through LLVM needs torch-mlir ({error}): pip install 'approxir[llvm]'"
            raise MissingDependencyError(message) from None

    def lowered(
        self, text: str, passes: Sequence[str], module: Module, *, optimize: bool = True
    ) -> LoweredModule:
        """A text after MLIR's passes; `module` is what was printed as that text.

        With `optimize`, code on tensors is fused and vectorized first.

        Raises `CompilationError`, placed in the module's source.
        """
        context = self.ir.Context()
        context.enable_multithreading(False)
        try:
            with context, self.ir.Location.unknown():
                held = self._optimized(text) if optimize and "tensor<" in text else self.ir.Module.parse(text)
                _drop_result_attributes(held)
                self.passmanager.PassManager.parse(pipeline(_with_own(passes))).run(held.operation)
        except self.ir.MLIRError as error:
            found = [plain(entry) for entry in error.error_diagnostics]
            raise _refused("MLIR cannot compile this module:", found, text, module) from None
        return LoweredModule(self, held, context, text, module)

    def _optimized(self, text: str) -> Any:
        """The module of a text, its code on tensors being optimized."""
        held = self.ir.Module.parse(text)
        try:
            tensors.optimize(held)
        except ValueError:
            # The transform dialect refuses some code that is in small tiles already. It is right as it is.
            held = self.ir.Module.parse(text)
        return held

    def llvm_ir(self, module: LoweredModule) -> str:
        """The module in LLVM's own language; raises `CompilationError` where it has no words for it."""
        # torch-mlir's translator crashes on such modules, which the engine refuses.
        self.engine(module, 0)
        with module.context:
            text: str = self._llvm.translate_module_to_llvmir(module.module.operation)
        return text

    def engine(self, module: LoweredModule, opt_level: int) -> Any:
        """LLVM's engine for a module; raises `CompilationError` where LLVM refuses it."""
        said: list[dict[str, Any]] = []

        def collect(diagnostic: Any) -> bool:
            said.append(plain(diagnostic))
            return True

        handler = module.context.attach_diagnostic_handler(collect)
        try:
            with module.context:
                return self.execution_engine.ExecutionEngine(module.module, opt_level=opt_level)
        except RuntimeError as error:
            if not said:
                raise CompilationError(f"LLVM cannot compile this module: {error}") from None
            raise _refused("LLVM cannot compile this module:", said, module.text, module.source) from None
        finally:
            handler.detach()


def _drop_result_attributes(module: Any) -> None:
    """Forget what functions say about their results, such as their names in JAX.

    Freeing memory gives functions further results, and MLIR does not make these attributes as many.
    """
    for op in module.body.operations:
        if op.operation.name == "func.func" and "res_attrs" in op.operation.attributes:
            del op.operation.attributes["res_attrs"]


def _with_own(passes: Sequence[str]) -> tuple[str, ...]:
    """The passes with those that only torch-mlir has."""
    at = passes.index(BUFFERS_TO_LLVM[0])
    return (*passes[:at], COPIES_TO_LOOPS, *passes[at:])


def _refused(message: str, said: list[dict[str, Any]], text: str, module: Module) -> CompilationError:
    report = mlir_report.from_bindings({"ok": False, "diagnostics": said})
    return failed(message, mlir_report.to_diagnostics(report, Source(text, module.file)), text, module)


class LoweredModule:
    """A module in LLVM's dialect, with the context that holds it.

    `text` is what it was made of, and `source` the module that was printed as that text.
    """

    def __init__(self, bindings: Bindings, module: Any, context: Any, text: str, source: Module) -> None:
        self.bindings = bindings
        self.module = module
        self.context = context
        self.text = text
        self.source = source

    def declared(self) -> list[str]:
        """The functions that are declared without being defined, but for LLVM's own."""
        found = []
        for op in self.module.body.operations:
            held = op.operation
            if held.name == "llvm.func" and not held.regions[0].blocks:
                name = self.bindings.ir.StringAttr(held.attributes["sym_name"]).value
                if not name.startswith("llvm."):
                    found.append(name)
        return found

    def used(self, names: list[str]) -> list[str]:
        """Those of the functions that the module refers to."""
        wanted = set(names)
        found: set[str] = set()

        def look(op: Any) -> Any:
            for key in op.attributes:
                value = op.attributes[key]
                if isinstance(value, self.bindings.ir.FlatSymbolRefAttr):
                    found.add(value.value)
            return self.bindings.ir.WalkResult.ADVANCE

        self.module.operation.walk(look)
        return [name for name in names if name in wanted & found]

    def __str__(self) -> str:
        with self.context:
            return str(self.module)

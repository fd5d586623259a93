"""StableHLO to operations on tensors that LLVM can be reached from: linalg, tensor, arith, math and scf."""

from __future__ import annotations

from approxir.codegen import upstream
from approxir.codegen.llvm.stablehlo_expansions import expand
from approxir.codegen.mlir_process import UpstreamError
from approxir.codegen.mlir_report import to_diagnostics
from approxir.codegen.prepare import failed
from approxir.dialects.approx.errors import diagnostic
from approxir.errors import CompilationError, Diagnostic
from approxir.ir.module import Module, parse
from approxir.syntax.source import Source
from approxir.values import FloatType, Type, walk

LEGALIZE = (
    "inline",
    "symbol-dce",
    "stablehlo-legalize-to-linalg",
    "stablehlo-convert-to-signless",
    "canonicalize",
    "cse",
)
"""The passes of torch-mlir that do it.

Signs are taken away last: what an operation does with a number depends on them.
"""

# These are not known to the bindings of torch-mlir: what is not expanded before, they cannot even read.
_UNKNOWN = ("chlo", "vhlo", "mhlo", "sdy")
# Beginnings of the names of types that LLVM does not have, and those that it has.
_SMALL_FLOATS = ("f8E", "f6E", "f4E", "tf32")
_FLOATS = frozenset({"f16", "bf16", "f32", "f64", "f80", "f128"})
_CUSTOM = "stablehlo.custom_call"
_NO_WAY = "there is no way from {} to LLVM"
_FAILED = "this module cannot be compiled for LLVM"


def to_linalg(text: str, *, file: str = "<string>", timeout: float | None = None) -> str:
    """The text of a module with its StableHLO and CHLO as linalg, tensor, arith, math and scf.

    Control flow has to be that of scf already (`legalize-control-flow-to-scf`). Functions that are called are
    inlined, and private ones that nothing calls any more are gone. Signs of integers are taken from their
    types, in function types as well: ``tensor<ui32>`` becomes ``tensor<i32>``. Anything else in the module
    stays; operations of the LLVM and bufferization dialects may stand in it.

    Args:
        text: the module.
        file: the name to give in errors.
        timeout: seconds after which MLIR is given up; by default `mlir_process.TIMEOUT`.

    Raises:
        CompilationError: an operation cannot be legalized; the diagnostics name it, and its place in `text`.
        ParseError: the text is not MLIR.
        MissingDependencyError: torch-mlir is not installed.
        UpstreamError: MLIR crashed or did not answer in time.
    """
    module = parse(text, file=file)
    expand(module)
    found = _unknown(module)
    if found:
        raise CompilationError("\n".join([_FAILED, *(entry.render() for entry in found)]), found)
    printed = str(module)
    passes = f"builtin.module({', '.join(LEGALIZE)})"
    try:
        report = upstream.run_passes(printed, passes, refused=("stablehlo",), timeout=timeout)
    except UpstreamError:
        # Beside custom calls, which LLVM has none of, it crashes over what they call.
        found = [
            diagnostic(op, None, _NO_WAY.format(f"'{op.name}'"), code="mlir") for op in module.find(_CUSTOM)
        ]
        if not found:
            raise
        raise CompilationError("\n".join([_FAILED, *(entry.render() for entry in found)]), found) from None
    if not report.ok:
        found = to_diagnostics(report, Source(printed, file))
        raise failed(_FAILED, found, printed, module)
    return report.text


def _unknown(module: Module) -> list[Diagnostic]:
    """What cannot be legalized, and what MLIR would not say of it, or not where it stands."""
    found = [
        diagnostic(op, None, _NO_WAY.format(f"'{op.name}'"), code="mlir")
        for op in module.find(*(f"{name}." for name in _UNKNOWN))
    ]
    if any(name in str(module) for name in _SMALL_FLOATS):
        for op in module.walk():
            strange = {str(kind) for result in op.results for kind in _floats(result.type)} - _FLOATS
            if strange:
                numbers = f"numbers of type {', '.join(sorted(strange))}"
                found.append(diagnostic(op, None, _NO_WAY.format(numbers), code="mlir"))
    return found


def _floats(kind: Type | None) -> list[FloatType]:
    return [] if kind is None else [part for part in walk(kind) if isinstance(part, FloatType)]

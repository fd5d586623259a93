"""From a module with approximations to LLVM's dialect."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources

from approxir.codegen.llvm.exports import Exporter
from approxir.codegen.llvm.interface import Interface
from approxir.codegen.llvm.pipeline import passes_for
from approxir.codegen.prepare import Prepared, prepare
from approxir.ir.module import Module, parse
from approxir.passes.pipeline import run_pipeline

_STABLEHLO = ("stablehlo.", "chlo.")
CONTROL_FLOW = "legalize-control-flow-to-scf"


@dataclass(frozen=True)
class Exported:
    """A module with the code through which it is called, as text for MLIR, and what that code expects.

    `passes` are those of MLIR that lead from there to LLVM's dialect; `module` is what was printed as `text`,
    and `original` the module before anything was lowered.
    """

    text: str
    module: Module
    interface: Interface
    passes: tuple[str, ...]
    original: Module


def export(
    module: Module | str, *, live: bool = False, externals: Collection[str] = (), copies: bool = False
) -> Exported:
    """Lower the approximations of a module and give it its interface; the given module stays as it is.

    Args:
        module: a module, or its text.
        live: whether thresholds and decisions are read at run time.
        externals: the functions that the module declares and the caller provides.
        copies: whether arrays whose memory cannot be shared are copied for the call.

    Raises: what `prepare`, `Exporter.export` and, for StableHLO, `to_linalg` raise.
    """
    prepared = prepare(module, live=live)
    stablehlo = bool(prepared.module.find(*_STABLEHLO))
    if stablehlo:
        run_pipeline(prepared.module, [CONTROL_FLOW])
    interface = _exported(prepared, externals, copies)
    lowered = prepared.module
    text = str(lowered)
    if stablehlo:
        from approxir.codegen.llvm.stablehlo import to_linalg

        text = to_linalg(text, file=lowered.file)
        lowered = parse(text, file=lowered.file)
    return Exported(text, lowered, interface, passes_for(text), prepared.original)


def _exported(prepared: Prepared, externals: Collection[str], copies: bool) -> Interface:
    interface = Exporter(prepared, externals, copies).export()
    text = str(prepared.module)
    if "memref.copy" in text or "tensor<" in text:
        block = prepared.module.symbol_holder.blocks[0]
        for op in list(parse(_runtime(), file="<runtime>").operations):
            op.detach()
            block.append(op)
    return interface


@cache
def _runtime() -> str:
    return resources.files("approxir.codegen.llvm").joinpath("runtime.mlir").read_text(encoding="utf-8")

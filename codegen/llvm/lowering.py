"""From a module with approximations to LLVM's dialect."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources

from approxir.codegen.llvm.exports import ALLOCATIONS, Exporter
from approxir.codegen.llvm.interface import Interface
from approxir.codegen.llvm.pipeline import passes_for
from approxir.codegen.prepare import prepare
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
    module: Module | str,
    *,
    live: bool = False,
    externals: Collection[str] = (),
    copies: bool = False,
    c_name: str | None = None,
) -> Exported:
    """Lower the approximations of a module and give it its interface; the given module stays as it is.

    Args:
        module: a module, or its text.
        live: whether thresholds and decisions are read at run time.
        externals: the functions that the module declares and the caller provides.
        copies: whether arrays whose memory cannot be shared are copied for the call.
        c_name: what to call the module where C programs are linked with it.

    Raises: what `prepare`, `Exporter.export` and, for StableHLO, `to_linalg` raise.
    """
    prepared = prepare(module, live=live)
    stablehlo = bool(prepared.module.find(*_STABLEHLO))
    if stablehlo:
        run_pipeline(prepared.module, [CONTROL_FLOW])
    own_memory = bool(prepared.module.find(*ALLOCATIONS))
    interface = Exporter(prepared, externals, copies, c_name).export()
    lowered = prepared.module
    text = str(lowered)
    # A big module is not to be printed twice for nothing.
    if _add_runtime(lowered, text):
        text = str(lowered)
    if stablehlo:
        from approxir.codegen.llvm.stablehlo import to_linalg

        text = to_linalg(text, file=lowered.file)
        lowered = parse(text, file=lowered.file)
    return Exported(text, lowered, interface, passes_for(text, own_memory=own_memory), prepared.original)


def _add_runtime(module: Module, text: str) -> bool:
    """Add the functions that lowered code calls and no C library has; whether there are any."""
    wanted = []
    if "memref.copy" in text or "tensor<" in text:
        wanted.append("runtime.mlir")
    if "f16" in text:
        wanted.append("conversions.mlir")
    for name in wanted:
        _add(module, name)
    return bool(wanted)


def _add(module: Module, name: str) -> None:
    """Add the functions of a file of this package to a module."""
    block = module.symbol_holder.blocks[0]
    for op in list(parse(_read(name), file=f"<{name}>").operations):
        op.detach()
        block.append(op)


@cache
def _read(name: str) -> str:
    return resources.files("approxir.codegen.llvm").joinpath(name).read_text(encoding="utf-8")

"""Tensors to memory: what makes code on tensors fast, and the passes after which it works on buffers.

The passes have the same names for torch-mlir's bindings and for MLIR's own programs. `optimize` needs the
bindings; without it everything is computed all the same, but slower.
"""

from __future__ import annotations

import importlib
from typing import Any

STRUCTURE = ("convert-elementwise-to-linalg",)
"""Operations on whole tensors become loops around one element."""

CLEAN = ("canonicalize", "cse")

GENERALIZE = ("linalg-generalize-named-ops",)
"""One operation stands for all such loops."""

IN_PLACE = (
    "canonicalize",
    "cse",
    "loop-invariant-code-motion",
    "loop-invariant-subset-hoisting",
    "eliminate-empty-tensors",
    "canonicalize",
)
"""Tiles stay in registers as long as loops use them, and results are computed where they are to be."""

BUFFERIZE = (
    "convert-elementwise-to-linalg",
    "one-shot-bufferize{bufferize-function-boundaries=true "
    "function-boundary-type-conversion=identity-layout-map allow-return-allocs-from-loops=true}",
)
"""Tensors become buffers; what a function is given is never written to, but where it says that it may be."""

HOIST = ("func.func(buffer-hoisting, buffer-loop-hoisting)",)
"""Buffers are allocated before loops and branches, rather than in each of their rounds.

The passes move memory that a module manages itself as well, and leave where it is what frees it.
"""

DEALLOCATE = (
    "ownership-based-buffer-deallocation{private-function-dynamic-ownership=true}",
    "canonicalize",
    "buffer-deallocation-simplification",
    "bufferization-lower-deallocations",
    "cse",
    "canonicalize",
    "convert-bufferization-to-memref",
)
"""Every buffer that was allocated is freed once, at the earliest in the block that allocated it."""

TENSORS_TO_BUFFERS = (*BUFFERIZE, *HOIST, *DEALLOCATE)
"""All of it, in order, for modules that have no memory of their own."""


def optimize(module: Any) -> None:
    """Fuse, reorder and vectorize code on tensors in a module of torch-mlir's, before it is bufferized.

    Results of integers stay as they are. Those of floating-point numbers do as well, with two exceptions: in
    products of matrices, a product is added to its sum with one rounding instead of two; and exp and tanh of
    f32 are up to one and a half units in the last place off (`approxir.codegen.llvm.elementary`).

    Raises `MLIRError` of torch-mlir where a pass fails.
    """
    from approxir.codegen.llvm.contractions import transpose_operands, vectorize_contractions
    from approxir.codegen.llvm.elementary import expand_elementary
    from approxir.codegen.llvm.fusion import fuse_elementwise
    from approxir.codegen.llvm.loop_order import reorder_loops
    from approxir.codegen.llvm.scalars import scalarize

    with module.context:
        _run(module, STRUCTURE)
        expand_elementary(module)
        scalarize(module)
        _run(module, CLEAN)
        fuse_elementwise(module, _run)
        _run(module, GENERALIZE)
        transpose_operands(module)
        vectorize_contractions(module)
        reorder_loops(module)
        _run(module, IN_PLACE)


def _run(module: Any, passes: tuple[str, ...]) -> None:
    manager: Any = importlib.import_module("torch_mlir.passmanager").PassManager
    manager.parse(f"builtin.module({','.join(passes)})").run(module.operation)

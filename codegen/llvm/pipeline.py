"""The passes of MLIR that lead to LLVM's dialect, in order."""

from __future__ import annotations

from collections.abc import Sequence

from approxir.codegen.llvm.tensors import BUFFERIZE, DEALLOCATE, TENSORS_TO_BUFFERS

COPIES_TO_LOOPS = "func.func(refback-munge-memref-copy)"
"""Copies between memrefs of any layouts become loops, if torch-mlir is there; else a function makes them."""

BUFFERS_TO_LLVM = (
    "convert-linalg-to-loops",
    "expand-realloc",
    "convert-vector-to-scf",
    "lower-affine",
    "convert-scf-to-cf",
    "expand-strided-metadata",
    "lower-affine",
    "convert-complex-to-standard",
    "arith-expand",
    "memref-expand",
    "convert-math-to-funcs",
    "convert-scf-to-cf",
    "convert-math-to-llvm",
    "convert-math-to-libm",
    "convert-index-to-llvm",
    "convert-vector-to-llvm",
    "convert-complex-to-llvm",
    "convert-arith-to-llvm",
    "finalize-memref-to-llvm",
    "convert-func-to-llvm",
    "convert-cf-to-llvm",
    "convert-ub-to-llvm",
    "reconcile-unrealized-casts",
)
"""From loops, memrefs, vectors and numbers to LLVM's dialect."""


def passes_for(text: str, *, own_memory: bool) -> tuple[str, ...]:
    """The passes that a module needs; those about tensors only where there are any.

    `own_memory` tells whether the module allocates and frees memory itself.
    """
    if "tensor<" not in text:
        return BUFFERS_TO_LLVM
    tensors = (*BUFFERIZE, *DEALLOCATE) if own_memory else TENSORS_TO_BUFFERS
    return (*tensors, *BUFFERS_TO_LLVM)


def pipeline(passes: Sequence[str]) -> str:
    """The passes as MLIR's pass managers and programs read them."""
    return f"builtin.module({','.join(passes)})"

"""Tensors to memory: the passes of MLIR after which functions work on buffers, and free those they allocate.

The same names go to the pass manager of torch-mlir's bindings and to MLIR's own programs.
"""

from __future__ import annotations

BUFFERIZE = (
    "convert-elementwise-to-linalg",
    "one-shot-bufferize{bufferize-function-boundaries=true "
    "function-boundary-type-conversion=identity-layout-map allow-return-allocs-from-loops=true}",
)
"""Tensors become buffers; what a function is given is never written to, but where it says that it may be."""

DEALLOCATE = (
    "func.func(buffer-hoisting, buffer-loop-hoisting)",
    "ownership-based-buffer-deallocation{private-function-dynamic-ownership=true}",
    "canonicalize",
    "buffer-deallocation-simplification",
    "bufferization-lower-deallocations",
    "cse",
    "canonicalize",
    "convert-bufferization-to-memref",
)
"""Every buffer that was allocated is freed once, at the earliest in the block that allocated it."""

TENSORS_TO_BUFFERS = (*BUFFERIZE, *DEALLOCATE)
"""All of it, in order."""

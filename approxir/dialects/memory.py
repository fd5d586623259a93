"""What operations do with the memory they are given: view it, read it, store to it."""

from __future__ import annotations

VIEWS = frozenset({
    "memref.assume_alignment", "memref.cast", "memref.collapse_shape", "memref.expand_shape",
    "memref.memory_space_cast", "memref.reinterpret_cast", "memref.subview", "memref.transpose",
    "memref.view",
})  # fmt: skip
"""Operations whose result is the memory that their first operand is, or a part of it."""

STORES = {
    "affine.store": (0, 1), "affine.vector_store": (0, 1), "memref.store": (0, 1), "vector.store": (0, 1),
    "vector.transfer_write": (0, 1), "vector.maskedstore": (3, 0), "vector.compressstore": (3, 0),
}  # fmt: skip
"""What stores: which operand is the value, which one the memory. The others of type index are the address."""

READS = frozenset({
    "affine.load", "affine.vector_load", "bufferization.to_tensor", "memref.generic_atomic_rmw",
    "memref.load", "vector.expandload", "vector.gather", "vector.load", "vector.maskedload",
    "vector.transfer_read",
})  # fmt: skip
"""What reads its first operand."""

ASKS = frozenset({
    "memref.dim", "memref.extract_aligned_pointer_as_index", "memref.extract_strided_metadata", "memref.rank",
})  # fmt: skip
"""What asks for the shape or the place of its first operand, without touching what it holds."""

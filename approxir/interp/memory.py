"""Memory: buffers, and memrefs as views of them with offsets and strides counted in elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from approxir.interp.errors import Trap
from approxir.interp.numbers import Array, dtype_of
from approxir.values import AffineMapAttr, Attribute, StridedLayoutAttr, Type
from approxir.values.memrefs import MemRefType


class Buffer:
    """One allocation: its elements in the order of memory."""

    __slots__ = ("constant", "elements", "freed", "global_")

    def __init__(self, elements: Array, *, constant: bool = False, global_: bool = False) -> None:
        self.elements = elements
        self.constant = constant
        self.global_ = global_
        self.freed = False


class MemRef:
    """A memref: a buffer, an offset into it, sizes and strides. Accesses outside are faults."""

    __slots__ = ("buffer", "offset", "sizes", "strides")

    def __init__(self, buffer: Buffer, offset: int, sizes: Sequence[int], strides: Sequence[int]) -> None:
        self.buffer = buffer
        self.offset = offset
        self.sizes = tuple(sizes)
        self.strides = tuple(strides)
        if any(size < 0 for size in self.sizes):
            raise Trap(f"a memref of negative size: {list(self.sizes)}")
        low, high = extent(self.sizes, self.strides)
        if 0 not in self.sizes and not (offset + low >= 0 and offset + high < len(buffer.elements)):
            raise Trap(
                f"the view with offset {offset}, sizes {list(self.sizes)} and strides {list(self.strides)} "
                f"leaves its buffer of {len(buffer.elements)} elements"
            )

    @property
    def array(self) -> Array:
        """The elements as an array that shares the memory."""
        self.check_alive()
        elements = self.buffer.elements
        if 0 in self.sizes:
            return np.empty(self.sizes, elements.dtype)
        strides = [stride * elements.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(elements[self.offset :], self.sizes, strides)

    def check_alive(self) -> None:
        """Raise `Trap` if the buffer was deallocated."""
        if self.buffer.freed:
            raise Trap("the memory was deallocated before")

    def position(self, indices: Sequence[int]) -> int:
        """Where an element lies in the buffer. Raises `Trap` outside of the sizes."""
        at = self.offset
        for number, (index, size, stride) in enumerate(zip(indices, self.sizes, self.strides, strict=True)):
            if not 0 <= index < size:
                raise Trap(f"index {number} is {index}, outside the dimension of {size}")
            at += index * stride
        return at

    def load(self, indices: Sequence[int]) -> Any:
        """One element, as NumPy holds it."""
        self.check_alive()
        return self.buffer.elements[self.position(indices)]

    def store(self, value: Any, indices: Sequence[int]) -> None:
        """Replace one element."""
        self.check_writable()
        self.buffer.elements[self.position(indices)] = value

    def check_writable(self) -> None:
        """Raise `Trap` if the memory was deallocated or belongs to a constant."""
        self.check_alive()
        if self.buffer.constant:
            raise Trap("a store to a constant global")

    def __repr__(self) -> str:
        return f"<MemRef {list(self.sizes)} of {self.buffer.elements.dtype}>"


def extent(sizes: Sequence[int], strides: Sequence[int]) -> tuple[int, int]:
    """The least and the greatest distance from the first element, in elements."""
    reach = [stride * (size - 1) for size, stride in zip(sizes, strides, strict=True)]
    return sum([min(0, r) for r in reach]), sum([max(0, r) for r in reach])


def row_major(sizes: Sequence[int]) -> tuple[int, ...]:
    """The strides of a dense array."""
    strides, step = [], 1
    for size in reversed(sizes):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def layout_of(
    layout: Attribute | None, sizes: Sequence[int], symbols: Sequence[int] = ()
) -> tuple[int, tuple[int, ...]]:
    """The offset and the strides that a layout spells; dynamic ones are those of a dense array."""
    dense = row_major(sizes)
    if layout is None:
        return 0, dense
    if isinstance(layout, StridedLayoutAttr):
        strides = tuple([d if s is None else s for s, d in zip(layout.strides, dense, strict=True)])
        return layout.offset or 0, strides
    if isinstance(layout, AffineMapAttr) and len(layout.results) == 1:
        return _linear(layout, len(sizes), symbols)
    raise Trap(f"the layout {layout} is not supported")


def _linear(layout: AffineMapAttr, rank: int, symbols: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    def at(*point: int) -> int:
        return layout.evaluate(point, symbols)[0]

    zero = [0] * rank
    offset = at(*zero)
    strides = []
    for number in range(rank):
        one = list(zero)
        one[number] = 1
        strides.append(at(*one) - offset)
    # A map that is no strided layout differs somewhere near the origin, or is not worth supporting.
    for probe in ([3] * rank, [*range(1, rank + 1)]):
        if at(*probe) != offset + sum([p * s for p, s in zip(probe, strides, strict=True)]):
            raise Trap(f"the layout {layout} is not supported: it is no strided layout")
    return offset, tuple(strides)


def allocate(
    kind: MemRefType, sizes: Sequence[int], symbols: Sequence[int] = (), limit: int = 1 << 28
) -> MemRef:
    """New memory for a memref type, filled with zeros."""
    if any(size < 0 for size in sizes):
        raise Trap(f"an allocation of negative size: {list(sizes)}")
    offset, strides = layout_of(kind.layout, sizes, symbols)
    count = 0 if 0 in sizes else offset + extent(sizes, strides)[1] + 1
    if count > limit:
        raise Trap(f"an allocation of {count} elements is more than the {limit} that are supported")
    dtype = dtype_of(kind.element_type)
    if dtype == np.dtype(object):
        elements = np.empty(count, dtype)
        elements[:] = [_blank(kind.element_type)] * count
    else:
        elements = np.zeros(count, dtype)
    return MemRef(Buffer(elements), offset, sizes, strides)


def _blank(kind: Type) -> Any:
    shape = getattr(kind, "static_shape", None)
    if shape is None:
        return 0
    return np.zeros(shape, dtype_of(kind.element_type))  # type: ignore[attr-defined]


def from_array(array: Array, *, constant: bool = False) -> MemRef:
    """A memref over the memory of an array, whatever its strides."""
    itemsize = array.itemsize
    if any(stride % itemsize for stride in array.strides):
        raise Trap("the array's strides are no multiples of the size of its elements")
    strides = [stride // itemsize for stride in array.strides]
    if array.size == 0:
        return MemRef(Buffer(np.empty(0, array.dtype), constant=constant), 0, array.shape, strides)
    low, high = extent(array.shape, strides)
    # The view with every dimension upwards begins at the lowest address.
    upwards = array[tuple([slice(None, None, -1 if stride < 0 else 1) for stride in strides])]
    flat = np.lib.stride_tricks.as_strided(upwards, (high - low + 1,), (itemsize,))
    return MemRef(Buffer(flat, constant=constant), -low, array.shape, strides)


def layout_fits(kind: MemRefType, memref: MemRef) -> bool:
    """Whether strides are those that a type promises; a dynamic offset or stride may be anything."""
    layout = kind.layout
    if 0 in memref.sizes:
        return True
    if isinstance(layout, StridedLayoutAttr):
        wanted: Sequence[int | None] = layout.strides
    else:
        wanted = layout_of(layout, memref.sizes)[1]
    return all(
        want is None or want == has or size == 1
        for want, has, size in zip(wanted, memref.strides, memref.sizes, strict=True)
    )

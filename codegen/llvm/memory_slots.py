"""Slots of values that have memory of their own: memrefs and tensors, as NumPy arrays.

In a frame both are what MLIR passes for a memref, a descriptor: the pointer that was allocated, the one to
count from, an offset, sizes and strides, in elements. A memref is the array's memory itself. A tensor's
elements are only read; those of a result are put into an array that the caller has made, or, where its shape
is not known before, into memory that is allocated for it.
"""

from __future__ import annotations

import ctypes
import struct
from functools import partial
from typing import Any

import numpy as np

from approxir.codegen.llvm.frames import Frame
from approxir.codegen.llvm.slots import Emitter, Reader, Slot, UnsupportedTypeError, Writer, checked
from approxir.codegen.signature import Signature
from approxir.interp.errors import Trap
from approxir.interp.memory import layout_of
from approxir.interp.numbers import dtype_of
from approxir.values import (
    ComplexType,
    FloatType,
    IndexType,
    IntegerType,
    MemRefType,
    StridedLayoutAttr,
    TensorType,
)

Array = np.ndarray[Any, Any]

_libc = ctypes.CDLL(None)
_free = _libc.free
_free.argtypes = [ctypes.c_void_p]
_free.restype = None


# The first byte of an array, as ctypes sees it.
_start_of: Any = ctypes.c_char.from_buffer


def _element_dtype(kind: MemRefType | TensorType) -> np.dtype[Any]:
    element = kind.element_type
    fitting = isinstance(element, FloatType | IndexType | ComplexType)
    if isinstance(element, IntegerType):
        fitting = element.width in (1, 8, 16, 32, 64)
    if not fitting:
        raise UnsupportedTypeError(f"elements of type {element} have no counterpart in NumPy")
    try:
        return dtype_of(element)
    except Trap as trap:
        raise UnsupportedTypeError(trap.message) from None


def descriptor(rank: int) -> str:
    """The type of a memref's descriptor in LLVM's dialect."""
    if not rank:
        return "!llvm.struct<(ptr, ptr, i64)>"
    return f"!llvm.struct<(ptr, ptr, i64, array<{rank} x i64>, array<{rank} x i64>)>"


def address_of(array: Array) -> int:
    """Where the first element of an array lies."""
    try:
        # Three times as fast as the general way, for arrays that may be written to and have no gaps.
        return ctypes.addressof(_start_of(array))
    except (TypeError, ValueError, BufferError):
        place: int = array.__array_interface__["data"][0]
        return place


class _Descriptor(Slot):
    """What memrefs and tensors have in common."""

    kind: MemRefType | TensorType

    def __init__(self, kind: MemRefType | TensorType) -> None:
        super().__init__(kind)
        self.dtype = _element_dtype(kind)
        self.rank = kind.rank
        self.size, self.align = 24 + 16 * self.rank, 8
        self.llvm = descriptor(self.rank)
        self._format = struct.Struct(f"=QQ{1 + 2 * self.rank}q")

    def load_descriptor(self, emit: Emitter, place: str, memref: str) -> str:
        """Emit what reads the descriptor at a place as a memref."""
        value = emit.value(f"llvm.load {place} : !llvm.ptr -> {self.llvm}")
        return emit.cast(value, self.llvm, memref)

    def store_descriptor(self, emit: Emitter, place: str, value: str, memref: str) -> None:
        """Emit what writes a memref's descriptor to a place."""
        value = emit.cast(value, memref, self.llvm)
        emit.do(f"llvm.store {value}, {place} : {self.llvm}, !llvm.ptr")

    def put(self, frame: Frame, offset: int, array: Array) -> None:
        """Put the descriptor of an array into a frame."""
        where = address_of(array)
        itemsize = array.itemsize
        strides = [stride // itemsize for stride in array.strides]
        self._format.pack_into(frame.memory, offset, where, where, 0, *array.shape, *strides)

    def array_at(self, frame: Frame, offset: int, owner: Any, writable: bool = True) -> Array:
        """The array that a descriptor in a frame describes; `owner` keeps its memory alive."""
        _, base, first, *rest = self._format.unpack_from(frame.memory, offset)
        sizes, strides = rest[: self.rank], rest[self.rank :]
        if 0 in sizes:
            return np.empty(sizes, self.dtype)
        where = base + first * self.dtype.itemsize
        return array_over(where, sizes, strides, self.dtype, owner, writable)

    def base(self, frame: Frame, offset: int) -> int:
        """The pointer that the offset, and so every element, counts from."""
        return pointer_at(frame, offset + 8)


def pointer_at(frame: Frame, offset: int) -> int:
    """The pointer that was allocated for the memref whose descriptor stands at an offset of a frame."""
    found: int = _POINTER.unpack_from(frame.memory, offset)[0]
    return found


_POINTER = struct.Struct("=Q")


class _View:
    """Memory as NumPy takes it; whatever array is made of it keeps this, and so the owner, alive."""

    __slots__ = ("__array_interface__", "owner")

    def __init__(self, interface: dict[str, Any], owner: Any) -> None:
        self.__array_interface__ = interface
        self.owner = owner


def array_over(
    where: int, sizes: Any, strides: Any, dtype: np.dtype[Any], owner: Any, writable: bool = True
) -> Array:
    """An array over memory at an address; strides count elements."""
    itemsize = dtype.itemsize
    plain = dtype.str if dtype.kind != "V" and dtype.isbuiltin == 1 else f"<u{itemsize}"
    interface = {
        "version": 3,
        "data": (where, not writable),
        "shape": tuple(sizes),
        "strides": tuple([stride * itemsize for stride in strides]),
        "typestr": plain,
    }
    array = np.asarray(_View(interface, owner))
    return array if plain == dtype.str else array.view(dtype)


class Owned:
    """Memory that compiled code has allocated for its caller: freed with this object."""

    __slots__ = ("pointer",)

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer

    def __del__(self, free: Any = _free) -> None:
        free(self.pointer)


class MemRefSlot(_Descriptor):
    """A memref: an array whose memory is shared.

    `writes` says whether the code may write to it, `alignment` how many bytes the code relies on, and
    `copies` whether an array that does not fit is copied first, so that what is written to it is lost.
    """

    kind: MemRefType

    def __init__(
        self, kind: MemRefType, *, writes: bool = True, alignment: int = 1, copies: bool = False
    ) -> None:
        super().__init__(kind)
        if kind.memory_space is not None:
            raise UnsupportedTypeError(f"the memory of {kind} is not the processor's own")
        self.writes, self.alignment, self.copies = writes, alignment, copies
        self._offset, self._strides = self._layout()

    def __reduce__(self) -> tuple[Any, ...]:
        made = partial(
            MemRefSlot, self.kind, writes=self.writes, alignment=self.alignment, copies=self.copies
        )
        return made, ()

    def _layout(self) -> tuple[int | None, tuple[int | None, ...] | None]:
        """The offset and the strides that the type asks for; None for any, strides of None for dense ones."""
        kind = self.kind
        if kind.layout is None:
            return 0, None
        if isinstance(kind.layout, StridedLayoutAttr):
            return kind.layout.offset, tuple(kind.layout.strides)
        if kind.has_static_shape:
            try:
                return layout_of(kind.layout, kind.static_shape)
            except Trap:
                pass
        raise UnsupportedTypeError(f"the layout of {kind} is not one of strides")

    def load(self, emit: Emitter, place: str) -> str:
        return self.load_descriptor(emit, place, str(self.kind))

    def store(self, emit: Emitter, place: str, value: str) -> None:
        self.store_descriptor(emit, place, value, str(self.kind))

    def writer(self, offset: int, signature: Signature, what: str) -> Writer:
        dtype, rank = self.dtype, self.rank
        fixed = [(axis, size) for axis, size in enumerate(self.kind.shape) if size is not None]
        pack = self._format.pack_into
        dense = self._strides is None and self._offset == 0 and self.alignment <= dtype.itemsize
        address = ctypes.addressof

        def write(frame: Frame, value: Any) -> None:
            # What is usual comes first and quickly; everything else, empty arrays included, below.
            if dense and type(value) is np.ndarray and value.dtype == dtype and value.flags.carray:
                sizes = value.shape
                if len(sizes) == rank and not (fixed and any(sizes[n] != size for n, size in fixed)):
                    try:
                        where = address(_start_of(value))
                    except (TypeError, ValueError, BufferError):
                        where = address_of(value)
                    if rank == 1:
                        pack(frame.memory, offset, where, where, 0, sizes[0], 1)
                    else:
                        pack(frame.memory, offset, where, where, 0, *sizes, *_row_major(sizes))
                    return
            array, shift = self._fitting(value, signature, what)
            if array is not value:
                frame.keep.append(array)
            where = address_of(array)
            strides = (
                _row_major(array.shape)
                if array.flags.c_contiguous
                else [stride // array.itemsize for stride in array.strides]
            )
            if self._strides is not None:
                strides = [s if w is None else w for s, w in zip(strides, self._strides, strict=True)]
            base = where - shift * array.itemsize
            pack(frame.memory, offset, base, base, shift, *array.shape, *strides)

        return write

    def _sized(self, value: Array) -> bool:
        return all(
            want is None or want == has for want, has in zip(self.kind.shape, value.shape, strict=True)
        )

    def _fitting(self, value: Any, signature: Signature, what: str) -> tuple[Array, int]:
        """The array or, if that is allowed, a copy that fits, and its offset. Raises `ArgumentError`."""
        kind = self.kind
        if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
            raise signature.error(
                f"{what}: {kind} needs a NumPy array, whose memory it shares, not {type(value).__name__}"
            )
        if value.dtype != self.dtype:
            raise signature.error(
                f"{what}: an array of {value.dtype} was given, {kind} needs {self.dtype}",
                hint=f"convert it: numpy.asarray(array, {self.dtype.name!r})",
            )
        if value.ndim != self.rank or not self._sized(value):
            raise signature.error(f"{what}: the shape {value.shape} was given, which is none of {kind}")
        problem = self._problem(value)
        if problem is None:
            return value, self._offset or 0
        if not self.copies:
            hint = "hand over a copy, or compile with copy=True: writes to such arrays are lost then"
            raise signature.error(f"{what}: {problem}", hint=hint)
        copy = self._copied(value)
        problem = self._problem(copy)
        if problem is not None:
            raise signature.error(f"{what}: {problem}")
        return copy, self._offset or 0

    def _problem(self, value: Array) -> str | None:
        """Why the memory of an array cannot be shared."""
        if self.writes and not value.flags.writeable:
            return "the function may write to this memory, but the array is read-only"
        if not value.flags.aligned:
            return "the elements do not lie at multiples of their size"
        if self.alignment > 1 and value.size and address_of(value) % self.alignment:
            return f"the code relies on memory at a multiple of {self.alignment} bytes"
        if not self._has_strides(value):
            return f"the array's strides {_in_elements(value)} are not those of {self.kind}"
        return None

    def _has_strides(self, value: Array) -> bool:
        if self._strides is None:
            return value.flags.c_contiguous
        if not value.size:
            return True
        if any(stride % value.itemsize for stride in value.strides):
            return False
        # The stride of a dimension of one element is never used.
        return all(
            want is None or size == 1 or want * value.itemsize == has
            for want, has, size in zip(self._strides, value.strides, value.shape, strict=True)
        )

    def _copied(self, value: Array) -> Array:
        """A copy that is dense, in the order of the strides that the type asks for, and aligned."""
        order = list(range(self.rank))
        if self._strides is not None and None not in self._strides:
            order.sort(key=lambda axis: -(self._strides[axis] or 0))  # type: ignore[index]
        shape = [value.shape[axis] for axis in order]
        room = np.empty(value.nbytes + self.alignment, np.uint8)
        shift = -address_of(room) % self.alignment
        copy = room[shift : shift + value.nbytes].view(self.dtype).reshape(shape)
        copy = copy.transpose(np.argsort(order))
        copy[...] = value
        return copy

    def reader(self, offset: int) -> Reader:
        # Whose memory a result is depends on the call: `approxir.codegen.llvm.calls` finds out.
        return lambda frame: self.array_at(frame, offset, None)


class TensorSlot(_Descriptor):
    """A tensor: a value, whose elements are copied or read in place, but never written to."""

    kind: TensorType

    def __init__(self, kind: TensorType) -> None:
        super().__init__(kind)
        if kind.encoding is not None:
            raise UnsupportedTypeError(f"{kind} has an encoding, which says nothing about its memory")
        self.memref = str(MemRefType(kind.shape, kind.element_type))
        self.is_static = kind.has_static_shape

    def load(self, emit: Emitter, place: str) -> str:
        value = self.load_descriptor(emit, place, self.memref)
        return emit.value(f"bufferization.to_tensor {value} restrict : {self.memref} to {self.kind}")

    def store(self, emit: Emitter, place: str, value: str) -> None:
        """Copy a tensor into the memory whose descriptor the caller has put there, or into new memory."""
        if self.is_static:
            target = self.load_descriptor(emit, place, self.memref)
        else:
            sizes = []
            for axis, size in enumerate(self.kind.shape):
                if size is None:
                    number = emit.value(f"arith.constant {axis} : index")
                    sizes.append(emit.value(f"tensor.dim {value}, {number} : {self.kind}"))
            target = emit.value(
                f"memref.alloc({', '.join(sizes)}) {{bufferization.manual_deallocation}} : {self.memref}"
            )
            self.store_descriptor(emit, place, target, self.memref)
        emit.do(
            f"bufferization.materialize_in_destination {value} in restrict writable {target} "
            f": ({self.kind}, {self.memref}) -> ()"
        )

    def lend(self, emit: Emitter, place: str, value: str) -> None:
        """Write the descriptor of a tensor's memory, which must not be written to."""
        memref = emit.value(f"bufferization.to_buffer {value} read_only : {self.kind} to {self.memref}")
        self.store_descriptor(emit, place, memref, self.memref)

    def writer(self, offset: int, signature: Signature, what: str) -> Writer:
        kind, dtype, shape = self.kind, self.dtype, self.kind.shape
        pack = self._format.pack_into

        def write(frame: Frame, value: Any) -> None:
            if type(value) is not np.ndarray:
                value = _foreign(value)
            fits = type(value) is np.ndarray and value.dtype == dtype and value.shape == shape
            if not fits:
                value = checked(value, kind, signature, what)
            if not (value.flags.c_contiguous and value.flags.aligned):
                value = np.require(value, dtype, ["C", "A"])
            frame.keep.append(value)
            where = address_of(value)
            sizes = value.shape
            pack(frame.memory, offset, where, where, 0, *sizes, *_row_major(sizes))

        return write

    def room(self, frame: Frame, offset: int) -> Array:
        """A new array for a result of static shape, its descriptor being put into a frame."""
        array = np.empty(self.kind.static_shape, self.dtype)
        self.put(frame, offset, array)
        return array

    def reader(self, offset: int) -> Reader:
        """What takes an array out of a frame whose memory the code has allocated for it."""
        return lambda frame: self.array_at(frame, offset, Owned(pointer_at(frame, offset)))

    def lent_reader(self, offset: int) -> Reader:
        """What copies an array out of a frame that the code goes on using: `lend`."""
        return lambda frame: self.array_at(frame, offset, None).copy()


def _foreign(value: Any) -> Any:
    """An array of another library as NumPy sees it; everything else, what has masks included, as it is."""
    if hasattr(value, "__array__") and hasattr(value, "dtype") and not isinstance(value, np.ma.MaskedArray):
        return np.asarray(value)
    return value


def _row_major(sizes: tuple[int, ...]) -> list[int]:
    strides = []
    step = 1
    for size in reversed(sizes):
        strides.append(step)
        step *= size
    strides.reverse()
    return strides


def _in_elements(array: Array) -> str:
    if any(stride % array.itemsize for stride in array.strides):
        return f"of {list(array.strides)} bytes"
    return str([stride // array.itemsize for stride in array.strides])

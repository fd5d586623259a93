"""Slots: how a value of one type lies in a frame, seen from MLIR and from Python.

Code and callers exchange values through frames: plain memory with a slot for each argument and each result.
A slot knows its size, the MLIR operations that read and write it, and the same for Python. Numbers and
vectors are here, what has memory of its own in `approxir.codegen.llvm.memory_slots`.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from approxir.codegen.llvm.frames import Frame
from approxir.codegen.signature import Signature
from approxir.errors import ApproxIRError
from approxir.interp.boundary import incoming
from approxir.interp.errors import Trap
from approxir.interp.numbers import dtype_of
from approxir.values import ComplexType, FloatType, IndexType, IntegerType, Type, VectorType

Writer = Callable[[Frame, Any], None]
"""Checks a Python value and puts it into a frame."""
Reader = Callable[[Frame], Any]
"""Takes a Python value out of a frame."""


class UnsupportedTypeError(ApproxIRError):
    """Values of this type cannot be exchanged between Python and compiled code."""


class Emitter:
    """Collects the lines of a function body in MLIR text."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._count = 0

    def value(self, text: str) -> str:
        """Add an operation with one result, and return the name of that."""
        name = f"%v{self._count}"
        self._count += 1
        self.lines.append(f"{name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Add an operation without results."""
        self.lines.append(text)

    def place(self, frame: str, offset: int) -> str:
        """A pointer to a place in a frame."""
        if not offset:
            return frame
        return self.value(f"llvm.getelementptr {frame}[{offset}] : (!llvm.ptr) -> !llvm.ptr, i8")

    def cast(self, value: str, source: str, target: str) -> str:
        """A value under another type with the same representation in LLVM."""
        if source == target:
            return value
        return self.value(f"builtin.unrealized_conversion_cast {value} : {source} to {target}")


class Slot(ABC):
    """The place of one value in a frame: `size` and `align` in bytes."""

    size: int
    align: int

    def __init__(self, kind: Type) -> None:
        self.kind = kind

    def __reduce__(self) -> tuple[Any, ...]:
        # All else that a slot has is made of its type.
        return type(self), (self.kind,)

    @abstractmethod
    def load(self, emit: Emitter, place: str) -> str:
        """Emit what reads the value, and return its name."""

    @abstractmethod
    def store(self, emit: Emitter, place: str, value: str) -> None:
        """Emit what writes the value."""

    @abstractmethod
    def writer(self, offset: int, signature: Signature, what: str) -> Writer:
        """What puts a Python value at an offset of a frame; `what` names the value in messages."""

    @abstractmethod
    def reader(self, offset: int) -> Reader:
        """What takes a Python value from an offset of a frame."""


def checked(value: Any, kind: Type, signature: Signature, what: str) -> Any:
    """A value from outside, converted; the rules are those of the interpreter. Raises `ArgumentError`."""
    try:
        return incoming(value, kind, what)
    except Trap as trap:
        raise signature.error(trap.message, trap.hint) from None


class IntegerSlot(Slot):
    """An integer of 1 to 64 bits, or an index: in the least of 1, 2, 4 and 8 bytes that holds it."""

    def __init__(self, kind: IntegerType | IndexType) -> None:
        super().__init__(kind)
        self.is_index = isinstance(kind, IndexType)
        self.width = 64 if isinstance(kind, IndexType) else kind.width
        self.signedness = "signed" if isinstance(kind, IndexType) else kind.signedness
        if not 1 <= self.width <= 64:
            raise UnsupportedTypeError(f"integers of {self.width} bits have no counterpart in C")
        self.size = self.align = next(size for size in (1, 2, 4, 8) if size * 8 >= self.width)

    def load(self, emit: Emitter, place: str) -> str:
        held = f"i{self.size * 8}"
        value = emit.value(f"llvm.load {place} : !llvm.ptr -> {held}")
        if self.is_index:
            return emit.value(f"arith.index_cast {value} : i64 to index")
        plain = f"i{self.width}"
        if plain != held:
            value = emit.value(f"arith.trunci {value} : {held} to {plain}")
        return emit.cast(value, plain, str(self.kind))

    def store(self, emit: Emitter, place: str, value: str) -> None:
        held = f"i{self.size * 8}"
        if self.is_index:
            value = emit.value(f"arith.index_cast {value} : index to i64")
        else:
            plain = f"i{self.width}"
            value = emit.cast(value, str(self.kind), plain)
            if plain != held:
                extend = "extui" if self.signedness == "unsigned" or self.width == 1 else "extsi"
                value = emit.value(f"arith.{extend} {value} : {plain} to {held}")
        emit.do(f"llvm.store {value}, {place} : {held}, !llvm.ptr")

    def writer(self, offset: int, signature: Signature, what: str) -> Writer:
        kind = self.kind
        low, high = (-(1 << 63), (1 << 63) - 1)
        if isinstance(kind, IntegerType):
            low, high = kind.limits
        mask = (1 << self.width) - 1
        pack = struct.Struct("=" + "BHIQ"[self.size.bit_length() - 1]).pack_into

        def write(frame: Frame, value: Any) -> None:
            if type(value) is not int or not low <= value <= high:
                value = int(checked(value, kind, signature, what))
            pack(frame.memory, offset, value & mask)

        return write

    def reader(self, offset: int) -> Reader:
        letter = "BHIQ"[self.size.bit_length() - 1]
        if self.width == 1:
            return lambda frame: bool(frame.memory[offset] & 1)
        unsigned = self.signedness == "unsigned"
        unpack = struct.Struct("=" + (letter if unsigned else letter.lower())).unpack_from
        return lambda frame: unpack(frame.memory, offset)[0]


class NumberSlot(Slot):
    """A floating-point or complex number."""

    def __init__(self, kind: FloatType | ComplexType) -> None:
        super().__init__(kind)
        known = isinstance(kind, ComplexType) or kind.name in ("f16", "bf16", "f32", "f64")
        try:
            self.dtype = dtype_of(kind)
        except Trap as trap:
            raise UnsupportedTypeError(trap.message) from None
        if not known:
            raise UnsupportedTypeError(f"{kind} has no arithmetic in LLVM")
        self.size = self.dtype.itemsize
        self.align = self.size // 2 if isinstance(kind, ComplexType) else self.size
        part = str(kind.element_type) if isinstance(kind, ComplexType) else ""
        self.llvm = f"!llvm.struct<({part}, {part})>" if part else str(kind)

    def load(self, emit: Emitter, place: str) -> str:
        value = emit.value(f"llvm.load {place} : !llvm.ptr -> {self.llvm}")
        return emit.cast(value, self.llvm, str(self.kind))

    def store(self, emit: Emitter, place: str, value: str) -> None:
        value = emit.cast(value, str(self.kind), self.llvm)
        emit.do(f"llvm.store {value}, {place} : {self.llvm}, !llvm.ptr")

    def writer(self, offset: int, signature: Signature, what: str) -> Writer:
        kind, dtype, end = self.kind, self.dtype, offset + self.size
        letter = {"f32": "f", "f64": "d"}.get(str(kind))
        pack = struct.Struct("=" + (letter or "d")).pack_into

        def write(frame: Frame, value: Any) -> None:
            if letter is not None and type(value) is float:
                try:
                    pack(frame.memory, offset, value)
                    return
                except OverflowError:
                    # Numbers beyond the largest become infinite, which only NumPy does silently.
                    pass
            held = np.asarray(checked(value, kind, signature, what), dtype)
            frame.memory[offset:end] = held.tobytes()

        return write

    def reader(self, offset: int) -> Reader:
        dtype = self.dtype
        return lambda frame: np.ndarray((), dtype, frame.memory, offset)[()]


class VectorSlot(Slot):
    """A vector of fixed size: rows of the last dimension, each padded to a power of two, as LLVM has them."""

    def __init__(self, kind: VectorType) -> None:
        super().__init__(kind)
        element = kind.element_type
        if kind.scalable:
            raise UnsupportedTypeError(f"{kind} has no fixed size")
        self.is_index = isinstance(element, IndexType)
        self.is_bool = isinstance(element, IntegerType) and element.width == 1
        fitting = isinstance(element, FloatType) and element.name in ("f16", "bf16", "f32", "f64")
        fitting = fitting or self.is_index or self.is_bool
        if isinstance(element, IntegerType):
            fitting = fitting or element.width in (8, 16, 32, 64)
        if not fitting:
            raise UnsupportedTypeError(f"vectors of {element} have no counterpart in NumPy")
        self.dtype = dtype_of(element)
        self.shape = kind.static_shape
        *self.outer, columns = self.shape or (1,)
        held = "i64" if self.is_index else "i8" if self.is_bool else str(element)
        # How the element is spelled where it is held: with bytes for booleans, as LLVM would pack them.
        self.held = f"vector<{''.join(f'{n}x' for n in self.shape)}{held}>"
        row = f"vector<{columns}x{held}>"
        self.row_bytes = 1 << (columns * self.dtype.itemsize - 1).bit_length()
        self.llvm = row
        for count in reversed(self.outer):
            self.llvm = f"!llvm.array<{count} x {self.llvm}>"
        self.size = int(np.prod(self.outer, dtype=np.int64)) * self.row_bytes
        self.align = 16

    def load(self, emit: Emitter, place: str) -> str:
        value = emit.value(f"llvm.load {place} {{alignment = 1 : i64}} : !llvm.ptr -> {self.llvm}")
        value = emit.cast(value, self.llvm, self.held)
        return self._converted(emit, value, self.held, str(self.kind), "trunci")

    def store(self, emit: Emitter, place: str, value: str) -> None:
        value = self._converted(emit, value, str(self.kind), self.held, "extui")
        value = emit.cast(value, self.held, self.llvm)
        emit.do(f"llvm.store {value}, {place} {{alignment = 1 : i64}} : {self.llvm}, !llvm.ptr")

    def _converted(self, emit: Emitter, value: str, source: str, target: str, resize: str) -> str:
        if self.is_index:
            return emit.value(f"arith.index_cast {value} : {source} to {target}")
        if self.is_bool:
            return emit.value(f"arith.{resize} {value} : {source} to {target}")
        return emit.cast(value, source, target)

    def _view(self, frame: Frame, offset: int) -> np.ndarray[Any, Any]:
        strides = [self.dtype.itemsize] if self.shape else []
        step = self.row_bytes
        for count in reversed(self.outer):
            strides.append(step)
            step *= count
        return np.ndarray(self.shape, self.dtype, frame.memory, offset, tuple(reversed(strides)))

    def writer(self, offset: int, signature: Signature, what: str) -> Writer:
        def write(frame: Frame, value: Any) -> None:
            self._view(frame, offset)[...] = checked(value, self.kind, signature, what)

        return write

    def reader(self, offset: int) -> Reader:
        return lambda frame: self._view(frame, offset).copy()

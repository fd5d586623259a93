"""The interface of compiled modules: for each function a frame, in which every value has its place.

    {"functions": {"sum": {"symbol": "__approx_call_sum", "size": 56, "arguments": [...], "results": [...]}}}

`symbol` is a C function that takes a pointer to such a frame and returns nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from approxir.codegen.llvm.memory_slots import MemRefSlot, TensorSlot
from approxir.codegen.llvm.slots import IntegerSlot, NumberSlot, Slot, UnsupportedTypeError, VectorSlot
from approxir.codegen.signature import Signature
from approxir.passes.live import Layout
from approxir.values import (
    ComplexType,
    FloatType,
    IndexType,
    IntegerType,
    MemRefType,
    TensorType,
    Type,
    VectorType,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A slot at an offset, in bytes, of a frame."""

    slot: Slot
    offset: int


@dataclass(frozen=True, slots=True)
class CallInterface:
    """How one function is called: the symbol of the code, and where in a frame of `size` bytes values lie."""

    signature: Signature
    symbol: str
    inputs: tuple[Place, ...]
    results: tuple[Place, ...]
    size: int

    @property
    def status(self) -> int:
        """Where, behind the frame of an external function, the code and the function tell how it went."""
        return -(-self.size // 8) * 8


@dataclass(frozen=True)
class Interface:
    """What a compiled module offers and what it needs.

    `unsupported` says of functions that cannot be called from Python why not. `externals` are functions
    that the module calls and its caller provides; the symbol of each stores the address to call. `constants`
    give the addresses of constant globals; `parameters` is the one that returns the array of live
    parameters, whose layout is `layout`. `origins` says where the memory of memrefs comes from that are
    returned, by the name of the function and the number of the result: `approxir.codegen.llvm.ownership`.
    """

    functions: Mapping[str, CallInterface]
    externals: Mapping[str, CallInterface] = field(default_factory=dict)
    constants: Sequence[CallInterface] = ()
    parameters: CallInterface | None = None
    layout: Layout | None = None
    unsupported: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[tuple[str, int], frozenset[str]] = field(default_factory=dict)


def slot_of(kind: Type) -> Slot:
    """The slot for a type. Raises `UnsupportedTypeError`."""
    if isinstance(kind, IntegerType | IndexType):
        return IntegerSlot(kind)
    if isinstance(kind, FloatType | ComplexType):
        return NumberSlot(kind)
    if isinstance(kind, VectorType):
        return VectorSlot(kind)
    if isinstance(kind, MemRefType):
        return MemRefSlot(kind)
    if isinstance(kind, TensorType):
        return TensorSlot(kind)
    raise UnsupportedTypeError(f"values of type {kind} cannot be exchanged with Python")


def call_interface(
    signature: Signature, symbol: str, inputs: Iterable[Slot], results: Iterable[Slot]
) -> CallInterface:
    """Give every slot its place: arguments first, each at a multiple of its alignment."""
    end = 0
    placed: list[list[Place]] = []
    for group in (inputs, results):
        places = []
        for slot in group:
            offset = -(-end // slot.align) * slot.align
            places.append(Place(slot, offset))
            end = offset + slot.size
        placed.append(places)
    return CallInterface(signature, symbol, tuple(placed[0]), tuple(placed[1]), max(end, 1))

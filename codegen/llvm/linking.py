"""From compiled code to a kernel: functions, the functions that they call, and live parameters."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from approxir.codegen.kernel import Kernel
from approxir.codegen.live import LiveParameters
from approxir.codegen.llvm.calls import CompiledFunction, Memory, Native
from approxir.codegen.llvm.externals import Externals
from approxir.codegen.llvm.frames import Frame
from approxir.codegen.llvm.interface import Interface

if TYPE_CHECKING:
    from approxir.ir.module import Module

_ADDRESS = struct.Struct("=Q")


def link(
    interface: Interface,
    find: Callable[[str], Native],
    backend: str,
    owner: Any,
    externals: Mapping[str, Callable[..., Any]] | None,
    original: Module,
) -> Kernel:
    """A kernel over code.

    Args:
        interface: what the code offers and needs.
        find: gives the code of a symbol.
        backend: the name of the back end.
        owner: what has to live as long as the code and its memory.
        externals: the functions that the code calls; it must be all of `interface.externals`.
        original: the module before it was lowered, which says what live parameters may be.
    """
    bound = Externals(externals or {}, interface.externals) if interface.externals else None
    frame = Frame(8)
    for symbol, address in bound.addresses.items() if bound is not None else ():
        _ADDRESS.pack_into(frame.memory, 0, address)
        find(symbol)(frame)
    memory = Memory(frozenset(_constants(interface, find)), (owner, bound), bound)
    parameters = None
    if interface.layout is not None:
        parameters = LiveParameters(interface.layout, _parameters(interface, find, memory), original)
    lock = parameters.lock if parameters is not None else None
    functions = {
        name: CompiledFunction(call, find(call.symbol), memory, lock)
        for name, call in interface.functions.items()
    }
    return Kernel(functions, parameters, backend, interface.unsupported)


def _constants(interface: Interface, find: Callable[[str], Native]) -> Iterator[int]:
    """The address of each constant global."""
    frame = Frame(8)
    for call in interface.constants:
        find(call.symbol)(frame)
        yield _ADDRESS.unpack_from(frame.memory, 0)[0]


def _parameters(
    interface: Interface, find: Callable[[str], Native], memory: Memory
) -> np.ndarray[Any, np.dtype[np.int32]]:
    if interface.parameters is None:
        return np.zeros(0, np.int32)
    read = CompiledFunction(interface.parameters, find(interface.parameters.symbol), memory)
    array: np.ndarray[Any, np.dtype[np.int32]] = read()
    return array

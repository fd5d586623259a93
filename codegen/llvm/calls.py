"""Calling compiled functions: arguments into a frame, results out of it, and whose memory they are."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from approxir.codegen.kernel import Function
from approxir.codegen.live import SharedLock
from approxir.codegen.llvm.externals import Call, Externals
from approxir.codegen.llvm.frames import Frame
from approxir.codegen.llvm.interface import CallInterface
from approxir.codegen.llvm.memory_slots import MemRefSlot, Owned, TensorSlot, address_of, pointer_at
from approxir.codegen.llvm.slots import Slot


class Native:
    """Code, called with a frame.

    Args:
        address: where the code is.
        owner: what has to live as long as the code.
        packed: whether MLIR's engine has wrapped it, so that it takes a list of pointers to its arguments,
            of which there is one, instead of the address of the frame.
    """

    __slots__ = ("function", "owner", "packed")

    def __init__(self, address: int, owner: Any, *, packed: bool = False) -> None:
        self.function = _CODE(address)
        self.owner = owner
        self.packed = packed

    def __call__(self, frame: Frame) -> None:
        self.function(self.entry(frame))

    def entry(self, frame: Frame) -> int:
        """What the code is called with for a frame."""
        return frame.argument if self.packed else frame.address


_CODE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

GLOBAL = 0xDEADBEEF
"""What MLIR has for the allocated pointer of a global, which nobody must free."""


class Memory:
    """What is known about memory that functions return without having allocated it.

    `constants` are the addresses of constant globals; `owner` is what keeps globals alive.
    """

    def __init__(self, constants: frozenset[int], owner: Any, externals: Externals | None) -> None:
        self.constants = constants
        self.owner = owner
        self.externals = externals


class CompiledFunction(Function):
    """A function of native code. Calls from several threads run at the same time."""

    def __init__(
        self, call: CallInterface, native: Native, memory: Memory, lock: SharedLock | None = None
    ) -> None:
        super().__init__(call.signature)
        signature = call.signature
        self._count = len(call.inputs)
        self._size = call.size
        self._native = native
        self._memory = memory
        self._externals = memory.externals
        self._lock = lock
        self._writers = tuple([
            place.slot.writer(place.offset, signature, signature.argument(number))
            for number, place in enumerate(call.inputs)
        ])  # fmt: skip
        self._given = [
            (number, place) for number, place in enumerate(call.inputs) if isinstance(place.slot, MemRefSlot)
        ]
        self._results = call.results
        self._readers = [place.slot.reader(place.offset) for place in call.results]
        # Results whose memory the code decides on: the offsets at which their pointers will be.
        self._pointers = [p.offset for p in call.results if _is_allocated(p.slot)]
        self._plain = not any(isinstance(place.slot, MemRefSlot | TensorSlot) for place in call.results)
        self._quick = self._plain and lock is None and memory.externals is None
        self._code = native.function
        self._read = self._reader()
        self._frames: list[Frame] = []

    def __call__(self, *args: Any, **named: Any) -> Any:
        if named:
            args = self.signature.bind(args, named)
        if len(args) != self._count:
            self.signature.check_count(args)
        try:
            frame = self._frames.pop()
        except IndexError:
            frame = self._new_frame()
        try:
            for write, value in zip(self._writers, args, strict=True):
                write(frame, value)
            if self._quick:
                self._code(frame.entry)
                return self._read(frame)
            return self._perform(frame, args)
        finally:
            if frame.keep:
                frame.keep.clear()
            self._frames.append(frame)

    def _new_frame(self) -> Frame:
        frame = Frame(self._size)
        frame.entry = self._native.entry(frame)
        return frame

    def _reader(self) -> Callable[[Frame], Any]:
        """What takes all results out of a frame."""
        readers = self._readers
        if not readers:
            return lambda frame: None
        if len(readers) == 1:
            return readers[0]
        return lambda frame: tuple([read(frame) for read in readers])

    def _perform(self, frame: Frame, args: tuple[Any, ...]) -> Any:
        externals = self._externals
        if externals is None:
            return self._called(frame, args)
        call = Call()
        # Twice: a signal may raise before the first `leave` has begun.
        try:
            try:
                externals.enter(call)
                result = self._called(frame, args)
            finally:
                externals.leave(call)
        finally:
            externals.leave(call)
        if call.error is not None:
            raise call.error
        return result

    def _called(self, frame: Frame, args: tuple[Any, ...]) -> Any:
        if not self._plain:
            results = self._with_memory(frame, args)
            return results[0] if len(results) == 1 else tuple(results)
        self._run(frame)
        return self._read(frame)

    def _run(self, frame: Frame) -> None:
        lock = self._lock
        if lock is None:
            self._native(frame)
            return
        # Twice: a signal may raise before the first release has begun.
        try:
            try:
                lock.acquire_shared(frame)
                self._native(frame)
            finally:
                lock.release_shared(frame)
        finally:
            lock.release_shared(frame)

    # Results that have memory.

    def _with_memory(self, frame: Frame, args: tuple[Any, ...]) -> list[Any]:
        room: dict[int, np.ndarray[Any, Any]] = {}
        for number, place in enumerate(self._results):
            slot = place.slot
            if isinstance(slot, TensorSlot) and slot.is_static:
                room[number] = slot.room(frame, place.offset)
        for offset in self._pointers:
            # What an earlier call left there must not be freed if this one does not come to an end.
            frame.memory[offset : offset + 8] = bytes(8)
        owners: dict[int, Any] = {}
        try:
            self._run(frame)
            results: list[Any] = []
            for number, (place, read) in enumerate(zip(self._results, self._readers, strict=True)):
                if number in room:
                    results.append(room[number])
                elif isinstance(place.slot, MemRefSlot):
                    results.append(self._shared(frame, place.slot, place.offset, args, owners))
                elif _is_allocated(place.slot):
                    owners[pointer_at(frame, place.offset)] = None
                    results.append(read(frame))
                else:
                    results.append(read(frame))
        except BaseException:
            self._free(frame, args, owners)
            raise
        return results

    def _shared(
        self, frame: Frame, slot: MemRefSlot, offset: int, args: tuple[Any, ...], owners: dict[int, Any]
    ) -> np.ndarray[Any, Any]:
        """The array for a memref: an argument itself, a view of one or of a global, or new memory."""
        pointer = pointer_at(frame, offset)
        if pointer == GLOBAL:
            constant = slot.base(frame, offset) in self._memory.constants
            return slot.array_at(frame, offset, self._memory.owner, writable=not constant)
        owner = owners.get(pointer)
        if owner is None:
            owner = self._owner(frame, pointer, args)
            owners[pointer] = Owned(pointer) if owner is None else owner
            owner = owners[pointer]
        writable = True
        if isinstance(owner, np.ndarray):
            writable = owner.flags.writeable
            if slot.dtype == owner.dtype and self._is_whole(frame, slot, offset, owner):
                return owner
        return slot.array_at(frame, offset, owner, writable)

    def _owner(self, frame: Frame, pointer: int, args: tuple[Any, ...]) -> Any:
        """What memory belongs to that was not allocated for the result; None for memory that was."""
        for number, place in self._given:
            if pointer_at(frame, place.offset) == pointer:
                given = args[number]
                copies = [kept for kept in frame.keep if address_of(kept) == pointer]
                return copies[0] if copies else given
        return self._externals.kept(pointer) if self._externals is not None else None

    @staticmethod
    def _is_whole(frame: Frame, slot: MemRefSlot, offset: int, array: np.ndarray[Any, Any]) -> bool:
        """Whether a descriptor is that of a whole array."""
        if slot.rank != array.ndim or not array.size:
            return False
        view = slot.array_at(frame, offset, array)
        return (address_of(view), view.shape, view.strides) == (
            address_of(array),
            array.shape,
            array.strides,
        )

    def _free(self, frame: Frame, args: tuple[Any, ...], owners: dict[int, Any]) -> None:
        """Free what a call that was interrupted has allocated for results that nobody gets."""
        for offset in self._pointers:
            pointer = pointer_at(frame, offset)
            if (
                pointer not in (0, GLOBAL)
                and pointer not in owners
                and self._owner(frame, pointer, args) is None
            ):
                owners[pointer] = Owned(pointer)


def _is_allocated(slot: Slot) -> bool:
    """Whether the code says where a result lies, rather than its caller."""
    return isinstance(slot, MemRefSlot) or (isinstance(slot, TensorSlot) and not slot.is_static)

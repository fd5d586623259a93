"""Functions of Python that compiled code calls."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from approxir.codegen.llvm.frames import Frame
from approxir.codegen.llvm.interface import CallInterface
from approxir.codegen.llvm.memory_slots import MemRefSlot, TensorSlot, address_of
from approxir.codegen.llvm.slots import checked
from approxir.codegen.llvm.wrappers import DONE

External = Callable[..., Any]
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_DONE = DONE.to_bytes(8, "little", signed=True)
_HEADROOM = 40
"""So deep calls of Python can still be nested when code is entered that calls functions of Python."""

# What ended an attempt to call a function before it could handle that itself, for each thread.
_lost = threading.local()


class Externals:
    """The functions that one compiled module calls, and what went wrong in them, for each thread.

    Args:
        functions: what to call, by the name of the declaration. Arguments are what `Function.__call__` takes;
            arrays share the memory of the code and must not be kept. Results are one value, a tuple of
            several, or None.
        interfaces: how each is called.
    """

    def __init__(self, functions: Mapping[str, External], interfaces: Mapping[str, CallInterface]) -> None:
        self._state = threading.local()
        self.addresses: dict[str, int] = {}
        # ctypes does not keep what code may still call.
        self._callbacks = []
        for name, call in interfaces.items():
            function = functions[name]
            if not callable(function):
                message = f"externals['{name}'] must be a function, not {type(function).__name__}"
                raise call.signature.error(message)
            callback = _CALLBACK(_Callback(self, function, call))
            self._callbacks.append(callback)
            address = ctypes.cast(callback, ctypes.c_void_p).value
            assert address is not None
            self.addresses[call.symbol] = address

    def enter(self, call: Call) -> None:
        """A call of the module begins. It may be one that a function of Python makes during another one.

        Raises `RecursionError` where functions could not be entered any more.
        """
        _headroom(_HEADROOM)
        _catch_what_is_lost()
        self._calls.append(call)

    def leave(self, call: Call) -> None:
        """The call has ended; leaving it twice does no harm."""
        calls = self._calls
        if call in calls:
            del calls[calls.index(call) :]

    def keep(self, array: np.ndarray[Any, Any]) -> None:
        """Keep the memory of a result alive until the call ends."""
        self._calls[-1].kept.append(array)

    def kept(self, address: int) -> np.ndarray[Any, Any] | None:
        """The array of a result whose memory begins at an address."""
        return next((array for array in self._calls[-1].kept if address_of(array) == address), None)

    @property
    def failed(self) -> bool:
        """Whether a function has raised during the call; no other is called any more then."""
        return self._calls[-1].error is not None

    def fail(self, error: BaseException) -> None:
        """Remember the first error until the call ends: it cannot pass through compiled code."""
        if self._calls[-1].error is None:
            self._calls[-1].error = error

    @property
    def _calls(self) -> list[Call]:
        """The calls of this thread that have not ended, innermost last."""
        found: list[Call] | None = getattr(self._state, "calls", None)
        if found is None:
            found = self._state.calls = []
        return found


class Call:
    """One call of the module: what went wrong in it, and what it keeps alive."""

    __slots__ = ("error", "kept")

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.kept: list[np.ndarray[Any, Any]] = []


class _Callback:
    """What compiled code calls for one function."""

    def __init__(self, owner: Externals, function: External, call: CallInterface) -> None:
        self._owner, self._function, self._call = owner, function, call
        self._readers = [
            place.slot.lent_reader(place.offset)
            if isinstance(place.slot, TensorSlot)
            else place.slot.reader(place.offset)
            for place in call.inputs
        ]
        name = call.signature.name
        self._writers = [
            place.slot.writer(place.offset, call.signature, f"result {number + 1} of external {name}")
            for number, place in enumerate(call.results)
            if not isinstance(place.slot, TensorSlot)
        ]

    def __call__(self, address: int) -> None:
        # A signal may raise at any place here. What it raises before the results are there ends this attempt,
        # and the code makes another one.
        status = self._call.status
        frame = Frame.at(address, status + 8)
        if int.from_bytes(frame.memory[status:], "little"):
            self._owner.fail(self._lost())
        try:
            if self._owner.failed:
                self._put_zeros(frame)
            else:
                values = self._function(*[read(frame) for read in self._readers])
                self._put(frame, values)
        except BaseException as error:
            # Anything may be raised by a user's function, and nothing can pass through compiled code.
            self._owner.fail(error)
            self._put_zeros(frame)
        frame.memory[status:] = _DONE

    @staticmethod
    def _lost() -> BaseException:
        """What the attempt before was ended by."""
        found: BaseException | None = getattr(_lost, "error", None)
        _lost.error = None
        return found if found is not None else KeyboardInterrupt()

    def _put(self, frame: Frame, values: Any) -> None:
        call = self._call
        found = () if values is None else values if isinstance(values, tuple) else (values,)
        if len(found) != len(call.results):
            raise call.signature.error(
                f"the external function {call.signature.name} returned {len(found)} values, "
                f"not {len(call.results)}"
            )
        writers = iter(self._writers)
        for number, (place, value) in enumerate(zip(call.results, found, strict=True)):
            slot = place.slot
            if isinstance(slot, TensorSlot):
                what = f"result {number + 1} of external {call.signature.name}"
                if not isinstance(value, np.ndarray) and hasattr(value, "__array__"):
                    value = np.asarray(value)
                target = slot.array_at(frame, place.offset, None)
                target[...] = checked(value, slot.kind, call.signature, what)
                continue
            next(writers)(frame, value)
            if isinstance(slot, MemRefSlot):
                self._owner.keep(value)
        for array in frame.keep:
            self._owner.keep(array)

    def _put_zeros(self, frame: Frame) -> None:
        """Results with which the code can go on until it ends."""
        for place in self._call.results:
            slot = place.slot
            if isinstance(slot, TensorSlot):
                slot.array_at(frame, place.offset, None)[...] = 0
            elif isinstance(slot, MemRefSlot):
                array = np.zeros([0 if size is None else size for size in slot.kind.shape], slot.dtype)
                self._owner.keep(array)
                slot.put(frame, place.offset, array)
            else:
                frame.memory[place.offset : place.offset + slot.size] = bytes(slot.size)


def _headroom(depth: int) -> None:
    """Raise `RecursionError` if calls cannot be nested so deep any more."""
    if depth:
        _headroom(depth - 1)


class _Hook:
    """Takes note of exceptions that ctypes cannot hand on, which would be printed and forgotten otherwise."""

    def __init__(self, previous: Callable[[Any], Any]) -> None:
        self._previous = previous
        self._busy = threading.local()

    def __call__(self, unraisable: Any) -> None:
        ours = isinstance(unraisable.object, _Callback)
        # From Python 3.13 on the message alone tells.
        ours = ours or f"{__name__}._Callback" in str(unraisable.err_msg)
        if ours:
            _lost.error = unraisable.exc_value
        elif getattr(self._busy, "now", False):
            # The hook before leads back to this one.
            sys.__unraisablehook__(unraisable)
        else:
            self._busy.now = True
            try:
                self._previous(unraisable)
            finally:
                self._busy.now = False


def _catch_what_is_lost() -> None:
    if not isinstance(sys.unraisablehook, _Hook):
        sys.unraisablehook = _Hook(sys.unraisablehook)

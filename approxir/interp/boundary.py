"""Values that cross the border between Python and the module, checked against the function's types."""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from operator import index as as_index
from typing import Any

import numpy as np

from approxir.interp.errors import Trap
from approxir.interp.memory import MemRef, from_array, layout_fits
from approxir.interp.numbers import Array, dtype_of, held, is_array, width_of
from approxir.ir.operation import Operation
from approxir.values import (
    ComplexType,
    FloatType,
    FunctionType,
    IndexType,
    IntegerType,
    MemRefType,
    ShapedType,
    Type,
    UnrankedMemRefType,
)


def incoming(value: Any, kind: Type, what: str) -> Any:
    """A value from outside, checked and converted; `what` names it in messages. Raises `Trap`."""
    if isinstance(kind, IntegerType | IndexType):
        return _integer(value, kind, what)
    if isinstance(kind, FloatType | ComplexType):
        return _number(value, kind, what)
    if isinstance(kind, MemRefType | UnrankedMemRefType):
        return _memref(value, kind, what)
    if is_array(kind):
        return _array(value, kind, what).copy()
    if isinstance(kind, FunctionType) and isinstance(value, Operation):
        return value
    raise Trap(f"{what}: values of type {kind} cannot be handed over")


def outgoing(value: Any) -> Any:
    """A value as users see it: memrefs as arrays that share the memory, other arrays as copies."""
    if isinstance(value, MemRef):
        return value.array
    if isinstance(value, np.ndarray):
        return value.copy()
    return value


def checked(value: Any, kind: Type, what: str) -> Any:
    """A result of a user's function or handler: memrefs and arrays of the interpreter pass unchanged."""
    if isinstance(value, MemRef) and isinstance(kind, MemRefType | UnrankedMemRefType):
        return value
    return incoming(value, kind, what)


def _integer(value: Any, kind: IntegerType | IndexType, what: str) -> int | bool:
    if isinstance(value, np.ndarray) and value.ndim:
        raise Trap(f"{what}: an array was given for the type {kind}")
    try:
        number = as_index(value.item() if isinstance(value, np.generic | np.ndarray) else value)
    except TypeError:
        raise Trap(f"{what}: {_shown(value)} is no integer, which the type {kind} needs") from None
    width = width_of(kind)
    low, high = -(1 << width >> 1), (1 << width) - 1
    if isinstance(kind, IndexType) or (isinstance(kind, IntegerType) and kind.signedness == "signed"):
        high >>= 1
    if isinstance(kind, IntegerType) and kind.signedness == "unsigned":
        low = 0
    if not low <= number <= high:
        raise Trap(f"{what}: {_shown(number)} does not fit into {kind}")
    converted: int | bool = held(number, kind)
    return converted


def _number(value: Any, kind: Type, what: str) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        raise Trap(f"{what}: an array was given for the type {kind}")
    known = isinstance(value, int | float | complex | np.generic | np.ndarray)
    if not known or isinstance(value, bool | np.bool_ | np.str_ | np.bytes_):
        raise Trap(f"{what}: {_shown(value)} is no number of type {kind}")
    try:
        with np.errstate(all="ignore"):
            item = value[()] if isinstance(value, np.ndarray) else value
            return held(complex(item) if isinstance(kind, ComplexType) else item, kind)
    except (TypeError, ValueError, OverflowError):
        raise Trap(f"{what}: {_shown(value)} is no number of type {kind}") from None


def _shown(value: Any) -> str:
    """A value as messages show it, which is never long."""
    if isinstance(value, int) and value.bit_length() > 200:
        # Python refuses to spell integers of many thousand digits.
        return f"an integer of {value.bit_length()} bits"
    return reprlib.repr(value)


def _array(value: Any, kind: Type, what: str) -> Array:
    dtype = dtype_of(kind.element_type)  # type: ignore[attr-defined]
    if hasattr(value, "dtype") or isinstance(value, np.ndarray):
        array = np.asarray(value)
        if array.dtype != dtype:
            raise Trap(f"{what}: an array of {array.dtype} was given, {kind} needs {dtype}")
    else:
        try:
            array = np.array(value, dtype)
        except (TypeError, ValueError, OverflowError) as error:
            raise Trap(f"{what}: {type(value).__name__} does not convert to {kind}: {error}") from None
    _check_shape(array.shape, kind, what)
    return array


def _check_shape(shape: tuple[int, ...], kind: Type, what: str) -> None:
    if not isinstance(kind, ShapedType):
        return
    fits = len(shape) == len(kind.shape) and all(
        want is None or want == has for want, has in zip(kind.shape, shape, strict=False)
    )
    if not fits:
        raise Trap(f"{what}: the shape {list(shape)} was given, which is none of {kind}")


def _memref(value: Any, kind: MemRefType | UnrankedMemRefType, what: str) -> MemRef:
    if not isinstance(value, np.ndarray):
        raise Trap(f"{what}: {kind} needs a NumPy array, whose memory it shares, not {type(value).__name__}")
    dtype = dtype_of(kind.element_type)
    if value.dtype != dtype:
        raise Trap(f"{what}: an array of {value.dtype} was given, {kind} needs {dtype}")
    if not value.flags.writeable:
        raise Trap(f"{what}: {kind} needs an array that can be written to")
    _check_shape(value.shape, kind, what)
    memref = from_array(value)
    if isinstance(kind, MemRefType) and not layout_fits(kind, memref):
        raise Trap(f"{what}: the array's strides are not those of {kind}", hint="hand over a contiguous copy")
    return memref


def from_python(
    function: Callable[..., Any], arguments: tuple[Any, ...], kinds: tuple[Type, ...], what: str
) -> tuple[Any, ...]:
    """Call a function of the user's with values of the module, and check its results."""
    found = function(*[outgoing(argument) for argument in arguments])
    if found is None:
        found = ()
    elif not isinstance(found, tuple):
        found = (found,)
    if len(found) != len(kinds):
        raise Trap(f"{what} returned {len(found)} values, not {len(kinds)}")
    return tuple(
        [
            incoming(value, kind, f"{what}, result {number}")
            for number, (value, kind) in enumerate(zip(found, kinds, strict=True))
        ]
    )

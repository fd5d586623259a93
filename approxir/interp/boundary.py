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
    item = _item(value, kind, what)
    try:
        number = as_index(item.item() if isinstance(item, np.generic) else item)
    except TypeError:
        raise Trap(f"{what}: {_shown(value)} is no integer, which the type {kind} needs") from None
    low, high = _limits(kind)
    if not low <= number <= high:
        raise Trap(f"{what}: {_shown(number)} does not fit into {kind}")
    converted: int | bool = held(number, kind)
    return converted


def _limits(kind: IntegerType | IndexType) -> tuple[int, int]:
    """The least and the largest integer that can be given; of a signless type in either reading."""
    width = width_of(kind)
    low, high = -(1 << width >> 1), (1 << width) - 1
    if isinstance(kind, IndexType) or kind.signedness == "signed":
        high >>= 1
    elif kind.signedness == "unsigned":
        low = 0
    return low, high


def _number(value: Any, kind: Type, what: str) -> Any:
    item = _item(value, kind, what)
    known = isinstance(item, int | float | complex | np.generic) and not isinstance(item, bool | np.bool_)
    if not known or (isinstance(kind, FloatType) and isinstance(item, complex | np.complexfloating)):
        raise Trap(f"{what}: {_shown(value)} is no number of type {kind}")
    try:
        with np.errstate(all="ignore"):
            return held(complex(item) if isinstance(kind, ComplexType) else item, kind)
    except (TypeError, ValueError, OverflowError):
        raise Trap(f"{what}: {_shown(value)} is no number of type {kind}") from None


def _item(value: Any, kind: Type, what: str) -> Any:
    """What stands for a scalar: itself, or the element of an array without dimensions."""
    item = value
    if isinstance(value, np.ndarray):
        _refuse_masked(value, what)
        if value.ndim:
            raise Trap(f"{what}: an array was given for the type {kind}")
        item = value[()]
    # NumPy would make numbers of times and of memory.
    if isinstance(item, np.datetime64 | np.timedelta64 | np.flexible):
        raise Trap(f"{what}: {_shown(value)} is no number of type {kind}")
    return item


def _refuse_masked(value: Any, what: str) -> None:
    if isinstance(value, np.ma.MaskedArray):
        hint = "hand over its filled() or its data"
        raise Trap(f"{what}: a masked array was given, which has no values where it is masked", hint=hint)


def _shown(value: Any) -> str:
    """A value as messages show it, which is never long."""
    if isinstance(value, int) and value.bit_length() > 200:
        # Python refuses to spell integers of many thousand digits.
        return f"an integer of {value.bit_length()} bits"
    return reprlib.repr(value)


def _array(value: Any, kind: Type, what: str) -> Array:
    """An array of exactly the type, or one of scalars that the type of the elements takes."""
    element: Type = kind.element_type  # type: ignore[attr-defined]
    dtype = dtype_of(element)
    _refuse_masked(value, what)
    if not hasattr(value, "dtype"):
        return _converted(value, kind, element, what)
    array = _as_array(value, None, kind, what)
    if array.dtype != dtype:
        raise Trap(f"{what}: an array of {array.dtype} was given, {kind} needs {dtype}")
    _check_shape(array.shape, kind, what)
    return array


def _as_array(value: Any, dtype: Any, kind: Type, what: str) -> Array:
    try:
        return np.asarray(value, dtype)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise Trap(f"{what}: {type(value).__name__} does not convert to {kind}: {error}") from None


def _converted(value: Any, kind: Type, element: Type, what: str) -> Array:
    """Numbers, nested lists of them and what offers an array, by the rules for scalars."""
    nested = isinstance(value, list | tuple)
    given = _as_array(value, object if nested else None, kind, what)
    _check_shape(given.shape, kind, what)
    # What NumPy makes of lists hides the masks and the types of the arrays in them.
    arrays = _arrays_in(value, given.ndim) if nested else [given]
    for array in arrays:
        _refuse_masked(array, what)
        if array.dtype.kind in "mM":
            raise Trap(f"{what}: an array of {array.dtype} was given for {kind}")
    items = given.astype(object).reshape(-1).tolist()
    dtype = dtype_of(element)
    types = set(map(type, items))
    if types == {float} and dtype in (np.float32, np.float64):
        with np.errstate(all="ignore"):
            return np.array(items, np.float64).astype(dtype).reshape(given.shape)
    if types == {int} and dtype.kind in "iu" and isinstance(element, IntegerType | IndexType):
        low, high = _limits(element)
        # The other reading of a signless type has to be wrapped.
        if low <= min(items) and max(items) <= (high if low == 0 else -low - 1):
            return np.array(items, dtype).reshape(given.shape)
    found = np.empty(given.shape, dtype)
    for place, item in zip(np.ndindex(given.shape), items, strict=True):
        if not isinstance(item, np.generic) and hasattr(item, "dtype"):
            item = _as_array(item, None, element, what)
        found[place] = incoming(item, element, f"{what}, element {list(place)}" if place else what)
    return found


def _arrays_in(value: Any, depth: int) -> list[Array]:
    """The NumPy arrays in lists that are nested so deep."""
    found: list[Array] = []
    level = [value]
    for _ in range(depth + 1):
        found.extend([item for item in level if isinstance(item, np.ndarray)])
        level = [item for held in level if isinstance(held, list | tuple) for item in held]
    return found


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
    _refuse_masked(value, what)
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

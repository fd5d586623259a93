"""Operations of StableHLO that move elements about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from approxir.interp.constants import constant
from approxir.interp.dialects.common import integer, integers, required
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Handler, Pure
from approxir.interp.numbers import Array, dtype_of
from approxir.ir.operation import Operation
from approxir.values import ShapedType


def _shape(interp: Interpreter, op: Operation) -> tuple[int, ...]:
    kind = interp.result_type(op)
    if not isinstance(kind, ShapedType) or not kind.has_static_shape:
        raise Trap(f"{op.name}: the result's shape is not static")
    return kind.static_shape


def _constant(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    value = constant(required(interp, op, "value"), interp.result_type(op))
    return lambda: value


def _iota(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    kind = interp.result_type(op)
    shape, dimension = _shape(interp, op), integer(interp, op, "iota_dimension")
    assert isinstance(kind, ShapedType)
    return lambda: _counted(shape, dimension, dtype_of(kind.element_type))


def _counted(shape: tuple[int, ...], dimension: int, dtype: Any) -> Array:
    """The index along a dimension, in every element."""
    along = [size if number == dimension else 1 for number, size in enumerate(shape)]
    numbers = np.arange(shape[dimension]).astype(np.float64).astype(dtype)
    return np.broadcast_to(numbers.reshape(along), shape).copy()


def _broadcast_in_dim(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    shape, dimensions = _shape(interp, op), integers(interp, op, "broadcast_dimensions")
    return lambda array: _spread(array, dimensions, shape)


def _spread(array: Array, dimensions: list[int], shape: tuple[int, ...]) -> Array:
    """The elements of an array, whose dimensions are some of a larger shape."""
    spread = [1] * len(shape)
    order = sorted(range(len(dimensions)), key=dimensions.__getitem__)
    for number in order:
        spread[dimensions[number]] = array.shape[number]
    return np.broadcast_to(array.transpose(order).reshape(spread), shape).copy()


def _reshape(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    shape = _shape(interp, op)
    return lambda array: array.reshape(shape)


def _transpose(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    permutation = integers(interp, op, "permutation")
    return lambda array: array.transpose(permutation).copy()


def _slice(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    starts, limits = integers(interp, op, "start_indices"), integers(interp, op, "limit_indices")
    steps = integers(interp, op, "strides", [1] * len(starts))
    # Without the ellipsis, indexing an array of rank 0 gives a scalar.
    where = (..., *[slice(*triple) for triple in zip(starts, limits, steps, strict=True)])
    return lambda array: array[where].copy()


def _starts(array: Array, sizes: tuple[int, ...], given: tuple[Array, ...]) -> tuple[slice, ...]:
    """Where a slice lies; starts are moved so that it lies inside."""
    found = []
    for have, size, start in zip(array.shape, sizes, given, strict=True):
        at = min(max(int(start.reshape(())[()]), 0), have - size)
        found.append(slice(at, at + size))
    return tuple(found)


def _dynamic_slice(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    sizes = tuple(integers(interp, op, "slice_sizes"))
    return lambda array, *starts: array[(..., *_starts(array, sizes, starts))].copy()


def _dynamic_update_slice(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    def run(array: Array, update: Array, *starts: Array) -> Array:
        result = array.copy()
        result[_starts(array, update.shape, starts)] = update
        return result

    return run


def _concatenate(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    dimension = integer(interp, op, "dimension")
    return lambda *arrays: np.concatenate(arrays, dimension)


def _reverse(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    dimensions = tuple(integers(interp, op, "dimensions"))
    # Of an array of rank 0, NumPy makes a scalar.
    return lambda array: np.array(np.flip(array, dimensions))


def _pad(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    low = integers(interp, op, "edge_padding_low")
    interior = integers(interp, op, "interior_padding")
    shape = _shape(interp, op)

    def run(array: Array, value: Array) -> Array:
        result = np.full(shape, value.reshape(())[()], array.dtype)
        for index in np.ndindex(array.shape):
            at = tuple([lo + i * (gap + 1) for lo, i, gap in zip(low, index, interior, strict=True)])
            if all(0 <= i < size for i, size in zip(at, shape, strict=True)):
                result[at] = array[index]
        return result

    return run


def _sizes(array: Array) -> tuple[int, ...]:
    return tuple([int(size) for size in array.reshape(-1)])


def _real_dynamic_slice(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    def run(array: Array, starts: Array, limits: Array, strides: Array) -> Array:
        bounds = list(zip(_sizes(starts), _sizes(limits), _sizes(strides), strict=True))
        for (start, limit, stride), size in zip(bounds, array.shape, strict=True):
            if not 0 <= start <= limit <= size or stride <= 0:
                raise Trap(f"{op.name}: {start}:{limit}:{stride} does not lie in a dimension of size {size}")
        where: tuple[Any, ...] = (..., *[slice(*bound) for bound in bounds])
        result: Array = array[where].copy()
        return result

    return run


def _dynamic_broadcast_in_dim(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    dimensions = integers(interp, op, "broadcast_dimensions")
    return lambda array, shape: _spread(array, dimensions, _sizes(shape))


def _dynamic_iota(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    kind, dimension = interp.result_type(op), integer(interp, op, "iota_dimension")
    assert isinstance(kind, ShapedType)
    return lambda shape: _counted(_sizes(shape), dimension, dtype_of(kind.element_type))


def _dynamic_reshape(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    def run(array: Array, shape: Array) -> Array:
        sizes = _sizes(shape)
        if any(size < 0 for size in sizes) or np.prod(sizes, dtype=np.int64) != array.size:
            raise Trap(f"{op.name}: {array.size} elements do not make the shape {list(sizes)}")
        return array.reshape(sizes)

    return run


def _get_dimension_size(interp: Interpreter, op: Operation) -> Callable[..., Any]:
    dimension = integer(interp, op, "dimension")
    return lambda array: np.array(array.shape[dimension], np.int32)


def _broadcast(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    shape = _shape(interp, op)
    return lambda array: np.broadcast_to(array, shape).copy()


HANDLERS: dict[str, Handler | Pure] = {
    "stablehlo.broadcast": Pure(_broadcast),
    "stablehlo.broadcast_in_dim": Pure(_broadcast_in_dim),
    "stablehlo.concatenate": Pure(_concatenate),
    "stablehlo.constant": Pure(_constant),
    "stablehlo.dynamic_broadcast_in_dim": Pure(_dynamic_broadcast_in_dim),
    "stablehlo.dynamic_iota": Pure(_dynamic_iota),
    "stablehlo.dynamic_reshape": Pure(_dynamic_reshape),
    "stablehlo.dynamic_slice": Pure(_dynamic_slice),
    "stablehlo.dynamic_update_slice": Pure(_dynamic_update_slice),
    "stablehlo.get_dimension_size": Pure(_get_dimension_size),
    "stablehlo.iota": Pure(_iota),
    "stablehlo.pad": Pure(_pad),
    "stablehlo.real_dynamic_slice": Pure(_real_dynamic_slice),
    "stablehlo.reshape": Pure(_reshape),
    "stablehlo.reverse": Pure(_reverse),
    "stablehlo.slice": Pure(_slice),
    "stablehlo.transpose": Pure(_transpose),
}

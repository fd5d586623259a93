"""The tensor dialect. Tensors are values: every operation makes a new array."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxir.interp.dialects.common import integer, integers, leave, mixed, segments
from approxir.interp.dialects.memref import expanded_shape, groups_of, kept_dimensions
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Task, Values
from approxir.interp.numbers import Array, dtype_of, element, element_type
from approxir.ir.operation import Operation
from approxir.values import ShapedType


def _shaped(interp: Interpreter, op: Operation, number: int = 0) -> ShapedType:
    kind = interp.result_type(op, number)
    if not isinstance(kind, ShapedType):
        raise Trap(f"{kind} is not supported here")
    return kind


def _sizes(kind: ShapedType, dynamic: tuple[int, ...]) -> list[int]:
    rest = iter(dynamic)
    sizes = [next(rest, -1) if size is None else size for size in kind.shape]
    if any(size < 0 for size in sizes):
        raise Trap(f"a tensor of the negative size {sizes}")
    return sizes


def _empty(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    kind = _shaped(interp, op)
    return (np.zeros(_sizes(kind, operands), dtype_of(kind.element_type)),)


def _splat(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    kind = _shaped(interp, op)
    return (np.full(_sizes(kind, operands[1:]), operands[0], dtype_of(kind.element_type)),)


def _from_elements(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    kind = _shaped(interp, op)
    flat = np.empty(len(operands), dtype_of(kind.element_type))
    for number, value in enumerate(operands):
        flat[number] = value
    return (flat.reshape(kind.static_shape),)


def check_index(array: Array, indices: tuple[int, ...]) -> tuple[int, ...]:
    """The indices, if they lie in the array."""
    for number, (index, size) in enumerate(zip(indices, array.shape, strict=True)):
        if not 0 <= index < size:
            raise Trap(f"index {number} is {index}, outside the dimension of {size}")
    return indices


def _extract(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    array, *indices = operands
    kind = element_type(interp.type_of(op.operands[0]))
    return (element(array, check_index(array, tuple(indices)), kind),)


def _insert(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    value, array, *indices = operands
    result = array.copy()
    result[check_index(array, tuple(indices))] = value
    return (result,)


def _dim(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    array, index = operands
    if not 0 <= index < array.ndim:
        raise Trap(f"dimension {index} of a tensor of rank {array.ndim}")
    return (array.shape[index],)


def _rank(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (operands[0].ndim,)


def _cast(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    array = operands[0]
    kind = interp.result_type(op)
    if isinstance(kind, ShapedType):
        fits = len(kind.shape) == array.ndim and all(
            want is None or want == has for want, has in zip(kind.shape, array.shape, strict=False)
        )
        if not fits:
            raise Trap(f"a tensor of the shape {list(array.shape)} is cast to {kind}")
    return (array,)


# ---- slices


def _slices(
    interp: Interpreter, op: Operation, shape: tuple[int, ...], given: list[tuple[Any, ...]]
) -> tuple[tuple[slice, ...], list[int]]:
    offsets, sizes, strides = [
        mixed(integers(interp, op, name), values)
        for name, values in zip(("static_offsets", "static_sizes", "static_strides"), given, strict=True)
    ]
    found = []
    for number, (offset, size, stride, have) in enumerate(zip(offsets, sizes, strides, shape, strict=True)):
        last = offset + (size - 1) * stride
        if stride <= 0 or size < 0 or (size and not (offset >= 0 and last < have)):
            raise Trap(
                f"the slice from {offset} with {size} elements and stride {stride} leaves dimension "
                f"{number}, which has {have}"
            )
        found.append(slice(offset, last + 1 if size else offset, stride))
    return tuple(found), sizes


def _extract_slice(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    (source,), *given = segments(interp, op, operands, 4)
    where, sizes = _slices(interp, op, source.shape, given)
    kept = kept_dimensions(sizes, _shaped(interp, op).shape)
    return (source[where].reshape([sizes[number] for number in kept]).copy(),)


def inserted_slice(interp: Interpreter, op: Operation, operands: Values) -> Array:
    """The destination with a slice replaced by the source."""
    (source,), (target,), *given = segments(interp, op, operands, 5)
    where, sizes = _slices(interp, op, target.shape, given)
    result: Array = target.copy()
    result[where] = source.reshape(sizes)
    return result


def _insert_slice(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (inserted_slice(interp, op, operands),)


# ---- shapes


def _collapse(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    array = operands[0]
    sizes = [int(np.prod([array.shape[n] for n in group], dtype=np.int64)) for group in groups_of(interp, op)]
    return (array.reshape(sizes),)


def _expand(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    sizes = expanded_shape(interp, op, operands)
    if int(np.prod(sizes, dtype=np.int64)) != operands[0].size:
        raise Trap(f"a tensor of the shape {list(operands[0].shape)} is expanded to {sizes}")
    return (operands[0].reshape(sizes),)


def _reshape(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    sizes = [int(x) for x in operands[1]]
    if int(np.prod(sizes, dtype=np.int64)) != operands[0].size:
        raise Trap(f"a tensor of the shape {list(operands[0].shape)} is reshaped to {sizes}")
    return (operands[0].reshape(sizes),)


def _concat(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (np.concatenate(operands, integer(interp, op, "dim")),)


def _generate(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    kind = _shaped(interp, op)
    result = np.empty(_sizes(kind, operands), dtype_of(kind.element_type))
    for index in np.ndindex(result.shape):
        ended = yield interp.region(op.region, index, environment)
        result[index] = ended.values[0]
    return (result,)


def _pad(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    (source,), low, high = segments(interp, op, operands, 3)
    before = mixed(integers(interp, op, "static_low"), low)
    after = mixed(integers(interp, op, "static_high"), high)
    shape = [b + size + a for b, size, a in zip(before, source.shape, after, strict=True)]
    result = np.empty(shape, source.dtype)
    for index in np.ndindex(result.shape):
        inner = tuple([i - b for i, b in zip(index, before, strict=True)])
        if all(0 <= i < size for i, size in zip(inner, source.shape, strict=True)):
            result[index] = source[inner]
        else:
            ended = yield interp.region(op.region, index, environment)
            result[index] = ended.values[0]
    return (result,)


HANDLERS: dict[str, Handler | Pure] = {
    "tensor.cast": _cast,
    "tensor.collapse_shape": _collapse,
    "tensor.concat": _concat,
    "tensor.dim": _dim,
    "tensor.empty": _empty,
    "tensor.expand_shape": _expand,
    "tensor.extract": _extract,
    "tensor.extract_slice": _extract_slice,
    "tensor.from_elements": _from_elements,
    "tensor.generate": _generate,
    "tensor.insert": _insert,
    "tensor.insert_slice": _insert_slice,
    "tensor.pad": _pad,
    "tensor.rank": _rank,
    "tensor.reshape": _reshape,
    "tensor.splat": _splat,
    "tensor.yield": leave,
}

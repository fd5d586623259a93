"""The vector dialect, its most used operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from approxir.interp.dialects.affine import read_vector, write_vector
from approxir.interp.dialects.arith import FLOAT_BINARY
from approxir.interp.dialects.common import elementwise, integers, leave, mixed, word
from approxir.interp.dialects.integer_math import BINARY, as_signed
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Values
from approxir.interp.numbers import (
    bits_of,
    dtype_of,
    element,
    element_type,
    fma,
    from_bits,
    normal,
    width_of,
)
from approxir.ir.operation import Operation
from approxir.values import FloatType, Type, VectorType

_KINDS = {
    "add": ("addf", "addi"), "mul": ("mulf", "muli"), "minimumf": ("minimumf",), "maximumf": ("maximumf",),
    "minnumf": ("minnumf",), "maxnumf": ("maxnumf",), "minsi": ("minsi",), "maxsi": ("maxsi",),
    "minui": ("minui",), "maxui": ("maxui",), "and": ("andi",), "or": ("ori",), "xor": ("xori",),
}  # fmt: skip


def _combine(name: str, kind: Type) -> Callable[[Any, Any], Any]:
    names = _KINDS[name]
    if isinstance(kind, FloatType):
        return FLOAT_BINARY[names[0]]
    width, function = width_of(kind), BINARY[names[-1]]
    return lambda a, b: normal(int(function(as_signed(a, width), as_signed(b, width), width)), kind)  # type: ignore[call-overload]


def _vector(interp: Interpreter, op: Operation) -> VectorType:
    kind = interp.result_type(op)
    if not isinstance(kind, VectorType):
        raise Trap(f"{kind} is not supported here")
    return kind


def _broadcast(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    kind = _vector(interp, op)
    return (np.broadcast_to(np.asarray(operands[0], dtype_of(kind.element_type)), kind.static_shape).copy(),)


def _shape_cast(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (operands[0].reshape(_vector(interp, op).static_shape),)


def _bitcast(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    old, kind = element_type(interp.type_of(op.operands[0])), _vector(interp, op)
    array = operands[0]
    bits, size = 0, width_of_bits(old)
    flat = []
    new = width_of_bits(kind.element_type)
    for row in array.reshape(-1, array.shape[-1]):
        bits = 0
        for number, value in enumerate(row):
            bits |= bits_of(value, old) << (number * size)
        for number in range(kind.static_shape[-1]):
            flat.append(from_bits(bits >> (number * new) & ((1 << new) - 1), kind.element_type))
    return (np.array(flat, dtype_of(kind.element_type)).reshape(kind.static_shape),)


def width_of_bits(kind: Type) -> int:
    """The bits of a number of a type."""
    return kind.width if isinstance(kind, FloatType) else width_of(kind)


def _position(
    interp: Interpreter, op: Operation, dynamic: tuple[Any, ...], shape: tuple[int, ...]
) -> tuple[int, ...]:
    position = tuple(mixed(integers(interp, op, "static_position", ()), dynamic))
    for index, size in zip(position, shape, strict=False):
        if not 0 <= index < size:
            raise Trap(f"position {index} in a dimension of {size}")
    return position


def _extract(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    array, *dynamic = operands
    position = _position(interp, op, tuple(dynamic), array.shape)
    if len(position) == array.ndim:
        return (element(array, position, element_type(interp.type_of(op.operands[0]))),)
    return (array[position].copy(),)


def _insert(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    value, array, *dynamic = operands
    result = array.copy()
    result[_position(interp, op, tuple(dynamic), array.shape)] = value
    return (result,)


def _reduction(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    kind = interp.result_type(op)
    combine = _combine(word(interp, op, "kind"), kind)
    items = [element(operands[0], (number,), kind) for number in range(len(operands[0]))]
    # As LLVM's ordered reductions: from the accumulator on, or from the first element.
    if len(operands) > 1:
        items.insert(0, operands[1])
    total = items[0]
    for item in items[1:]:
        total = combine(total, item)
    return (total,)


def _fma(interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]) -> Callable[..., Any]:
    kind = results[0]
    assert isinstance(kind, FloatType)
    return lambda a, b, c: fma(a, b, c, kind.name)


def _load(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (read_vector(operands[0], operands[1:], _vector(interp, op)),)


def _store(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    write_vector(operands[1], operands[2:], operands[0])


def _from_elements(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    kind = _vector(interp, op)
    return (np.array(list(operands), dtype_of(kind.element_type)).reshape(kind.static_shape),)


def _to_elements(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    kind = element_type(interp.type_of(op.operands[0]))
    flat = operands[0].reshape(-1)
    return tuple([element(flat, (number,), kind) for number in range(flat.size)])


def _step(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (np.arange(_vector(interp, op).static_shape[0], dtype=np.int64),)


def _transpose(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (operands[0].transpose(integers(interp, op, "permutation")).copy(),)


def _shuffle(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    mask = integers(interp, op, "mask")
    both = np.concatenate([np.atleast_1d(operand) for operand in operands[:2]])
    if any(not 0 <= number < len(both) for number in mask):
        raise Trap("the mask of the shuffle leaves elements undefined")
    return (both[mask],)


def _extract_strided(
    interp: Interpreter, op: Operation, operands: Values, environment: Environment
) -> Values:
    offsets, sizes = integers(interp, op, "offsets"), integers(interp, op, "sizes")
    where = tuple([slice(o, o + s) for o, s in zip(offsets, sizes, strict=True)])
    return (operands[0][where].copy(),)


def _insert_strided(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    value, array = operands
    offsets = integers(interp, op, "offsets")
    lead = array.ndim - value.ndim
    where: list[Any] = list(offsets[:lead])
    where += [slice(o, o + s) for o, s in zip(offsets[lead:], value.shape, strict=True)]
    result = array.copy()
    result[tuple(where)] = value
    return (result,)


def _create_mask(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    shape = _vector(interp, op).static_shape
    grid = np.indices(shape)
    mask = np.ones(shape, np.bool_)
    for axis, bound in enumerate(operands):
        mask &= grid[axis] < bound
    return (mask,)


def _print(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    return None


HANDLERS: dict[str, Handler | Pure] = {
    "vector.bitcast": _bitcast,
    "vector.broadcast": _broadcast,
    "vector.create_mask": _create_mask,
    "vector.extract": _extract,
    "vector.extract_strided_slice": _extract_strided,
    "vector.fma": elementwise(_fma),
    "vector.from_elements": _from_elements,
    "vector.insert": _insert,
    "vector.insert_strided_slice": _insert_strided,
    "vector.load": _load,
    "vector.print": _print,
    "vector.reduction": _reduction,
    "vector.shape_cast": _shape_cast,
    "vector.shuffle": _shuffle,
    "vector.splat": _broadcast,
    "vector.step": _step,
    "vector.store": _store,
    "vector.to_elements": _to_elements,
    "vector.transpose": _transpose,
    "vector.yield": leave,
}

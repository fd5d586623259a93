"""What handlers of several dialects need: attributes, segments of operands, and lifting to arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Leave, Pure, Values
from approxir.interp.numbers import Array, element_type, is_array, map_elements
from approxir.ir.operation import Operation
from approxir.values import (
    ArrayAttr,
    Attribute,
    BoolAttr,
    DenseArrayAttr,
    DenseElementsAttr,
    IntegerAttr,
    OpaqueAttr,
    StringAttr,
    Type,
)

DYNAMIC = -(1 << 63)
"""Stands for a dynamic entry in attributes such as ``static_offsets``."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def required(interp: Interpreter, op: Operation, name: str) -> Attribute:
    """An attribute that the operation must have. Raises `Trap`."""
    value = interp.attribute(op, name)
    if value is None:
        raise Trap(f"{op.name} needs the attribute '{name}'")
    return value


def integer(interp: Interpreter, op: Operation, name: str, default: int | None = None) -> int:
    """An integer attribute."""
    value = interp.attribute(op, name)
    if isinstance(value, IntegerAttr | BoolAttr):
        return int(value.value)
    if value is None and default is not None:
        return default
    raise Trap(f"{op.name} needs an integer '{name}'")


def integers(
    interp: Interpreter, op: Operation, name: str, default: Sequence[int] | None = None
) -> list[int]:
    """The numbers of a dense array, a dense tensor or an array of integers."""
    value = interp.attribute(op, name)
    if value is None:
        if default is not None:
            return list(default)
        raise Trap(f"{op.name} needs the attribute '{name}'")
    return numbers(value)


def numbers(value: Attribute) -> list[int]:
    """The integers in an attribute that is a list of them."""
    if isinstance(value, DenseArrayAttr):
        return [int(item) for item in value.values]
    if isinstance(value, DenseElementsAttr):
        return [int(item) for item in value.values()]  # type: ignore[arg-type]
    if isinstance(value, ArrayAttr):
        return [int(item.value) for item in value.elements if isinstance(item, IntegerAttr | BoolAttr)]
    raise Trap(f"{value} is no list of integers")


def word(interp: Interpreter, op: Operation, name: str, default: str | None = None) -> str:
    """The last word of an enumeration attribute: ``LT`` of ``#stablehlo<comparison_direction LT>``."""
    value = interp.attribute(op, name)
    if value is None:
        if default is not None:
            return default
        raise Trap(f"{op.name} needs the attribute '{name}'")
    if isinstance(value, OpaqueAttr):
        found = _WORD.findall(value.body)
        if found:
            return str(found[-1])
    if isinstance(value, StringAttr):
        return value.value
    raise Trap(f"{op.name}: {value} is not understood")


def segments(
    interp: Interpreter, op: Operation, operands: Sequence[Any], count: int
) -> list[tuple[Any, ...]]:
    """The operands by groups, as ``operandSegmentSizes`` says."""
    name = "operandSegmentSizes" if "operandSegmentSizes" in op.attributes else "operand_segment_sizes"
    sizes = interp.note_for(op, "segments", lambda: integers(interp, op, name))
    if len(sizes) != count or sum(sizes) != len(operands):
        raise Trap(f"{op.name}: the segment sizes {sizes} do not fit {len(operands)} operands")
    groups, at = [], 0
    for size in sizes:
        groups.append(tuple(operands[at : at + size]))
        at += size
    return groups


def mixed(static: Sequence[int], dynamic: Iterable[int]) -> list[int]:
    """Numbers of which some are given by operands."""
    rest = iter(dynamic)
    found = []
    for number in static:
        if number == DYNAMIC:
            value = next(rest, None)
            if value is None:
                raise Trap("there are fewer operands than dynamic numbers")
            number = value
        found.append(number)
    return found


def lifted(interp: Interpreter, op: Operation, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of scalars as one of the operation's operands, which may be vectors or tensors."""
    kinds = [interp.type_of(operand) for operand in op.operands]
    results = [interp.type_of(result) for result in op.results]
    if not any(is_array(kind) for kind in (*kinds, *results)):
        return function
    elements = [element_type(kind) for kind in kinds]
    made = [element_type(kind) for kind in results]

    def apply(*operands: Any) -> Any:
        shape = next(operand.shape for operand in operands if isinstance(operand, np.ndarray))
        arrays = [x if isinstance(x, np.ndarray) else _spread(x, shape) for x in operands]
        if any(array.shape != shape for array in arrays):
            raise Trap(f"{op.name}: the shapes of the operands differ")
        found = map_elements(function, arrays, elements, made)
        return found[0] if len(found) == 1 else found

    return apply


def _spread(value: Any, shape: tuple[int, ...]) -> Array:
    array = np.empty(shape, object)
    array[...] = value
    return array


ScalarBuild = Callable[[Interpreter, Operation, list[Type], list[Type]], Callable[..., Any]]


def elementwise(build: ScalarBuild) -> Pure:
    """The handler of an elementwise operation.

    `build` gets the element types of operands and results, and returns the function of scalars.
    """

    def whole(interp: Interpreter, op: Operation) -> Callable[..., Any]:
        kinds = [element_type(interp.type_of(operand)) for operand in op.operands]
        results = [element_type(interp.type_of(result)) for result in op.results]
        return lifted(interp, op, build(interp, op, kinds, results))

    return Pure(whole)


def leave(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Leave:
    """The handler of terminators that hand on their operands."""
    return Leave(op, operands)

"""The affine dialect."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from approxir.interp.dialects.arith import FLOAT_BINARY
from approxir.interp.dialects.common import integer, integers, leave, numbers, required, segments
from approxir.interp.dialects.integer_math import BINARY, as_signed
from approxir.interp.dialects.loops import counted, run_for
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Task, Values
from approxir.interp.memory import MemRef
from approxir.interp.numbers import dtype_of, held, normal, to_float, width_of
from approxir.ir.operation import Operation
from approxir.syntax.formats.directives.affine import REDUCTIONS
from approxir.values import AffineMapAttr, ArrayAttr, FloatType, IntegerAttr, IntegerSetAttr, VectorType


def evaluated(interp: Interpreter, op: Operation, name: str, operands: Sequence[int]) -> tuple[int, ...]:
    """The results of a map, its dimensions first and then its symbols given by operands."""
    found = interp.note_for(op, name, lambda: required(interp, op, name))
    if not isinstance(found, AffineMapAttr):
        raise Trap(f"{op.name}: '{name}' is no affine map")
    if len(operands) != found.num_dims + found.num_symbols:
        raise Trap(f"{found} takes {found.num_dims + found.num_symbols} operands, not {len(operands)}")
    try:
        return found.evaluate(operands[: found.num_dims], operands[found.num_dims :])
    except ZeroDivisionError:
        raise Trap("an affine expression divides by zero") from None


def _apply(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return evaluated(interp, op, "map", operands)


def _min(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (min(evaluated(interp, op, "map", operands)),)


def _max(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (max(evaluated(interp, op, "map", operands)),)


def _for(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    lower, upper, initial = segments(interp, op, operands, 3)
    bounds = counted(
        max(evaluated(interp, op, "lowerBoundMap", lower)),
        min(evaluated(interp, op, "upperBoundMap", upper)),
        integer(interp, op, "step", 1),
    )
    return run_for(interp, op, bounds, initial, environment)


def _if(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    found = required(interp, op, "condition")
    if not isinstance(found, IntegerSetAttr):
        raise Trap("the condition is no integer set")
    holds = found.contains(operands[: found.num_dims], operands[found.num_dims :])
    if not holds and (len(op.regions) < 2 or not op.regions[1].blocks):
        return ()
    ended = yield interp.region(op.regions[0 if holds else 1], (), environment)
    return ended.values


# ---- parallel loops

# By their numbers in the generic form; the custom form calls some of them maxs, maxu, mins and minu.
# As operations of the arith dialect are called.
_KINDS = tuple([name + "i" if name[:-1] in ("max", "min") else name for name in REDUCTIONS])
_FLOAT_STARTS = {
    "addf": 0.0, "mulf": 1.0, "maximumf": -np.inf, "minimumf": np.inf, "maxnumf": -np.inf, "minnumf": np.inf,
}  # fmt: skip


def _start(name: str, kind: Any) -> Any:
    if isinstance(kind, FloatType):
        return to_float(_FLOAT_STARTS[name], kind.name)
    width = width_of(kind)
    starts = {
        "addi": 0, "muli": 1, "ori": 0, "xori": 0, "andi": -1, "maxui": 0, "minui": -1,
        "maxsi": -(1 << width >> 1), "minsi": (1 << width >> 1) - 1,
    }  # fmt: skip
    return held(starts[name], kind)


def _combined(name: str, kind: Any, left: Any, right: Any) -> Any:
    if name in FLOAT_BINARY:
        return FLOAT_BINARY[name](left, right)
    width = width_of(kind)
    found = BINARY[name](as_signed(left, width), as_signed(right, width), width)
    return normal(int(found), kind)  # type: ignore[call-overload]


def _groups(values: Sequence[int], sizes: Sequence[int]) -> list[Sequence[int]]:
    found, at = [], 0
    for size in sizes:
        found.append(values[at : at + size])
        at += size
    return found


def _parallel(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    lower_map = required(interp, op, "lowerBoundsMap")
    if not isinstance(lower_map, AffineMapAttr):
        raise Trap("the bounds are no affine maps")
    split = lower_map.num_dims + lower_map.num_symbols
    lowers = evaluated(interp, op, "lowerBoundsMap", operands[:split])
    uppers = evaluated(interp, op, "upperBoundsMap", operands[split:])
    lower = [max(group) for group in _groups(lowers, integers(interp, op, "lowerBoundsGroups"))]
    upper = [min(group) for group in _groups(uppers, integers(interp, op, "upperBoundsGroups"))]
    steps = numbers(required(interp, op, "steps"))
    ranges = [counted(*triple) for triple in zip(lower, upper, steps, strict=True)]
    reductions = interp.attribute(op, "reductions")
    names = [
        _KINDS[item.value]
        for item in (reductions.elements if isinstance(reductions, ArrayAttr) else ())
        if isinstance(item, IntegerAttr)
    ]
    kinds = [interp.type_of(result) for result in op.results]
    values = [_start(name, kind) for name, kind in zip(names, kinds, strict=True)]
    for point in product(*ranges):
        ended = yield interp.region(op.regions[0], point, environment)
        for number, value in enumerate(ended.values):
            values[number] = _combined(names[number], kinds[number], values[number], value)
    return tuple(values)


# ---- memory


def _load(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref: MemRef = operands[0]
    value = memref.load(evaluated(interp, op, "map", operands[1:]))
    return (held(value, interp.result_type(op)),)


def _store(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    memref: MemRef = operands[1]
    memref.store(operands[0], evaluated(interp, op, "map", operands[2:]))


def _vector_load(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    kind = interp.result_type(op)
    assert isinstance(kind, VectorType)
    memref: MemRef = operands[0]
    return (read_vector(memref, evaluated(interp, op, "map", operands[1:]), kind),)


def _vector_store(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    memref: MemRef = operands[1]
    write_vector(memref, evaluated(interp, op, "map", operands[2:]), operands[0])


def _points(start: Sequence[int], shape: Sequence[int]) -> list[tuple[tuple[int, ...], list[int]]]:
    lead = len(start) - len(shape)
    found = []
    for index in np.ndindex(*shape):
        at = [s + (index[n - lead] if n >= lead else 0) for n, s in enumerate(start)]
        found.append((index, at))
    return found


def read_vector(memref: MemRef, start: Sequence[int], kind: VectorType) -> Any:
    """The vector whose first element is at `start`, along the last dimensions."""
    found = np.empty(kind.static_shape, dtype_of(kind.element_type))
    for index, at in _points(start, kind.static_shape):
        found[index] = memref.load(at)
    return found


def write_vector(memref: MemRef, start: Sequence[int], value: Any) -> None:
    """Store a vector whose first element goes to `start`."""
    for index, at in _points(start, value.shape):
        memref.store(value[index], at)


def _nothing(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    return None


HANDLERS: dict[str, Handler | Pure] = {
    "affine.apply": _apply,
    "affine.min": _min,
    "affine.max": _max,
    "affine.for": _for,
    "affine.if": _if,
    "affine.parallel": _parallel,
    "affine.load": _load,
    "affine.store": _store,
    "affine.vector_load": _vector_load,
    "affine.vector_store": _vector_store,
    "affine.prefetch": _nothing,
    "affine.yield": leave,
}

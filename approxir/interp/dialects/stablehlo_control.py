"""Operations of StableHLO with regions, and `dot_general`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from approxir.interp.approximation.perforation import Perforation, rescaled, scaled_sum
from approxir.interp.dialects.common import integer, integers, leave, required
from approxir.interp.dialects.stablehlo_math import COMBINERS, convert
from approxir.interp.dialects.whiles import run_while
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Task, Values
from approxir.interp.numbers import Array, dtype_of, element_type
from approxir.ir.blocks import Region
from approxir.ir.forms import form_of
from approxir.ir.operation import Operation
from approxir.values import OpaqueAttr


def _while(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    return run_while(interp, op, operands, environment)


def _if(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    chosen = 0 if operands[0].reshape(())[()] else 1
    ended = yield interp.region(op.regions[chosen], (), environment)
    return ended.values


def _case(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    index, last = int(operands[0].reshape(())[()]), len(op.regions) - 1
    ended = yield interp.region(op.regions[index if 0 <= index <= last else last], (), environment)
    return ended.values


# ---- reductions

_APPLIED = re.compile(r'"?stablehlo\.(\w+)"?')


def combiners_of(interp: Interpreter, op: Operation) -> list[str] | None:
    """What a reduction's body applies to the two arguments of each result, such as ``add``; None for more."""
    if not op.regions or not op.regions[0].blocks:
        name = _applied(op)
        return None if name is None else [name]
    block = op.regions[0].blocks[0]
    arguments = interp.block_arguments(block)
    half = len(arguments) // 2
    *applied, ending = block.operations
    if len(applied) != half or len(ending.operands) != half:
        return None
    found = []
    for value, old, new in zip(ending.operands, arguments[:half], arguments[half:], strict=True):
        owner = value.owner
        if not isinstance(owner, Operation) or owner.block is not block or set(owner.operands) != {old, new}:
            return None
        found.append(owner.name.removeprefix("stablehlo."))
    return found


def _applied(op: Operation) -> str | None:
    """The operation that the short form of a reduction names after ``applies``."""
    form = None if op.source is None else form_of(op)
    bodies = () if form is None else form.implicit_bodies
    match = _APPLIED.search(bodies[0]) if bodies and bodies[0] is not None else None
    return None if match is None else match[1]


def _reduce(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    half = len(operands) // 2
    arrays, starts = list(operands[:half]), operands[half:]
    dimensions = integers(interp, op, "dimensions")
    names = interp.note_for(op, "combiners", lambda: combiners_of(interp, op))
    total = done = 0
    perforations: Sequence[Perforation] = environment.perforations(op)
    for perforation in perforations:
        if names is None or not _PERFORATED.issuperset(names):
            message = "only reductions that are sums, maxima, minima, and, or are perforated"
            raise perforation.choice.fault(message)
        if not dimensions:
            raise perforation.choice.fault("the reduction reduces no dimension")
        total = total or arrays[0].shape[dimensions[0]]
        arrays = [_every(array, dimensions[0], perforation.value) for array in arrays]
        done = arrays[0].shape[dimensions[0]]
    if names is not None and half == 1 and names[0] in COMBINERS:
        results: Values = (_combined(arrays[0], starts[0], dimensions, names[0]),)
    else:
        results = yield _reduce_by_region(interp, op, arrays, starts, dimensions, environment)
    if perforations and names is not None:
        results = tuple(
            [
                rescaled(start, result, total, done, interp.result_type(op, number))
                if name == "add"
                else result
                for number, (start, result, name) in enumerate(zip(starts, results, names, strict=True))
            ]
        )
    return results


_PERFORATED = frozenset({"add", "maximum", "minimum", "and", "or"})


def _every(array: Array, dimension: int, step: int) -> Array:
    where = [slice(None)] * array.ndim
    where[dimension] = slice(None, None, step)
    return array[tuple(where)]


def _in_order(array: Array, dimensions: Sequence[int]) -> Array:
    """The elements with those that are reduced together along the first dimension."""
    kept = [number for number in range(array.ndim) if number not in dimensions]
    moved = array.transpose([*sorted(dimensions), *kept])
    shape = [array.shape[number] for number in kept]
    count = int(np.prod([array.shape[number] for number in dimensions], dtype=np.int64))
    return moved.reshape([count, *shape])


def _combined(array: Array, start: Array, dimensions: Sequence[int], name: str) -> Array:
    rows = _in_order(array, dimensions)
    combine = COMBINERS[name]
    result = np.full(rows.shape[1:], start.reshape(())[()], array.dtype)
    for row in rows:
        result = np.asarray(combine(result, row)).astype(array.dtype)
    return result


def _reduce_by_region(
    interp: Interpreter, op: Operation, arrays: Sequence[Array], starts: Values, dimensions: Sequence[int],
    environment: Environment,
) -> Task:  # fmt: skip
    if not op.regions or not op.regions[0].blocks:
        raise Trap("the body of the reduction is not known")
    rows = [_in_order(array, dimensions) for array in arrays]
    results = [
        np.full(row.shape[1:], start.reshape(())[()], row.dtype)
        for row, start in zip(rows, starts, strict=True)
    ]
    for index in np.ndindex(results[0].shape):
        values = tuple([np.asarray(start) for start in starts])
        for number in range(rows[0].shape[0]):
            items = tuple([np.asarray(row[(number, *index)]) for row in rows])
            ended = yield interp.region(op.regions[0], (*values, *items), environment)
            values = ended.values
        for result, value in zip(results, values, strict=True):
            result[index] = value
    return tuple(results)


def _reduce_window(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    half = len(operands) // 2
    rank = operands[0].ndim
    window = integers(interp, op, "window_dimensions")
    strides = integers(interp, op, "window_strides", [1] * rank)
    spread = integers(interp, op, "base_dilations", [1] * rank)
    dilation = integers(interp, op, "window_dilations", [1] * rank)
    padding = integers(interp, op, "padding", [0] * (2 * rank))
    results = [
        np.empty(interp.result_type(op, number).static_shape, operands[number].dtype)  # type: ignore[attr-defined]
        for number in range(half)
    ]
    for index in np.ndindex(results[0].shape):
        values = tuple([np.asarray(start) for start in operands[half:]])
        for offset in np.ndindex(*window):
            at = []
            for n in range(rank):
                place = index[n] * strides[n] + offset[n] * dilation[n] - padding[2 * n]
                inside = 0 <= place < (operands[0].shape[n] - 1) * spread[n] + 1 and place % spread[n] == 0
                at.append(place // spread[n] if inside else -1)
            if -1 in at:
                continue
            items = tuple([np.asarray(array[tuple(at)]) for array in operands[:half]])
            ended = yield interp.region(op.regions[0], (*values, *items), environment)
            values = ended.values
        for result, value in zip(results, values, strict=True):
            result[index] = value
    return tuple(results)


def _map(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    result = np.empty(operands[0].shape, dtype_of(element_type(interp.result_type(op))))
    for index in np.ndindex(result.shape):
        items = tuple([np.asarray(array[index]) for array in operands])
        ended = yield interp.region(op.regions[0], items, environment)
        result[index] = ended.values[0]
    return (result,)


# ---- sorting


def _sort(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    rank = operands[0].ndim
    dimension = integer(interp, op, "dimension", -1) % max(rank, 1)
    results = [operand.copy() for operand in operands]
    if not rank:
        return tuple(results)
    others = [size for number, size in enumerate(operands[0].shape) if number != dimension]
    for index in np.ndindex(*others):
        where = (*index[:dimension], slice(None), *index[dimension:])
        rows = [operand[where] for operand in operands]
        order = yield _sorted(interp, op.regions[0], rows, environment)
        for result, row in zip(results, rows, strict=True):
            result[where] = row[order]
    return tuple(results)


def _sorted(interp: Interpreter, region: Region, rows: Sequence[Array], environment: Environment) -> Task:
    """The order of the elements by the comparator: a merge sort, which is stable."""
    runs = [[number] for number in range(len(rows[0]))]
    while len(runs) > 1:
        merged = []
        for first, second in zip(runs[::2], runs[1::2], strict=False):
            run: list[int] = []
            while first and second:
                pair = [np.asarray(row[at]) for row in rows for at in (second[0], first[0])]
                ended = yield interp.region(region, tuple(pair), environment)
                run.append((second if ended.values[0].reshape(())[()] else first).pop(0))
            merged.append(run + first + second)
        if len(runs) % 2:
            merged.append(runs[-1])
        runs = merged
    return runs[0] if runs else []


# ---- dot_general

_LIST = re.compile(r"(\w+)\s*=\s*\[([^\]]*)\]")


def lists_in(attribute: Any) -> dict[str, list[int]]:
    """The lists of integers in an attribute of StableHLO, by name."""
    if not isinstance(attribute, OpaqueAttr):
        raise Trap(f"{attribute} is not understood")
    return {
        name: [int(item) for item in items.split(",") if item.strip()]
        for name, items in _LIST.findall(attribute.body)
    }


def _dot_general(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    numbers = interp.note_for(op, "numbers", lambda: lists_in(required(interp, op, "dot_dimension_numbers")))
    batch = numbers.get("lhs_batching_dimensions", []), numbers.get("rhs_batching_dimensions", [])
    summed = numbers.get("lhs_contracting_dimensions", []), numbers.get("rhs_contracting_dimensions", [])
    left, right = operands
    total = done = 0
    perforations: Sequence[Perforation] = environment.perforations(op)
    for perforation in perforations:
        if not summed[0]:
            raise perforation.choice.fault("the dot_general contracts no dimension")
        total = total or left.shape[summed[0][0]]
        left = _every(left, summed[0][0], perforation.value)
        right = _every(right, summed[1][0], perforation.value)
        done = left.shape[summed[0][0]]
    kind = element_type(interp.result_type(op))
    result = _product(left, right, batch, summed, dtype_of(kind))
    if perforations and total:
        result = scaled_sum(result, total, done, kind)
    return (result,)


def _product(
    left: Array,
    right: Array,
    batch: tuple[list[int], ...],
    summed: tuple[list[int], ...],
    dtype: np.dtype[Any],
) -> Array:
    """The sum of products, in double precision where the result is a float."""
    wide = (
        np.dtype(np.float64)
        if dtype.kind in "fV"
        else np.dtype(np.complex128)
        if dtype.kind == "c"
        else dtype
    )
    labels = list(range(left.ndim))
    others = [left.ndim + number for number in range(right.ndim)]
    for places in (batch, summed):
        for a, b in zip(*places, strict=True):
            others[b] = labels[a]
    output = [labels[a] for a in batch[0]]
    output += [label for n, label in enumerate(labels) if n not in batch[0] and n not in summed[0]]
    output += [label for n, label in enumerate(others) if n not in batch[1] and n not in summed[1]]
    found = np.einsum(convert(left, wide), labels, convert(right, wide), others, output)
    return np.asarray(found).astype(dtype)


def _dot(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    left, right = operands
    dtype = dtype_of(element_type(interp.result_type(op)))
    return (_product(left, right, ([], []), ([left.ndim - 1], [0]), dtype),)


HANDLERS: dict[str, Handler | Pure] = {
    "stablehlo.case": _case,
    "stablehlo.dot": _dot,
    "stablehlo.dot_general": _dot_general,
    "stablehlo.if": _if,
    "stablehlo.map": _map,
    "stablehlo.reduce": _reduce,
    "stablehlo.reduce_window": _reduce_window,
    "stablehlo.return": leave,
    "stablehlo.sort": _sort,
    "stablehlo.while": _while,
}

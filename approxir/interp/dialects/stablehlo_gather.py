"""Gather and scatter of StableHLO, element by element as its specification says."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from approxir.interp.dialects.common import integers, required
from approxir.interp.dialects.stablehlo_control import lists_in
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Task, Values
from approxir.interp.numbers import Array, dtype_of
from approxir.ir.operation import Operation
from approxir.values import Attribute, ShapedType

_VECTOR = re.compile(r"index_vector_dim\s*=\s*(\d+)")


def _vector_dimension(attribute: Attribute) -> int:
    match = _VECTOR.search(str(attribute))
    return int(match[1]) if match is not None else 0


def _start(indices: Array, batch: tuple[int, ...], vector: int) -> list[int]:
    """The vector of indices at a position of the batch."""
    if vector == indices.ndim:
        return [int(indices[batch])]
    where: tuple[Any, ...] = (*batch[:vector], slice(None), *batch[vector:])
    return [int(x) for x in indices[where]]


def _full_index(
    rank: int, start: list[int], mapped: list[int], batching: list[int], indices_batching: list[int],
    batch: tuple[int, ...], vector: int,
) -> list[int]:  # fmt: skip
    """Where a window begins: indices go to the dimensions they are mapped to, batches to theirs."""
    found = [0] * rank
    for value, dimension in zip(start, mapped, strict=True):
        found[dimension] = value
    for dimension, other in zip(batching, indices_batching, strict=True):
        found[dimension] = batch[other - (other > vector)]
    return found


def _gather(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    array, indices = operands
    attribute = required(interp, op, "dimension_numbers")
    numbers, vector = lists_in(attribute), _vector_dimension(attribute)
    sizes = integers(interp, op, "slice_sizes")
    offsets = numbers.get("offset_dims", [])
    removed = [*numbers.get("collapsed_slice_dims", []), *numbers.get("operand_batching_dims", [])]
    inner = [n for n in range(array.ndim) if n not in removed]
    kind = interp.result_type(op)
    assert isinstance(kind, ShapedType)
    # Where the type leaves sizes open, they are those of the batch and of the window.
    windows = iter([sizes[dimension] for dimension in inner])
    batches = iter([size for number, size in enumerate(indices.shape) if number != vector])
    rank = len(inner) + indices.ndim - (vector < indices.ndim)
    shape = [next(windows) if number in offsets else next(batches) for number in range(rank)]
    result = np.empty(shape, dtype_of(kind.element_type))
    for index in np.ndindex(result.shape):
        batch = tuple([i for n, i in enumerate(index) if n not in offsets])
        start = _full_index(
            array.ndim, _start(indices, batch, vector), numbers.get("start_index_map", []),
            numbers.get("operand_batching_dims", []), numbers.get("start_indices_batching_dims", []),
            batch, vector,
        )  # fmt: skip
        at = [min(max(s, 0), have - size) for s, have, size in zip(start, array.shape, sizes, strict=True)]
        for dimension, offset in zip(inner, offsets, strict=True):
            at[dimension] += index[offset]
        result[index] = array[tuple(at)]
    return (result,)


def _scatter(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    count = (len(operands) - 1) // 2
    results = [operand.copy() for operand in operands[:count]]
    indices, updates = operands[count], operands[count + 1 :]
    attribute = required(interp, op, "scatter_dimension_numbers")
    numbers, vector = lists_in(attribute), _vector_dimension(attribute)
    windows = numbers.get("update_window_dims", [])
    removed = [*numbers.get("inserted_window_dims", []), *numbers.get("input_batching_dims", [])]
    rank = results[0].ndim
    inner = [n for n in range(rank) if n not in removed]
    for index in np.ndindex(updates[0].shape):
        batch = tuple([i for n, i in enumerate(index) if n not in windows])
        at = _full_index(
            rank, _start(indices, batch, vector), numbers.get("scatter_dims_to_operand_dims", []),
            numbers.get("input_batching_dims", []), numbers.get("scatter_indices_batching_dims", []),
            batch, vector,
        )  # fmt: skip
        for dimension, window in zip(inner, windows, strict=True):
            at[dimension] += index[window]
        place = tuple(at)
        # Updates that fall outside are left out.
        if not all(0 <= i < size for i, size in zip(place, results[0].shape, strict=True)):
            continue
        old = [np.asarray(result[place]) for result in results]
        new = [np.asarray(update[index]) for update in updates]
        ended = yield interp.region(op.regions[0], (*old, *new), environment)
        for result, value in zip(results, ended.values, strict=True):
            result[place] = value
    return tuple(results)


HANDLERS: dict[str, Handler | Pure] = {"stablehlo.gather": _gather, "stablehlo.scatter": _scatter}

"""Slices of sizes that are known at run time, which JAX spells as gathers."""

from __future__ import annotations

import re

from approxir.ir.building import Builder
from approxir.ir.module import Module
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.transforms.extents import shape_of
from approxir.values import (
    DenseArrayAttr,
    IntegerType,
    OpaqueAttr,
    TensorType,
)
from approxir.values.elements import dense_tensor

_GATHER = "stablehlo.dynamic_gather"
_I64 = IntegerType(64)


def slices_for_gathers(module: Module) -> bool:
    """Turn each ``stablehlo.dynamic_gather`` of one window into a slice, which engines have.

    Returns whether no such gather is left.
    """
    done = [_slice_for_gather(op) for op in list(module.walk()) if op.name == _GATHER]
    return all(done)


def _slice_for_gather(op: Operation) -> bool:
    operand, start, sizes = op.operands
    kind, start_kind, sizes_kind = operand.type, start.type, sizes.type
    if not (
        isinstance(kind, TensorType)
        and isinstance(start_kind, TensorType)
        and isinstance(sizes_kind, TensorType)
        and isinstance(sizes_kind.element_type, IntegerType)
    ):
        return False
    rank = len(kind.shape)
    places = _window(op, rank, start_kind)
    if places is None:
        return False
    build = Builder.before(op)
    number = sizes_kind.element_type
    vector = TensorType((rank,), number)
    if start_kind.element_type != number:
        converted = TensorType(start_kind.shape, number)
        start = build.create("stablehlo.convert", [start], [converted]).result

    def constant(values: list[int]) -> Value:
        held = dense_tensor(values, TensorType((len(values),), number))
        return build.create(
            "stablehlo.constant", [], [TensorType((len(values),), number)], properties={"value": held}
        ).result

    first = _spread(build, start, places, rank, number, constant([0]))
    # A gather moves a window that goes beyond the end back into the operand.
    if kind.has_static_shape:
        whole = constant([size or 0 for size in kind.shape])
    else:
        whole = shape_of(build, operand)
        if whole.type != vector:
            whole = build.create("stablehlo.convert", [whole], [vector]).result
    room = build.create("stablehlo.subtract", [whole, sizes], [vector]).result
    first = build.create("stablehlo.clamp", [constant([0] * rank), first, room], [vector]).result
    limit = build.create("stablehlo.add", [first, sizes], [vector]).result
    result = op.results[0].type
    assert result is not None
    made = build.create(
        "stablehlo.real_dynamic_slice", [operand, first, limit, constant([1] * rank)], [result]
    )
    op.replace_with(*made.results)
    return True


def _window(op: Operation, rank: int, start: TensorType) -> list[int] | None:
    """For each number in the start of the window, the dimension that it is about; None for other gathers."""
    held = op.attributes.get("dimension_numbers")
    if not isinstance(held, OpaqueAttr) or len(start.shape) != 1:
        return None
    lists = {
        key: [int(one) for one in numbers.split(",")] if numbers.strip() else []
        for key, numbers in re.findall(r"(\w+)\s*=\s*\[([\d\s,]*)\]", held.body)
    }
    places = lists.pop("start_index_map", [])
    whole = lists.pop("offset_dims", []) == list(range(rank))
    return places if whole and not any(lists.values()) and start.shape == (len(places),) else None


def _spread(
    build: Builder, start: Value, places: list[int], rank: int, number: IntegerType, zero: Value
) -> Value:
    """The start of the window in every dimension."""
    if places == list(range(rank)):
        return start
    one = TensorType((1,), number)
    pieces = []
    for dimension in range(rank):
        if dimension not in places:
            pieces.append(zero)
            continue
        place = places.index(dimension)
        properties = {
            "start_indices": DenseArrayAttr(_I64, (place,)),
            "limit_indices": DenseArrayAttr(_I64, (place + 1,)),
            "strides": DenseArrayAttr(_I64, (1,)),
        }
        pieces.append(build.create("stablehlo.slice", [start], [one], properties=properties).result)
    whole = TensorType((rank,), number)
    return build.create("stablehlo.concatenate", pieces, [whole], properties={"dimension": 0}).result

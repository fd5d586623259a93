"""``linalg.generic`` on tensors, in torch-mlir's bindings: its loops, and how they go through memory."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cached_property
from typing import Any

ir: Any = importlib.import_module("torch_mlir.ir")

UNKNOWN_SIZE = 1024
"""What a dynamic size is taken for, where only an estimate is needed."""


def operations(module: Any) -> Iterator[Any]:
    """Every operation of a module, outermost first, in the order of the text."""
    pending = [module.operation]
    while pending:
        op = pending.pop()
        yield op
        inside = [child.operation for region in op.regions for block in region for child in block]
        pending.extend(reversed(inside))


def structured(module: Any) -> list[Structured]:
    """The ``linalg.generic`` operations on tensors, in the order of the text."""
    found = [Structured(op) for op in operations(module) if op.name == "linalg.generic"]
    return [one for one in found if len(one.op.results)]


class Structured:
    """A ``linalg.generic`` on tensors: loops over a domain, around a body that computes one element."""

    def __init__(self, op: Any) -> None:
        self.op = op
        self.inputs: int = next(iter(op.attributes["operandSegmentSizes"]))

    @cached_property
    def maps(self) -> list[Any]:
        """For each operand, the map from loops to indices."""
        return [attribute.value for attribute in self.op.attributes["indexing_maps"]]

    @cached_property
    def reductions(self) -> list[bool]:
        """For each loop, whether it is a reduction, outermost first."""
        return ["parallel" not in str(kind) for kind in self.op.attributes["iterator_types"]]

    @property
    def loops(self) -> int:
        """How many loops there are."""
        return len(self.reductions)

    def shape(self, number: int) -> list[int | None]:
        """The sizes of an operand, None where they are dynamic; a scalar has none."""
        kind = self.op.operands[number].type
        if not isinstance(kind, ir.RankedTensorType):
            return []
        return [None if kind.is_dynamic_dim(dim) else kind.get_dim_size(dim) for dim in range(kind.rank)]

    @cached_property
    def sizes(self) -> list[int | None]:
        """For each loop, how often it runs; None where that is not known."""
        found: list[int | None] = [None] * self.loops
        for number, held in enumerate(self.maps):
            for index, size in zip(held.results, self.shape(number), strict=True):
                if isinstance(index, ir.AffineDimExpr) and size is not None:
                    found[index.position] = size
        return found

    def used(self, number: int) -> set[int]:
        """The loops on which the place of an operand's element depends."""
        return {loop for index in self.maps[number].results for loop in _linear(index)}

    def strides(self, number: int) -> list[int]:
        """For each loop, how many elements one step of it goes on in an operand that lies row by row."""
        found = [0] * self.loops
        stride = 1
        sizes = self.shape(number)
        for index, size in zip(reversed(list(self.maps[number].results)), reversed(sizes), strict=True):
            for loop, factor in _linear(index).items():
                found[loop] += factor * stride
            stride *= UNKNOWN_SIZE if size is None else size
        return found

    @property
    def body(self) -> list[str]:
        """The names of the operations of the body, the one that yields included."""
        return [op.operation.name for op in self.op.regions[0].blocks[0]]

    def permute(self, order: list[int]) -> None:
        """Let loop number ``order[i]`` be number i."""
        place = {loop: number for number, loop in enumerate(order)}
        new = [ir.AffineDimExpr.get(place[loop]) for loop in range(self.loops)]
        moved = ir.AffineMap.get(self.loops, 0, new)
        maps = [
            ir.AffineMap.get(self.loops, 0, [index.compose(moved) for index in held.results])
            for held in self.maps
        ]
        kinds = self.op.attributes["iterator_types"]
        self.op.attributes["indexing_maps"] = map_array(maps)
        self.op.attributes["iterator_types"] = ir.ArrayAttr.get([kinds[loop] for loop in order])
        for inner in operations(self.op):
            if inner.name == "linalg.index":
                number = inner.attributes["dim"]
                inner.attributes["dim"] = ir.IntegerAttr.get(number.type, place[number.value])


def map_array(maps: list[Any]) -> Any:
    """Affine maps as an attribute."""
    return ir.ArrayAttr.get([ir.AffineMapAttr.get(held) for held in maps])


def _linear(index: Any) -> dict[int, int]:
    """The factor of each loop in an index that is a sum of multiples of them; other parts are left out."""
    if isinstance(index, ir.AffineDimExpr):
        return {index.position: 1}
    if isinstance(index, ir.AffineAddExpr):
        found = _linear(index.lhs)
        for loop, factor in _linear(index.rhs).items():
            found[loop] = found.get(loop, 0) + factor
        return found
    if isinstance(index, ir.AffineMulExpr):
        left, right = index.lhs, index.rhs
        if isinstance(left, ir.AffineConstantExpr):
            left, right = right, left
        if isinstance(right, ir.AffineConstantExpr):
            return {loop: factor * right.value for loop, factor in _linear(left).items()}
    return {}

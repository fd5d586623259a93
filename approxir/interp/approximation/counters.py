"""The counter of a ``while`` loop, where it has one that can be recognised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from approxir.interp.approximation.perforation import is_sum
from approxir.interp.constants import constant
from approxir.interp.numbers import element_type, normal, signed, unsigned, width_of
from approxir.ir.blocks import Region
from approxir.ir.operation import Operation
from approxir.ir.ssa import BlockArgument, OpResult, Value
from approxir.values import IndexType, IntegerAttr, IntegerType, OpaqueAttr, TensorType, Type

if TYPE_CHECKING:
    from approxir.interp.interpreter import Interpreter

PREDICATES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
_UPWARDS = frozenset({"slt", "sle", "ult", "ule"})
_DIRECTED = _UPWARDS | {"sgt", "sge", "ugt", "uge"}
_MIRRORED = {
    "eq": "eq", "ne": "ne", "slt": "sgt", "sle": "sge", "sgt": "slt", "sge": "sle", "ult": "ugt",
    "ule": "uge", "ugt": "ult", "uge": "ule",
}  # fmt: skip
_CONSTANTS = ("arith.constant", "stablehlo.constant")
_ADDITIONS = ("arith.addi", "stablehlo.add")
_CONJUNCTIONS = ("arith.andi", "stablehlo.and")


@dataclass(frozen=True, slots=True)
class Counter:
    """Carried value number `index`: it grows by `step` while it compares with `bound` by `predicate`."""

    index: int
    step: Value
    known_step: int | None
    """The step where it is a constant."""
    upwards: bool
    predicate: str
    bound: Value
    alone: bool
    """Whether the comparison is all that the condition is."""
    kind: IntegerType | IndexType

    def after(self, old: int, step: int, bound: int, factor: int) -> int:
        """The counter's next value with a step that is multiplied."""
        width = width_of(self.kind)
        if self.predicate == "ne":
            # It has to meet the bound.
            apart = unsigned(bound - old if self.upwards else old - bound, width)
            way = min(abs(step) * factor, apart)
            return int(normal(old + way if self.upwards else old - way, self.kind))
        no_sign = self.predicate.startswith("u")
        old = self.reading(old)
        step = unsigned(step, width) if no_sign and self.upwards else signed(step, width)
        least, most = (0, (1 << width) - 1) if no_sign else (-(1 << (width - 1)), (1 << (width - 1)) - 1)
        grown = old + step * factor
        return int(normal(min(grown, most) if self.upwards else max(grown, least), self.kind))

    def reading(self, number: int) -> int:
        """A value of the counter's type as the predicate compares it."""
        width = width_of(self.kind)
        return unsigned(number, width) if self.predicate.startswith("u") else signed(number, width)

    def exact_iterations(self, start: int, bound: int) -> int:
        """How many iterations the exact loop has."""
        assert self.known_step is not None
        first, last = self.reading(start), self.reading(bound)
        distance = last - first if self.upwards else first - last
        if self.predicate == "ne":
            distance = unsigned(distance, width_of(self.kind))
        if self.predicate in ("sle", "ule", "sge", "uge"):
            distance += 1
        return max(0, -(-distance // abs(self.known_step)))


def body_arguments(op: Operation) -> tuple[BlockArgument, ...]:
    """The arguments of a while's body; in custom form ``stablehlo.while`` shares them with the condition."""
    own: tuple[BlockArgument, ...] = op.regions[1].blocks[0].arguments
    if not own and op.name == "stablehlo.while":
        own = op.regions[0].blocks[0].arguments
    return own


def find_counter(interp: Interpreter, op: Operation) -> Counter | None:
    """The counter of an ``scf.while`` or ``stablehlo.while``; None where none is recognised."""
    if any(len(region.blocks) != 1 for region in op.regions):
        return None
    ending = op.regions[0].blocks[0].last
    if ending is None or not len(ending.operands):
        return None
    for comparison in _comparisons(ending.operands[0]):
        predicate = _predicate(comparison)
        if predicate is None:
            continue
        left, right = comparison.operands
        alone = ending.operands[0].owner is comparison
        for one, bound, name in ((left, right, predicate), (right, left, _MIRRORED[predicate])):
            found = _counter(interp, op, one, bound, name, alone)
            if found is not None:
                return found
    return None


def _counter(
    interp: Interpreter, op: Operation, one: Value, bound: Value, predicate: str, alone: bool
) -> Counter | None:
    before, ending = op.regions[0].blocks[0], op.regions[1].blocks[0].last
    kind = interp.type_of(one)
    element = element_type(kind) if isinstance(kind, TensorType) and not kind.shape else kind
    if one not in before.arguments or ending is None or not isinstance(element, IntegerType | IndexType):
        return None
    number = before.arguments.index(one)
    added = ending.operands[number]
    if not isinstance(added, OpResult) or added.operation.name not in _ADDITIONS:
        return None
    left, right = added.operation.operands
    old, step = (left, right) if carried(op, left) == number else (right, left)
    if carried(op, old) != number or not _invariant(op, step) or not _invariant(op, bound):
        return None
    known = _known(interp, step)
    upwards = predicate in _UPWARDS or (predicate == "ne" and known is not None and known > 0)
    if predicate not in _DIRECTED and (predicate != "ne" or known is None):
        return None
    no_sign = isinstance(element, IntegerType) and element.signedness == "unsigned"
    if known is None and no_sign and not upwards:
        # It cannot be below 0.
        return None
    if known is not None and (known == 0 or (known > 0) != upwards):
        return None
    return Counter(number, step, known, upwards, predicate, bound, alone, element)


def while_sums(op: Operation, counter: Counter) -> list[int | None]:
    """For each result of a while, the carried value that it shows if that is a sum; None for others."""
    before, ending = op.regions[0].blocks[0], op.regions[1].blocks[0].last
    if before.last is None or ending is None:
        return [None] * len(op.results)
    if op.name == "scf.while":
        shown = list(before.last.operands)[1:]
        order = [before.arguments.index(one) if one in before.arguments else None for one in shown]
    else:
        order = list(range(len(before.arguments)))

    def sums(number: int) -> bool:
        argument, yielded = before.arguments[number], ending.operands[number]
        if number == counter.index or not isinstance(yielded, OpResult):
            return False
        summands = yielded.operation.operands
        inner = next((one for one in summands if carried(op, one) == number), None)
        if not isinstance(inner, BlockArgument) or not is_sum(yielded, inner):
            return False
        # Beside the sum, only the condition may use it, to hand it on.
        return inner is argument or all(user is before.last for user in argument.users)

    return [number if number is not None and sums(number) else None for number in order]


def carried(op: Operation, value: Value) -> int | None:
    """Which carried value of a while an argument of its body is."""
    inner = body_arguments(op)
    if value not in inner:
        return None
    place = inner.index(value)
    if op.name == "stablehlo.while":
        return place
    # In scf.while the condition hands the values on to the body, maybe in another order.
    before = op.regions[0].blocks[0]
    handed = () if before.last is None else tuple(before.last.operands)[1:]
    if place >= len(handed) or handed[place] not in before.arguments:
        return None
    found: int = before.arguments.index(handed[place])
    return found


def _comparisons(value: Value) -> Iterator[Operation]:
    """The comparisons that a condition is made of, in order, where it is a conjunction."""
    pending = [value]
    while pending:
        owner = pending.pop().owner
        if not isinstance(owner, Operation):
            continue
        if owner.name in _CONJUNCTIONS:
            pending.extend(reversed(list(owner.operands)))
        elif owner.name in ("arith.cmpi", "stablehlo.compare"):
            yield owner


def _predicate(op: Operation) -> str | None:
    if op.name == "arith.cmpi":
        number = op.attributes.get("predicate")
        return PREDICATES[number.value] if isinstance(number, IntegerAttr) else None
    attribute = op.attributes.get("comparison_direction")
    if not isinstance(attribute, OpaqueAttr):
        return None
    direction = attribute.body.strip("<> ").split(" ")[-1].lower()
    kind: Type | None = op.operands[0].type
    element = kind.element_type if isinstance(kind, TensorType) else None
    no_sign = isinstance(element, IntegerType) and element.signedness == "unsigned"
    name = direction if direction in ("eq", "ne") else ("u" if no_sign else "s") + direction
    return name if name in PREDICATES else None


def _invariant(loop: Operation, value: Value) -> bool:
    """Whether a value is the same in every iteration: from outside, a constant, or carried unchanged."""
    if isinstance(value, OpResult):
        op = value.operation
        return op.name in _CONSTANTS or not loop.is_ancestor_of(op)
    assert isinstance(value, BlockArgument)
    block = value.block
    if block is None or block.region not in loop.regions:
        return block is None or not _inside(loop, block.region)
    before, ending = loop.regions[0].blocks[0], loop.regions[1].blocks[0].last
    number = before.arguments.index(value) if value in before.arguments else carried(loop, value)
    return ending is not None and number is not None and carried(loop, ending.operands[number]) == number


def _inside(loop: Operation, region: Region) -> bool:
    around = region.operation
    while around is not None:
        if around is loop:
            return True
        around = around.parent
    return False


def _known(interp: Interpreter, step: Value) -> int | None:
    if not isinstance(step, OpResult) or step.operation.name not in _CONSTANTS:
        return None
    value = interp.attribute(step.operation, "value")
    if value is None:
        return None
    number = constant(value, interp.type_of(step))
    if isinstance(number, np.ndarray):
        if number.size != 1 or number.dtype.kind not in "iu":
            return None
        number = number.reshape(())[()]
    return int(number)

"""The loops, branches, reductions and calls of every function and knob, found in one walk."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from approxir.dialects.approx.payload import BRANCHES, LOOPS, REDUCTIONS, payload
from approxir.ir.ssa import OpResult
from approxir.ir.symbols import references
from approxir.lint.facts import INTERNAL
from approxir.syntax.formats.traits import traits
from approxir.values import FloatType, ShapedType

if TYPE_CHECKING:
    from approxir.ir.blocks import Region
    from approxir.ir.operation import Operation
    from approxir.ir.ssa import Value


class Payloads:
    """What `payload` yields for the operations of a module, without a walk for each of them."""

    def __init__(self, region: Region) -> None:
        self._ops = list(payload([region]))
        self._numbers = {op: number for number, op in enumerate(self._ops)}
        self._ends = list(range(1, len(self._ops) + 1))
        for number in range(len(self._ops) - 1, -1, -1):
            around = self._ops[number].parent
            if around is not None:
                outer = self._numbers[around]
                self._ends[outer] = max(self._ends[outer], self._ends[number])
        self._places: dict[str, list[int]] = {}

    def loops(self, owner: Operation) -> Iterator[Operation]:
        """The loops in a function or knob, in the order of the text, outermost first."""
        return self._inside(owner, "loops", lambda op: op.name in LOOPS)

    def first_loop(self, owner: Operation) -> Operation | None:
        """The loop that ``loop_perforate`` works on unless an option says otherwise."""
        return next(self.loops(owner), None)

    def first_reduction(self, owner: Operation) -> Operation | None:
        """What ``loop_perforate`` works on where there is no loop."""
        return next(self._inside(owner, "reductions", lambda op: op.name in REDUCTIONS), None)

    def first_branch(self, owner: Operation) -> Operation | None:
        """The branching operation that ``task_skipping`` works on."""
        # What has lost its regions is for the verifier to report.
        return next(
            self._inside(owner, "branches", lambda op: op.name in BRANCHES and bool(op.regions)), None
        )

    def first_internal_call(self, owner: Operation) -> Operation | None:
        """The first call of a copy that ``pre-emit-transform`` made."""
        return next(self._inside(owner, "calls", _calls_internal), None)

    def _inside(self, owner: Operation, kind: str, test: Callable[[Operation], bool]) -> Iterator[Operation]:
        number = self._numbers.get(owner)
        if number is None:
            # It stands in the region of a management operation.
            yield from (op for op in payload(owner.regions) if test(op))
            return
        places = self._places.get(kind)
        if places is None:
            places = self._places[kind] = [at for at, op in enumerate(self._ops) if test(op)]
        for index in range(bisect_left(places, number + 1), len(places)):
            if places[index] >= self._ends[number]:
                return
            yield self._ops[places[index]]


def internal_callee(op: Operation) -> str | None:
    """The copy of a function that an operation calls, as ``__internal_F``."""
    for use in references(op):
        if use.position == 0 and use.reference.root.startswith(INTERNAL):
            return use.reference.root
    return None


def _calls_internal(op: Operation) -> bool:
    if op.regions or op.source is None:
        return False
    if op.source.text.find(INTERNAL, op.name_end, op.end) < 0:
        return False
    return ("call" in traits(op.name) or op.name == "call") and internal_callee(op) is not None


# ---- what loops count


def induction_variables(loop: Operation) -> list[Value]:
    """The values that count a loop's iterations; none where they cannot be told."""
    regions = loop.regions
    if not regions or not regions[0].blocks:
        return []
    arguments = regions[0].blocks[0].arguments
    if loop.name in ("scf.for", "affine.for"):
        return list(arguments[:1])
    if loop.name == "scf.parallel":
        return list(arguments)
    if loop.name == "scf.while" and len(regions) == 2 and regions[1].blocks:
        condition = regions[0].blocks[-1].last
        compared = _comparison(loop)
        if condition is None or compared is None or compared.name != "arith.cmpi":
            return []
        counters: list[Value] = [value for value in compared.operands if value in arguments]
        if len(counters) != 1:
            return []
        passed = list(condition.operands)[1:]
        for value, argument in zip(passed, regions[1].blocks[0].arguments, strict=False):
            if value is counters[0]:
                counters.append(argument)
        return counters
    return []


def may_count(loop: Operation) -> bool:
    """Whether a loop may have a counter: a while loop that ends by a comparison of floats has none."""
    if loop.name not in ("scf.while", "stablehlo.while"):
        return True
    compared = _comparison(loop)
    if compared is None or compared.name == "arith.cmpf":
        return compared is None
    if compared.name == "stablehlo.compare":
        kind = compared.operands[0].type if compared.operands else None
        return not (isinstance(kind, ShapedType) and isinstance(kind.element_type, FloatType))
    return True


def _comparison(loop: Operation) -> Operation | None:
    """What computes the condition of a while loop, where that is an operation in its condition region."""
    regions = loop.regions
    if not regions or not regions[0].blocks:
        return None
    last = regions[0].blocks[-1].last
    if last is None or last.name not in ("scf.condition", "stablehlo.return") or not last.operands:
        return None
    value = last.operands[0]
    return value.operation if isinstance(value, OpResult) else None

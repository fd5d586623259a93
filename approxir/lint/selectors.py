"""Which values choose a place in memory, a number of iterations or a branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from approxir.ir.verify.approx import local_name
from approxir.syntax.formats.traits import traits
from approxir.values import DenseArrayAttr, IndexType

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.ir.ssa import Value

_SUBSCRIPTS = {
    "affine.load": 1, "affine.store": 2, "affine.vector_load": 1, "affine.vector_store": 2,
    "memref.atomic_rmw": 2, "memref.generic_atomic_rmw": 1, "memref.load": 1, "memref.reinterpret_cast": 1,
    "memref.store": 2, "memref.subview": 1, "memref.view": 1, "tensor.extract": 1, "tensor.extract_slice": 1,
    "tensor.insert": 2, "tensor.insert_slice": 2, "vector.load": 1, "vector.maskedload": 1,
    "vector.maskedstore": 1, "vector.store": 2, "vector.transfer_read": 1, "vector.transfer_write": 2,
}  # fmt: skip
"""From which operand on those of type index say where."""

_POSITIONS = {
    "llvm.getelementptr": (1, None), "stablehlo.dynamic_gather": (1, 2), "stablehlo.dynamic_slice": (1, None),
    "stablehlo.dynamic_update_slice": (2, None), "stablehlo.gather": (1, 2), "vector.extractelement": (1, 2),
    "vector.insertelement": (2, 3),
}  # fmt: skip
"""Which operands say where, whatever their types."""

_BRANCHES = frozenset({
    "cf.cond_br", "cf.switch", "llvm.cond_br", "llvm.switch", "scf.if", "scf.index_switch", "stablehlo.case",
    "stablehlo.if",
})  # fmt: skip
"""What chooses by its first operand."""

_ARITHMETIC = ("arith", "index", "math")
_PASSING = frozenset({
    "affine.apply", "affine.max", "affine.min", "builtin.unrealized_conversion_cast",
    "stablehlo.broadcast_in_dim", "stablehlo.convert", "stablehlo.reshape", "tensor.cast",
    "tensor.extract", "tensor.from_elements", "vector.broadcast", "vector.extract",
})  # fmt: skip
"""What hands on its operands' values, besides arithmetic."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A use that selects: the operation, and as what it uses a value."""

    op: Operation
    what: str


class Selectors:
    """Finds what the values of one module select; what was found is remembered."""

    def __init__(self) -> None:
        self._found: dict[Value, Selected | None] = {}

    def first(self, value: Value) -> Selected | None:
        """The first thing in the text that a value, or what arithmetic makes of it, selects."""
        pending: list[tuple[Value, bool]] = [(value, False)]
        while pending:
            current, is_last = pending.pop()
            if is_last:
                candidates = [self._found.get(after) for after in _made_of(current)]
                candidates.append(_selected(current))
                known = [one for one in candidates if one is not None]
                self._found[current] = min(known, key=lambda one: one.op.start, default=None)
            elif current not in self._found:
                self._found[current] = None
                pending.append((current, True))
                pending.extend((after, False) for after in _made_of(current))
        return self._found[value]


def _made_of(value: Value) -> Iterator[Value]:
    """The values that are computed from one."""
    for user in value.users:
        if user.dialect in _ARITHMETIC or user.name in _PASSING or "elementwise" in traits(user.name):
            yield from user.results
        elif local_name(user) == "yield" and user.parent is not None and local_name(user.parent) == "knob":
            pairs = zip(user.operands, user.parent.results, strict=False)
            yield from (result for operand, result in pairs if operand is value)


def _selected(value: Value) -> Selected | None:
    found: Selected | None = None
    for user in value.users:
        if found is None or user.start < found.op.start:
            what = _use(user, [number for number, one in enumerate(user.operands) if one is value], value)
            if what is not None:
                found = Selected(user, what)
    return found


def _use(op: Operation, places: list[int], value: Value) -> str | None:
    name = op.name
    if name in _BRANCHES:
        return "the condition of a branch" if 0 in places else None
    if name == "affine.if":
        return "the condition of a branch"
    if name == "scf.condition":
        return "the condition of a loop" if 0 in places else None
    if name == "stablehlo.return":
        around = op.parent
        if around is None or op.block is None or around.name != "stablehlo.while":
            return None
        return "the condition of a loop" if around.regions[0] is op.block.region else None
    bounds = _bounds(op)
    if bounds is not None:
        is_bound = any(place < bounds for place in places) and isinstance(value.type, IndexType | None)
        return "a loop's bound" if is_bound or (name == "scf.for" and min(places, default=9) < 3) else None
    if name in _SUBSCRIPTS:
        says_where = any(place >= _SUBSCRIPTS[name] for place in places)
        return "an index" if says_where and isinstance(value.type, IndexType | None) else None
    if name in _POSITIONS:
        first, last = _POSITIONS[name]
        return "an index" if any(first <= place < (last or place + 1) for place in places) else None
    return None


def _bounds(op: Operation) -> int | None:
    """How many of a loop's first operands are bounds and steps; None for what is no loop."""
    name = op.name
    if name == "scf.for":
        return 3
    if name in ("affine.parallel", "scf.forall"):
        return len(op.operands)
    if name in ("affine.for", "scf.parallel"):
        sizes = op.attributes.get("operandSegmentSizes")
        if isinstance(sizes, DenseArrayAttr):
            return sum(int(size) for size in sizes.values[: 2 if name == "affine.for" else 3])
    return None

"""``finalize-approx``: dissolve knobs, and remove what the passes left for one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from approxir.dialects.approx.ops import KnobOp
from approxir.ir.cloning import inline_block
from approxir.ir.symbols import references
from approxir.ir.verify.approx import PREFIXES, local_name
from approxir.passes.base import Pass, PassError
from approxir.passes.functions import FUNCTION, symbol_name
from approxir.passes.outlining import OUTLINED
from approxir.passes.regions import HANDED, knob_block
from approxir.passes.wrappers import SUBSTITUTES

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.ir.operation import Operation

_MARKS = (OUTLINED, SUBSTITUTES, HANDED)
_BEFORE = {
    "decision_tree": "config-approx",
    "decide": "config-approx",
    "try": "config-approx",
    "transform": "transform-approx",
}


@dataclass
class FinalizeApprox(Pass):
    """Put the body of each ``approx.knob`` in its place.

    Private functions that passes made are removed where nothing calls them any more, and so are marks.
    Afterwards nothing of the approx dialect is left.
    """

    name: ClassVar[str] = "finalize-approx"
    summary: ClassVar[str] = "inline the bodies of knobs; nothing of the approx dialect is left"

    def apply(self, module: Module) -> bool:
        found = module.find(*PREFIXES)
        for op in found:
            name = local_name(op)
            if name in _BEFORE:
                hint = f"run {_BEFORE[name]} first"
                raise PassError.at(op, f"{op.name} is left over and cannot be dissolved", hint=hint)
            if name.startswith("util.annotation."):
                hint = "run emit-approx and emit-management first"
                raise PassError.at(op, f"{op.name} is left over", hint=hint)
        for op in found:
            if local_name(op) not in ("knob", "yield"):
                raise PassError.at(op, f"{op.name} is no operation that the passes know")
        for op in reversed([op for op in found if local_name(op) == "knob"]):
            _dissolve(KnobOp(op))
        return _clean(module) or bool(found)


def _dissolve(knob: KnobOp) -> None:
    op = knob.operation
    values = inline_block(knob_block(op), op)
    op.replace_with(*values)


def _clean(module: Module) -> bool:
    """Remove marks, and functions that were made for a knob and are not called."""
    marked = [op for op in module.find("func.func", "func.call") if _has(op)]
    outlined = [op for op in marked if OUTLINED in op.attributes]
    for op in marked:
        for mark in _MARKS:
            if mark in op.attributes:
                del op.attributes[mark]
    _remove_unused(module, outlined)
    return bool(marked)


def _remove_unused(module: Module, made: list[Operation]) -> None:
    """Remove functions to whose names nothing outside of them refers."""
    if not made:
        return
    used_by: dict[str, set[Operation | None]] = {symbol_name(op): set() for op in made}
    for op in module.walk():
        for use in references(op):
            if use.reference.root in used_by:
                around = next((outer for outer in op.ancestors() if outer.name == FUNCTION), None)
                used_by[use.reference.root].add(around)
    for op in made:
        if not used_by[symbol_name(op)] - {op}:
            op.erase()


def _has(op: Operation) -> bool:
    """Whether an operation carries a mark, without reading the attributes of those that cannot."""
    if op.name not in ("func.func", "func.call"):
        return False
    made, overlay, source = op._made, op._overlay, op.source
    if made is not None:
        return any(mark in made.attributes for mark in _MARKS)
    if overlay and any(mark in overlay for mark in _MARKS):
        return True
    if source is None:
        return False
    end = op.regions[0].start if op.regions else op.end
    return any(source.text.find(mark, op.name_start, end) >= 0 for mark in _MARKS) and any(
        mark in op.attributes for mark in _MARKS
    )

"""``transform-approx``: apply transforms to the code that they govern."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from approxir.dialects.approx.ops import TransformOp
from approxir.dialects.approx.payload import transform_name
from approxir.ir.blocks import Region
from approxir.ir.parts import ERASED
from approxir.ir.verify.approx import PREFIXES, local_name
from approxir.passes.base import Pass, PassError
from approxir.passes.functions import Functions, ensure_yield
from approxir.transforms.base import Notes, Scope, Transform
from approxir.transforms.registry import transforms

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.ir.operation import Operation


@dataclass
class TransformApprox(Pass):
    """Apply each ``approx.transform`` to what stands in one block with it."""

    name: ClassVar[str] = "transform-approx"
    summary: ClassVar[str] = "apply approx.transform to the code in its region"

    def apply(self, module: Module) -> bool:
        functions = Functions()
        notes = Notes()
        found = module.find(*(prefix + "transform" for prefix in PREFIXES))
        # Inner ones first: an outer one works on what they leave.
        for op in reversed(_as_printed(found)):
            if not op._flags & ERASED:
                _apply(op, functions, notes)
        return bool(found)


def _as_printed(found: list[Operation]) -> list[Operation]:
    """Operations in the order in which they will be printed, given in that of the tree.

    A switch that was made has its default first, and prints it last. Names that transforms make up must not
    depend on whether a module was printed and parsed in between.
    """
    firsts: dict[Operation, int] = {}
    keys: dict[Operation, list[tuple[int, int]]] = {}
    for index, op in enumerate(found):
        key = keys[op] = [(index, 0)]
        inner = op
        for outer in op.ancestors():
            if outer.name == "scf.index_switch" and outer.is_generic:
                first = firsts.setdefault(outer, index)
                key.append((first, 1 if inner.block is outer.regions[0].blocks[0] else 0))
            inner = outer
        key.reverse()
    return sorted(found, key=keys.__getitem__)


def _apply(op: Operation, functions: Functions, notes: Notes) -> None:
    held = TransformOp(op)
    value = held.knob_val
    if value is None:
        raise PassError.at(op, f"{op.name} has no knob value", hint="add knob_val = 0 : i32")
    transform = _transform(held)
    if value < 0:
        raise PassError.at(op, f"the knob value is {value}; the least one is 0, which is exact")
    unknown = sorted(set(held.transform_options).difference(transform.options))
    if unknown:
        known = ", ".join(transform.options) or "none"
        message = f"{transform.name} has no option '{unknown[0]}'; its options: {known}"
        raise PassError.at(op, message, key="transform_options")
    if not transform.is_exact(value):
        _check_block(op)
        transform.apply(Scope(op, functions, notes), value, held.transform_options)
    op.erase()


def _check_block(op: Operation) -> None:
    """Raise `PassError` where a transform does not stand in a block that it can govern."""
    assert op.block is not None
    region: Region = op.block.region
    if len(region.blocks) > 1:
        raise PassError.at(op, f"{op.name} stands in a region of several blocks")
    if local_name(op.parent) == "knob":
        ensure_yield(region)
    if op.next is None and op.prev is None:
        raise PassError.at(op, f"{op.name} stands alone in a region without terminator")
    for other in op.block:
        if local_name(other) in ("decision_tree", "decide", "try"):
            raise PassError.at(op, f"{other.name} stands beside {op.name}", hint="run config-approx first")
        if other is not op and local_name(other) == "transform":
            message = f"two transforms exclude each other: {op.name} stands beside another one"
            raise PassError.at(op, message, notes=((other, "the other one"),))


def _transform(held: TransformOp) -> Transform:
    op = held.operation
    name = held.transform_type
    if name is None:
        raise PassError.at(op, f"{op.name} does not say which transform", hint='add transform_type = "..."')
    try:
        return transforms[transform_name(name) or name]
    except KeyError:
        close = difflib.get_close_matches(name, list(transforms), 1)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(transforms)}"
        raise PassError.at(op, f"unknown transform '{name}'", key="transform_type", hint=hint) from None

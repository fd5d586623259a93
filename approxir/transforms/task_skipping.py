"""``task_skipping``: leave out the code, or keep one branch of it."""

from __future__ import annotations

from typing import ClassVar

from approxir.dialects.approx.payload import BRANCHES, TASK_SKIPPING, branches
from approxir.ir.blocks import Region
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.passes.calls import constant, zero
from approxir.passes.regions import inline_region
from approxir.transforms.base import Scope, Transform
from approxir.transforms.loops import explicit_terminator
from approxir.values import (
    ArrayAttr,
    Attribute,
    BoolAttr,
    DenseArrayAttr,
    DenseElementsAttr,
    DictAttr,
    FloatAttr,
    FloatType,
    IndexType,
    IntegerAttr,
    IntegerType,
    InvalidValue,
    MemRefType,
    Type,
)
from approxir.values.types import ShapedType


class TaskSkipping(Transform):
    """Skip everything (0), or keep only branch number v of the first branching operation, counted from 1."""

    name: ClassVar[str] = TASK_SKIPPING
    summary: ClassVar[str] = "skip the code, or keep one branch of it"
    options: ClassVar[dict[str, str]] = {
        "default": "what the results are when everything is skipped: a number, or a list with one for each",
    }

    def is_exact(self, value: int) -> bool:
        return False

    def apply(self, scope: Scope, value: int, options: DictAttr) -> None:
        if value == 0:
            _skip(scope, options.get("default"))
        else:
            _keep_branch(scope, value)


def _skip(scope: Scope, default: Attribute | None) -> None:
    """Put constants in the place of what the code computes, and remove the code."""
    last = scope.terminator
    build = Builder.before(last)
    defaults = _defaults(scope, default, len(last.operands))
    governed = scope.operations
    for index, value in enumerate(list(last.operands)):
        if value.type is None:
            raise scope.error(f"the type of %{value.name} is not known")
        kind = scope.functions.resolved(value.type, last)
        made = _number(build, defaults[index], kind) if defaults is not None else zero(build, kind)
        if made is None and defaults is not None:
            raise scope.error(f"result number {index} is {kind}, which cannot be {defaults[index]}")
        if made is None:
            message = f"result number {index} is {kind}, which has no zero to stand in for it"
            raise scope.error(message, hint="a value of 0 skips everything; leave it out of the decisions")
        last.set_operand(index, made)
    for op in reversed(governed):
        op.erase(force=True)


def _defaults(scope: Scope, default: Attribute | None, count: int) -> list[Attribute] | None:
    if default is None:
        return None
    if isinstance(default, ArrayAttr):
        found = list(default.elements)
    elif isinstance(default, DenseArrayAttr):
        found = [
            FloatAttr(item) if isinstance(item, float) else IntegerAttr(int(item)) for item in default.values
        ]
    else:
        found = [default] * count
    if len(found) != count:
        raise scope.error(f"default has {len(found)} values; the code has {count} results")
    return found


def _number(build: Builder, value: Attribute, kind: Type) -> Value | None:
    if not isinstance(value, IntegerAttr | FloatAttr | BoolAttr):
        return None
    shaped = isinstance(kind, ShapedType) and kind.has_static_shape and not isinstance(kind, MemRefType)
    element = kind.element_type if isinstance(kind, ShapedType) else kind
    number: int | float
    if isinstance(element, FloatType):
        number = float(value.value)
    elif isinstance(element, IntegerType | IndexType) and not isinstance(value, FloatAttr):
        number = int(value.value)
    else:
        return None
    try:
        if shaped:
            assert isinstance(kind, ShapedType)
            held = DenseElementsAttr.splat(number, kind)
            return build.create("arith.constant", [], [kind], properties={"value": held}).result
        return constant(build, number, kind) if element is kind else None
    except InvalidValue:
        # It does not fit.
        return None


def _keep_branch(scope: Scope, number: int) -> None:
    op = next((found for found in scope.code() if found.name in BRANCHES), None)
    if op is None:
        raise scope.error("there is no branching operation of which to keep a branch")
    found = branches(op)
    if number > len(found):
        plural = "branch" if len(found) == 1 else "branches"
        raise scope.error(
            f"the knob value {number} means branch number {number}, but {op.name} has {len(found)} {plural}"
        )
    _replace(op, found[number - 1])


def _replace(op: Operation, region: Region) -> None:
    """Put the code of a branch in the place of the branching operation."""
    if region.blocks:
        explicit_terminator(op, region.blocks[0])
    values: list[Value] = inline_region(region, op, ()) if region.blocks else []
    op.replace_with(*values)

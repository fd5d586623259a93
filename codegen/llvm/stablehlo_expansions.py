"""Operations of StableHLO and CHLO that no pass of MLIR takes to linalg, as others that one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.passes.functions import Functions
from approxir.values import DenseElementsAttr, FloatType, StringAttr, TensorType

if TYPE_CHECKING:
    from approxir.ir.module import Module

# Element by element, with the same name and meaning in the math dialect.
_MATH = frozenset({"acos", "acosh", "asin", "asinh", "atan", "atanh", "cosh", "erf", "erfc", "sinh", "tan"})
# What one device has no use for: where tensors lie on a mesh.
_PLACEMENTS = frozenset(
    {"Sharding", "SPMDFullToShardShape", "SPMDShardToFullShape", "annotate_device_placement"}
)


def expand(module: Module) -> bool:
    """Rewrite what has an exact equivalent, in place, and return whether anything was changed."""
    functions = Functions()
    changed = False
    for op in module.find("stablehlo.", "chlo.", "sdy."):
        rewrite = _REWRITES.get(op.name)
        if rewrite is not None and rewrite(op, functions):
            changed = True
    return changed


def _tensor(op: Operation, functions: Functions) -> TensorType | None:
    """The type of the only result, if it is a tensor's."""
    kind = op.result.type
    resolved = None if kind is None else functions.resolved(kind, op)
    return resolved if isinstance(resolved, TensorType) else None


def _math(op: Operation, functions: Functions) -> bool:
    kind = _tensor(op, functions)
    if kind is None or not isinstance(kind.element_type, FloatType):
        return False
    name = "math." + op.name.removeprefix("chlo.")
    op.replace_with(Builder.before(op).create(name, [op.operands[0]], [kind]).result)
    return True


def _square(op: Operation, functions: Functions) -> bool:
    kind = _tensor(op, functions)
    if kind is None:
        return False
    value = op.operands[0]
    op.replace_with(Builder.before(op).create("stablehlo.multiply", [value, value], [kind]).result)
    return True


def _same(op: Operation, functions: Functions) -> bool:
    """The results are the operands, which only a scheduler may not know."""
    op.replace_with(*op.operands)
    return True


def _custom_call(op: Operation, functions: Functions) -> bool:
    target = op.attributes.get("call_target_name")
    if not isinstance(target, StringAttr) or target.value not in _PLACEMENTS:
        return False
    return _same(op, functions)


def _mesh(op: Operation, functions: Functions) -> bool:
    op.erase()
    return True


def _slice(op: Operation, functions: Functions) -> bool:
    """An empty slice: upstream's pass makes one that starts behind the end, which MLIR refuses."""
    kind = _tensor(op, functions)
    if kind is None or 0 not in kind.shape:
        return False
    empty = {"value": DenseElementsAttr("", kind)}
    op.replace_with(Builder.before(op).create("stablehlo.constant", [], [kind], properties=empty).result)
    return True


_REWRITES: dict[str, Callable[[Operation, Functions], bool]] = {
    **{f"chlo.{name}": _math for name in _MATH},
    "chlo.square": _square,
    "sdy.mesh": _mesh,
    "sdy.sharding_constraint": _same,
    "stablehlo.custom_call": _custom_call,
    "stablehlo.optimization_barrier": _same,
    "stablehlo.slice": _slice,
}

"""What a reduction takes for nothing: the neutral elements of the reducers of ``scf.reduce``."""

from __future__ import annotations

from collections.abc import Callable

from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.transforms.folding import width
from approxir.transforms.loops import CountedLoop
from approxir.values import DenseElementsAttr, FloatAttr, FloatType, IndexType, IntegerAttr, IntegerType, Type
from approxir.values.types import ShapedType

_INFINITY = float("inf")
# Adding -0.0 changes no number; adding 0.0 would turn -0.0 into 0.0. NaN is what the functions that prefer
# numbers ignore, where an infinity would take the place of a NaN.
_FLOATS = {
    "arith.addf": -0.0,
    "arith.mulf": 1.0,
    "arith.maximumf": -_INFINITY,
    "arith.minimumf": _INFINITY,
    "arith.maxnumf": float("nan"),
    "arith.minnumf": float("nan"),
}
_INTEGERS: dict[str, Callable[[int], int]] = {
    "arith.addi": lambda bits: 0,
    "arith.ori": lambda bits: 0,
    "arith.xori": lambda bits: 0,
    "arith.andi": lambda bits: -1,
    "arith.muli": lambda bits: 1,
    "arith.maxsi": lambda bits: -(1 << (bits - 1)),
    "arith.minsi": lambda bits: (1 << (bits - 1)) - 1,
    "arith.maxui": lambda bits: 0,
    "arith.minui": lambda bits: -1,
}


def reducer(region: Region) -> str | None:
    """The name of the one operation that a reducing region is; None where it is more."""
    if len(region.blocks) != 1:
        return None
    block: Block = region.blocks[0]
    ops = block.operations
    if len(ops) != 2 or list(ops[1].operands) != list(ops[0].results):
        return None
    first: Operation = ops[0]
    return first.name if set(first.operands) == set(block.arguments) else None


def neutral_values(loop: CountedLoop) -> Callable[[Builder], list[Value]]:
    """A function that makes what an iteration that is left out gives to the reductions of ``scf.parallel``.

    Raises `PassError` for reducers that have no neutral element, or none that is known.
    """
    last = loop.terminator()
    held = []
    for region, operand in zip(last.regions, last.operands, strict=True):
        name = reducer(region)
        value = None if name is None or operand.type is None else _neutral(name, operand.type)
        if value is None:
            shown = name or "a region of several operations"
            raise loop.scope.error(
                f"iterations of {loop.op.name} cannot be left out: its reducer, {shown}, has no neutral "
                f"element of type {operand.type}"
            )
        held.append((value, operand.type))

    def make(build: Builder) -> list[Value]:
        return [
            build.create("arith.constant", [], [kind], properties={"value": value}).result
            for value, kind in held
            if kind is not None
        ]

    return make


def _neutral(name: str, kind: Type) -> FloatAttr | IntegerAttr | DenseElementsAttr | None:
    element = kind.element_type if isinstance(kind, ShapedType) else kind
    number: int | float
    if name in _FLOATS and isinstance(element, FloatType):
        number = _FLOATS[name]
    elif name in _INTEGERS and isinstance(element, IntegerType | IndexType):
        number = _INTEGERS[name](width(element))
    else:
        return None
    if isinstance(kind, ShapedType):
        return DenseElementsAttr.splat(number, kind) if kind.has_static_shape else None
    if isinstance(number, float):
        return FloatAttr(number, element)
    return IntegerAttr(number, element)

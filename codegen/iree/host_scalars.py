"""Scalars as IREE's host computes them right: what replaces the operations that it does not.

The host holds i1, i8 and i16 in registers of 32 bits without ever wrapping them, rounds floating-point
numbers to integers where MLIR cuts off, takes NaN for equal to itself, and ends the process when it divides
by zero.
"""

from __future__ import annotations

from collections.abc import Callable

from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import OpResult, Value
from approxir.passes.base import PassError
from approxir.passes.calls import constant
from approxir.passes.functions import Functions
from approxir.passes.regions import known_type
from approxir.values import FloatType, IndexType, IntegerAttr, IntegerType
from approxir.values.types import F32

_I1 = IntegerType(1)
_I32 = IntegerType(32)
_I64 = IntegerType(64)
_INDEX = IndexType()
_SGT = 4
# Predicates of arith.cmpf: those below ORD are false for NaN, those between it and UNO are true.
_ORDERED, _OLT, _ORD, _UNO = 1, 4, 7, 14

Rewrite = Callable[[Operation, Builder], list[Value]]
"""Makes what replaces the results of an operation."""

_DIVISIONS = frozenset({
    "divsi", "divui", "remsi", "remui", "ceildivsi", "ceildivui", "floordivsi",
})  # fmt: skip
# What is right for integers of 8 and 16 bits as well.
_OF_NARROW = frozenset({"extsi", "extui", "trunci", "select"})


def rewriter(op: Operation, functions: Functions) -> Rewrite | None:
    """What replaces an operation; None for one that is right as it is."""
    dialect, _, name = op.name.partition(".")
    if dialect not in ("arith", "math") or not op.operands or op.operands[0].type is None:
        return None
    kind = functions.resolved(op.operands[0].type, op)
    if isinstance(kind, FloatType):
        return _FLOATS.get(name)
    if isinstance(kind, IndexType) or (isinstance(kind, IntegerType) and kind.width >= 32):
        return _divided if name in _DIVISIONS and not _divides_well(op) else None
    if not isinstance(kind, IntegerType):
        return None
    if kind.width == 1:
        return _BITS.get(name, _refuse)
    if name == "extui":
        return _zero_extended
    return None if name in _OF_NARROW else _refuse


def _predicate(op: Operation) -> int:
    held = op.attributes["predicate"]
    assert isinstance(held, IntegerAttr)
    return held.value


def _refuse(op: Operation, build: Builder) -> list[Value]:
    raise PassError.at(
        op,
        f"IREE computes {op.name} on numbers of type {op.operands[0].type} wrongly outside of tensors",
        hint="compute it on tensors, with integers of 32 or 64 bits, or run the module with approxir.jit",
    )


# Floating-point numbers.


def _compare(build: Builder, predicate: int, first: Value, second: Value) -> Value:
    properties = {"predicate": IntegerAttr(predicate, _I64)}
    return build.create("arith.cmpf", [first, second], [_I1], properties=properties).result


def _bitwise(build: Builder, name: str, first: Value, second: Value) -> Value:
    return build.create(f"arith.{name}", [first, second], [_I1]).result


def _not(build: Builder, value: Value) -> Value:
    return _bitwise(build, "xori", value, constant(build, 1, _I1))


def _unordered(build: Builder, op: Operation) -> Value:
    """Whether one of two operands is NaN, from their bits: as numbers IREE takes NaN for equal to itself."""
    parts = []
    for value in dict.fromkeys(op.operands):
        kind = known_type(value, op)
        assert isinstance(kind, FloatType)
        bits, infinity = (_I32, 0x7F800000) if kind.width <= 32 else (_I64, 0x7FF0000000000000)
        held = value
        if kind.width < 32:
            held = build.create("arith.extf", [value], [F32]).result
        held = build.create("arith.bitcast", [held], [bits]).result
        positive = constant(build, (1 << bits.width - 1) - 1, bits)
        held = build.create("arith.andi", [held, positive], [bits]).result
        properties = {"predicate": IntegerAttr(_SGT, _I64)}
        parts.append(
            build.create(
                "arith.cmpi", [held, constant(build, infinity, bits)], [_I1], properties=properties
            ).result
        )
    return parts[0] if len(parts) == 1 else _bitwise(build, "ori", *parts)


def _compared(op: Operation, build: Builder) -> list[Value]:
    """IREE's comparison, which is right for all numbers but NaN, and what NaN makes of it."""
    predicate = _predicate(op)
    if not _ORDERED <= predicate <= _UNO:
        return [constant(build, int(predicate > _UNO), _I1)]
    unordered = _unordered(build, op)
    if predicate == _UNO:
        return [unordered]
    if predicate == _ORD:
        return [_not(build, unordered)]
    found = _compare(build, predicate, *op.operands)
    if predicate > _ORD:
        return [_bitwise(build, "ori", found, unordered)]
    return [_bitwise(build, "andi", found, _not(build, unordered))]


def _truncate(op: Operation, build: Builder) -> list[Value]:
    """Round towards zero before converting, which rounds to the nearest."""
    value = op.operands[0]
    kind = known_type(value, op)
    negative = _compare(build, _OLT, value, constant(build, 0.0, kind))
    up = build.create("math.ceil", [value], [kind]).result
    down = build.create("math.floor", [value], [kind]).result
    whole = build.create("arith.select", [negative, up, down], [kind]).result
    return [build.create(op.name, [whole], [known_type(op.result, op)]).result]


def _extremum(op: Operation, build: Builder) -> list[Value]:
    """NaN if either is, which the sum of the two is then."""
    kind = known_type(op.operands[0], op)
    found = build.create(op.name, list(op.operands), [kind]).result
    total = build.create("arith.addf", list(op.operands), [kind]).result
    return [build.create("arith.select", [_unordered(build, op), total, found], [kind]).result]


_FLOATS: dict[str, Rewrite] = {
    "cmpf": _compared,
    "fptosi": _truncate,
    "fptoui": _truncate,
    "maximumf": _extremum,
    "minimumf": _extremum,
    "remf": _refuse,
}


# Integers of 32 bits and more.


def _divides_well(op: Operation) -> bool:
    """Whether the divisor is a constant by which everything can be divided."""
    divisor = op.operands[1]
    if not isinstance(divisor, OpResult) or divisor.owner.name != "arith.constant":
        return False
    held = divisor.owner.attributes.get("value")
    return isinstance(held, IntegerAttr) and held.value not in (0, -1)


def _divided(op: Operation, build: Builder) -> list[Value]:
    """A division that gives some number where there is no quotient, instead of ending the process."""
    dividend, divisor = op.operands
    kind = known_type(dividend, op)
    width = kind.width if isinstance(kind, IntegerType) else 64
    one = constant(build, 1, kind)
    wrong = _equals(build, divisor, constant(build, 0, kind))
    if not op.name.endswith("ui"):
        # The least number divided by -1 is too large by one.
        least = _equals(build, dividend, constant(build, -(1 << width - 1), kind))
        negative = _equals(build, divisor, constant(build, -1, kind))
        wrong = _bitwise(build, "ori", wrong, _bitwise(build, "andi", least, negative))
    safe = build.create("arith.select", [wrong, one, divisor], [kind]).result
    return [build.create(op.name, [dividend, safe], [kind]).result]


def _equals(build: Builder, first: Value, second: Value) -> Value:
    properties = {"predicate": IntegerAttr(0, _I64)}
    return build.create("arith.cmpi", [first, second], [_I1], properties=properties).result


# Integers of 8 and 16 bits.


def _zero_extended(op: Operation, build: Builder) -> list[Value]:
    """The bits of a register that belong to the value; the others hold its sign."""
    source, target = known_type(op.operands[0], op), known_type(op.result, op)
    assert isinstance(source, IntegerType)
    assert isinstance(target, IntegerType)
    wide = build.create("arith.extsi", [op.operands[0]], [_I32]).result
    mask = constant(build, (1 << source.width) - 1, _I32)
    found = build.create("arith.andi", [wide, mask], [_I32]).result
    if target == _I32:
        return [found]
    name = "arith.extui" if target.width > 32 else "arith.trunci"
    return [build.create(name, [found], [target]).result]


# Single bits: the one that is set is -1 with its sign, and 1 without.


def _logic(name: str, negate: int | None = None) -> Rewrite:
    """One of the bitwise operations, the first or the second operand negated before."""

    def rewrite(op: Operation, build: Builder) -> list[Value]:
        operands = [_not(build, v) if at == negate else v for at, v in enumerate(op.operands)]
        return [_bitwise(build, name, *operands)]

    return rewrite


def _equal(op: Operation, build: Builder) -> list[Value]:
    return [_not(build, _bitwise(build, "xori", *op.operands))]


_COMPARISONS: dict[int, Rewrite] = {
    0: _equal, 1: _logic("xori"),
    2: _logic("andi", 1), 3: _logic("ori", 1), 4: _logic("andi", 0), 5: _logic("ori", 0),
    6: _logic("andi", 0), 7: _logic("ori", 0), 8: _logic("andi", 1), 9: _logic("ori", 1),
}  # fmt: skip


def _bits_compared(op: Operation, build: Builder) -> list[Value]:
    return _COMPARISONS[_predicate(op)](op, build)


def _bit_chosen(op: Operation, build: Builder) -> list[Value]:
    """A conversion of a bit, as a choice: an extension would be merged with a cast to an index."""
    kind = known_type(op.result, op)
    set_bit = 1 if op.name == "arith.index_castui" else -1
    choices = [constant(build, set_bit, kind), constant(build, 0, kind)]
    return [build.create("arith.select", [op.operands[0], *choices], [kind]).result]


_BITS: dict[str, Rewrite | None] = {
    "andi": None, "ori": None, "xori": None, "select": None, "extui": None, "sitofp": None, "uitofp": None,
    "extsi": _bit_chosen, "index_cast": _bit_chosen, "index_castui": _bit_chosen, "cmpi": _bits_compared,
    "addi": _logic("xori"), "subi": _logic("xori"), "muli": _logic("andi"),
    "maxsi": _logic("andi"), "minsi": _logic("ori"), "maxui": _logic("ori"), "minui": _logic("andi"),
}  # fmt: skip

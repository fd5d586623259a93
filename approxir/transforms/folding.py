"""Integer arithmetic of the arith dialect that is done at once where the numbers are known."""

from __future__ import annotations

from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.passes.calls import constant
from approxir.values import BoolAttr, IndexType, IntegerAttr, IntegerType, Type

Number = int | Value
"""An integer that is known now, as its bits without a sign, or one that is computed at run time."""

BOOL = IntegerType(1)
I32 = IntegerType(32)
I64 = IntegerType(64)
INDEX_BITS = 64
PREDICATES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
"""The predicates of ``arith.cmpi`` by their numbers."""


def width(kind: Type) -> int:
    """The number of bits of an integer's or an index's type."""
    return kind.width if isinstance(kind, IntegerType) else INDEX_BITS


def signed(bits: int, kind: Type) -> int:
    """What bits mean as a number with a sign."""
    size = width(kind)
    return bits - (1 << size) if bits >> (size - 1) else bits


def owner_op(value: Value) -> Operation | None:
    """The operation whose result a value is; None for the argument of a block."""
    owner = value.owner
    return owner if isinstance(owner, Operation) else None


def known(value: Value) -> int | None:
    """The bits of an integer that an ``arith.constant`` gives; None for other values."""
    op = owner_op(value)
    kind = value.type
    if op is None or op.name != "arith.constant" or not isinstance(kind, IntegerType | IndexType):
        return None
    held = op.attributes.get("value")
    if isinstance(held, IntegerAttr | BoolAttr):
        return int(held.value) & ((1 << width(kind)) - 1)
    return None


class Arithmetic:
    """Makes operations on integers of one type at one place; everything wraps.

    Numbers that are known now are folded, so that only what depends on run time is computed there. Values
    made from known numbers are made once.
    """

    def __init__(self, build: Builder, kind: Type) -> None:
        self.build = build
        self.kind = kind
        self.mask = (1 << width(kind)) - 1
        self._constants: dict[int, Value] = {}

    def value(self, number: Number) -> Value:
        """The number as a value."""
        if isinstance(number, Value):
            return number
        bits = number & self.mask
        if bits not in self._constants:
            held = bits if self.kind == BOOL else signed(bits, self.kind)
            self._constants[bits] = constant(self.build, held, self.kind)
        return self._constants[bits]

    def _make(self, name: str, *operands: Number) -> Value:
        values = [self.value(operand) for operand in operands]
        return self.build.create(f"arith.{name}", values, [self.kind]).result

    def add(self, left: Number, right: Number) -> Number:
        if isinstance(left, int) and isinstance(right, int):
            return (left + right) & self.mask
        if left == 0:
            return right
        return left if right == 0 else self._make("addi", left, right)

    def sub(self, left: Number, right: Number) -> Number:
        if isinstance(left, int) and isinstance(right, int):
            return (left - right) & self.mask
        return left if right == 0 else self._make("subi", left, right)

    def mul(self, left: Number, right: Number) -> Number:
        if isinstance(left, int) and isinstance(right, int):
            return left * right & self.mask
        if left == 1:
            return right
        return left if right == 1 else self._make("muli", left, right)

    def div(self, left: Number, right: Number) -> Number:
        """The quotient without signs; 0 for what is divided by more than the type holds."""
        if isinstance(right, int) and right > self.mask:
            return 0
        if isinstance(left, int) and isinstance(right, int):
            return left // right
        return left if right == 1 else self._make("divui", left, right)

    def rem(self, left: Number, right: Number) -> Number:
        """The rest of a division without signs."""
        if isinstance(right, int) and right > self.mask:
            return left
        if isinstance(left, int) and isinstance(right, int):
            return left % right
        return self._make("remui", left, right)

    def at_least_one(self, number: Number) -> Number:
        """The number, or 1 instead of 0: what may be divided by."""
        return max(number, 1) if isinstance(number, int) else self._make("maxui", number, 1)

    def xor(self, left: Number, right: Number) -> Number:
        if isinstance(left, int) and isinstance(right, int):
            return left ^ right
        return self._make("xori", left, right)

    def either(self, left: Number, right: Number) -> Number:
        """The disjunction of two truths."""
        if left == 1 or right == 1:
            return 1
        if left == 0:
            return right
        return left if right == 0 else self._make("ori", left, right)

    def shift_right(self, left: Number, right: int) -> Number:
        return left >> right if isinstance(left, int) else self._make("shrui", left, right)

    def compare(self, predicate: str, left: Number, right: Number) -> Number:
        """The truth of a comparison: 0, 1, or an ``i1``."""
        if isinstance(left, int) and isinstance(right, int):
            if predicate.startswith("s"):
                left, right = signed(left, self.kind), signed(right, self.kind)
            return int(_COMPARISONS[predicate[-2:]](left, right))
        properties = {"predicate": IntegerAttr(PREDICATES.index(predicate), I64)}
        operands = [self.value(left), self.value(right)]
        return self.build.create("arith.cmpi", operands, [BOOL], properties=properties).result

    def select(self, condition: Number, chosen: Number, other: Number) -> Number:
        if isinstance(condition, int):
            return chosen if condition else other
        operands = [condition, self.value(chosen), self.value(other)]
        return self.build.create("arith.select", operands, [self.kind]).result

    def cast(self, number: Number, kind: Type) -> Number:
        """The number in the type of this arithmetic, from another one; zeros come in front."""
        if isinstance(number, int):
            return number & self.mask
        if kind == self.kind:
            return number
        if isinstance(kind, IndexType) or isinstance(self.kind, IndexType):
            name = "arith.index_castui"
        else:
            name = "arith.extui" if width(kind) < width(self.kind) else "arith.trunci"
        return self.build.create(name, [number], [self.kind]).result


_COMPARISONS = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
}

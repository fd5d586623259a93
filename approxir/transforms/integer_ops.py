"""Integer operations of the arith dialect on scalars, and the same of StableHLO on tensors of one element."""

from __future__ import annotations

from approxir.ir.building import Builder
from approxir.ir.ssa import Value
from approxir.passes.calls import constant
from approxir.transforms.folding import signed, width
from approxir.values import DenseElementsAttr, IndexType, IntegerType, TensorType, Type


def integer_element(kind: Type | None) -> IntegerType | IndexType | None:
    """The type of an integer, or of what a tensor without dimensions has in it."""
    if isinstance(kind, TensorType) and not kind.shape:
        kind = kind.element_type
    return kind if isinstance(kind, IntegerType | IndexType) else None


class Ops:
    """Makes integer operations of the arith dialect, or of StableHLO for tensors."""

    def __init__(self, build: Builder, like: Value | Type) -> None:
        self.build = build
        kind = like.type if isinstance(like, Value) else like
        assert kind is not None
        self.kind: Type = kind
        element = integer_element(kind)
        assert element is not None
        self.bits = width(element)
        self.element: Type = element
        self.stablehlo = isinstance(kind, TensorType)

    def constant(self, number: int) -> Value:
        if not isinstance(self.element, IntegerType) or self.element.signedness != "unsigned":
            number = signed(number & ((1 << self.bits) - 1), self.element)
        if isinstance(self.kind, TensorType):
            held = DenseElementsAttr.splat(number, self.kind)
            made = self.build.create("stablehlo.constant", [], [self.kind], properties={"value": held})
            return made.result
        return constant(self.build, number, self.kind)

    def binary(self, name: str, left: Value, right: Value) -> Value:
        full = _STABLEHLO[name] if self.stablehlo else f"arith.{name}"
        return self.build.create(full, [left, right], [self.kind]).result

    def widened(self) -> Ops:
        """The same in 64 bits with a sign."""
        wide = IntegerType(64)
        kind = TensorType((), wide) if self.stablehlo else wide
        return Ops(self.build, kind)

    def extend(self, value: Value, to: Ops, *, unsigned: bool) -> Value:
        if value.type == to.kind:
            return value
        if self.stablehlo:
            name = "stablehlo.convert"
        elif isinstance(self.kind, IndexType):
            name = "arith.index_cast"
        else:
            name = "arith.extui" if unsigned else "arith.extsi"
        return self.build.create(name, [value], [to.kind]).result

    def truncate(self, value: Value) -> Value:
        if value.type == self.kind:
            return value
        name = "arith.index_cast" if isinstance(self.kind, IndexType) else "arith.trunci"
        name = "stablehlo.convert" if self.stablehlo else name
        return self.build.create(name, [value], [self.kind]).result


_STABLEHLO = {
    "addi": "stablehlo.add",
    "subi": "stablehlo.subtract",
    "divsi": "stablehlo.divide",
    "muli": "stablehlo.multiply",
    "minsi": "stablehlo.minimum",
    "maxsi": "stablehlo.maximum",
    "minui": "stablehlo.minimum",
    "andi": "stablehlo.and",
    "maxui": "stablehlo.maximum",
}

"""Conversions of floating-point numbers to integers that saturate, as operations that leave no choice.

StableHLO leaves it open what a number becomes that the integer type does not hold. The interpreter and XLA
take the nearest integer of the type, and 0 for NaN; MLIR's ``arith.fptosi``, to which engines lower the
conversion, is undefined there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.passes.base import made_for
from approxir.passes.functions import Functions
from approxir.values import Attribute, DenseElementsAttr, FloatType, IntegerType, OpaqueAttr, TensorType

if TYPE_CHECKING:
    from approxir.ir.module import Module

_F32 = FloatType("f32")
_I1 = IntegerType(1)
_WIDEST = 64


def saturate_conversions(module: Module) -> bool:
    """Rewrite the conversions of a module, in place; whether there were any."""
    functions = Functions()
    changed = False
    for op in module.find("stablehlo.convert"):
        changed = saturate(op, functions) or changed
    return changed


def saturate(op: Operation, functions: Functions) -> bool:
    """Put a conversion that saturates in the place of a ``stablehlo.convert``; whether it did.

    It does for numbers of up to 64 bits, and for integers of 2 to 64 bits; the shape may be dynamic.
    """
    if len(op.operands) != 1 or len(op.results) != 1:
        return False
    given, wanted = _tensor(op, op.operands[0], functions), _tensor(op, op.result, functions)
    if given is None or wanted is None or given.shape != wanted.shape or 0 in given.shape:
        return False
    number, integer = given.element_type, wanted.element_type
    if not isinstance(number, FloatType) or number.width > _WIDEST:
        return False
    if not isinstance(integer, IntegerType) or not 1 < integer.width <= _WIDEST:
        return False
    low, high = _limits(integer)
    code = _Elements(op, given)
    value: Value = op.operands[0]
    if number.width < _F32.width:
        # Every limit is a number of f32, while f16 and smaller types do not have them all.
        given = given.replace(element_type=_F32)
        value = code.convert(value, given)
    bottom, top = code.filled(float(low), given), code.filled(float(high + 1), given)
    # None of these holds for NaN, which is converted as 0.
    below, above = code.compare("LE", value, bottom), code.compare("GE", value, top)
    inside = code.both(code.compare("GT", value, bottom), code.compare("LT", value, top))
    found = code.convert(code.select(inside, value, code.filled(0.0, given), given), wanted)
    found = code.select(below, code.filled(low, wanted), found, wanted)
    op.replace_with(code.select(above, code.filled(high, wanted), found, wanted))
    return True


def _tensor(op: Operation, value: Value, functions: Functions) -> TensorType | None:
    kind = None if value.type is None else functions.resolved(value.type, op)
    return kind if isinstance(kind, TensorType) else None


def _limits(kind: IntegerType) -> tuple[int, int]:
    """The least and the largest integer of a type."""
    if kind.signedness == "unsigned":
        return 0, (1 << kind.width) - 1
    return -(1 << kind.width - 1), (1 << kind.width - 1) - 1


class _Elements:
    """Operations element by element, made before another one whose operand has their shape."""

    def __init__(self, op: Operation, given: TensorType) -> None:
        self._op = op
        self._build = Builder.before(op)
        self._truths = given.replace(element_type=_I1)

    def convert(self, value: Value, kind: TensorType) -> Value:
        return self._create("convert", [value], kind)

    def compare(self, direction: str, first: Value, second: Value) -> Value:
        properties: dict[str, Attribute] = {
            "comparison_direction": OpaqueAttr("stablehlo", f"<comparison_direction {direction}>"),
            "compare_type": OpaqueAttr("stablehlo", "<comparison_type FLOAT>"),
        }
        return self._create("compare", [first, second], self._truths, properties)

    def both(self, first: Value, second: Value) -> Value:
        return self._create("and", [first, second], self._truths)

    def select(self, chosen: Value, yes: Value, no: Value, kind: TensorType) -> Value:
        return self._create("select", [chosen, yes, no], kind)

    def filled(self, number: float, kind: TensorType) -> Value:
        """A tensor with one number everywhere."""
        if kind.has_static_shape:
            return self._constant(number, kind)
        # Only a value of that shape knows it, and a clamp leaves nothing else of the value.
        scalar = self._constant(number, TensorType((), kind.element_type))
        given = self._op.operands[0]
        some = self.convert(self.compare("EQ", given, given), kind)
        return self._create("clamp", [scalar, some, scalar], kind)

    def _constant(self, number: float, kind: TensorType) -> Value:
        return self._create("constant", [], kind, {"value": DenseElementsAttr(repr(number), kind)})

    def _create(
        self,
        name: str,
        operands: list[Value],
        kind: TensorType,
        properties: dict[str, Attribute] | None = None,
    ) -> Value:
        made = self._build.create(f"stablehlo.{name}", operands, [kind], properties=properties)
        return made_for(made, self._op).result

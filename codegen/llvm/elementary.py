"""Elementary functions of f32 as arithmetic, which LLVM vectorizes, unlike calls of the C library.

The results do not depend on whether a loop was vectorized: they come from the same operations either way.
The formulas are those of S. Moshier's Cephes library. exp is less than one unit in the last place off, tanh
less than one and a half; infinities, NaN and results below the normal numbers are right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from approxir.codegen.llvm.structured import ir, operations, structured

_LOG2_E = 1.44269504088896341
# The natural logarithm of 2 in two parts, of which the first has few digits.
_LN2_HIGH, _LN2_LOW = 0.693359375, -2.12194440e-4
_EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
# Beyond these exp is 0 or infinite.
_LEAST, _MOST = -104.0, 89.0
_TANH = (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
_TANH_SMALL = 0.625
_BIAS, _MANTISSA = 127, 23
_LESS, _UNORDERED = 4, 14


def expand_elementary(module: Any) -> None:
    """Expand exp and tanh of f32 in the bodies of operations on tensors."""
    for one in structured(module):
        for op in list(operations(one.op)):
            expansion = _EXPANSIONS.get(op.name)
            if expansion is not None and isinstance(op.results[0].type, ir.F32Type):
                with ir.InsertionPoint(op), op.location:
                    value = expansion(_Arithmetic(), op.operands[0])
                op.results[0].replace_all_uses_with(value)
                op.erase()


class _Arithmetic:
    """Makes operations on single numbers where the insertion point is."""

    def __init__(self) -> None:
        self.f32, self.i32 = ir.F32Type.get(), ir.IntegerType.get_signless(32)

    def make(self, name: str, kind: Any, *operands: Any, **attributes: Any) -> Any:
        op = ir.Operation.create(name, results=[kind], operands=list(operands), attributes=attributes)
        return op.results[0]

    def number(self, value: float) -> Any:
        return self.make("arith.constant", self.f32, value=ir.FloatAttr.get(self.f32, value))

    def integer(self, value: int) -> Any:
        return self.make("arith.constant", self.i32, value=ir.IntegerAttr.get(self.i32, value))

    def add(self, a: Any, b: Any) -> Any:
        return self.make("arith.addf", self.f32, a, b)

    def subtract(self, a: Any, b: Any) -> Any:
        return self.make("arith.subf", self.f32, a, b)

    def multiply(self, a: Any, b: Any) -> Any:
        return self.make("arith.mulf", self.f32, a, b)

    def choose(self, predicate: int, a: Any, b: Any, yes: Any, no: Any) -> Any:
        """One of two numbers, by a comparison of two others."""
        held = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), predicate)
        truth = self.make("arith.cmpf", ir.IntegerType.get_signless(1), a, b, predicate=held)
        return self.make("arith.select", self.f32, truth, yes, no)

    def polynomial(self, x: Any, factors: Sequence[float]) -> Any:
        value = self.number(factors[0])
        for factor in factors[1:]:
            value = self.add(self.multiply(value, x), self.number(factor))
        return value

    def power_of_two(self, exponent: Any) -> Any:
        """2 to a power that is a normal number."""
        biased = self.make("arith.addi", self.i32, exponent, self.integer(_BIAS))
        bits = self.make("arith.shli", self.i32, biased, self.integer(_MANTISSA))
        return self.make("arith.bitcast", self.f32, bits)


def _exp(make: _Arithmetic, x: Any) -> Any:
    """2^n e^r, where r is at most half of log 2."""
    least, most = make.number(_LEAST), make.number(_MOST)
    # NaN becomes a number here, since the integer of none is undefined; it is put back at the end.
    inside = make.make("arith.minnumf", make.f32, make.make("arith.maxnumf", make.f32, x, least), most)
    n = make.make("math.roundeven", make.f32, make.multiply(inside, make.number(_LOG2_E)))
    r = make.subtract(inside, make.multiply(n, make.number(_LN2_HIGH)))
    r = make.subtract(r, make.multiply(n, make.number(_LN2_LOW)))
    value = make.multiply(make.multiply(make.polynomial(r, _EXP), r), r)
    value = make.add(make.add(value, r), make.number(1.0))
    exponent = make.make("arith.fptosi", make.i32, n)
    # In two steps, of which neither overflows where the result does not.
    half = make.make("arith.shrsi", make.i32, exponent, make.integer(1))
    rest = make.make("arith.subi", make.i32, exponent, half)
    value = make.multiply(make.multiply(value, make.power_of_two(half)), make.power_of_two(rest))
    return make.choose(_UNORDERED, x, x, x, value)


def _tanh(make: _Arithmetic, x: Any) -> Any:
    size = make.make("math.absf", make.f32, x)
    square = make.multiply(x, x)
    small = make.add(make.multiply(make.multiply(make.polynomial(square, _TANH), square), x), x)
    one = make.number(1.0)
    power = _exp(make, make.add(size, size))
    large = make.subtract(one, make.make("arith.divf", make.f32, make.number(2.0), make.add(power, one)))
    value = make.choose(_LESS, size, make.number(_TANH_SMALL), small, large)
    # Also for the sign of zero.
    return make.make("math.copysign", make.f32, value, x)


_EXPANSIONS: dict[str, Callable[[_Arithmetic, Any], Any]] = {"math.exp": _exp, "math.tanh": _tanh}

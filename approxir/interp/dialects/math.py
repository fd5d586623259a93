"""The math dialect: computed in double precision and rounded to the type; `fma` is exact."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from approxir.interp.dialects.common import elementwise
from approxir.interp.dialects.float_math import BINARY, UNARY, RealFunction
from approxir.interp.dialects.integer_math import as_signed
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Handler, Pure
from approxir.interp.numbers import fma, normal, to_float, unsigned, width_of
from approxir.ir.operation import Operation
from approxir.values import FloatType, Type


def real(function: RealFunction) -> Pure:
    """The handler of a function of floating-point numbers."""

    def build(
        interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
    ) -> Callable[..., Any]:
        name = _name(results[0])
        return lambda *operands: to_float(function(*[float(x) for x in operands]), name)

    return elementwise(build)


def _name(kind: Type) -> str:
    if not isinstance(kind, FloatType):
        raise Trap(f"{kind} is no floating-point type")
    return kind.name


def _fma(interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]) -> Callable[..., Any]:
    name = _name(results[0])
    return lambda a, b, c: fma(a, b, c, name)


def _test(function: Callable[[float], bool]) -> Pure:
    return elementwise(lambda interp, op, kinds, results: lambda x: function(float(x)))


def _fpowi(interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]) -> Callable[..., Any]:
    name, width = _name(results[0]), width_of(kinds[1])
    return lambda x, n: to_float(BINARY["powf"](float(x), float(as_signed(n, width))), name)


def _ipowi(interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]) -> Callable[..., Any]:
    kind, width = kinds[0], width_of(kinds[0])

    def run(base: int, exponent: int) -> Any:
        base, exponent = as_signed(base, width), as_signed(exponent, width)
        if exponent >= 0:
            return normal(pow(base, exponent, 1 << width) if width else 0, kind)
        if base == 0:
            raise Trap("0 to a negative power")
        if abs(base) != 1:
            return normal(0, kind)
        return normal(base if exponent % 2 else 1, kind)

    return run


def _bits(function: Callable[[int, int], int]) -> Pure:
    def build(
        interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
    ) -> Callable[..., Any]:
        kind, width = kinds[0], width_of(kinds[0])
        return lambda x: normal(function(unsigned(int(x), width), width), kind)

    return elementwise(build)


def _absi(interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]) -> Callable[..., Any]:
    kind, width = kinds[0], width_of(kinds[0])
    return lambda x: normal(abs(as_signed(x, width)), kind)


def _clampf(interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]) -> Callable[..., Any]:
    from approxir.interp.dialects.arith import maximum, minimum

    return lambda value, low, high: minimum(maximum(value, low), high)


def _sincos(interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]) -> Callable[..., Any]:
    name = _name(results[0])
    sin, cos = UNARY["sin"], UNARY["cos"]
    return lambda x: (to_float(sin(float(x)), name), to_float(cos(float(x)), name))


def count_leading_zeros(bits: int, width: int) -> int:
    """How many of the highest bits are zero."""
    return width - bits.bit_length()


HANDLERS: dict[str, Handler | Pure] = {
    "math.fma": elementwise(_fma),
    "math.fpowi": elementwise(_fpowi),
    "math.ipowi": elementwise(_ipowi),
    "math.absi": elementwise(_absi),
    "math.clampf": elementwise(_clampf),
    "math.sincos": elementwise(_sincos),
    "math.isnan": _test(math.isnan),
    "math.isinf": _test(math.isinf),
    "math.isfinite": _test(math.isfinite),
    "math.ctlz": _bits(count_leading_zeros),
    "math.cttz": _bits(lambda bits, width: (bits & -bits).bit_length() - 1 if bits else width),
    "math.ctpop": _bits(lambda bits, width: bits.bit_count()),
}
HANDLERS.update({f"math.{name}": real(function) for name, function in {**UNARY, **BINARY}.items()})

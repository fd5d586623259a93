"""``chlo.erf_inv``, the inverse of the error function, as arithmetic on tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence

from approxir.codegen.llvm.splicing import Code
from approxir.codegen.llvm.stablehlo_attributes import tensor_types
from approxir.ir.operation import Operation
from approxir.passes.functions import Functions
from approxir.values import FloatType, TensorType

# M. Giles, "Approximating the erfinv function" (2010), for single precision: powers of w - 2.5 where
# w = -log(1 - y²) is below 5, and of sqrt(w) - 3 elsewhere, highest power first.
_MIDDLE = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
    -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
    0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip
_NEWTON_STEPS = 4


class _Arithmetic(Code):
    """Operations on tensors of one type."""

    def __init__(self, given: TensorType, kind: TensorType) -> None:
        super().__init__([given], [given])
        self.kind = kind

    def constant(self, value: float) -> str:
        return self.value(f"stablehlo.constant dense<{value!r}> : {self.kind}")

    def apply(self, name: str, *operands: str) -> str:
        return self.value(f"stablehlo.{name} {', '.join(operands)} : {self.kind}")

    def math(self, name: str, operand: str) -> str:
        return self.value(f"math.{name} {operand} : {self.kind}")

    def choose(self, first: str, direction: str, second: str, yes: str, no: str) -> str:
        """One of two tensors, element by element, by a comparison of two others."""
        shape = "x".join([*map(str, self.kind.shape), "i1"])
        truth = f"tensor<{shape}>"
        found = self.value(
            f"stablehlo.compare {direction}, {first}, {second} : ({self.kind}, {self.kind}) -> {truth}"
        )
        return self.value(f"stablehlo.select {found}, {yes}, {no} : {truth}, {self.kind}")


def expand_erf_inv(op: Operation, functions: Functions) -> bool:
    """Replace an operation on tensors of known size."""
    kinds = tensor_types(op.operands, op, functions)
    if not kinds or not kinds[0].has_static_shape or not isinstance(kinds[0].element_type, FloatType):
        return False
    given = kinds[0]
    name = str(given.element_type)
    if name not in ("f16", "bf16", "f32", "f64"):
        return False
    kind = TensorType(given.shape, FloatType("f64" if name == "f64" else "f32"))
    code = _Arithmetic(given, kind)
    y = "%in0" if kind == given else code.value(f"stablehlo.convert %in0 : ({given}) -> {kind}")
    x = _by_newton(code, y) if name == "f64" else _by_polynomials(code, y)
    one = code.constant(1.0)
    infinite = code.apply("divide", y, code.constant(0.0))
    x = code.choose(code.apply("abs", y), "EQ", one, infinite, x)
    if kind != given:
        x = code.value(f"stablehlo.convert {x} : ({kind}) -> {given}")
    code.replace(op, [x])
    return True


def _log_of_complement(code: _Arithmetic, y: str) -> str:
    """log(1 - y²), where y² would lose what makes the difference near 1."""
    one = code.constant(1.0)
    product = code.apply("multiply", code.apply("subtract", one, y), code.apply("add", one, y))
    return code.apply("log", product)


def _by_polynomials(code: _Arithmetic, y: str) -> str:
    w = code.apply("negate", _log_of_complement(code, y))
    five = code.constant(5.0)
    middle = _polynomial(code, code.apply("subtract", w, code.constant(2.5)), _MIDDLE)
    tail = _polynomial(code, code.apply("subtract", code.apply("sqrt", w), code.constant(3.0)), _TAIL)
    return code.apply("multiply", code.choose(w, "LT", five, middle, tail), y)


def _polynomial(code: _Arithmetic, x: str, factors: Sequence[float]) -> str:
    value = code.constant(factors[0])
    for factor in factors[1:]:
        value = code.apply("add", code.constant(factor), code.apply("multiply", value, x))
    return value


def _by_newton(code: _Arithmetic, y: str) -> str:
    """A start by a formula of Giles, and Newton's steps from there; near 1 the complement is used."""
    logarithm = _log_of_complement(code, y)
    half = code.apply("multiply", logarithm, code.constant(0.5))
    middle = code.apply("add", code.constant(2 / (math.pi * 0.147)), half)
    under = code.apply(
        "subtract",
        code.apply("multiply", middle, middle),
        code.apply("divide", logarithm, code.constant(0.147)),
    )
    root = code.apply("sqrt", code.apply("subtract", code.apply("sqrt", under), middle))
    x = code.value(f"math.copysign {root}, {y} : {code.kind}")
    one, size = code.constant(1.0), code.apply("abs", y)
    for _ in range(_NEWTON_STEPS):
        square = code.apply("multiply", x, x)
        slope = code.apply(
            "multiply",
            code.constant(2 / math.sqrt(math.pi)),
            code.apply("exponential", code.apply("negate", square)),
        )
        near = code.apply("subtract", code.math("erf", x), y)
        rest = code.apply(
            "subtract", code.apply("subtract", one, size), code.math("erfc", code.apply("abs", x))
        )
        far = code.value(f"math.copysign {one}, {x} : {code.kind}")
        far = code.apply("multiply", far, rest)
        error = code.choose(size, "LT", code.constant(0.5), near, far)
        x = code.apply("subtract", x, code.apply("divide", error, slope))
    return x

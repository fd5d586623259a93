"""The complex dialect, its arithmetic by the textbook formulas in the type's own precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from approxir.interp.constants import constant
from approxir.interp.dialects.common import elementwise, required
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Handler, Pure
from approxir.interp.numbers import dtype_of
from approxir.ir.operation import Operation
from approxir.values import Type


def _constant(interp: Interpreter, op: Operation) -> Callable[..., Any]:
    value = constant(required(interp, op, "value"), interp.result_type(op))
    return lambda: value


def _create(interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]) -> Callable[..., Any]:
    cls = dtype_of(results[0]).type
    return lambda re, im: make(cls, re, im)


def make(cls: Any, re: Any, im: Any) -> Any:
    """A complex number from its parts, which keep the signs of zeros."""
    part = np.float32 if cls is np.complex64 else np.float64
    return np.array([re, im], part).view(cls)[0]


def _binary(function: Callable[[Any, Any], tuple[Any, Any]]) -> Pure:
    def build(
        interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
    ) -> Callable[..., Any]:
        return lambda a, b: make(type(a), *function(a, b))

    return elementwise(build)


def _unary(function: Callable[[Any], Any]) -> Pure:
    return elementwise(lambda interp, op, kinds, results: function)


def _div(a: Any, b: Any) -> tuple[Any, Any]:
    quotient = a / b
    return quotient.real, quotient.imag


HANDLERS: dict[str, Handler | Pure] = {
    "complex.constant": Pure(_constant),
    "complex.create": elementwise(_create),
    "complex.re": _unary(lambda a: a.real),
    "complex.im": _unary(lambda a: a.imag),
    "complex.neg": _unary(lambda a: make(type(a), -a.real, -a.imag)),
    "complex.conj": _unary(lambda a: make(type(a), a.real, -a.imag)),
    "complex.abs": _unary(lambda a: np.hypot(a.real, a.imag)),
    "complex.add": _binary(lambda a, b: (a.real + b.real, a.imag + b.imag)),
    "complex.sub": _binary(lambda a, b: (a.real - b.real, a.imag - b.imag)),
    "complex.mul": _binary(
        lambda a, b: (a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real)
    ),
    "complex.div": _binary(_div),
    "complex.exp": _unary(np.exp),
    "complex.log": _unary(np.log),
    "complex.sqrt": _unary(np.sqrt),
    "complex.eq": elementwise(lambda i, o, k, r: lambda a, b: bool(a == b)),
    "complex.neq": elementwise(lambda i, o, k, r: lambda a, b: bool(a != b)),
}

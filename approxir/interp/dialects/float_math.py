"""Functions of real numbers on Python floats, total: NaN and infinities where the C library gives them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

RealFunction = Callable[..., float]


def _total(function: RealFunction) -> RealFunction:
    """A function of the math module without its exceptions."""

    def run(*arguments: float) -> float:
        try:
            return function(*arguments)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return run


def _log(function: RealFunction) -> RealFunction:
    return lambda x: -math.inf if x == 0 else _total(function)(x)


def _log1p(x: float) -> float:
    return -math.inf if x == -1 else x if x == 0 else _total(math.log1p)(x)


def _sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)


def _power(x: float, y: float) -> float:
    return float(np.power(np.float64(x), np.float64(y)))


def _round_away(x: float) -> float:
    if not math.isfinite(x):
        return x
    rounded = math.floor(abs(x))
    return math.copysign(rounded + (abs(x) - rounded >= 0.5), x)


def _toward(function: Callable[[float], int]) -> RealFunction:
    return lambda x: math.copysign(function(x), x) if math.isfinite(x) else x


def _cbrt(x: float) -> float:
    return math.cbrt(x)


def _rsqrt(x: float) -> float:
    if x == 0:
        return math.copysign(math.inf, x)
    return math.nan if x < 0 else 1 / math.sqrt(x)


def _exp2(x: float) -> float:
    return float(np.exp2(np.float64(x)))


def _atanh(x: float) -> float:
    return math.copysign(math.inf, x) if abs(x) == 1 else _total(math.atanh)(x)


UNARY: dict[str, RealFunction] = {
    "absf": abs,
    "acos": _total(math.acos),
    "acosh": _total(math.acosh),
    "asin": _total(math.asin),
    "asinh": math.asinh,
    "atan": math.atan,
    "atanh": _atanh,
    "cbrt": _cbrt,
    "ceil": _toward(math.ceil),
    "cos": _total(math.cos),
    "cosh": _total(math.cosh),
    "erf": math.erf,
    "erfc": math.erfc,
    "exp": _total(math.exp),
    "exp2": _exp2,
    "expm1": _total(math.expm1),
    "floor": _toward(math.floor),
    "log": _log(math.log),
    "log10": _log(math.log10),
    "log1p": _log1p,
    "log2": _log(math.log2),
    "round": _round_away,
    "roundeven": _toward(round),
    "rsqrt": _rsqrt,
    "sin": _total(math.sin),
    "sinh": _sinh,
    "sqrt": _total(math.sqrt),
    "tan": _total(math.tan),
    "tanh": math.tanh,
    "trunc": _toward(math.trunc),
}
"""By the names of the math dialect."""

BINARY: dict[str, RealFunction] = {
    "atan2": math.atan2,
    "copysign": math.copysign,
    "powf": _power,
}

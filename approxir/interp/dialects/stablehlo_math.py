"""Elementwise operations of StableHLO, on whole arrays.

Arithmetic is that of the element type. Transcendental functions are computed in double precision and rounded.
Where StableHLO leaves integers open, the values are XLA's: ``x / 0`` is -1, ``x % 0`` is x, a conversion of
floats saturates and turns NaN into 0, a shift by the width or more shifts everything out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from approxir.interp.dialects.common import integer, word
from approxir.interp.dialects.float_math import UNARY as REAL
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Handler, Pure
from approxir.interp.numbers import Array, dtype_of, element_type
from approxir.ir.operation import Operation
from approxir.values import ShapedType


def _is_float(array: Array) -> bool:
    """Whether the elements are floats, those of ml_dtypes (whose kind is V) included."""
    return array.dtype.kind in "fV"


def _plain(function: Callable[..., Array]) -> Pure:
    def build(interp: Interpreter, op: Operation) -> Callable[..., Array]:
        return lambda *operands: np.asarray(function(*operands))

    return Pure(build)


def real(function: Callable[..., Any], complex_function: Callable[..., Any] | None = None) -> Pure:
    """The handler of a function of real numbers, given for double precision arrays."""

    def run(*operands: Array) -> Array:
        dtype = operands[0].dtype
        if dtype.kind == "c":
            if complex_function is None:
                raise Trap("complex numbers are not supported here")
            return np.asarray(complex_function(*operands)).astype(dtype)
        return np.asarray(function(*[x.astype(np.float64) for x in operands])).astype(dtype)

    return _plain(run)


def _each(name: str) -> Callable[[Array], Array]:
    return np.vectorize(REAL[name], otypes=[np.float64])


# ---- arithmetic


def divide(a: Array, b: Array) -> Array:
    """The quotient; of integers rounded towards zero."""
    if a.dtype.kind not in "iu":
        return a / b
    low = np.iinfo(a.dtype).min
    overflow = (a == low) & (b == -1) if low else np.zeros(a.shape, bool)
    safe = np.where((b == 0) | overflow, a.dtype.type(1), b)
    # NumPy rounds downwards: where the remainder is not zero and the signs differ, add one.
    quotient = a // safe
    inexact = (quotient * safe != a) & ((a < 0) != (safe < 0))
    quotient = quotient + inexact.astype(a.dtype)
    with np.errstate(all="ignore"):
        ones = np.array(-1).astype(a.dtype)
    return np.where(b == 0, ones, np.where(overflow, a.dtype.type(low), quotient)).astype(a.dtype)


def remainder(a: Array, b: Array) -> Array:
    """What is left by the division that rounds towards zero."""
    if a.dtype.kind in "iu":
        safe = np.where(b == 0, b.dtype.type(1), b)
        found = np.where(b == 0, a, a - divide(a, safe) * safe)
        return found.astype(a.dtype)
    if a.dtype.kind == "V" or a.dtype == np.float16:
        return np.asarray(np.fmod(a.astype(np.float64), b.astype(np.float64)).astype(a.dtype))
    return np.asarray(np.fmod(a, b))


def _integer_power(base: Any, exponent: Any) -> int:
    base, exponent = int(base), int(exponent)
    if exponent >= 0:
        return int(pow(base, exponent))
    return base if abs(base) == 1 and exponent % 2 else int(abs(base) == 1)


def power(a: Array, b: Array) -> Array:
    """The power; that of integers wraps."""
    if a.dtype.kind in "iu":
        bits = (1 << a.dtype.itemsize * 8) - 1
        pairs = zip(a.reshape(-1), b.reshape(-1), strict=True)
        items = np.array([_integer_power(x, y) & bits for x, y in pairs], f"u{a.dtype.itemsize}")
        return np.asarray(items.view(a.dtype).reshape(a.shape))
    if a.dtype.kind == "c":
        return np.asarray(np.power(a, b))
    return np.asarray(np.power(a.astype(np.float64), b.astype(np.float64)).astype(a.dtype))


def maximum(a: Array, b: Array) -> Array:
    """The larger element; NaN if either is, and +0 is larger than -0."""
    if not _is_float(a):
        return np.maximum(a, b)
    nan = np.isnan(a)
    larger = np.where(nan | (a > b), a, b)
    return np.where((a == b) & np.signbit(b), a, larger)


def minimum(a: Array, b: Array) -> Array:
    """The smaller element; NaN if either is, and -0 is smaller than +0."""
    if not _is_float(a):
        return np.minimum(a, b)
    nan = np.isnan(a)
    smaller = np.where(nan | (a < b), a, b)
    return np.where((a == b) & np.signbit(a), a, smaller)


def _add(a: Array, b: Array) -> Array:
    return np.logical_or(a, b) if a.dtype == np.bool_ else a + b


def _multiply(a: Array, b: Array) -> Array:
    return np.logical_and(a, b) if a.dtype == np.bool_ else a * b


COMBINERS: dict[str, Callable[[Array, Array], Array]] = {
    "add": _add,
    "multiply": _multiply,
    "maximum": maximum,
    "minimum": minimum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}
"""Operations that reductions are recognised by."""


def _shift(kind: str) -> Callable[[Array, Array], Array]:
    def run(a: Array, b: Array) -> Array:
        width = a.dtype.itemsize * 8
        raw = f"u{a.dtype.itemsize}"
        amount = b.view(raw) if b.dtype.kind == "i" else b
        inside = amount < width
        safe = np.where(inside, amount, amount.dtype.type(0))
        if kind == "left":
            found: Array = np.left_shift(a.view(raw), safe).view(a.dtype)
        elif kind == "logical":
            found = np.right_shift(a.view(raw), safe).view(a.dtype)
        else:
            signed = a.view(f"i{a.dtype.itemsize}")
            last = np.array(width - 1, signed.dtype)
            moved = np.where(inside, safe.astype(signed.dtype), last)
            return np.asarray(np.right_shift(signed, moved).view(a.dtype))
        return np.where(inside, found, a.dtype.type(0))

    return run


def _sign(a: Array) -> Array:
    if a.dtype.kind == "c":
        size = np.abs(a)
        return np.where(size == 0, a, a / np.where(size == 0, 1, size)).astype(a.dtype)
    if _is_float(a):
        one = a.dtype.type(1)
        return np.where(a > 0, one, np.where(a < 0, -one, a))
    return np.sign(a)


def _not(a: Array) -> Array:
    return np.logical_not(a) if a.dtype == np.bool_ else np.invert(a)


def _bits(function: Callable[[int, int], int]) -> Callable[[Array], Array]:
    def run(a: Array) -> Array:
        width = a.dtype.itemsize * 8
        items = [function(int(x) & ((1 << width) - 1), width) for x in a.reshape(-1)]
        return np.array(items, a.dtype).reshape(a.shape)

    return run


def _abs(a: Array) -> Array:
    return np.abs(a)


def _round_even(a: Array) -> Array:
    return np.rint(a.astype(np.float64)).astype(a.dtype)


def _logistic(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


# ---- comparing, choosing, converting

_COMPARE: dict[str, Callable[[Array, Array], Any]] = {
    "EQ": np.equal, "NE": np.not_equal, "LT": np.less, "LE": np.less_equal, "GT": np.greater,
    "GE": np.greater_equal,
}  # fmt: skip


def _ordered_bits(a: Array) -> Array:
    """Integers that compare as the floats do in the total order: -NaN < -inf < -0 < +0 < inf < NaN."""
    bits = a.view(f"i{a.dtype.itemsize}").astype(np.int64)
    least = -(1 << (a.dtype.itemsize * 8 - 1))
    return np.where(bits < 0, least - bits - 1, bits)


def _compare(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    function = _COMPARE[word(interp, op, "comparison_direction")]
    if word(interp, op, "compare_type", "NOTYPE") == "TOTALORDER":
        return lambda a, b: np.asarray(function(_ordered_bits(a), _ordered_bits(b)))
    return lambda a, b: np.asarray(function(a, b))


def _select(predicate: Array, yes: Array, no: Array) -> Array:
    return np.where(predicate, yes, no).astype(yes.dtype)


def _clamp(low: Array, value: Array, high: Array) -> Array:
    spread = [np.broadcast_to(x, value.shape) for x in (low, high)]
    return minimum(maximum(value, spread[0]), spread[1])


def convert(array: Array, dtype: np.dtype[Any]) -> Array:
    """The elements as another type."""
    if dtype == np.bool_:
        return np.asarray(array != 0)
    if array.dtype.kind == "c" and dtype.kind != "c":
        array = array.real
    if dtype.kind in "iu" and _is_float(array):
        info = np.iinfo(dtype)
        numbers = array.astype(np.float64)
        whole = np.trunc(np.nan_to_num(numbers, nan=0.0, posinf=np.inf, neginf=-np.inf))
        items = [int(min(max(x, -(2.0**65)), 2.0**65)) for x in whole.reshape(-1)]
        return np.array([min(max(x, info.min), info.max) for x in items], dtype).reshape(array.shape)
    if dtype.kind == "V" and array.dtype.kind in "iu":
        array = array.astype(np.float64)
    return array.astype(dtype)


def _result_dtype(interp: Interpreter, op: Operation) -> np.dtype[Any]:
    return dtype_of(element_type(interp.result_type(op)))


def _convert(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    dtype = _result_dtype(interp, op)
    return lambda array: convert(array, dtype)


def _bitcast(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    dtype = _result_dtype(interp, op)
    kind = interp.result_type(op)

    def run(array: Array) -> Array:
        assert isinstance(kind, ShapedType)
        return np.frombuffer(np.ascontiguousarray(array).tobytes(), dtype).reshape(kind.static_shape)

    return run


def _complex(a: Array, b: Array) -> Array:
    dtype = np.dtype(np.complex64 if a.dtype == np.float32 else np.complex128)
    found = np.empty(a.shape, dtype)
    found.real, found.imag = a, b
    return found


def _inverse_erf(y: float) -> float:
    """The inverse of `math.erf`: a start by a formula of Giles, and Newton's steps from there."""
    if not -1 < y < 1:
        return math.copysign(math.inf, y) if abs(y) == 1 else math.nan
    if y == 0:
        return y
    logarithm = math.log1p(-y * y)
    middle = 2 / (math.pi * 0.147) + logarithm / 2
    x = math.copysign(math.sqrt(math.sqrt(middle * middle - logarithm / 0.147) - middle), y)
    for _ in range(4):
        slope = 2 / math.sqrt(math.pi) * math.exp(-x * x)
        # Near 1 the complement is the more exact of the two.
        error = math.erf(x) - y if abs(y) < 0.5 else math.copysign(1.0, x) * (1 - abs(y) - math.erfc(abs(x)))
        x -= error / slope
    return x


def _total_order(array: Array) -> Array:
    """Integers in the order of floating-point numbers: -NaN, -inf, ..., -0, 0, ..., inf, NaN."""
    bits = convert(array, np.dtype(np.float64)).view(np.int64)
    return np.where(bits < 0, bits ^ np.int64(2**63 - 1), bits)


def _top_k(interp: Interpreter, op: Operation) -> Callable[..., Any]:
    count = integer(interp, op, "k")

    def run(array: Array) -> tuple[Array, Array]:
        negated = ~_total_order(array) if _is_float(array) else -array.astype(object)
        order = np.argsort(negated, axis=-1, kind="stable")[..., :count]
        return np.take_along_axis(array, order, -1), order.astype(np.int32)

    return run


def _reduce_precision(interp: Interpreter, op: Operation) -> Callable[..., Array]:
    exponent, mantissa = integer(interp, op, "exponent_bits"), integer(interp, op, "mantissa_bits")
    least = 2 - (1 << (exponent - 1))
    largest = math.ldexp(2 - 2.0**-mantissa, (1 << (exponent - 1)) - 1) if exponent < 11 else math.inf

    def one(x: float) -> float:
        if not x or not math.isfinite(x):
            return x
        power = math.frexp(x)[1] - 1
        if power < least:
            # XLA flushes what is no normal number of the target.
            return math.copysign(0.0, x)
        step = math.ldexp(1.0, power - mantissa)
        rounded = round(x / step) * step
        return rounded if abs(rounded) <= largest else math.copysign(math.inf, x)

    return lambda a: np.vectorize(one, otypes=[np.float64])(a.astype(np.float64)).astype(a.dtype)


def _same(interp: Interpreter, op: Operation) -> Callable[..., Any]:
    return lambda *operands: operands


def _negate(a: Array) -> Array:
    return np.negative(a)


_UNARY: dict[str, Pure] = {
    "abs": _plain(_abs),
    "cbrt": real(np.cbrt),
    "ceil": real(np.ceil),
    "cosine": real(np.cos, np.cos),
    "count_leading_zeros": _plain(_bits(lambda bits, width: width - bits.bit_length())),
    "exponential": real(np.exp, np.exp),
    "exponential_minus_one": real(np.expm1, np.expm1),
    "floor": real(np.floor),
    "imag": _plain(lambda a: a.imag.copy()),
    "is_finite": _plain(lambda a: np.isfinite(a)),
    "log": real(np.log, np.log),
    "log_plus_one": real(np.log1p, np.log1p),
    "logistic": real(_logistic, _logistic),
    "negate": _plain(_negate),
    "not": _plain(_not),
    "popcnt": _plain(_bits(lambda bits, width: bits.bit_count())),
    "real": _plain(lambda a: a.real.copy()),
    "round_nearest_afz": real(_each("round")),
    "round_nearest_even": _plain(_round_even),
    "rsqrt": real(lambda a: 1 / np.sqrt(a), lambda a: 1 / np.sqrt(a)),
    "sign": _plain(_sign),
    "sine": real(np.sin, np.sin),
    "sqrt": real(np.sqrt, np.sqrt),
    "tan": real(np.tan, np.tan),
    "tanh": real(np.tanh, np.tanh),
}
_BINARY: dict[str, Pure] = {
    "atan2": real(np.arctan2),
    "complex": _plain(_complex),
    "divide": _plain(divide),
    "power": _plain(power),
    "remainder": _plain(remainder),
    "shift_left": _plain(_shift("left")),
    "shift_right_arithmetic": _plain(_shift("arithmetic")),
    "shift_right_logical": _plain(_shift("logical")),
    "subtract": _plain(lambda a, b: a - b),
}
_CHLO: dict[str, Pure] = {
    "acos": real(np.arccos), "acosh": real(np.arccosh), "asin": real(np.arcsin), "asinh": real(np.arcsinh),
    "atan": real(np.arctan), "atanh": real(np.arctanh), "cosh": real(np.cosh), "erf": real(_each("erf")),
    "erf_inv": real(np.vectorize(_inverse_erf, otypes=[np.float64])), "top_k": Pure(_top_k),
    "erfc": real(_each("erfc")), "is_inf": _plain(lambda a: np.isinf(a)), "sinh": real(np.sinh),
    "square": _plain(lambda a: a * a), "tan": real(np.tan),
}  # fmt: skip

HANDLERS: dict[str, Handler | Pure] = {
    "stablehlo.bitcast_convert": Pure(_bitcast),
    "stablehlo.clamp": _plain(_clamp),
    "stablehlo.compare": Pure(_compare),
    "stablehlo.convert": Pure(_convert),
    "stablehlo.optimization_barrier": Pure(_same),
    "stablehlo.reduce_precision": Pure(_reduce_precision),
    "stablehlo.select": _plain(_select),
}
HANDLERS.update({f"stablehlo.{name}": handler for name, handler in {**_UNARY, **_BINARY}.items()})
HANDLERS.update({f"stablehlo.{name}": _plain(function) for name, function in COMBINERS.items()})
HANDLERS.update({f"chlo.{name}": handler for name, handler in _CHLO.items()})

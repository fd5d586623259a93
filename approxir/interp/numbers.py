"""Numbers as the interpreter holds them: widths, NumPy types, exact rounding and bits.

Integers and indices are Python integers in the signed reading of their bits (the unsigned one for ``ui``
types), ``i1`` is `bool`, floats are NumPy scalars of their type, arrays are NumPy arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from approxir.errors import MissingDependencyError
from approxir.interp.errors import Trap
from approxir.values import (
    ComplexType,
    FloatType,
    IndexType,
    IntegerType,
    ShapedType,
    Type,
    UnrankedTensorType,
    VectorType,
)

Array = np.ndarray[Any, Any]

INDEX_WIDTH = 64
_NATIVE_FLOATS = {"f16": np.float16, "f32": np.float32, "f64": np.float64}
_ML_DTYPES = {"bf16": "bfloat16"} | {
    name: f"float{name[1]}_{name[2:].lower()}"
    for name in (
        "f8E5M2", "f8E4M3", "f8E3M4", "f8E4M3FN", "f8E5M2FNUZ", "f8E4M3FNUZ", "f8E4M3B11FNUZ", "f8E8M0FNU",
        "f6E3M2FN", "f6E2M3FN", "f4E2M1FN",
    )
}  # fmt: skip


@cache
def float_class(name: str) -> Any:
    """The class of NumPy scalars of a floating-point type."""
    native = _NATIVE_FLOATS.get(name)
    if native is not None:
        return native
    if name not in _ML_DTYPES:
        raise Trap(f"numbers of type {name} are not supported")
    try:
        import ml_dtypes
    except ImportError as error:
        raise MissingDependencyError(
            f"numbers of type {name} need the package ml_dtypes; install approxir[interp]"
        ) from error
    return getattr(ml_dtypes, _ML_DTYPES[name])


def dtype_of(kind: Type) -> np.dtype[Any]:
    """The NumPy type of the elements of arrays with this element type."""
    found: np.dtype[Any] = _dtype_of(kind)
    return found


def _dtype_of(kind: Type) -> Any:
    if isinstance(kind, IndexType):
        return np.dtype(np.int64)
    if isinstance(kind, IntegerType):
        if kind.width == 1:
            return np.dtype(np.bool_)
        size = next((size for size in (8, 16, 32, 64) if size >= kind.width), None)
        if size is None:
            return np.dtype(object)
        return np.dtype(f"{'u' if kind.signedness == 'unsigned' else 'i'}{size // 8}")
    if isinstance(kind, FloatType):
        return np.dtype(float_class(kind.name))
    if isinstance(kind, ComplexType):
        name = str(kind.element_type)
        if name in ("f32", "f64"):
            return np.dtype(np.complex64 if name == "f32" else np.complex128)
    if isinstance(kind, VectorType):
        return np.dtype(object)
    raise Trap(f"elements of type {kind} are not supported")


def width_of(kind: Type) -> int:
    """The bits of an integer type or of ``index``."""
    if isinstance(kind, IntegerType):
        return kind.width
    if isinstance(kind, IndexType):
        return INDEX_WIDTH
    raise Trap(f"{kind} is no integer type")


def element_type(kind: Type | None) -> Type:
    """The type of the elements of a vector, tensor or memref, and a scalar type itself."""
    if kind is None:
        raise Trap("the type of a value is not known: the operation's custom form is not understood")
    found = getattr(kind, "element_type", None)
    if isinstance(kind, ComplexType) or found is None:
        return kind
    assert isinstance(found, Type)
    return found


def is_array(kind: Type | None) -> bool:
    """Whether values of this type are NumPy arrays."""
    return isinstance(kind, ShapedType | UnrankedTensorType)


def signed(value: int, width: int) -> int:
    """The signed reading of the low `width` bits."""
    if width == 0:
        return 0
    value &= (1 << width) - 1
    return value - (1 << width) if value >> (width - 1) else value


def unsigned(value: int, width: int) -> int:
    """The unsigned reading of the low `width` bits."""
    return value & ((1 << width) - 1)


def normal(value: int, kind: Type) -> int | bool:
    """An integer as it is held for its type: wrapped, and a `bool` for ``i1``."""
    width = width_of(kind)
    if width == 1:
        return bool(value & 1)
    if isinstance(kind, IntegerType) and kind.signedness == "unsigned":
        return unsigned(value, width)
    return signed(value, width)


def held(value: Any, kind: Type) -> Any:
    """A scalar as it is held for its type; `value` is a number of Python or NumPy that the type can hold."""
    if isinstance(kind, FloatType):
        return to_float(value, kind.name)
    if isinstance(kind, IntegerType | IndexType):
        return normal(int(value), kind)
    if isinstance(kind, ComplexType):
        return dtype_of(kind).type(value)
    raise Trap(f"scalars of type {kind} are not supported")


def element(array: Array, index: tuple[int, ...], kind: Type) -> Any:
    """One element of an array as a scalar."""
    value = array[index]
    if isinstance(kind, IntegerType | IndexType):
        return bool(value) if array.dtype == np.bool_ else int(value)
    return value


def zero(kind: Type) -> Any:
    """The zero of a scalar type."""
    if isinstance(kind, IntegerType | IndexType | FloatType | ComplexType):
        return held(0, kind)
    raise Trap(f"the type {kind} has no zero")


# ---- rounding

# Bits of the significand with the hidden one, and the exponent of the least normal number.
_SHAPES = {"f16": (11, -14), "bf16": (8, -126), "f32": (24, -126), "f64": (53, -1022)}


def round_exact(value: Fraction, name: str) -> Any:
    """The nearest number of a type, ties to even, infinity beyond the largest; 0 is positive."""
    cls = float_class(name)
    if name not in _SHAPES or not value:
        return cls(float(value))
    precision, least = _SHAPES[name]
    negative, value = value < 0, abs(value)
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if Fraction(2) ** exponent > value:
        exponent -= 1
    scale = max(exponent, least) - precision + 1
    units = value / Fraction(2) ** scale
    whole, rest = divmod(units.numerator, units.denominator)
    twice = 2 * rest
    if twice > units.denominator or (twice == units.denominator and whole & 1):
        whole += 1
    try:
        # At most 53 bits, so that this is exact, and rounds to infinity where the type's numbers end.
        result = math.ldexp(whole, scale)
    except OverflowError:
        result = math.inf
    return cls(-result if negative else result)


def to_float(value: Any, name: str) -> Any:
    """A number (of Python or NumPy) rounded once to a floating-point type."""
    cls = float_class(name)
    if isinstance(value, cls):
        return value
    if isinstance(value, int) and abs(value) >= 1 << 53:
        return round_exact(Fraction(value), name)
    if name in _NATIVE_FLOATS:
        return cls(value)
    number = float(value)
    # The conversion of ml_dtypes from float64 goes by float32, which would round twice.
    return (
        round_exact(Fraction(number), name)
        if number and math.isfinite(number) and name == "bf16"
        else cls(number)
    )


def fma(a: Any, b: Any, c: Any, name: str) -> Any:
    """The product of two numbers plus a third, rounded once."""
    x, y, z = float(a), float(b), float(c)
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)) or name not in _SHAPES:
        with np.errstate(all="ignore"):
            return to_float(np.float64(x) * np.float64(y) + np.float64(z), name)
    exact = Fraction(x) * Fraction(y) + Fraction(z)
    if exact:
        return round_exact(exact, name)
    negative = math.copysign(1, x) * math.copysign(1, y) < 0
    # Zeros of one sign keep it; everything else that cancels is +0.
    both = (not x or not y) and negative and math.copysign(1, z) < 0
    return float_class(name)(-0.0 if both and not z else 0.0)


# ---- bits


def bits_of(value: Any, kind: Type) -> int:
    """The bits of a scalar as an unsigned number."""
    if isinstance(kind, FloatType):
        size = np.dtype(float_class(kind.name)).itemsize
        return int.from_bytes(np.asarray(value, float_class(kind.name)).tobytes()[:size], "little")
    return unsigned(int(value), width_of(kind))


def from_bits(bits: int, kind: Type) -> Any:
    """The scalar with these bits."""
    if isinstance(kind, FloatType):
        dtype = np.dtype(float_class(kind.name))
        return np.frombuffer(bits.to_bytes(dtype.itemsize, "little"), dtype)[0]
    return normal(bits, kind)


# ---- element by element


def map_elements(
    function: Callable[..., Any], operands: Sequence[Array], kinds: Sequence[Type], results: Sequence[Type]
) -> tuple[Array, ...]:
    """Apply a function of scalars to each position of arrays; `results` are element types."""
    shape = operands[0].shape
    outputs = [np.empty(shape, dtype_of(kind)) for kind in results]
    for index in np.ndindex(shape):
        values = [element(array, index, kind) for array, kind in zip(operands, kinds, strict=True)]
        found = function(*values)
        if len(outputs) == 1:
            found = (found,)
        for output, value in zip(outputs, found, strict=True):
            if value is POISON:
                raise Trap("an element of the result is poison: the operation is undefined for its operands")
            output[index] = value
    return tuple(outputs)


class _Poison:
    """The value of ``ub.poison``, which may be handed on but not used."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "POISON"


POISON = _Poison()

"""Types that Python and compiled code exchange, and values of them: Hypothesis strategies.

`exchanged` draws a type as MLIR text with a strategy for its values. Values are what functions return: Python's
integers, NumPy's scalars and arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from approxir.interp.numbers import dtype_of, held
from approxir.syntax.attributes import parse_type
from approxir.values import ComplexType, FloatType, IndexType, IntegerType, MemRefType, ShapedType, Type

INTEGERS = (
    "i1",
    "i3",
    "i8",
    "i9",
    "i16",
    "i32",
    "i33",
    "i64",
    "index",
    "ui8",
    "ui16",
    "ui32",
    "ui64",
    "si8",
    "si64",
)
FLOATS = ("f16", "bf16", "f32", "f64")
COMPLEX = ("complex<f32>", "complex<f64>")
ELEMENTS = (
    "i1",
    "i8",
    "i16",
    "i32",
    "i64",
    "index",
    "f16",
    "bf16",
    "f32",
    "f64",
    "complex<f32>",
    "complex<f64>",
)


@dataclass(frozen=True)
class Exchanged:
    """A type and what a function of it may be given."""

    text: str
    values: st.SearchStrategy[Any]

    @property
    def type(self) -> Type:
        return parse_type(self.text)


def scalars(kind: Type) -> st.SearchStrategy[Any]:
    """Every value of a scalar type, special ones often."""
    if isinstance(kind, IndexType):
        return st.integers(-(1 << 63), (1 << 63) - 1)
    if isinstance(kind, IntegerType):
        low, high = kind.limits
        return st.integers(low, high).map(lambda value: held(value, kind))
    if isinstance(kind, ComplexType):
        parts = scalars(kind.element_type)
        return st.tuples(parts, parts).map(lambda pair: dtype_of(kind).type(complex(*pair)))
    assert isinstance(kind, FloatType)
    dtype = dtype_of(kind)
    return st.floats(width=64).map(lambda value: _rounded(value, dtype))


def _rounded(value: float, dtype: np.dtype[Any]) -> Any:
    with np.errstate(all="ignore"):
        return np.float64(value).astype(dtype)


def arrays(kind: Type, shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Arrays of a shape with elements of a type."""
    dtype = dtype_of(kind)

    def make(seed: int) -> Any:
        rng = np.random.default_rng(seed)
        size = int(np.prod(shape, dtype=int))
        if dtype == np.bool_:
            return rng.integers(0, 2, size).astype(bool).reshape(shape)
        raw = rng.integers(0, 256, size * dtype.itemsize).astype(np.uint8)
        return raw.view(dtype).reshape(shape)

    return st.integers(0, 1 << 32).map(make)


@st.composite
def shapes(draw: st.DrawFn, most: int = 4) -> tuple[tuple[int, ...], str]:
    """A shape, and how a type spells it: some dimensions as they are, others as ``?``."""
    sizes = tuple(draw(st.lists(st.integers(0, 5), max_size=most)))
    spelled = "".join("?x" if draw(st.booleans()) else f"{size}x" for size in sizes)
    return sizes, spelled


@st.composite
def exchanged(
    draw: st.DrawFn, kinds: tuple[str, ...] = ("scalar", "vector", "memref", "tensor")
) -> Exchanged:
    """A type that can be exchanged."""
    what = draw(st.sampled_from(kinds))
    if what == "scalar":
        text = draw(st.sampled_from(INTEGERS + FLOATS + COMPLEX))
        return Exchanged(text, scalars(parse_type(text)))
    if what == "vector":
        shape = tuple(draw(st.lists(st.integers(1, 5), max_size=3)))
        element = draw(st.sampled_from([e for e in ELEMENTS if not e.startswith("complex")]))
        text = f"vector<{''.join(f'{size}x' for size in shape)}{element}>"
        return Exchanged(text, arrays(parse_type(element), shape))
    element = draw(st.sampled_from(ELEMENTS))
    shape, spelled = draw(shapes())
    return Exchanged(f"{what}<{spelled}{element}>", arrays(parse_type(element), shape))


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same to the bit, not-a-numbers of any kind counting as one another."""
    if isinstance(left, int) or isinstance(right, int):
        return bool(type(left) is type(right) and left == right)
    a, b = np.asarray(left), np.asarray(right)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return a.tobytes() == b.tobytes() or bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


def is_memory(kind: Type) -> bool:
    """Whether values of a type share memory."""
    return isinstance(kind, MemRefType)


def is_shaped(kind: Type) -> bool:
    """Whether values of a type are arrays."""
    return isinstance(kind, ShapedType)

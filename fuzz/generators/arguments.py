"""Arguments that a function may be called with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from approxir.errors import ArgumentError
from approxir.testing.generators.program import Program
from approxir.values import (
    ComplexType,
    FloatType,
    IndexType,
    IntegerType,
    ShapedType,
    Type,
    VectorType,
)

if TYPE_CHECKING:
    from approxir.ir.module import Module

__all__ = ["arguments"]

MOST = 6
"""The largest dimension that is known only at run time, and with unknown functions the largest integer."""

_FLOATS = (0.0, 1.0, -2.5, 0.1, 1e6, -0.0, 3.0, float("inf"), float("-inf"), float("nan"))
_PLAIN_FLOATS = 7
_SEEDS = st.integers(0, 1 << 20)


def arguments(
    module: Module | Program | str, function: str, *, any_values: bool | None = None
) -> st.SearchStrategy[tuple[Any, ...]]:
    """Arguments for a function, as the interpreter and compiled functions take them.

    Arrays are new ones in every example; a function may write to those that stand for memory, so copy them to
    call it twice. All dimensions that are known only at run time are the same in one call.

    Args:
        module: a module or its text; or a generated program.
        function: the name of the function in it.
        any_values: whether integers may be anything, negative and at the ends of their types, and floats
            infinite or none. By default that is so for a `Program`, which allows it. Without it, integers
            are from 0 to the dimensions that are known only at run time, so that functions that take their
            length stay in bounds.

    Raises `ArgumentError` for a function that there is not, and for types of arguments that cannot be drawn.
    """
    kinds = tuple(_types(module, function))
    for kind in kinds:
        _check(kind, function)
    return _arguments(kinds, isinstance(module, Program) if any_values is None else any_values)


def _types(module: Module | Program | str, function: str) -> Sequence[Type]:
    from approxir.codegen.signature import signature_of
    from approxir.ir.module import parse

    if isinstance(module, Program):
        module = module.module()
    elif isinstance(module, str):
        module = parse(module)
    if function not in module.symbols or module.symbols[function].name != "func.func":
        raise ArgumentError(f"the module has no function '{function}'")
    return signature_of(module.symbols[function]).inputs


def _check(kind: Type, function: str) -> None:
    element = kind.element_type if isinstance(kind, ShapedType) else kind
    shaped = not isinstance(kind, ShapedType) or getattr(kind, "shape", None) is not None
    if not shaped or not isinstance(element, IntegerType | IndexType | FloatType | ComplexType):
        raise ArgumentError(
            f"{function} has an argument of type {kind}, for which there are no generated values"
        )


@st.composite
def _arguments(draw: Callable[[Any], Any], kinds: tuple[Type, ...], any_values: bool) -> tuple[Any, ...]:
    size = 1 + draw(st.integers(0, MOST - 1))
    return tuple([_value(draw, kind, size, any_values) for kind in kinds])


def _value(draw: Callable[[Any], Any], kind: Type, size: int, any_values: bool) -> Any:
    from approxir.interp.numbers import dtype_of, held

    if isinstance(kind, ShapedType):
        assert isinstance(kind, VectorType) or kind.shape is not None
        shape = tuple([size if extent is None or extent < 0 else extent for extent in kind.shape])
        return _array(dtype_of(kind.element_type), shape, draw(_SEEDS), any_values)
    if isinstance(kind, IntegerType):
        return held(draw(_integers(kind.width, kind.limits, size, any_values)), kind)
    if isinstance(kind, IndexType):
        return int(draw(_integers(64, (-(1 << 63), (1 << 63) - 1), size, any_values)))
    numbers = _FLOATS if any_values else _FLOATS[:_PLAIN_FLOATS]
    if isinstance(kind, ComplexType):
        return dtype_of(kind).type(complex(draw(st.sampled_from(numbers)), draw(st.sampled_from(numbers))))
    return dtype_of(kind).type(draw(st.sampled_from(numbers)))


def _integers(width: int, limits: tuple[int, int], size: int, any_values: bool) -> st.SearchStrategy[int]:
    low, high = limits
    if width == 1:
        return st.integers(0, 1)
    small = st.integers(0, min(size, high))
    if not any_values:
        return small
    wide = st.integers(max(low, -10), min(high, 110))
    return st.one_of(small, wide, wide, st.sampled_from((low, high, high // 3)))


def _array(dtype: Any, shape: tuple[int, ...], seed: int, any_values: bool) -> Any:
    """An array of small numbers, which the seed decides; zeros for the seed 0."""
    import numpy as np

    if not seed:
        return np.zeros(shape, dtype)
    rng = np.random.default_rng(seed)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(dtype)
    unsigned = dtype.kind == "u" or not any_values
    made = rng.integers(0 if unsigned else -50, 100, shape)
    if dtype.kind in "iu":
        return made.astype(dtype)
    return (made / 4).astype(dtype)

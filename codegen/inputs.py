"""Arguments of functions as text, the way command lines spell them.

| text | value |
| --- | --- |
| ``3``, ``-0.5``, ``true``, ``1+2j`` | a number, for a scalar |
| ``[[1, 2], [3, 4]]`` | an array, as JSON spells it |
| ``data.npy`` | an array from a file of NumPy's |
| ``random:1000:f32:7`` | an array of that shape and element type, drawn with that seed |
| ``zeros:2x3:i64``, ``ones:2x3`` | an array of zeros or ones |

Shape, element type and seed may be left out where the function's type says the first two; the seed is 0 then.
Random floating-point numbers are drawn evenly from 0 to 1, integers from 0 to 99, or as far as the type goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any

from approxir.errors import ApproxIRError, MissingDependencyError, ParseError

try:
    import numpy as np
except ImportError as error:
    raise MissingDependencyError("arguments need NumPy; install approxir[interp]") from error

from approxir.codegen.signature import Signature
from approxir.interp.errors import Trap
from approxir.interp.numbers import dtype_of
from approxir.syntax.attributes import parse_type
from approxir.values import (
    ComplexType,
    FloatType,
    IndexType,
    IntegerType,
    InvalidValue,
    ShapedType,
    Type,
)

_MADE = re.compile(r"(random|zeros|ones)(?::([^:]*))?(?::([^:]*))?(?::([^:]*))?")
_MOST = 1 << 40
"""So many bytes an array may have at most that a text asks for."""

# The header of NumPy's files is a text of Python, which fails in as many ways.
_NO_ARRAY = (
    EOFError, MemoryError, OverflowError, RecursionError, SyntaxError, TokenError, TypeError, ValueError,
)  # fmt: skip


class InputError(ApproxIRError, ValueError):
    """A text does not spell an argument of a function."""


def parse_inputs(texts: Sequence[str], signature: Signature) -> list[Any]:
    """The arguments that texts spell, for a function.

    Raises `ArgumentError` for a wrong number of them, `InputError` for one that spells no value of its type,
    and `OSError` for a file that cannot be read.
    """
    signature.check_count(texts)
    return [
        parse_input(text, kind, f"{signature.argument(number)} of {signature.name}")
        for number, (text, kind) in enumerate(zip(texts, signature.inputs, strict=True))
    ]


def parse_input(text: str, kind: Type, what: str) -> Any:
    """The value of a type that a text spells; `what` names it in messages."""
    if isinstance(kind, ShapedType):
        return _array(text.strip(), kind, what)
    return _scalar(text.strip(), kind, what)


def _scalar(text: str, kind: Type, what: str) -> Any:
    if isinstance(kind, IntegerType | IndexType):
        if text in ("true", "false") and str(kind) == "i1":
            return text == "true"
        try:
            return int(text, 0)
        except ValueError:
            raise InputError(f"{what}: '{_short(text)}' is no integer, which {kind} needs") from None
    if isinstance(kind, FloatType | ComplexType):
        try:
            return complex(text) if isinstance(kind, ComplexType) else float(text)
        except ValueError:
            raise InputError(f"{what}: '{_short(text)}' is no number of type {kind}") from None
    raise InputError(f"{what}: values of type {kind} cannot be spelled")


def _array(text: str, kind: ShapedType, what: str) -> Any:
    made = _MADE.fullmatch(text)
    if made is not None:
        return _made(made, kind, what)
    dtype = _dtype(kind.element_type, what)
    if text.startswith("["):
        try:
            return _fitting(np.array(json.loads(text), dtype), kind, what)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InputError(f"{what}: '{_short(text)}' is no array of {kind}: {error}") from None
    if text.endswith(".npy"):
        loaded = _loaded(text, what)
        if dtype.kind == "V" and loaded.dtype.itemsize == dtype.itemsize and loaded.dtype.kind in "Vu":
            # NumPy's files know nothing of bfloat16 and its kin.
            loaded = loaded.view(dtype)
        return loaded
    if not kind.shape:
        value = _scalar(text, kind.element_type, what)
        return np.array(value, dtype)
    raise InputError(
        f"{what}: '{_short(text)}' is no array for {kind}; give a .npy file, [...], or for example "
        f"random:{'x'.join(str(4 if size is None else size) for size in kind.shape)}"
    )


def _loaded(name: str, what: str) -> Any:
    """The array in a file of NumPy's."""
    with Path(name).open("rb") as stream:
        try:
            # Not numpy.load, which takes archives and pickles for arrays as well.
            return np.lib.format.read_array(stream, allow_pickle=False)
        except _NO_ARRAY as error:
            reason = str(error).partition("\n")[0] or "it does not fit into memory"
            raise InputError(f"{what}: {name} is no array of NumPy's: {reason}") from None


def _made(match: re.Match[str], kind: ShapedType, what: str) -> Any:
    how, sizes, element, seed = match.groups()
    wanted = kind.element_type
    if element:
        try:
            wanted = parse_type(element)
        except (ParseError, InvalidValue):
            raise InputError(f"{what}: '{element}' is no type of elements, such as f32") from None
    dtype = _dtype(wanted, what)
    shape = _shape(sizes, kind, what)
    if int(np.prod(shape, dtype=object)) * dtype.itemsize > _MOST:
        raise InputError(f"{what}: an array of the shape {shape} does not fit into memory")
    try:
        number = int(seed, 0) if seed else 0
        rng = np.random.default_rng(number)
    except ValueError:
        raise InputError(f"{what}: the seed '{seed}' is no number from 0 on") from None
    try:
        if how == "random":
            return _random(rng, shape, wanted, dtype)
        return np.zeros(shape, dtype) if how == "zeros" else np.ones(shape, dtype)
    except MemoryError:
        raise InputError(f"{what}: an array of the shape {shape} does not fit into memory") from None


def _random(rng: np.random.Generator, shape: tuple[int, ...], kind: Type, dtype: np.dtype[Any]) -> Any:
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(bool)
    if isinstance(kind, IntegerType | IndexType):
        most = 100
        if isinstance(kind, IntegerType):
            most = min(most, (1 << (kind.width - (kind.signedness != "unsigned"))))
        return rng.integers(0, max(most, 1), shape).astype(dtype)
    if isinstance(kind, ComplexType):
        return (rng.random(shape) + 1j * rng.random(shape)).astype(dtype)
    return rng.random(shape).astype(dtype)


def _shape(text: str | None, kind: ShapedType, what: str) -> tuple[int, ...]:
    if not text:
        if None in kind.shape:
            raise InputError(f"{what}: say which shape: {kind} fits many")
        return kind.static_shape
    if re.fullmatch(r"\d{1,18}(x\d{1,18})*", text, re.ASCII):
        return tuple([int(size) for size in text.split("x")])
    raise InputError(f"{what}: '{text}' is no shape, such as 100 or 8x128")


def _dtype(kind: Type, what: str) -> np.dtype[Any]:
    try:
        return dtype_of(kind)
    except Trap as trap:
        raise InputError(f"{what}: {trap.message}") from None


def _fitting(array: Any, kind: ShapedType, what: str) -> Any:
    if array.dtype == object or array.ndim != len(kind.shape):
        raise InputError(f"{what}: an array of {array.ndim} dimensions was given for {kind}")
    return array


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."

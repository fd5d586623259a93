"""Arguments of functions as text, and arrays in NumPy's files."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from approxir.codegen.inputs import parse_input
from approxir.errors import ApproxIRError
from approxir.syntax.attributes import parse_type
from approxir.testing.targets import samples, seeds
from approxir.testing.targets.base import Target, choice, chosen, require, text_of
from approxir.values import ShapedType

_TYPES = (
    "i1", "i32", "ui8", "index", "f32", "bf16", "complex<f32>", "memref<?xf32>", "tensor<2x3xi8>",
    "tensor<f64>",
    "memref<?x?xi1>", "tensor<4xbf16>", "tensor<?xindex>", "memref<*xf32>", "tensor<2x!a.b>", "vector<4xf32>",
    "tensor<?xcomplex<f64>>", "tuple<i32>",
)  # fmt: skip
# Arrays of such sizes are legal, and take their time.
_LARGE = re.compile(r"[0-9_]{4,}|(?:[0-9]++x){4,}")


def check(data: bytes) -> bool:
    """Whether the text spells an argument of a type."""
    number, text = choice(data, len(_TYPES) + 1)
    if number == len(_TYPES):
        path = _file()
        path.write_bytes(data[1:])
        number, text = 7, str(path)
    elif text.strip().endswith(".npy") or (":" in text and _LARGE.search(text)):
        return False
    kind = parse_type(_TYPES[number])
    try:
        value = parse_input(text, kind, "argument 0 of f")
    except ApproxIRError:
        return False
    require(isinstance(kind, ShapedType) == isinstance(value, np.ndarray), "a scalar for an array", text)
    return True


@cache
def _file() -> Path:
    """A file of this process."""
    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    handle, name = tempfile.mkstemp(suffix=".npy", dir=folder)
    os.close(handle)
    import atexit

    atexit.register(lambda: Path(name).unlink(missing_ok=True))
    return Path(name)


def _seeds() -> Iterator[bytes]:
    for number in range(len(_TYPES)):
        for text in samples.ARGUMENT_TEXTS:
            yield chosen(number, text)
    for data in seeds.numpy_files():
        yield chosen(len(_TYPES), text_of(data))


TARGET = Target(
    name="arguments",
    about="arguments of functions as text, and NumPy's files",
    check=check,
    seeds=_seeds,
    words=seeds.argument_words,
    max_len=192,
)

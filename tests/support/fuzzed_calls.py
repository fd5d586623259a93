"""Calls that do not fit, in a process of their own: ``python fuzzed_calls.py SEED SIGNATURES CALLS``.

For each of some random signatures a function is compiled that returns its arguments, and called with arguments
that were made wrong in some way. Each call has to raise `ArgumentError` that shows the signature, or to return
what it was given where the arguments happen to fit. The last line on standard output counts both; a crash, any
other exception or a wrong message ends the process with another status.
"""

from __future__ import annotations

import math
import random
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import approxir as ax
from approxir.interp.numbers import dtype_of
from approxir.values import MemRefType, ShapedType, TensorType, Type

SCALARS = (
    "i1",
    "i7",
    "i8",
    "i32",
    "i64",
    "index",
    "ui8",
    "si32",
    "f16",
    "bf16",
    "f32",
    "f64",
    "complex<f32>",
)
SHAPED = (
    "memref<f32>", "memref<?xf32>", "memref<3xi8>", "memref<2x?xi64>", "memref<?x?xbf16, strided<[?, ?]>>",
    "memref<4xf64, strided<[2], offset: 1>>", "memref<2x2xi1>", "memref<?xindex>", "memref<0x3xf32>",
    "tensor<f32>", "tensor<?xi32>", "tensor<2x3xf16>", "tensor<?x2xcomplex<f64>>", "tensor<2xi1>",
    "vector<4xf32>", "vector<2x3xi8>", "vector<i1>",
)  # fmt: skip


class Odd:
    """Says that it is whatever is asked for."""

    dtype = np.dtype(np.float32)
    shape = (3,)

    def __index__(self) -> int:
        return 1 << 80

    def __float__(self) -> float:
        return float("nan")


class Subclass(np.ndarray[Any, Any]):
    """An array that is not quite one."""


JUNK: list[Callable[[random.Random], Any]] = [
    lambda rng: None,
    lambda rng: object(),
    lambda rng: Odd(),
    lambda rng: "text",
    lambda rng: b"bytes",
    lambda rng: [],
    lambda rng: [[1, 2], [3]],
    lambda rng: [None],
    lambda rng: {"a": 1},
    lambda rng: {1, 2},
    lambda rng: ax,
    lambda rng: ax.ApproxIRError,
    lambda rng: lambda: 1,
    lambda rng: rng.choice([1, -1]) << rng.choice([7, 8, 31, 32, 63, 64, 200, 5000, 50_000]),
    lambda rng: rng.choice([0, 1, -1, True, False]),
    lambda rng: rng.choice([0.5, -0.0, float("inf"), float("nan"), 1e300, 1 + 2j, complex("nan")]),
    lambda rng: np.float32(2.5),
    lambda rng: np.uint64(2**63),
    lambda rng: np.datetime64("2020-01-01"),
    lambda rng: np.str_("x"),
    lambda rng: np.array(None),
    lambda rng: np.array([object(), None]),
    lambda rng: np.array(["a", "b"]),
    lambda rng: np.zeros(3, "M8[s]"),
    lambda rng: np.zeros(3, [("a", "f4"), ("b", "i4")]),
    lambda rng: np.zeros(3, "V7"),
    lambda rng: np.ma.masked_array([1.0, 2.0], [True, False]),
    lambda rng: memoryview(bytearray(8)),
    lambda rng: np.zeros((0,) * 40),
    lambda rng: np.broadcast_to(np.float32(1), (1 << 20, 1 << 20)),
]


def valid(kind: Type, rng: random.Random) -> Any:
    """A value that fits a type."""
    if isinstance(kind, ShapedType):
        shape = [rng.randrange(4) if size is None else size for size in kind.shape]
        dtype = dtype_of(kind.element_type)
        array = np.ones(shape, dtype)
        if isinstance(kind, MemRefType) and "strided<[2], offset: 1>" in str(kind):
            return np.ones(9, dtype)[1:][::2]
        return array
    return 1 if str(kind).lstrip("su").startswith(("i", "index")) else dtype_of(kind).type(1)


def spoiled(value: Any, kind: Type, rng: random.Random) -> Any:
    """A value that, most likely, does not fit a type any more."""
    if not isinstance(value, np.ndarray) or rng.random() < 0.4:
        return rng.choice(JUNK)(rng)
    how = rng.randrange(12)
    if how == 0:
        return value.astype(rng.choice([np.float64, np.int16, np.uint8, np.complex64, object]))
    if how == 1:
        return value[None]
    if how == 2:
        return value.reshape(-1) if value.ndim != 1 else value.reshape(1, -1)
    if how == 3:
        return np.ones([size + 1 for size in value.shape], value.dtype)
    if how == 4:
        return np.ones([0 for _ in value.shape], value.dtype)
    if how == 5:
        copy = value.copy()
        copy.setflags(write=False)
        return copy
    if how == 6:
        return np.repeat(value, 2, axis=-1)[..., ::2] if value.ndim else value
    if how == 7:
        return value[..., ::-1] if value.ndim else value
    if how == 8:
        raw = np.zeros(value.nbytes + 1, np.uint8)
        return raw[1:].view(value.dtype).reshape(value.shape)
    if how == 9:
        return value.astype(value.dtype.newbyteorder(">"))
    if how == 10:
        return value.view(Subclass)
    return value.tolist()


def converted(value: Any, dtype: np.dtype[Any]) -> Any:
    """What a tensor is to hold for an argument."""
    array = np.asarray(value)
    if array.dtype == object and dtype.kind not in "iub":
        # Integers that no type of NumPy holds, and that may be beyond all its numbers.
        held = [
            float(x) if abs(x) < 1 << 1000 else (math.inf if x > 0 else -math.inf) for x in array.reshape(-1)
        ]
        array = np.array(held).reshape(array.shape)
    return array.astype(dtype)


def one_signature(rng: random.Random, calls: int) -> tuple[int, int]:
    kinds = [rng.choice(rng.choice([SCALARS, SHAPED])) for _ in range(rng.randrange(4))]
    given = ", ".join(f"%a{number}: {kind}" for number, kind in enumerate(kinds))
    names = ", ".join(f"%a{number}" for number in range(len(kinds)))
    types = ", ".join(kinds)
    end = f"return {names} : {types}" if kinds else "return"
    text = f"func.func @echo({given}) -> ({types}) {{ {end} }}"
    kernel = ax.jit(text, opt_level=0)
    function = kernel.echo
    parsed = list(function.signature.inputs)
    refused = accepted = 0
    for _ in range(calls):
        args = [valid(kind, rng) for kind in parsed]
        how = rng.randrange(10)
        if how == 0 or not args:
            args += [rng.choice(JUNK)(rng) for _ in range(rng.randrange(1, 4))]
        elif how == 1:
            del args[rng.randrange(len(args))]
        else:
            for number in rng.sample(range(len(args)), rng.randrange(1, len(args) + 1)):
                args[number] = spoiled(args[number], parsed[number], rng)
        try:
            results = function(*args)
        except ax.ArgumentError as error:
            if str(function.signature) not in str(error):
                raise SystemExit(f"the signature is not in: {error}") from error
            refused += 1
            continue
        accepted += 1
        results = results if isinstance(results, tuple) else (results,) * len(args)
        for kind, value, result in zip(parsed, args, results, strict=True):
            if isinstance(kind, MemRefType):
                assert result is value or value.size < 2 or np.shares_memory(result, value), (kind, value)
            elif isinstance(kind, TensorType):
                assert np.array_equal(np.asarray(result), converted(value, result.dtype), equal_nan=True)
    return refused, accepted


def main() -> int:
    seed, signatures, calls = map(int, sys.argv[1:])
    warnings.simplefilter("ignore")
    rng = random.Random(seed)
    refused = accepted = 0
    for _ in range(signatures):
        more_refused, more_accepted = one_signature(rng, calls)
        refused, accepted = refused + more_refused, accepted + more_accepted
    print(f"seed {seed}: {refused} refused, {accepted} accepted")
    return 0


if __name__ == "__main__":
    sys.exit(main())

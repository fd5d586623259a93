"""Calls with wrong arguments: hundreds of them, in a process of their own, each a Python exception."""

from __future__ import annotations

import subprocess
import sys

import pytest

FUNCTIONS = """\
module {
  func.func @tensor(%x: tensor<4xf32>, %y: tensor<?x2xi32>) -> tensor<4xf32> {
    %r = stablehlo.add %x, %x : tensor<4xf32>
    return %r : tensor<4xf32>
  }
  func.func @scalar(%a: i1, %b: i8, %c: i64, %d: index, %e: f32, %f: f64, %g: bf16) -> i64 {
    return %c : i64
  }
  func.func @small(%x: tensor<i32>, %b: tensor<2xi1>, %u: tensor<2xui8>, %c: tensor<3xcomplex<f32>>) -> tensor<i32> {
    return %x : tensor<i32>
  }
  func.func @nothing() {
    return
  }
}
"""

CHILD = """
import array, datetime, decimal, fractions, random, sys
import ml_dtypes
import numpy as np
from approxir.codegen.iree.backend import iree
from approxir.errors import ArgumentError

kernel = iree(sys.stdin.read(), device=sys.argv[1])
rng = random.Random(int(sys.argv[2]))

class Evil:
    dtype = np.dtype(np.float32)
    shape = (4,)
    flags = None
    def __array__(self, *args, **kwargs): raise ValueError("never")
    def __index__(self): raise TypeError("never")
    def __float__(self): raise TypeError("never")
    def __len__(self): return -1

class Odd(np.ndarray):
    pass

recursive = []
recursive.append(recursive)
base = np.arange(64, dtype=np.float32)
arrays = [
    np.zeros((4,), t) for t in (np.float16, np.float64, np.int32, np.uint32, np.int8, bool, object, "S3", "U3", "M8[s]",
    np.complex64, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, [("a", "i4")], np.longdouble)
] + [
    np.zeros(s, np.float32) for s in ((), (0,), (3,), (5,), (4, 1), (1, 4), (2, 2), (4, 0), (1,) * 30)
] + [
    base[::16], base[::-16], base[4:0:-1], base.reshape(8, 8)[:, 0], base.reshape(8, 8).T[:2], base.astype(">f4")[:4],
    np.broadcast_to(np.float32(1), (4,)), np.ma.masked_array(base[:4]), base[:4].view(Odd), base[:4].view(np.int32),
    np.lib.stride_tricks.as_strided(base, (4,), (2,)), np.zeros((2, 2), np.int32).T, np.zeros((0, 2), np.int32),
]
others = [
    None, object(), type, print, "text", b"bytes", "1", [], [[]], [1, 2, 3, 4], (1.5,) * 4, [1, [2, 3]], recursive, {}, {1: 2},
    set(), range(4), iter([1]), 1 << 70, -(1 << 70), 1 << 63, -(1 << 63) - 1, 256, -129, 10**400, True, False, 1, -1, 0, 2,
    1.5, float("nan"), float("inf"), -0.0, 1e308, 1j, np.float32(1), np.float64(1), np.int8(1), np.uint64(2**64 - 1),
    np.bool_(True), np.complex64(1), np.datetime64("now"), np.str_("x"), decimal.Decimal(1), fractions.Fraction(1, 3),
    datetime.date.today(), Evil(), Evil, bytearray(16), memoryview(bytearray(16)), array.array("f", [1, 2, 3, 4]), ..., NotImplemented,
    kernel, kernel.tensor, np.float32, np.random.default_rng(1), slice(None), lambda: 1, sys,
]
values = arrays + others
good = {
    "tensor": (base[:4], np.zeros((3, 2), np.int32)),
    "scalar": (True, 1, 2, 3, 1.0, 2.0, 3.0),
    "small": (np.int32(1), [True, False], np.zeros(2, np.uint8), np.zeros(3, np.complex64)),
    "nothing": (),
}
refused = taken = 0
for _ in range(int(sys.argv[3])):
    name = rng.choice(list(good))
    arguments = list(good[name])
    for _ in range(rng.randint(1, 2)):
        change = rng.random()
        if change < 0.75 and arguments:
            arguments[rng.randrange(len(arguments))] = rng.choice(values)
        elif change < 0.85 and arguments:
            del arguments[rng.randrange(len(arguments))]
        else:
            arguments.insert(rng.randint(0, len(arguments)), rng.choice(values))
    function = kernel[name]
    try:
        function(*arguments)
        taken += 1
    except ArgumentError as error:
        assert str(function.signature) in str(error), error
        refused += 1
    # The function works afterwards as it did before.
    function(*good[name])
print(refused, taken)
"""


def campaign(device: str, seed: int, count: int) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, device, str(seed), str(count)],
        input=FUNCTIONS,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, (seed, done.returncode, done.stderr[-3000:])
    refused, taken = map(int, done.stdout.split())
    assert refused + taken == count
    return refused, taken


@pytest.mark.parametrize("device", ["local-task", "local-sync"])
def test_wrong_calls(device: str) -> None:
    refused, taken = campaign(device, 1, 1500)
    assert refused > 1000
    assert taken > 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_wrong_calls(seed: int) -> None:
    campaign("local-sync", seed, 20_000)

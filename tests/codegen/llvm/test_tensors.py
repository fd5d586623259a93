"""Tensors as memory: the same results with and without optimization, no argument written to, nothing leaked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax
from support.native import needs_native
from support.stablehlo_tensors import Function, functions
from support.tensor_kernels import kernel, lowered, results, steps_apart

import approxir as ax
from approxir.codegen.llvm.pipeline import pipeline
from approxir.codegen.llvm.stablehlo import to_linalg
from approxir.codegen.llvm.tensors import TENSORS_TO_BUFFERS
from approxir.interp import Interpreter

pytestmark = needs_native
few = settings(max_examples=12, deadline=None)


def both(text: str) -> list[Any]:
    """The function ``main``, with and without optimization."""
    return [kernel(text, fast=fast, opt_level=1).main for fast in (True, False)]


def check(function: Function) -> None:
    """Both ways compute what the interpreter does, to the bit, and leave their arguments alone."""
    wanted = Interpreter(ax.parse(function.text)).call("main", *function.arguments)
    before = [array.tobytes() for array in function.arguments]
    for native in both(function.text):
        found = results(native(*function.arguments))
        assert [array.tobytes() for array in function.arguments] == before
        assert [steps_apart(a, b) for a, b in zip(found, wanted, strict=True)] == [0.0] * len(wanted)


@few
@given(functions())
def test_generated_functions(function: Function) -> None:
    check(function)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(functions())
def test_many_generated_functions(function: Function) -> None:
    check(function)


@few
@given(st.data())
def test_contractions(data: Any) -> None:
    """Products of all layouts and sizes, against sums in double precision."""
    size = st.integers(1, 40)
    batch = data.draw(st.lists(st.integers(1, 3), max_size=2))
    rows, columns, summed = data.draw(size), data.draw(size), data.draw(size)
    letters = "xyz"[: len(batch)]
    left = "".join(data.draw(st.permutations([*letters, "m", "k"])))
    right = "".join(data.draw(st.permutations([*letters, "n", "k"])))
    sizes = dict(zip(letters, batch, strict=True)) | {"m": rows, "n": columns, "k": summed}
    dtype = data.draw(st.sampled_from([np.float32, np.float64, np.int32]))
    rng = np.random.default_rng(0)
    a = rng.normal(size=[sizes[x] for x in left]) * 9
    b = rng.normal(size=[sizes[x] for x in right]) * 9
    a, b = a.astype(dtype), b.astype(dtype)
    with jax.enable_x64(True):
        text = lowered(lambda a, b: jnp.einsum(f"{left},{right}->{letters}mn", a, b), a, b)
    wide = np.int64 if dtype == np.int32 else np.float64
    wanted = np.einsum(f"{left},{right}->{letters}mn", a.astype(wide), b.astype(wide)).astype(dtype)
    for native in both(text):
        assert steps_apart(results(native(a, b))[0], wanted) <= (0 if dtype == np.int32 else 8)


def test_tiles_with_rests_in_every_dimension() -> None:
    rng = np.random.default_rng(1)
    for m, n, k in ((37, 45, 29), (8, 32, 16), (3, 64, 17), (64, 17, 3), (5, 16, 50)):
        a, b = rng.normal(size=(m, k)).astype(np.float32), rng.normal(size=(k, n)).astype(np.float32)
        native = kernel(lowered(lambda a, b: a @ b, a, b)).main
        wanted = (a.astype(np.float64) @ b).astype(np.float32)
        assert steps_apart(native(a, b), wanted) <= 4


def attention(q: Any, k: Any, v: Any) -> Any:
    scores = jnp.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(q.shape[-1])
    return jax.nn.softmax(scores, -1) @ v


def convolution(x: Any, w: Any) -> Any:
    return jax.nn.relu(lax.conv(x, w, (1, 1), "SAME")).max((2, 3))


def loop(x: Any, w: Any) -> Any:
    return lax.scan(lambda h, row: (jnp.tanh(h @ w + row), h.sum()), jnp.zeros(w.shape[0]), x)


NETWORKS = {
    "attention": (attention, [(2, 2, 24, 16)] * 3),
    "convolution": (convolution, [(1, 4, 12, 12), (16, 4, 3, 3)]),
    "loop": (loop, [(9, 24), (24, 24)]),
    "gradient": (jax.grad(lambda w, x: jnp.tanh(x @ w).sum()), [(24, 20), (17, 24)]),
    "normalization": (lambda x: (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True)), [(30, 40)]),
    "cumulative": (lambda x: (jnp.cumsum(x, 1), x.argmax(1), jnp.sort(x, 0)), [(6, 8)]),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name: str) -> None:
    function, shapes = NETWORKS[name]
    rng = np.random.default_rng(3)
    arguments = [(rng.normal(size=shape) * 0.3).astype(np.float32) for shape in shapes]
    text = lowered(function, *arguments)
    wanted = Interpreter(ax.parse(text)).call("main", *arguments)
    for native in both(text):
        found = results(native(*arguments))
        assert max(map(steps_apart, found, wanted)) <= 16


def test_results_that_are_arguments_are_copies() -> None:
    text = """\
func.func @main(%x: tensor<4xf32>, %c: tensor<i1>) -> (tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>, tensor<4xf32>) {
  %r = stablehlo.reshape %x : (tensor<4xf32>) -> tensor<2x2xf32>
  %s = "stablehlo.if"(%c) ({
    stablehlo.return %x : tensor<4xf32>
  }, {
    %n = stablehlo.negate %x : tensor<4xf32>
    stablehlo.return %n : tensor<4xf32>
  }) : (tensor<i1>) -> tensor<4xf32>
  return %x, %x, %r, %s : tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>, tensor<4xf32>
}
"""
    for native in both(text):
        x = np.arange(4, dtype=np.float32)
        for condition in (True, False):
            found = native(x, condition)
            assert [r.ravel().tolist() for r in found[:3]] == [[0, 1, 2, 3]] * 3
            assert found[3].tolist() == ([0, 1, 2, 3] if condition else [0, -1, -2, -3])
            for result in found:
                result += 1
            assert x.tolist() == [0, 1, 2, 3]


def test_values_that_are_updated_while_others_still_need_them() -> None:
    def function(x: Any) -> Any:
        y = x.at[0].set(7.0)
        z = y.at[1].add(x[0])
        return x + y, z, lax.fori_loop(0, 3, lambda i, s: (s[1], s[0] + s[1]), (y, z))

    x = np.array([1, 2, 3], np.float32)
    text = lowered(function, x)
    wanted = Interpreter(ax.parse(text)).call("main", x)
    for native in both(text):
        assert [steps_apart(a, b) for a, b in zip(results(native(x)), wanted, strict=True)] == [0.0] * 4
        assert x.tolist() == [1, 2, 3]


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint16, np.int64, np.float16, jnp.bfloat16,
                                   np.float64, np.complex64, np.complex128])  # fmt: skip
def test_types(dtype: Any) -> None:
    x = np.arange(12).reshape(3, 4).astype(dtype)
    with jax.enable_x64(True):
        text = lowered(lambda x: (x.T, x[:, 1:3], jnp.where(x == x[0], x, x[1]), x[:0]), x)
    for native in both(text):
        found = native(x)
        assert [r.dtype for r in found] == [x.dtype] * 4
        assert np.array_equal(found[0], x.T)
        assert np.array_equal(found[1], x[:, 1:3])
        assert np.array_equal(found[2], np.where(x == x[0], x, x[1]))
        assert found[3].shape == (0, 4)


def test_sizes_that_are_known_when_it_runs() -> None:
    text = """\
func.func @main(%x: tensor<?x3xf32>, %y: tensor<3x?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>, tensor<i32>) {
  %z = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<?x3xf32>, tensor<3x?xf32>) -> tensor<?x?xf32>
  %c = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%z init: %c) applies stablehlo.add across dimensions = [0] : (tensor<?x?xf32>, tensor<f32>) -> tensor<?xf32>
  %n = stablehlo.get_dimension_size %x, dim = 0 : (tensor<?x3xf32>) -> tensor<i32>
  return %z, %s, %n : tensor<?x?xf32>, tensor<?xf32>, tensor<i32>
}
"""
    natives = both(text)
    for rows, columns in ((2, 4), (0, 3), (5, 0), (20, 40)):
        x = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
        y = np.arange(3 * columns, dtype=np.float32).reshape(3, columns)
        for native in natives:
            product, total, count = native(x, y)
            assert np.array_equal(product, x @ y)
            assert np.array_equal(total, (x @ y).sum(0))
            assert count == rows


def test_linalg_on_tensors_without_stablehlo() -> None:
    text = """\
func.func @main(%a: tensor<32x32xf64>, %b: tensor<32x32xf64>) -> tensor<32x32xf64> {
  %z = arith.constant 0.0 : f64
  %e = tensor.empty() : tensor<32x32xf64>
  %f = linalg.fill ins(%z : f64) outs(%e : tensor<32x32xf64>) -> tensor<32x32xf64>
  %p = linalg.matmul ins(%a, %b : tensor<32x32xf64>, tensor<32x32xf64>) outs(%f : tensor<32x32xf64>) -> tensor<32x32xf64>
  %r = arith.addf %p, %a : tensor<32x32xf64>
  return %r : tensor<32x32xf64>
}
"""
    rng = np.random.default_rng(0)
    a, b = rng.integers(-9, 9, (2, 32, 32)).astype(np.float64)
    for native in both(text):
        assert np.array_equal(native(a, b), a @ b + a)


def resident() -> int:
    """The memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * 4096


def grown(native: Any, arguments: list[Any], calls: int) -> int:
    """How many bytes a number of calls has left behind."""
    for _ in range(100):
        native(*arguments)
    before = resident()
    for _ in range(calls):
        native(*arguments)
    return resident() - before


def branches(x: Any) -> Any:
    """Memory that is allocated in branches and in loops, sorted, scattered and handed around."""
    y = lax.cond(x[0, 0] > 0, lambda v: v @ v, lambda v: v, x)
    z = lax.fori_loop(0, 3, lambda i, s: jnp.sort(s, 0) + s.T, y)
    w = lax.while_loop(lambda s: s.sum() < 0, lambda s: s + 1, z)
    return w, y, x.at[jnp.argsort(x[0])].add(w), lax.switch(1, [jnp.sin, lambda v: v], z)


@pytest.mark.parametrize("calls", [1_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_nothing_is_leaked(calls: int) -> None:
    x = np.random.default_rng(0).normal(size=(48, 48)).astype(np.float32)
    for native in both(lowered(branches, x)):
        # One leaked array a call would be 9 KiB times the number of calls.
        assert grown(native, [x], calls) < 2 << 20


def test_the_programs_of_mlir_know_the_passes() -> None:
    program = next((p for p in ("mlir-opt", "mlir-opt-22") if shutil.which(p)), None)
    if program is None:
        pytest.skip("mlir-opt is not installed")
    x = np.zeros((48, 48), np.float32)
    module = ax.parse(lowered(branches, x))
    ax.run_pipeline(module, ["legalize-control-flow-to-scf"])
    text = to_linalg(str(module))
    options = [f"--pass-pipeline={pipeline(TENSORS_TO_BUFFERS)}", "--allow-unregistered-dialect"]
    done = subprocess.run([program, *options], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "memref.dealloc" in done.stdout
    assert "tensor<" not in done.stdout.replace("bufferization.", "")

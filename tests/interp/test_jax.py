"""StableHLO as JAX prints it: the interpreter's results against JAX's own."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

import approxir
from approxir.interp import Interpreter

pytestmark = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")

# Programs of tests/corpus that use nothing but what the interpreter knows.
PROGRAMS = (
    "transformer_block", "fori_loop", "while_loop", "scan_rnn", "cond_switch", "scatter_ops", "gather_indexing",
    "sort_topk", "random_numbers", "complex_numbers", "bf16_mlp", "conv_net", "nested_jit", "vmap_grad", "reductions",
    "fp8_matmul", "special_constants", "kepler", "rematerialised",
)  # fmt: skip
TOLERANCE = {
    "conv_net": 1e-4,
    "transformer_block": 1e-3,
    "bf16_mlp": 2e-2,
    "vmap_grad": 2e-5,
    "fp8_matmul": 1e-2,
}


@pytest.mark.parametrize("style", ["pretty", "generic"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str, style: Any) -> None:
    """Integers are equal, floats agree to 1e-5 of their size or of 1 (`TOLERANCE` where sums are long)."""
    import contextlib

    import jax
    from corpus.jax_programs import PROGRAMS as CORPUS

    program = next(program for program in CORPUS if program.name == name)
    with jax.enable_x64(True) if program.x64 else contextlib.nullcontext():
        arguments = program.arguments(np.random.default_rng(1))
        expected = [np.asarray(x) for x in jax.tree.leaves(jax.jit(program.function)(*arguments))]
        text = program.text(style, seed=1)
    flat = [np.asarray(x) for x in jax.tree.leaves(arguments)]
    found = Interpreter(approxir.parse(text)).call("main", *flat)
    tolerance = TOLERANCE.get(name, 1e-5)
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        if theirs.dtype.kind in "biu":
            np.testing.assert_array_equal(ours, theirs)
        else:
            wide = np.complex128 if theirs.dtype.kind == "c" else np.float64
            np.testing.assert_allclose(ours.astype(wide), theirs.astype(wide), rtol=tolerance, atol=tolerance)


def elementwise() -> list[Any]:
    import jax.numpy as jnp
    from jax import lax

    return [
        lambda x, n: (jnp.floor(x), jnp.ceil(x), jnp.round(x), jnp.sign(x), -x, jnp.abs(x)),
        lambda x, n: (x / 2 + x * 3 - 1, jnp.maximum(x, 0.5), jnp.minimum(x, -0.5), jnp.clip(x, -1, 1)),
        lambda x, n: (jnp.exp(x), jnp.log(jnp.abs(x) + 1), jnp.tanh(x), jnp.sqrt(jnp.abs(x)), jnp.cbrt(x)),
        lambda x, n: (lax.erf(x), lax.erf_inv(x / 4), lax.logistic(x), lax.rsqrt(jnp.abs(x) + 1), jnp.expm1(x)),
        lambda x, n: (n // 3, n % 3, lax.div(n, n - n + 2), lax.rem(n, n - n - 3), n**3, n << 2, n >> 1, ~n),
        lambda x, n: (n & 6, n | 9, n ^ 5, lax.population_count(n), lax.clz(n), lax.shift_right_logical(n, 3)),
        lambda x, n: (n.astype(jnp.int8), x.astype(jnp.int32), (x * 1e12).astype(jnp.int32), n.astype(bool), x.astype(jnp.bfloat16)),
        lambda x, n: (lax.bitcast_convert_type(x, jnp.int32), lax.reduce_precision(x, 5, 10), jnp.float_power(2, x)),
        lambda x, n: (jnp.where(x > 0, x, n), x == x[0], n != 3, x <= 0, jnp.isnan(x / 0 * 0), jnp.isfinite(x)),
        lambda x, n: (jnp.sort(x), jnp.argsort(n), lax.top_k(x, 3), jnp.cumsum(x), jnp.argmax(x), jnp.sum(n)),
        lambda x, n: (x[::2], x[::-1], jnp.pad(x, (2, 1)), jnp.concatenate([x, x[:2]]), jnp.roll(x, 2)),
        lambda x, n: (lax.pad(x, 9.0, [(-1, 2, 1)]), jnp.outer(x, x), x @ x, jnp.stack([x, x]).T, jnp.tile(x, 2)),
        lambda x, n: (lax.dynamic_slice(x, (n[0] + 99,), (3,)), lax.dynamic_update_slice(x, x[:2] * 0, (n[0] - 99,))),
        lambda x, n: (x.at[1].set(7), x.at[n % 4].add(1.0), x[n % 8], jnp.take(x, n), x.at[jnp.array([0, 0])].multiply(2)),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(14))
def test_small_functions(number: int) -> None:
    import jax

    function = elementwise()[number]
    x = np.array([-2.5, -1.5, -0.0, 0.25, 0.5, 1.5, 3.0, 1e-3], np.float32)
    n = np.array([-7, -1, 0, 1, 3, 8, 127, 1000], np.int32)
    expected = [np.asarray(y) for y in jax.tree.leaves(jax.jit(function)(x, n))]
    lowered = jax.jit(function, keep_unused=True).lower(x, n)
    found = Interpreter(approxir.parse(lowered.as_text())).call("main", x, n)
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        if theirs.dtype.kind in "biu":
            np.testing.assert_array_equal(ours, theirs)
        else:
            np.testing.assert_allclose(
                ours.astype(np.float64), theirs.astype(np.float64), rtol=3e-6, atol=1e-6
            )

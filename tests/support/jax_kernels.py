"""JAX functions with knobs: helper functions, control flow, several results, trees and types.

Import it in a test that has JAX. Each kernel draws its arguments from a generator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import approxir as ax
from approxir.frontends.decorators import Config


@dataclass(frozen=True)
class JaxKernel:
    """A function, its configuration, and how close engines come to JAX where nothing is approximated.

    `rtol` is relative to the greatest magnitude of a result; 0 means bit for bit.
    """

    function: Callable[..., Any]
    config: Config
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]
    rtol: float = 0.0

    @property
    def name(self) -> str:
        return ax.get_function_name(self.function)


def floats(rng: np.random.Generator, *shape: int, dtype: Any = np.float32) -> Any:
    return rng.normal(size=shape).astype(dtype)


def length(n: Any) -> Any:
    return n


def size_of(x: Any) -> Any:
    """A state from an array: 10 times its mean magnitude, a float."""
    return 10 * jnp.abs(x).mean()


def tree(state: Callable[..., Any], thresholds: list[int], decisions: list[int], **fields: Any) -> Config:
    given = {"state_indices": [0], "transform_type": "loop_perforate", **fields}
    return {"decision_tree": ax.DecisionTree(state, thresholds=thresholds, decisions=decisions, **given)}


def sliced_sum(n: Any, data: Any) -> Any:
    """The size of what is added up is an argument."""
    return jnp.sum(data[:n])


def moments(x: Any) -> Any:
    """A loop with known bounds and several carried values."""

    def body(i: Any, sums: Any) -> Any:
        first, second = sums
        return first + x[i], second + x[i] * x[i]

    return lax.fori_loop(0, x.shape[0], body, (jnp.zeros(x.shape[1:]), jnp.zeros(x.shape[1:])))


def partial_sums(n: Any, x: Any) -> Any:
    """A loop whose bound is an argument; integers, so that every engine agrees."""
    return lax.fori_loop(0, n, lambda i, total: total + x[i] * (i + 1), jnp.int32(0))


def newton(a: Any) -> Any:
    """A while loop with a counter and a second condition."""

    def goes_on(state: Any) -> Any:
        i, x = state
        return (i < 12) & (jnp.abs(x * x - a).max() > 1e-7)

    return lax.while_loop(goes_on, lambda s: (s[0] + 1, 0.5 * (s[1] + a / s[1])), (0, jnp.ones_like(a)))[1]


def recurrent(inputs: Any, weights: dict[str, Any]) -> Any:
    """A recurrent network by `scan`, with `clip` and `where` as helper functions, over a tree of weights."""

    def step(h: Any, x: Any) -> Any:
        h = jnp.clip(x @ weights["w"] + h @ weights["u"], -1.0, 1.0)
        return h, jnp.where(h > 0, h, 0.5 * h).sum()

    return lax.scan(step, jnp.zeros(weights["u"].shape[0]), inputs)


def pairwise(x: Any) -> Any:
    """Nested loops; the option `loop` names the inner one."""

    def inner(i: Any, j: Any, total: Any) -> Any:
        return total + jnp.maximum(x[i], x[j])

    return lax.fori_loop(
        0, 6, lambda i, t: lax.fori_loop(0, x.shape[0], lambda j, s: inner(i, j, s), t), jnp.int32(0)
    )


def chosen(index: Any, x: Any) -> Any:
    """Branches by `switch`, beside other code."""
    y = lax.switch(index, [jnp.negative, jnp.abs, lambda v: v * v, lambda v: v + 1], x)
    return y + x


def guarded(flag: Any, x: Any) -> Any:
    """Two branches by `cond`."""
    return lax.cond(flag > 0, lambda v: v * 3, lambda v: v - 7, x) * 2


def gelu(x: Any) -> Any:
    """Replaced by cheaper functions, one with helper functions of its own."""
    return 0.5 * x * (1 + lax.erf(x / np.sqrt(2)))


def gelu_tanh(x: Any) -> Any:
    return jax.nn.gelu(x, approximate=True)


def gelu_clip(x: Any) -> Any:
    return x * jnp.clip(0.25 * x + 0.5, 0, 1)


def inverse(x: Any) -> Any:
    """A contract: what is not finite is computed in another way."""
    return lax.fori_loop(0, 8, lambda i, y: y * (2 - x * y), jnp.full_like(x, 0.1))


def inverse_is_right(y: Any, x: Any) -> Any:
    return jnp.all(jnp.abs(y * x - 1) < 1e-3)


def inverse_again(x: Any) -> Any:
    return 1 / x


def matched(batch: dict[str, Any], scale: Any) -> Any:
    """Trees in and out, several types, a closure over an array, a static transform."""
    table = np.arange(24, dtype=np.float32).reshape(6, 4)
    scores = batch["x"] @ table
    return {
        "scores": scores * scale,
        "counts": (batch["n"] * 2, batch["flags"] ^ True),
        "half": batch["h"] * jnp.bfloat16(0.5),
    }


def attention(q: Any, k: Any, v: Any) -> Any:
    weights = jax.nn.softmax(q @ k.T / np.sqrt(q.shape[-1]), axis=-1)
    return weights @ v


def local_attention(q: Any, k: Any, v: Any) -> Any:
    near = jnp.abs(jnp.arange(q.shape[0])[:, None] - jnp.arange(k.shape[0])[None]) < 4
    scores = jnp.where(near, q @ k.T / np.sqrt(q.shape[-1]), -jnp.inf)
    return jax.nn.softmax(scores, axis=-1) @ v


def mean_attention(q: Any, k: Any, v: Any) -> Any:
    return jnp.broadcast_to(v.mean(0), v.shape)


def halved(x: Any) -> Any:
    """Half precision throughout."""
    return lax.fori_loop(0, 8, lambda i, s: s + x[i] * jnp.float16(0.5), jnp.float16(0))


def truth(flags: Any) -> Any:
    """A state that is a truth value, of an array of truth values."""
    return jnp.any(flags)


def count_true(flags: Any) -> Any:
    return lax.fori_loop(0, flags.shape[0], lambda i, n: n + flags[i].astype(jnp.int32), jnp.int32(0))


def batch_of(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "x": floats(rng, 3, 6),
        "n": np.arange(5, dtype=np.int8),
        "flags": rng.integers(0, 2, 4).astype(bool),
        "h": jnp.asarray(floats(rng, 3), jnp.bfloat16),
    }


def integers(rng: np.random.Generator, *shape: int) -> Any:
    return rng.integers(-50, 50, shape).astype(np.int32)


KERNELS = (
    JaxKernel(
        sliced_sum, tree(length, [30, 60], [0, 2, 3], decision_values=[0, 2, 3]),
        lambda rng: (int(rng.integers(1, 90)), floats(rng, 80)), 1e-6,
    ),
    JaxKernel(moments, tree(size_of, [7], [0, 2]), lambda rng: (floats(rng, 12, 3),), 1e-6),
    JaxKernel(partial_sums, tree(length, [5, 20], [1, 2, 4], decision_values=[0, 1, 2, 4]), lambda rng: (np.int32(rng.integers(0, 30)), integers(rng, 30))),
    JaxKernel(newton, tree(size_of, [20], [0, 3]), lambda rng: (1 + np.abs(floats(rng, 5)),), 1e-6),
    JaxKernel(
        recurrent, tree(size_of, [8], [0, 2], transform_options={"scheme": "stride"}),
        lambda rng: (floats(rng, 10, 4), {"w": floats(rng, 4, 3), "u": floats(rng, 3, 3)}), 3e-6,
    ),
    JaxKernel(
        pairwise, {"static_transform": ax.StaticTransform("loop_perforate", 2, transform_options={"loop": 1, "rescale": True})},
        lambda rng: (integers(rng, 9),),
    ),
    JaxKernel(
        chosen, tree(length, [2, 3], [1, 4, 3], transform_type="task_skipping"),
        lambda rng: (np.int32(rng.integers(0, 5)), integers(rng, 6)),
    ),
    JaxKernel(
        guarded, tree(length, [0], [1, 2], transform_type="task_skipping", decision_values=[1, 2]),
        lambda rng: (np.int32(rng.integers(-1, 2)), integers(rng, 6)),
    ),
    JaxKernel(
        gelu, tree(size_of, [6, 9], [0, 1, 2], transform_type="func_substitute", approx_kernels={1: gelu_tanh, 2: gelu_clip}),
        lambda rng: (floats(rng, 7),), 2e-6,
    ),
    JaxKernel(
        inverse, {**tree(size_of, [9], [0, 4]), "safety_contract": ax.SafetyContract(inverse_is_right, inverse_again)},
        lambda rng: (1 + np.abs(floats(rng, 4)),), 1e-6,
    ),
    JaxKernel(
        matched, {"static_transform": ax.StaticTransform("loop_perforate", 3)}, lambda rng: (batch_of(rng), 1.5), 1e-6,
    ),
    JaxKernel(
        attention, tree(size_of, [8, 9], [0, 1, 2], transform_type="func_substitute", approx_kernels={1: local_attention, 2: mean_attention}),
        lambda rng: (floats(rng, 12, 8), floats(rng, 12, 8), floats(rng, 12, 8)), 3e-6,
    ),
    JaxKernel(halved, tree(size_of, [8], [0, 2]), lambda rng: (floats(rng, 8, dtype=np.float16),), 1e-2),
    JaxKernel(count_true, tree(truth, [1], [0, 2]), lambda rng: (rng.integers(0, 2, 9).astype(bool),)),
)  # fmt: skip


def exact_config(kernel: JaxKernel, config: dict[str, int]) -> dict[str, int] | None:
    """The configuration with every decision exact; None where there is none."""
    held = kernel.config.get("decision_tree")
    if held is None or held.transform_type == "task_skipping":
        return None
    return {name: 0 if "_decision_" in name else value for name, value in config.items()}


def leaves(value: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(value)]


def assert_close(found: Any, expected: Any, rtol: float) -> None:
    """Equal trees, shapes and types; values bit for bit, or within `rtol` of the greatest magnitude."""
    assert jax.tree_util.tree_structure(found) == jax.tree_util.tree_structure(expected)
    for ours, theirs in zip(leaves(found), leaves(expected), strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        if rtol == 0 or theirs.dtype.kind in "biu":
            np.testing.assert_array_equal(ours, theirs)
        else:
            wide = ours.astype(np.float64), theirs.astype(np.float64)
            atol = rtol * np.abs(wide[1]).max(initial=0)
            np.testing.assert_allclose(*wide, rtol=0, atol=atol)

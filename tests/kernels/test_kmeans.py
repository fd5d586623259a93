"""The kernel kmeans: what it computes, by C and by NumPy, and what its knobs do."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from support import kernels, native
from support.toolchains import has_c_compiler

import approxir as ax
from approxir.tuning.exact import exact_module

KERNEL = kernels.workload("kmeans")
pytestmark = native.needs_native


def reference(points: Any, centres: Any, iterations: int) -> Any:
    """Lloyd's algorithm in double precision; a centre without points stays."""
    points, centres = points.astype(float), centres.astype(float)
    for _ in range(iterations):
        distances = np.square(points[:, None, :] - centres[None, :, :]).sum(axis=2)
        labels = distances.argmin(axis=1)
        for c in np.unique(labels):
            centres[c] = points[labels == c].mean(axis=0)
    return centres


def arguments(points: Any, initial: Any, iterations: int) -> tuple[Any, ...]:
    n, d = points.shape
    k = len(initial)
    flat = [np.ascontiguousarray(array, np.float32).ravel() for array in (points, initial)]
    return (n, k, d, iterations, *flat, np.zeros(k * d, np.float32))


def random_call(n: int, k: int, d: int, iterations: int, seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 100, (n, d)).astype(np.float32)
    return arguments(points, points[rng.choice(n, k, replace=False)], iterations)


@functools.cache
def kernel(live: bool) -> ax.Kernel:
    """The live program, or the exact one."""
    module = ax.load(KERNEL.module)
    return ax.jit(module, live=True) if live else ax.jit(exact_module(module))


def centres(held: tuple[Any, ...], **changes: int) -> Any:
    """What is computed with a configuration that is exact but for some parameters; without, the exact program."""
    held = kernels.fresh(held)
    compiled = kernel(bool(changes))
    if changes:
        compiled.set({**kernels.exact_config(ax.load(KERNEL.module)), **changes})
    compiled.kmeans(*held)
    return held[-1]


def every(knob: str, value: int) -> dict[str, int]:
    """A value of a knob in every state."""
    return {f"{knob}_decision_0": value, f"{knob}_decision_1": value}


def test_the_module() -> None:
    kernels.check_module(KERNEL, knobs=3)


@pytest.mark.skipif(not has_c_compiler(), reason="there is no C compiler")
def test_exact_is_what_c_computes() -> None:
    kernels.check_exact(KERNEL, seeds=range(2), scale=0.05)


@pytest.mark.parametrize(("n", "k", "d"), [(200, 3, 4), (300, 7, 8), (150, 5, 12)])
def test_exact_is_lloyds_algorithm(n: int, k: int, d: int) -> None:
    for seed in range(3):
        held = random_call(n, k, d, 10, seed)
        wanted = reference(held[4].reshape(n, d), held[5].reshape(k, d), 10)
        np.testing.assert_allclose(centres(held), wanted.ravel(), rtol=1e-5)


def test_small_inputs() -> None:
    points = np.array([[1, 2, 3, 4], [3, 2, 1, 0], [90, 90, 90, 90]])
    far = np.full((1, 4), 1000)
    # One cluster is the mean, in one step; a centre that no point is near to stays, and so do all without steps.
    assert centres(arguments(points[:2], far, 1)).tolist() == [2, 2, 2, 2]
    both = np.concatenate([points[:1], far])
    assert centres(arguments(points[:2], both, 5)).tolist() == [2] * 4 + [1000] * 4
    assert centres(arguments(points, both, 0)).tolist() == both.ravel().tolist()
    assert centres(arguments(points[:0], both, 3)).tolist() == both.ravel().tolist()


def test_the_interpreter_agrees() -> None:
    kernels.check_interpreter(KERNEL, random_call(12, 3, 4, 26, 1))


def test_every_value_of_every_knob_changes_something() -> None:
    for knob, found in kernels.qualities(KERNEL, 0.05).items():
        assert found[1] == 1.0
        assert all(0.3 < quality < 1.0 for value, quality in found.items() if value != 1), (knob, found)


def test_live_is_applied() -> None:
    kernels.check_live(KERNEL, random_call(300, 6, 8, 32, 2), 4)


@pytest.mark.parametrize("value", [2, 3, 4])
def test_fewer_iterations(value: int) -> None:
    held = random_call(120, 5, 8, 24, 3)
    found = centres(held, **every("iterate", value))
    wanted = centres((*held[:3], 24 // value, *held[4:]))
    assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("value", [2, 3, 4])
def test_fewer_points(value: int) -> None:
    held = random_call(120, 5, 8, 12, 4)
    found = centres(held, **every("assign", value))
    some = held[4].reshape(120, 8)[::value]
    wanted = centres(arguments(some, held[5].reshape(5, 8), 12))
    assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("knob", ["nearest", "assign"])
def test_iterations_before_the_threshold_are_exact(knob: str) -> None:
    held = random_call(1000, 6, 8, 5, 5)
    late = {f"{knob}_threshold_0": 3, f"{knob}_decision_0": 1, f"{knob}_decision_1": 4}
    for iterations in (3, 5):
        call = (*held[:3], iterations, *held[4:])
        assert (centres(call, **late).tobytes() == centres(call).tobytes()) == (iterations == 3)


def test_large_problems_may_do_fewer_iterations() -> None:
    small, large = random_call(99, 5, 8, 8, 6), random_call(100, 5, 8, 8, 6)
    by_size = {"iterate_threshold_0": 100, "iterate_decision_0": 1, "iterate_decision_1": 2}
    assert centres(small, **by_size).tobytes() == centres(small).tobytes()
    assert centres(large, **by_size).tobytes() == centres((*large[:3], 4, *large[4:])).tobytes()

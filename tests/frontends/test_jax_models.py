"""What approximated JAX functions compute, against models of the approximations in NumPy, on IREE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import approxir as ax

jax = pytest.importorskip("jax")
pytest.importorskip("iree.compiler")
pytest.importorskip("iree.runtime")

import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

RTOL = 2e-6


def on_iree(function: Callable[..., Any], live: bool = False, **knobs: Any) -> Any:
    configured = ax.with_config(function, **knobs)
    return ax.approximate(configured, backend="iree", device="local-sync", returns="numpy", live=live)


def no_state() -> int:
    return 0


class Chosen:
    """A function on IREE whose knob value is chosen for each call: one program for all of them."""

    def __init__(
        self, function: Callable[..., Any], transform: str, values: Sequence[int], **options: Any
    ) -> None:
        tree = ax.DecisionTree(
            no_state, [], [], [values[0]], transform, decision_values=list(values), transform_options=options
        )
        self.function = on_iree(function, live=True, decision_tree=tree)

    def __call__(self, value: int, *args: Any) -> Any:
        self.function.set({f"{self.function.name}_decision_0": value})
        found = self.function(*args)
        assert self.function.programs == 1
        return found


def ramp(*shape: int) -> np.ndarray:
    return (np.arange(np.prod(shape)).reshape(shape) % 7 + 0.5).astype(np.float32)


def level(x: Any) -> Any:
    """The mean of an array, a float."""
    return x.mean()


def count(n: Any) -> Any:
    return n


def by_level(thresholds: list[int], decisions: list[int], **fields: Any) -> ax.DecisionTree:
    given = {"transform_type": "loop_perforate", **fields}
    return ax.DecisionTree(level, [0], thresholds, decisions, **given)


def chosen(x: np.ndarray, thresholds: list[int], decisions: list[int]) -> int:
    """The decision for the mean of an array: how many thresholds it reaches."""
    return decisions[sum(threshold <= float(x.mean(dtype=np.float32)) for threshold in thresholds)]


def test_a_state_from_an_array() -> None:
    """A reduction is perforated as the mean of the argument says; NaN reaches no threshold."""

    def total(x: Any) -> Any:
        return (x * x).sum()

    thresholds, decisions = [1, 3], [0, 2, 5]
    found = on_iree(total, decision_tree=by_level(thresholds, decisions))
    steps = set()
    for shift in (-3.0, 0.0, 0.99, 1.0, 1.5, 2.99, 3.0, 5.0, float("nan")):
        x = np.full(10, shift, np.float32)
        x[:5] -= 0.25
        x[5:] += 0.25
        step = max(1, chosen(x, thresholds, decisions))
        steps.add(step)
        squares = (x * x)[::step]
        expected = squares.sum() * np.float32(10 / len(squares))
        np.testing.assert_allclose(found(x), expected, rtol=RTOL)
    assert steps == {1, 2, 5}


def test_perforated_fori_loops() -> None:
    """The body sees the indices 1, 1 + step, ..., with known bounds and with one that is an argument."""

    def known(x: Any) -> Any:
        return lax.fori_loop(1, 11, lambda i, s: s + i * x[i], jnp.zeros(3))

    def bound(n: Any, x: Any) -> Any:
        return lax.fori_loop(1, n, lambda i, s: s + i * x[i], jnp.zeros(3))

    x, values = ramp(12, 3), [0, 1, 2, 3, 10, 11]
    with_known, with_bound = (Chosen(f, "loop_perforate", values) for f in (known, bound))
    for step in values:
        terms = (np.float32(i) * x[i] for i in range(1, 11, max(1, step)))
        expected = sum(terms, np.zeros(3, np.float32))
        np.testing.assert_allclose(with_known(step, x), expected, rtol=RTOL)
        np.testing.assert_allclose(with_bound(step, 11, x), expected, rtol=RTOL)


def test_counts_of_the_user_count_what_is_done() -> None:
    """Carried values are what the iterations made of them, even if they count like an index."""

    def mean(x: Any) -> Any:
        count, total = lax.fori_loop(0, 10, lambda i, s: (s[0] + 1, s[1] + x[i]), (0, jnp.float32(0)))
        return total / count

    def scanned(x: Any) -> Any:
        (count, total), _ = lax.scan(lambda s, v: ((s[0] + 1, s[1] + v), None), (0, jnp.float32(0)), x)
        return total, count

    x = ramp(10)
    means, scans = Chosen(mean, "loop_perforate", range(5)), Chosen(scanned, "loop_perforate", range(5))
    for step in range(5):
        kept = x[:: max(1, step)]
        np.testing.assert_allclose(means(step, x), kept.mean(), rtol=RTOL)
        total, count = scans(step, x)
        np.testing.assert_allclose(total, kept.sum(), rtol=RTOL)
        assert int(count) == len(kept)


def test_rescaled_sums() -> None:
    def mean(x: Any) -> Any:
        return lax.fori_loop(0, 10, lambda i, s: s + x[i], jnp.float32(0)) / 10

    rescaled = Chosen(mean, "loop_perforate", range(5), rescale=True)
    x = ramp(10)
    for step in range(5):
        kept = x[:: max(1, step)]
        expected = kept.sum() * np.float32(10 / len(kept)) / 10
        np.testing.assert_allclose(rescaled(step, x), expected, rtol=RTOL)


def test_perforated_while_loops() -> None:
    """The counter goes in longer steps, the other condition ends the loop as before."""

    def root(a: Any) -> Any:
        def goes_on(state: Any) -> Any:
            i, x = state
            return (i < 9) & (jnp.abs(x * x - a).max() > 1e-3)

        return lax.while_loop(goes_on, lambda s: (s[0] + 1, 0.5 * (s[1] + a / s[1])), (0, a))

    found = Chosen(root, "loop_perforate", range(4))
    for step in range(4):
        a = 4 * ramp(6)
        i, x = 0, a.copy()
        while i < 9 and np.abs(x * x - a).max() > 1e-3:
            i, x = i + max(1, step), np.float32(0.5) * (x + a / x)
        count, value = found(step, a)
        assert int(count) == i
        np.testing.assert_allclose(value, x, rtol=RTOL)


@pytest.mark.parametrize("reverse", [False, True])
def test_perforated_scans(reverse: bool) -> None:
    """Elements that are left out are not seen, and what the scan would put out for them stays zero."""

    def smoothed(x: Any) -> Any:
        return lax.scan(lambda c, v: (0.5 * c + v, c - v), jnp.float32(1), x, reverse=reverse)

    x, found = ramp(7), Chosen(smoothed, "loop_perforate", [0, 2, 3, 8])
    for step in (0, 2, 3, 8):
        carry, out = np.float32(1), np.zeros(7, np.float32)
        for k in range(0, 7, max(1, step)):
            place = 6 - k if reverse else k
            carry, out[place] = np.float32(0.5) * carry + x[place], carry - x[place]
        last, rows = found(step, x)
        np.testing.assert_allclose(last, carry, rtol=RTOL)
        np.testing.assert_allclose(rows, out, rtol=RTOL, atol=1e-6)


def test_substitution_by_two_kernels() -> None:
    def exact(n: Any, x: Any) -> Any:
        return jnp.exp(x)

    def second_order(n: Any, x: Any) -> Any:
        return 1 + x + 0.5 * x * x

    def first_order(n: Any, x: Any) -> Any:
        return jnp.where(x > -1, 1 + x, 0)

    tree = ax.DecisionTree(
        count, [0], [5, 9], [0, 1, 2], "func_substitute", approx_kernels={1: second_order, 2: first_order}
    )
    x = np.linspace(-2, 2, 9, dtype=np.float32)
    models = [np.exp(x), 1 + x + np.float32(0.5) * x * x, np.where(x > -1, 1 + x, 0)]
    found = on_iree(exact, decision_tree=tree)
    for n in (-4, 1, 4, 5, 8, 9, 40):
        np.testing.assert_allclose(found(n, x), models[(n >= 5) + (n >= 9)], rtol=RTOL)


def test_skipped_tasks_of_switch() -> None:
    """The branch that is taken is the one that the decision names, counted from 1; the rest of the code runs."""

    def kernel(n: Any, x: Any) -> Any:
        y = lax.switch(n, [lambda v: v + 1, lambda v: v * 2, lambda v: -v], x)
        return y * 10

    tree = ax.DecisionTree(count, [0], [1, 3], [2, 1, 3], "task_skipping")
    x, found = ramp(4), on_iree(kernel, decision_tree=tree)
    for n in range(-1, 6):
        branch = [x * 2, x + 1, -x][(n >= 1) + (n >= 3)]
        np.testing.assert_array_equal(found(n, x), branch * 10)


def test_skipped_tasks_of_cond() -> None:
    """JAX lists the branch for false first. 0 leaves out everything, whose results are then zero."""

    def kernel(flag: Any, x: Any) -> Any:
        return lax.cond(flag, lambda v: v + 1, lambda v: v * 2, x) + 100

    x, found = ramp(4), Chosen(kernel, "task_skipping", range(3))
    models = [np.zeros_like(x), x * 2 + 100, x + 1 + 100]
    for value in range(3):
        for flag in (False, True):
            np.testing.assert_array_equal(found(value, flag, x), models[value])


def test_check_and_recover() -> None:
    """A decision by the argument, a check of the results, and results computed in another way where it fails."""

    def inverse(x: Any) -> Any:
        return lax.fori_loop(0, 6, lambda i, y: y * (2 - x * y), jnp.full_like(x, 0.5)), x.sum()

    def close(y: Any, total: Any, x: Any) -> Any:
        return jnp.abs(x * y - 1).max() < 0.05

    def divide(x: Any) -> Any:
        return 1 / x, -x.sum()

    contract = ax.SafetyContract(checker=close, recover=divide)
    found = on_iree(inverse, decision_tree=by_level([1], [0, 3]), safety_contract=contract)
    seen = set()
    for scale in (0.3, 0.9, 1.0, 1.9):
        x = scale * np.array([0.9, 1.1, 1.3, 1.5], np.float32)
        step = max(1, chosen(x, [1], [0, 3]))
        y = np.full_like(x, 0.5)
        for _ in range(0, 6, step):
            y = y * (2 - x * y)
        good = bool(np.abs(x * y - 1).max() < 0.05)
        seen.add((step, good))
        value, total = found(x)
        np.testing.assert_allclose(value, y if good else 1 / x, rtol=1e-5)
        np.testing.assert_allclose(total, x.sum() if good else -x.sum(), rtol=RTOL)
    assert {good for _, good in seen} == {False, True}
    assert {step for step, _ in seen} == {1, 3}


def test_sizes_that_are_arguments() -> None:
    """``data[:n]``, perforated from n = 100 on, with one program for every n."""

    def total(n: Any, data: Any) -> Any:
        return jnp.sum(data[:n])

    data = np.random.default_rng(7).uniform(1, 2, 1000).astype(np.float32)
    found = on_iree(total, decision_tree=ax.DecisionTree(count, [0], [100], [0, 2], "loop_perforate"))
    for n in (1, 2, 30, 99, 100, 101, 999, 1000, 2000):
        part = data[:n]
        kept = part if n < 100 else part[::2]
        np.testing.assert_allclose(found(n, data), kept.sum() * np.float32(len(part) / len(kept)), rtol=1e-5)
    assert found.programs == 1

"""Elementary functions as arithmetic, against NumPy's in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.native import needs_native
from support.tensor_kernels import kernel

pytestmark = needs_native

FUNCTIONS: dict[str, Callable[[Any], Any]] = {"exponential": np.exp, "tanh": np.tanh}
COUNT = 1 << 16
BOUND = {"exponential": 1.0, "tanh": 1.5}
"""Units in the last place by which results may be off."""


def units_off(found: Any, wanted: Any) -> Any:
    """The error of each number, in units in the last place of the right result."""
    with np.errstate(all="ignore"):
        rounded = wanted.astype(np.float32)
        special = ~np.isfinite(rounded)
        same = np.array_equal(found[special], rounded[special], equal_nan=True)
        assert same, (found[special], rounded[special])
        step = np.spacing(np.abs(rounded)).astype(np.float64)
        return np.where(special, 0.0, np.abs(found.astype(np.float64) - wanted) / step)


def native(name: str) -> Any:
    kind = f"tensor<{COUNT}xf32>"
    return kernel(
        f"func.func @main(%x: {kind}) -> {kind} {{\n  %r = stablehlo.{name} %x : {kind}\n  return %r : {kind}\n}}\n"
    ).main


def worst(name: str, start: int, step: int) -> float:
    """The largest error over numbers whose bits are `step` apart."""
    function = native(name)
    most = 0.0
    with np.errstate(all="ignore"):
        for first in range(start, 1 << 32, step * COUNT):
            bits = np.arange(first, first + step * COUNT, step, dtype=np.uint64) & np.uint64(0xFFFFFFFF)
            x = bits.astype(np.uint32).view(np.float32)
            most = max(most, units_off(function(x), FUNCTIONS[name](x.astype(np.float64))).max())
    return most


@pytest.mark.parametrize("name", FUNCTIONS)
def test_error_over_all_numbers(name: str) -> None:
    assert worst(name, 7, 1021) < BOUND[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_error_over_many_more(name: str) -> None:
    assert worst(name, 3, 61) < BOUND[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_of_their_own(name: str) -> None:
    edges = [
        0.0,
        -0.0,
        np.inf,
        -np.inf,
        np.nan,
        88.72283,
        88.72284,
        -103.97208,
        -103.97209,
        -87.3,
        0.625,
        1e-45,
    ]
    x = np.zeros(COUNT, np.float32)
    x[: len(edges)] = edges
    with np.errstate(all="ignore"):
        found, wanted = native(name)(x), FUNCTIONS[name](x.astype(np.float64))
    assert (units_off(found, wanted) < BOUND[name]).all()
    assert np.array_equal(np.signbit(found[:4]), np.signbit(wanted[:4]))


def test_a_number_alone_gives_what_it_gives_in_a_vector() -> None:
    """Loops of any length compute the same bits."""
    x = np.random.default_rng(0).normal(size=37).astype(np.float32)
    results = []
    for count in (37, 1):
        kind = f"tensor<{count}xf32>"
        function = kernel(
            f"func.func @main(%x: {kind}) -> {kind} {{\n  %r = stablehlo.tanh %x : {kind}\n"
            f"  %s = stablehlo.exponential %r : {kind}\n  return %s : {kind}\n}}\n"
        ).main
        results.append(np.concatenate([function(x[i : i + count]) for i in range(0, 37, count)]))
    assert results[0].tobytes() == results[1].tobytes()

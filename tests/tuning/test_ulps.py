"""Distances in units in the last place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from approxir.tuning.quality import QualityError
from approxir.tuning.ulps import most_ulps

FLOATS = (np.float16, np.float32, np.float64)


@pytest.mark.parametrize("kind", FLOATS)
def test_steps_are_counted_across_zero(kind: type) -> None:
    number = kind(1)
    one = np.array([number], kind)
    assert most_ulps(one, np.nextafter(one, kind(2))) == 1
    assert most_ulps(one, np.nextafter(np.nextafter(one, kind(2)), kind(2))) == 2
    least = np.nextafter(kind(0), kind(1))
    # 0 and -0 are two numbers.
    assert most_ulps(np.array(kind(0)), np.array(kind(-0.0))) == 1
    assert most_ulps(np.array(least), np.array(-least)) == 3
    assert most_ulps(np.array(kind(np.inf)), np.array(np.finfo(kind).max)) == 1


@given(
    st.floats(width=32, allow_nan=False),
    st.floats(width=32, allow_nan=False),
    st.floats(width=32, allow_nan=False),
)
def test_it_is_a_distance(one: float, two: float, three: float) -> None:
    a, b, c = (np.array([value], np.float32) for value in (one, two, three))
    assert most_ulps(a, b) == most_ulps(b, a)
    assert (most_ulps(a, b) == 0) == (a.tobytes() == b.tobytes())
    assert most_ulps(a, c) <= most_ulps(a, b) + most_ulps(b, c)


def test_numbers_far_apart() -> None:
    low, high = np.array([-np.inf]), np.array([np.inf])
    assert most_ulps(low, high) == pytest.approx(2 * 0x7FF0000000000000, rel=1e-9)


def test_what_is_no_number_and_what_is_none_at_all() -> None:
    nan, one = np.array([1.0, np.nan]), np.array([1.0, 1.0])
    assert most_ulps(nan, nan) == 0
    assert most_ulps(nan, one) == math.inf
    assert most_ulps(one, nan) == math.inf
    assert most_ulps(np.array([1, 2]), np.array([1, 2])) == 0
    assert most_ulps(np.array([1, 2]), np.array([1, 3])) == math.inf
    assert most_ulps(np.zeros(0), np.zeros(0)) == 0
    assert most_ulps((), ()) == 0


def test_several_results_are_as_far_apart_as_the_farthest() -> None:
    one = np.ones(2, np.float32)
    assert most_ulps((one, 1), (np.nextafter(one, np.float32(2)), 1)) == 1
    assert most_ulps((one, 1), (one, 2)) == math.inf


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.ones(2), np.ones(3)),
        (np.ones(2), np.ones(2, np.float32)),
        ((1, 2), (1, 2, 3)),
        ((1,), 1),
        (np.ones(1, complex), np.ones(1, complex)),
    ],
)
def test_results_that_cannot_be_compared(one: object, other: object) -> None:
    with pytest.raises(QualityError):
        most_ulps(one, other)

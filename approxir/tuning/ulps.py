"""How far apart two results are, in units in the last place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from approxir.tuning.quality import QualityError


def most_ulps(one: Any, other: Any) -> float:
    """The greatest distance between two results, number by number: 0 if they are equal bit for bit.

    A distance counts how many floating-point numbers of the type lie between two numbers, the second
    included. 0 and -0 are 1 apart; NaN and what is no NaN are infinitely far apart, and so are integers that
    differ. Several results, as a tuple, are as far apart as those that are farthest.

    Raises `QualityError` for results whose shapes or types differ, and for types without an order.
    """
    if isinstance(one, tuple) or isinstance(other, tuple):
        if not (isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other)):
            raise QualityError("there are not as many results as there are in the reference")
        return max([most_ulps(*pair) for pair in zip(one, other, strict=True)], default=0.0)
    left, right = np.asarray(one), np.asarray(other)
    if left.shape != right.shape or left.dtype != right.dtype:
        raise QualityError(
            f"a result of {right.dtype} with the shape {right.shape} is compared with one of {left.dtype} "
            f"with the shape {left.shape}"
        )
    if not left.size:
        return 0.0
    if left.dtype.kind in "biu":
        return 0.0 if np.array_equal(left, right) else math.inf
    if left.dtype not in (np.float16, np.float32, np.float64):
        raise QualityError(f"numbers of type {left.dtype} are not counted")
    undefined = np.isnan(left)
    if not np.array_equal(undefined, np.isnan(right)):
        return math.inf
    places, others = _places(left[~undefined]), _places(right[~undefined])
    # Numbers of opposite signs may be farther apart than signed integers can tell.
    gaps = np.maximum(places, others).view(np.uint64) - np.minimum(places, others).view(np.uint64)
    return float(gaps.max(initial=0))


def _places(array: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """For each number its place in the order of all numbers of its type; 0 has the place 0."""
    bits = np.ascontiguousarray(array).view(f"i{array.itemsize}").astype(np.int64)
    sign = -(1 << (8 * array.itemsize - 1))
    return np.where(bits < 0, ~(bits - sign), bits)

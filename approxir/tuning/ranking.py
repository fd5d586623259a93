"""Ranked lists: their overlap, in linear time, and how scores rank."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any


def overlap(first: Sequence[Hashable], second: Sequence[Hashable], p: float, depth: int) -> float:
    """The truncated rank-biased overlap that `approxir.tuning.quality.rbo` defines.

    Every item is looked up a fixed number of times. Two empty lists are equal.
    """
    deepest = min(depth, max(len(first), len(second)))
    if deepest == 0:
        return 1.0
    seen_first: set[Hashable] = set()
    seen_second: set[Hashable] = set()
    common = 0
    weight = 1.0
    total = norm = 0.0
    for place in range(deepest):
        if place < len(first):
            item = first[place]
            if item not in seen_first:
                seen_first.add(item)
                common += item in seen_second
        if place < len(second):
            item = second[place]
            if item not in seen_second:
                seen_second.add(item)
                # An item that both lists have at this place was counted by neither until now.
                common += item in seen_first
        total += weight * (common / (place + 1))
        norm += weight
        weight *= p
    return total / norm


def ranked(scores: Any, depth: int) -> list[int]:
    """The indices of the `depth` highest of a vector of scores, the highest first.

    Of equal ones the lower index comes first.
    """
    import numpy as np

    if len(scores) > depth:
        # Sorting everything would take longer than ranking what is looked at.
        limit = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        above = np.flatnonzero(scores > limit)
        equal = np.flatnonzero(scores == limit)[: depth - len(above)]
        chosen = np.sort(np.concatenate([above, equal]))
    else:
        chosen = np.arange(len(scores))
    order = np.argsort(-scores[chosen], kind="stable")
    found: list[int] = chosen[order].tolist()
    return found

"""Taking the times of several things in turns, so that a slow minute of the machine meets all of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence


def typical(samples: Sequence[float]) -> float:
    """The lower quartile: a quarter of the samples is below it.

    Other programs of the machine make some samples longer, often more than half of them, and the fastest of
    all may owe it to a clock that was set, or to luck.
    """
    if len(samples) == 1:
        return samples[0]
    return statistics.quantiles(samples, n=4, method="inclusive")[0]


def in_rounds(samplers: Sequence[Callable[[], float]], rounds: int) -> list[list[float]]:
    """For each sampler its samples, one of each round.

    Every second round goes backwards. One more round before the first is not counted.
    """
    found: list[list[float]] = [[] for _ in samplers]
    order = list(enumerate(samplers))
    for number in range(rounds + 1):
        for at, sample in order if number % 2 else reversed(order):
            taken = sample()
            if number:
                found[at].append(taken)
    return found

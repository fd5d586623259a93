"""Timing: how long calls take, as a distribution."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SAMPLE = 1e-4
"""Seconds that one sample takes at least; shorter calls are repeated within it."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per call: one number for each sample, in the order of measuring.

    `number` is how many calls one sample is the mean of.
    """

    samples: tuple[float, ...]
    number: int = 1

    @property
    def median(self) -> float:
        """The median of the samples, in seconds."""
        return statistics.median(self.samples)

    @property
    def minimum(self) -> float:
        """The fastest sample, in seconds."""
        return min(self.samples)

    @property
    def maximum(self) -> float:
        """The slowest sample, in seconds."""
        return max(self.samples)

    @property
    def mean(self) -> float:
        """The mean of the samples, in seconds."""
        return statistics.fmean(self.samples)

    def quantile(self, fraction: float) -> float:
        """The sample below which this fraction (0 to 1) of the samples lies, interpolated, in seconds."""
        if not 0 <= fraction <= 1:
            raise ValueError(f"a quantile is for a fraction from 0 to 1, not {fraction}")
        ordered = sorted(self.samples)
        place = fraction * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    def __str__(self) -> str:
        shown = ", ".join(
            f"{name} {duration(value)}"
            for name, value in (
                ("median", self.median),
                ("min", self.minimum),
                ("10 %", self.quantile(0.1)),
                ("90 %", self.quantile(0.9)),
                ("max", self.maximum),
            )
        )
        count = f"{len(self.samples)} samples"
        return f"{shown} ({count}{f' of {self.number} calls' if self.number > 1 else ''})"


def measure(
    function: Callable[[], Any], *, repeat: int = 30, warmup: int = 3, number: int | None = None
) -> Timing:
    """Time a function.

    Args:
        function: what to call, without arguments.
        repeat: how many samples to take, at least 1.
        warmup: how many calls to make before, which are not counted.
        number: how many calls one sample is the mean of; by default so many that a sample takes at least
            `SAMPLE` seconds.

    Raises `ValueError` for numbers that make no sense, and whatever the function raises.
    """
    if repeat < 1 or warmup < 0 or (number is not None and number < 1):
        raise ValueError("repeat and number are at least 1, warmup at least 0")
    for _ in range(warmup):
        function()
    clock = time.perf_counter
    if number is None:
        number = 1
        while True:
            begun = clock()
            for _ in range(number):
                function()
            taken = clock() - begun
            if taken >= SAMPLE or number >= 1 << 20:
                break
            number *= 2 if taken <= 0 else max(2, min(16, int(SAMPLE / taken) + 1))
    samples = []
    rounds = range(number)
    for _ in range(repeat):
        begun = clock()
        for _ in rounds:
            function()
        samples.append((clock() - begun) / number)
    return Timing(tuple(samples), number)


def duration(seconds: float) -> str:
    """A duration with a fitting unit: ``12.3 ms``."""
    for limit, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= limit:
            return f"{seconds / limit:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"

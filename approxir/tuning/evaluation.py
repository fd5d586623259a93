"""Evaluations: what is found out about one configuration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One configuration, how long it takes and how good its result is.

    Args:
        config: the value of every parameter, by name.
        time_ms: how long one run takes, in milliseconds: the median of the samples. None for a failure.
        quality: how good the result is, 1 being as good as that of the exact program. None for a failure.
        failure: why there is neither, for a configuration that crashed, ran too long or gave no numbers.
        number: which evaluation of its search it was, counted from 0.
        static: whether the search was one without decisions at run time.
        samples_ms: every measured time, in milliseconds, in the order of measuring.
        details: whatever else the evaluator tells; it must be what JSON can hold.
    """

    config: Mapping[str, int]
    time_ms: float | None = None
    quality: float | None = None
    failure: str | None = None
    number: int = 0
    static: bool = False
    samples_ms: tuple[float, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = self.time_ms is not None and self.quality is not None
        if known == (self.failure is not None):
            raise ValueError("an evaluation has either a time and a quality, or a failure")
        if known:
            assert self.time_ms is not None
            assert self.quality is not None
            if not (math.isfinite(self.time_ms) and self.time_ms >= 0):
                raise ValueError(f"a time is a number of milliseconds from 0 on, not {self.time_ms}")
            if not math.isfinite(self.quality):
                raise ValueError(f"a quality is a number, not {self.quality}")

    @property
    def ok(self) -> bool:
        """Whether there is a time and a quality."""
        return self.failure is None

    @property
    def loss(self) -> float:
        """The loss of quality, 1 - quality; 0.03 is what the literature calls 3 %. Infinite for a failure."""
        return math.inf if self.quality is None else 1 - self.quality

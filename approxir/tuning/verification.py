"""Whether the exact program computes what C computes, and how fast it is beside it."""

from __future__ import annotations

from dataclasses import dataclass

from approxir.tuning.frontier import speedup
from approxir.tuning.rounds import typical


@dataclass(frozen=True, slots=True)
class Verification:
    """The exact program beside its yardstick.

    Args:
        ulps: the greatest distance between their results, in units in the last place; 0 for results that are
            equal bit for bit, infinite for integers that differ. None without a yardstick.
        allowed: the distance that is allowed.
        exact_ms: the samples of the exact program in milliseconds.
        yardstick_ms: those of C, taken in turns with the others.
        yardstick: the C compiler and its options, or why there is none.
    """

    ulps: float | None
    allowed: float
    exact_ms: tuple[float, ...]
    yardstick_ms: tuple[float, ...]
    yardstick: str

    @property
    def ok(self) -> bool:
        """Whether the results are near enough, as far as that is known."""
        return self.ulps is None or self.ulps <= self.allowed

    @property
    def ratio(self) -> float | None:
        """How many times as fast as C the exact program is, by the lower quartiles; None without C."""
        if not self.yardstick_ms:
            return None
        return speedup(typical(self.yardstick_ms), typical(self.exact_ms))

    def __str__(self) -> str:
        exact = f"exact code: {typical(self.exact_ms):.6g} ms"
        if self.ulps is None or self.ratio is None:
            return f"{exact}\nC: {self.yardstick}"
        speed = f"C {typical(self.yardstick_ms):.6g} ms: {self.ratio:.3f} times the speed of C"
        return "\n".join([f"{exact}, {speed}", f"C: {self.yardstick}", f"results: {self._agreement()}"])

    def _agreement(self) -> str:
        if not self.ulps:
            return "equal to those of C, bit for bit"
        distance = f"{self.ulps:.6g} units in the last place from those of C"
        return f"{distance}, {self.allowed:g} are allowed"

"""What one knob allows: its part of a search space."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

from approxir.dialects.approx.params import I32_LIMITS, integers
from approxir.knobs.parameters import parameter_name
from approxir.tuning.ascending import Ascending, steps
from approxir.tuning.search_errors import SpaceError

if TYPE_CHECKING:
    from approxir.knobs.view import KnobView

Vector = tuple[int, ...]
"""A configuration as numbers, one for each axis of its space."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The integers from 0 or `low` up to `high` that one number of a vector may be.

    An ordered axis is one of a threshold, on which close numbers mean much the same; the numbers of another
    one count the values that a decision may take.
    """

    low: int
    high: int
    ordered: bool


@dataclass(frozen=True)
class KnobSpace:
    """What the parameters of one knob may be.

    Args:
        name: the knob's name, behind that of its module where there are several.
        bounds: the least and the greatest value of each threshold.
        decisions: how many decisions there are.
        values: what a decision may be, ascending.
        thresholds_now: the thresholds that the module has.
        decisions_now: the decisions that the module has.
        static: whether all decisions are the same, so that the state does not matter, nor do thresholds.
    """

    name: str
    bounds: tuple[tuple[int, int], ...]
    decisions: int
    values: tuple[int, ...]
    thresholds_now: tuple[int, ...]
    decisions_now: tuple[int, ...]
    static: bool = False

    @classmethod
    def of(cls, knob: KnobView, prefix: str = "") -> KnobSpace:
        """What a knob of a module allows; the prefix goes before its name."""
        params = knob.read()
        least, most = I32_LIMITS
        bounds = []
        for number in range(len(params.thresholds)):
            low, high = params.bounds(number)
            # Bounds may be wider than states are, which are i32.
            bounds.append((max(low, least), min(high, most)))
        values = params.decision_values or params.decisions
        return cls(
            prefix + knob.name,
            tuple(bounds),
            len(params.decisions),
            tuple(sorted(set(values))),
            params.thresholds,
            params.decisions,
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters: thresholds, then decisions."""
        return tuple(
            [parameter_name(self.name, "threshold", at) for at in range(len(self.bounds))]
            + [parameter_name(self.name, "decision", at) for at in range(self.decisions)]
        )

    @cached_property
    def ascending(self) -> Ascending:
        """The thresholds."""
        return Ascending(self.bounds)

    @cached_property
    def size(self) -> int:
        """How many configurations the knob has."""
        count = self.ascending.count
        if self.static:
            return len(self.values) if count and self.decisions else min(count, 1)
        return count * math.prod([len(self.values)] * self.decisions)

    @cached_property
    def resting(self) -> tuple[int, ...]:
        """The thresholds of a static knob: those that the module has, or others that are allowed."""
        return self.ascending.arrange(self.thresholds_now)

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """What the numbers of a vector may be."""
        choice = Axis(0, len(self.values) - 1, ordered=False)
        if self.static:
            return (choice,) if self.decisions else ()
        return (
            *[Axis(low, high, ordered=True) for low, high in self.ascending.tight],
            *[choice] * self.decisions,
        )

    def sample(self, rng: Random) -> tuple[int, ...]:
        """Values of the parameters, each configuration with the same probability."""
        if self.static:
            return self.joined(self.resting, [rng.choice(self.values)] * self.decisions)
        return self.joined(self.ascending.sample(rng), rng.choices(self.values, k=self.decisions))

    def contains(self, values: Sequence[int]) -> bool:
        """Whether these are allowed values of the parameters."""
        thresholds, decisions = self.parted(values)
        if thresholds not in self.ascending or not all(value in self.values for value in decisions):
            return False
        return not self.static or (thresholds == self.resting and len(set(decisions)) <= 1)

    def nearest(self, values: Sequence[int]) -> tuple[int, ...]:
        """Allowed values that are much like these."""
        thresholds, decisions = self.parted(values)
        allowed = [min(self.values, key=lambda value: (abs(value - old), value)) for old in decisions]
        if self.static:
            # The most cautious of the decisions stands for all of them.
            return self.joined(self.resting, [min(allowed)] * self.decisions if allowed else [])
        return self.joined(self.ascending.arrange(thresholds), allowed)

    def encode(self, values: Sequence[int]) -> Vector:
        """Allowed values as numbers on the axes."""
        thresholds, decisions = self.parted(values)
        places = [self.values.index(value) for value in decisions]
        return tuple(places[:1]) if self.static else (*thresholds, *places)

    def decode(self, vector: Sequence[int]) -> tuple[int, ...]:
        """The allowed values that numbers on the axes stand for."""
        if self.static:
            return self.joined(self.resting, [self.values[place] for place in vector] * self.decisions)
        cut = len(self.bounds)
        return self.joined(
            self.ascending.arrange(vector[:cut]), [self.values[place] for place in vector[cut:]]
        )

    def neighbours(self, values: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """Allowed values that differ from these in one parameter, of a static knob in all decisions."""
        thresholds, decisions = self.parted(values)
        if self.static:
            for value in self.values:
                if self.decisions and value != decisions[0]:
                    yield self.joined(thresholds, [value] * self.decisions)
            return
        for at, old in enumerate(thresholds):
            low, high = self.bounds[at]
            if at:
                low = max(low, thresholds[at - 1] + 1)
            if at + 1 < len(thresholds):
                high = min(high, thresholds[at + 1] - 1)
            for moved in steps(old, low, high):
                yield self.joined([*thresholds[:at], moved, *thresholds[at + 1 :]], decisions)
        for at, old in enumerate(decisions):
            for value in self.values:
                if value != old:
                    yield self.joined(thresholds, [*decisions[:at], value, *decisions[at + 1 :]])

    @property
    def now(self) -> tuple[int, ...]:
        """The values that the module has, allowed or not."""
        return self.thresholds_now + self.decisions_now

    def parted(self, values: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The thresholds and the decisions among the values of all parameters."""
        cut = len(self.bounds)
        return tuple(values[:cut]), tuple(values[cut:])

    def joined(self, thresholds: Sequence[int], decisions: Sequence[int]) -> tuple[int, ...]:
        """The values of all parameters."""
        return (*thresholds, *decisions)

    def everything(self) -> Iterator[tuple[int, ...]]:
        """Every combination of allowed values."""
        if self.static:
            for value in self.values if self.decisions else (0,):
                yield self.joined(self.resting, [value] * self.decisions)
            return
        for thresholds in self.ascending:
            for decisions in product(self.values, repeat=self.decisions):
                yield self.joined(thresholds, decisions)

    def to_json(self) -> dict[str, Any]:
        """The knob as an object that JSON can hold."""
        return {
            "name": self.name,
            "bounds": [list(pair) for pair in self.bounds],
            "decisions": self.decisions,
            "values": list(self.values),
            "thresholds_now": list(self.thresholds_now),
            "decisions_now": list(self.decisions_now),
            "static": self.static,
        }

    @classmethod
    def from_json(cls, entry: Any) -> KnobSpace:
        """The knob that `to_json` has made an object of. Raises `SpaceError`, `KeyError` or `TypeError`."""
        bounds = tuple([integers(pair, "bounds") for pair in entry["bounds"]])
        if any(len(pair) != 2 for pair in bounds):
            raise SpaceError("bounds of thresholds are pairs of integers")
        decisions = entry["decisions"]
        values = integers(entry["values"], "values")
        name = entry["name"]
        if not isinstance(name, str) or type(decisions) is not int or decisions < 0:
            raise SpaceError("a knob has a name and a number of decisions")
        if type(entry["static"]) is not bool:
            raise SpaceError("whether a knob is static is true or false")
        found = cls(
            name,
            tuple([(low, high) for low, high in bounds]),
            decisions,
            tuple(sorted(set(values))),
            integers(entry["thresholds_now"], "thresholds_now"),
            integers(entry["decisions_now"], "decisions_now"),
            entry["static"],
        )
        if len(found.thresholds_now) != len(bounds) or len(found.decisions_now) != decisions:
            raise SpaceError(f"{name}: there are not as many values now as there are parameters")
        if (decisions and not values) or not found.size:
            raise SpaceError(f"{name}: the knob has no configuration")
        return found

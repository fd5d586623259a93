"""A search along the whole frontier: what is non-dominated is varied, and competes with what comes of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from random import Random
from typing import Any, ClassVar

from approxir.tuning.engines.base import Engine, Task
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import non_dominated
from approxir.tuning.knob_space import Axis, KnobSpace
from approxir.tuning.space import Config, SearchSpace

ELSEWHERE = 0.1
"""How often a configuration is drawn from the whole space, in the long run."""
EARLY = 50
"""After so many evaluations every second configuration is drawn from the whole space, before that more."""
AIMED = 0.15
"""How often the point that is varied is the best one for the bound on quality, or next to it."""
MORE = 0.4
"""How often one more number is changed."""
MERE = 0.9
"""How often what was mixed is left at that."""
LEVEL = 0.2
"""How often what is changed are all decisions of a knob, which become one."""
BEGINNING = 24
"""So many landmarks a search begins with at most."""
CROSSED = 0.5
"""How often the knobs of two points of the frontier are mixed before one is varied."""


class Evolution(Engine):
    """Varies points of the frontier of all that is known, those in wide gaps more often.

    One or a few numbers of a point are changed: a threshold by a step of any order of magnitude, a decision
    to another value; or all decisions of a knob become the same. Some configurations are drawn from the
    whole space instead.
    """

    name: ClassVar[str] = "evolution"

    def __init__(self, task: Task, **options: Any) -> None:
        super().__init__(task, **options)
        self._rng = Random(task.seed)
        self._frontier: tuple[Evaluation, ...] = ()
        self._told = 0
        self._begin = islice(landmarks(task.space), BEGINNING)

    def ask(self) -> Config:
        first = next(self._begin, None)
        if first is not None:
            return first
        space, rng = self.task.space, self._rng
        elsewhere = max(ELSEWHERE, EARLY / (EARLY + self._told))
        if not self._frontier or rng.random() < elsewhere:
            return space.sample(rng)
        vector = list(space.encode(self._parent()))
        if len(self._frontier) > 1 and rng.random() < CROSSED:
            other = space.encode(rng.choice(self._frontier).config)
            mixed = self._mixed(vector, other)
            if mixed not in (vector, list(other)) and rng.random() < MERE:
                return space.decode(mixed)
            vector = mixed
        decided = [knob for knob in space.knobs if knob.decisions]
        if decided and rng.random() < LEVEL:
            knob = rng.choice(decided)
            return {**space.decode(vector), **level(knob, rng.choice(knob.values))}
        movable = [at for at, axis in enumerate(space.axes) if axis.low < axis.high]
        for at in rng.sample(movable, min(self._how_many(), len(movable))):
            vector[at] = varied(vector[at], space.axes[at], rng)
        return space.decode(vector)

    def tell(self, config: Mapping[str, int], evaluation: Evaluation) -> None:
        self._told += 1
        if evaluation.ok:
            self._frontier = non_dominated((*self._frontier, evaluation))

    def _parent(self) -> Mapping[str, int]:
        """A point of the frontier: the better of two by the gap around it, ends before all others."""
        if self._rng.random() < AIMED:
            return self._frontier[self._aimed()].config
        one, two = (self._rng.randrange(len(self._frontier)) for _ in range(2))
        return self._frontier[max(one, two, key=self._gap)].config

    def _aimed(self) -> int:
        """The fastest point that keeps the bound, or one next to it."""
        found = len(self._frontier) - 1
        for at, point in enumerate(self._frontier):
            if point.quality is not None and point.quality >= self.task.bound:
                found = at
                break
        near = range(max(0, found - 1), min(len(self._frontier), found + 2))
        return self._rng.choice(near)

    def _gap(self, at: int) -> float:
        if at in (0, len(self._frontier) - 1):
            return float("inf")
        (early, low), (late, high) = (_place(self._frontier[near]) for near in (at - 1, at + 1))
        (first, worst), (last, best) = (_place(self._frontier[end]) for end in (0, -1))
        return (late - early) / (last - first) + (high - low) / (best - worst)

    def _mixed(self, one: list[int], other: tuple[int, ...]) -> list[int]:
        """Each knob from one or the other."""
        mixed: list[int] = []
        for knob in self.task.space.knobs:
            chosen = one if self._rng.random() < 0.5 else other
            mixed.extend(chosen[len(mixed) : len(mixed) + len(knob.axes)])
        return mixed

    def _how_many(self) -> int:
        count = 1
        while self._rng.random() < MORE:
            count += 1
        return count


def varied(place: int, axis: Axis, rng: Random) -> int:
    """Another number on an axis."""
    if not axis.ordered:
        moved = rng.randrange(axis.low, axis.high)
        return moved if moved < place else moved + 1
    span = axis.high - axis.low
    distance = max(1, round(span / math.exp2(rng.uniform(0.0, math.log2(span) + 0.5))))
    moved = place + rng.choice((-1, 1)) * distance
    if not axis.low <= moved <= axis.high:
        moved = 2 * place - moved
    return max(axis.low, min(axis.high, moved))


def landmarks(space: SearchSpace) -> Iterator[Config]:
    """Configurations that say much about a space, of which few are alike.

    That of now, all knobs with their first, second, ... decision throughout, and then one knob with each of
    its decisions, while the others have their first.
    """
    now = space.nearest({})
    yield now
    deepest = max(len(knob.values) for knob in space.knobs)
    for rank in range(deepest):
        chosen = dict(now)
        for knob in space.knobs:
            chosen.update(level(knob, knob.values[min(rank, len(knob.values) - 1)]))
        if not rank:
            first = chosen
        yield chosen
    if len(space.knobs) > 1:
        for rank in range(deepest - 1, 0, -1):
            for knob in space.knobs:
                if rank < len(knob.values):
                    yield {**first, **level(knob, knob.values[rank])}


def level(knob: KnobSpace, value: int) -> Config:
    """All decisions of a knob with one value."""
    return dict.fromkeys(knob.names[len(knob.bounds) :], value)


def _place(point: Evaluation) -> tuple[float, float]:
    """The time and the quality of a point of a frontier, which has both."""
    assert point.time_ms is not None
    assert point.quality is not None
    return point.time_ms, point.quality

"""Synthetic programs for tuners: times and qualities by formula, with the true frontier known.

The time and the loss of a program are sums over its knobs, so that its frontier is that of the sums of points
of the knobs' own frontiers, which are found by trying every configuration of one knob.
"""

from __future__ import annotations

from bisect import bisect_right
from random import Random

from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier, non_dominated
from approxir.tuning.knob_space import KnobSpace
from approxir.tuning.space import SearchSpace

FIXED_MS = 0.2


def knob(name: str, bounds: list[tuple[int, int]], values: list[int]) -> KnobSpace:
    """A knob with that many thresholds, whose exact configuration is the current one."""
    count = len(bounds) + 1
    rest = tuple(next(iter(KnobSpace(name, tuple(bounds), count, (0,), (), ()).ascending)))
    return KnobSpace(name, tuple(bounds), count, tuple(values), rest, (values[0],) * count)


class Landscape:
    """A program: each knob runs once for every state from 0 on, and some states bear approximation well.

    Perforating by v takes 1 / v of the time and loses 1 - 1 / v of what the state is worth.
    """

    def __init__(self, space: SearchSpace, seed: int, states: int = 64) -> None:
        rng = Random(seed)
        self.space = space
        self.states = states
        self.cost = {held.name: rng.uniform(0.5, 2.0) for held in space.knobs}
        self.worth = {held.name: [0.3 * rng.random() ** 3 for _ in range(states)] for held in space.knobs}

    def __call__(self, config: dict[str, int]) -> tuple[float, float]:
        time, loss = FIXED_MS, 0.0
        for held in self.space.knobs:
            more, lost = self.part(held, [config[name] for name in held.names])
            time += more
            loss += lost
        return time, 1 - loss

    def part(self, held: KnobSpace, values: list[int] | tuple[int, ...]) -> tuple[float, float]:
        """The time and the loss of one knob."""
        thresholds, decisions = held.parted(values)
        time = loss = 0.0
        for state, worth in enumerate(self.worth[held.name]):
            step = max(1, decisions[bisect_right(thresholds, state)])
            time += self.cost[held.name] / step
            loss += worth * (1 - 1 / step)
        return time / self.states, loss / self.states

    def frontier(self) -> Frontier:
        """The true frontier, without the configurations that lead to it."""
        points = [Evaluation({}, FIXED_MS, 1.0)]
        for held in self.space.knobs:
            parts = {self.part(held, values) for values in held.everything()}
            own = non_dominated([Evaluation({}, time, 1 - loss) for time, loss in parts])
            points = list(non_dominated([add(one, two) for one in points for two in own]))
        return Frontier(points)

    @property
    def reference(self) -> tuple[float, float]:
        """Worse than all that matters: the time of the exact program and a bit, a loss of 30 % a knob."""
        return FIXED_MS + sum(self.cost.values()) * 1.01, 1 - 0.1 * len(self.cost)


def add(one: Evaluation, two: Evaluation) -> Evaluation:
    assert one.time_ms is not None
    assert two.time_ms is not None
    assert one.quality is not None
    assert two.quality is not None
    return Evaluation({}, one.time_ms + two.time_ms, one.quality + two.quality - 1)


def small_program(seed: int) -> Landscape:
    """Two knobs, 149,760 configurations."""
    space = SearchSpace((knob("a", [(0, 64)], [0, 2, 4]), knob("b", [(0, 15)], [0, 2, 3, 8])))
    return Landscape(space, seed)


def program(seed: int) -> Landscape:
    """Three knobs, 54 million configurations."""
    space = SearchSpace(
        (knob("a", [(0, 64)], [0, 2, 4]), knob("b", [(0, 64)], [0, 2, 3, 8]), knob("c", [(0, 22)], [0, 2]))
    )
    return Landscape(space, seed)


def kernel(seed: int) -> Landscape:
    """Three knobs of two thresholds and four values, 40 trillion configurations, 64 of them static.

    That is what kernels have in publications. With even seeds what a state is worth grows or falls along the
    states, which decisions at run time can make use of; with odd ones it is random.
    """
    found = Landscape(SearchSpace(tuple([knob(name, [(0, 64)] * 2, [1, 2, 4, 8]) for name in "abc"])), seed)
    if not seed % 2:
        rng = Random(seed)
        for worth in found.worth.values():
            most, power, grows = rng.uniform(0.05, 0.6), rng.uniform(0, 4), rng.random() < 0.5
            places = range(found.states) if grows else range(found.states - 1, -1, -1)
            worth[:] = [most * (place / (found.states - 1)) ** power for place in places]
    return found

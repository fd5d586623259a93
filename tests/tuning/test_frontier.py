"""Frontiers: which evaluations are on them, and what is asked of them."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.evaluations import FAILURES, SMALL, SUCCESSES, evaluation

import approxir as ax
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier, bounds, non_dominated

CURVE = [evaluation(1, 0.80, 0), evaluation(2, 0.94, 1), evaluation(4, 0.97, 2), evaluation(9, 1.0, 3)]
REFERENCES = st.tuples(st.integers(-1, 10), st.integers(-2, 5)).map(lambda pair: (pair[0] / 2, pair[1] / 4))
LOOSE = settings(deadline=None, derandomize=True)


def dominates(a: Evaluation, b: Evaluation) -> bool:
    no_worse = a.time_ms <= b.time_ms and a.quality >= b.quality
    return no_worse and (a.time_ms < b.time_ms or a.quality > b.quality)


@LOOSE
@given(st.lists(SMALL | FAILURES, max_size=12))
def test_the_points_are_those_that_nothing_dominates(evaluations: list[Evaluation]) -> None:
    frontier = Frontier(evaluations)
    successes = [e for e in evaluations if e.ok]
    free = [e for e in successes if not any(dominates(other, e) for other in successes)]
    # Of several with the same time and quality, the first.
    first = {(e.time_ms, e.quality): e for e in reversed(free)}
    assert list(frontier) == [first[key] for key in sorted(first)]
    assert len(frontier.failures) == len(evaluations) - len(successes)
    for slower, faster in itertools.pairwise(reversed(frontier.points)):
        assert slower.time_ms > faster.time_ms
        assert slower.quality > faster.quality


@LOOSE
@given(st.lists(SMALL, max_size=12), st.randoms())
def test_the_order_of_the_evaluations_does_not_matter(
    evaluations: list[Evaluation], rng: random.Random
) -> None:
    points = [(e.time_ms, e.quality) for e in Frontier(evaluations)]
    shuffled = list(evaluations)
    rng.shuffle(shuffled)
    assert [(e.time_ms, e.quality) for e in Frontier(shuffled)] == points


def test_the_number_of_comparisons_is_n_log_n() -> None:
    class Counted(float):
        count = 0

        def __lt__(self, other: float) -> bool:
            Counted.count += 1
            return float(self) < float(other)

        def __gt__(self, other: float) -> bool:
            Counted.count += 1
            return float(self) > float(other)

        def __neg__(self) -> Counted:
            return Counted(-float(self))

    def comparisons(n: int) -> int:
        rng = random.Random(n)
        evaluations = [Evaluation({}, Counted(rng.random()), Counted(rng.random())) for _ in range(n)]
        Counted.count = 0
        non_dominated(evaluations)
        return Counted.count

    # Doubling n twice multiplies n log n by 4.6 to 4.9, and n squared by 16.
    assert 1000 < comparisons(1000) < 20_000
    assert comparisons(4000) < 6 * comparisons(1000)


@LOOSE
@given(st.lists(SMALL, max_size=6), REFERENCES)
def test_hypervolume_is_that_of_the_union_of_rectangles(
    evaluations: list[Evaluation], reference: tuple[float, float]
) -> None:
    # By inclusion and exclusion over all evaluations, dominated ones among them: exact in fractions.
    limit, floor = map(Fraction, reference)
    area = Fraction(0)
    for size in range(1, len(evaluations) + 1):
        for group in itertools.combinations(evaluations, size):
            width = max(Fraction(0), limit - max(Fraction(e.time_ms) for e in group))
            height = max(Fraction(0), min(Fraction(e.quality) for e in group) - floor)
            area += (-1) ** (size + 1) * width * height
    assert Frontier(evaluations).hypervolume(reference) == float(area)


@settings(LOOSE, max_examples=10)
@given(st.lists(SMALL, min_size=1, max_size=8), st.integers(0, 2**32))
def test_hypervolume_is_what_random_points_measure(evaluations: list[Evaluation], seed: int) -> None:
    rng = random.Random(seed)
    reference, samples = (5.0, -0.5), 4000
    inside = 0
    for _ in range(samples):
        time, quality = rng.uniform(0, 5), rng.uniform(-0.5, 1)
        inside += any(e.time_ms <= time and e.quality >= quality for e in evaluations)
    share = Frontier(evaluations).normalized_hypervolume(reference)
    # Five standard deviations of the estimate, the share being its mean.
    assert abs(share - inside / samples) <= 5 * (share * (1 - share) / samples) ** 0.5 + 1e-12


@LOOSE
@given(
    st.lists(SUCCESSES, max_size=6), SUCCESSES, st.tuples(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
)
def test_hypervolume_grows_with_evaluations_and_with_a_worse_reference(
    evaluations: list[Evaluation], more: Evaluation, reference: tuple[float, float]
) -> None:
    before = Frontier(evaluations).hypervolume(reference)
    assert before >= 0
    assert Frontier([*evaluations, more]).hypervolume(reference) >= before
    worse = (reference[0] + abs(reference[0]), reference[1] - abs(reference[1]))
    assert Frontier(evaluations).hypervolume(worse) >= before


def test_normalized_hypervolume() -> None:
    assert Frontier([evaluation(0, 1)]).normalized_hypervolume((3, 0)) == 1
    assert Frontier([]).normalized_hypervolume((3, 0)) == 0
    assert Frontier([evaluation(1, 0.5)]).normalized_hypervolume((2, 0.25), (1, 0.5)) == 1
    assert Frontier([evaluation(1, 0.5)]).normalized_hypervolume((2, 0.25), (0, 0.75)) == 0.25
    assert bounds([Frontier(CURVE), Frontier([evaluation(10, 2)])]) == ((10, 0.8), (1, 2))
    with pytest.raises(ax.ArgumentError, match="not better than the reference"):
        Frontier(CURVE).normalized_hypervolume((0, 0))
    for wrong in ((1,), (1, float("nan")), (float("inf"), 0), None, ("a", 1)):
        with pytest.raises(ax.ArgumentError, match="pair of finite numbers"):
            Frontier(CURVE).hypervolume(wrong)  # type: ignore[arg-type]


@LOOSE
@given(st.lists(SMALL, max_size=10), st.integers(-2, 5), st.none() | st.integers(0, 8))
def test_best_is_the_fastest_that_keeps_the_bounds(
    evaluations: list[Evaluation], quality: int, time: int | None
) -> None:
    limit = None if time is None else time / 2
    kept = [e for e in evaluations if e.quality >= quality / 4 and (limit is None or e.time_ms <= limit)]
    frontier = Frontier(evaluations)
    if kept:
        found = frontier.best(quality=quality / 4, time_ms=limit)
        assert found.time_ms == min(e.time_ms for e in kept)
        assert found.quality == max(e.quality for e in kept if e.time_ms == found.time_ms)
    else:
        with pytest.raises(ax.NoConfigurationError, match=r"no configuration|empty"):
            frontier.best(quality=quality / 4, time_ms=limit)


@LOOSE
@given(st.lists(SMALL, max_size=10), st.integers(-1, 8))
def test_best_within_a_time_is_the_best(evaluations: list[Evaluation], time: int) -> None:
    kept = [e for e in evaluations if e.time_ms <= time / 2]
    if kept:
        found = Frontier(evaluations).best(time_ms=time / 2)
        assert found.quality == max(e.quality for e in kept)
        assert found.time_ms == min(e.time_ms for e in kept if e.quality == found.quality)
    else:
        with pytest.raises(ax.NoConfigurationError):
            Frontier(evaluations).best(time_ms=time / 2)


def test_bounds_must_be_numbers() -> None:
    for arguments in ({}, {"quality": float("nan")}, {"time_ms": "fast"}, {"quality": object()}):
        with pytest.raises(ax.ArgumentError):
            Frontier(CURVE).best(**arguments)  # type: ignore[arg-type]
    with pytest.raises(ax.ArgumentError):
        Frontier(CURVE).at_loss(None)  # type: ignore[arg-type]


def test_losses() -> None:
    frontier = Frontier(CURVE)
    assert frontier.at_loss(0.03).number == 2
    assert {loss: point and point.number for loss, point in frontier.at_losses().items()} == {
        0.03: 2,
        0.06: 1,
        0.09: 1,
    }
    assert Frontier(CURVE[:1]).at_losses((0.1, 0.25)) == {0.1: None, 0.25: CURVE[0]}
    with pytest.raises(ax.NoConfigurationError, match=r"a quality of 1; the best has 0\.8"):
        Frontier(CURVE[:1]).at_loss(0)


@LOOSE
@given(st.lists(SMALL, min_size=1, max_size=10))
def test_the_knee_is_farthest_above_the_line_between_the_ends(evaluations: list[Evaluation]) -> None:
    frontier = Frontier(evaluations)
    first, last = frontier[0], frontier[-1]
    if len(frontier) == 1:
        assert frontier.knee == first
        return
    times, qualities = last.time_ms - first.time_ms, last.quality - first.quality

    def distance(point: Evaluation) -> Fraction:
        time = Fraction(point.time_ms - first.time_ms) / Fraction(times)
        return Fraction(point.quality - first.quality) / Fraction(qualities) - time

    most = max(map(distance, frontier))
    assert distance(frontier.knee) == most
    assert frontier.knee.quality == max(point.quality for point in frontier if distance(point) == most)


def test_an_empty_frontier_has_no_knee() -> None:
    with pytest.raises(ax.NoConfigurationError):
        _ = Frontier([]).knee
    assert Frontier(CURVE).knee.number == 1


def test_speedup() -> None:
    frontier = Frontier(CURVE, baseline=evaluation(12, 1))
    assert [frontier.speedup(point) for point in frontier] == [12, 6, 3, 12 / 9]
    assert frontier.speedup(CURVE[0], baseline=CURVE[1]) == 2
    assert frontier.speedup(evaluation(0, 1)) == float("inf")
    with pytest.raises(ax.ArgumentError, match="needs a baseline"):
        Frontier(CURVE).speedup(CURVE[0])
    with pytest.raises(ax.ArgumentError, match="failure"):
        frontier.speedup(Evaluation({}, failure="no"))


@LOOSE
@given(st.lists(SMALL | FAILURES, max_size=6), st.lists(SMALL | FAILURES, max_size=6))
def test_merging(first: list[Evaluation], second: list[Evaluation]) -> None:
    a, b = Frontier(first), Frontier(second, baseline=CURVE[3])
    both = a | b
    assert list(both) == list(Frontier([*first, *second]))
    assert both.baseline == CURVE[3]
    assert all(e in both.evaluations for e in (*first, *second))
    assert both | a == both
    assert both.merge(a, b, both) == both


def test_static_and_dynamic_are_kept_apart() -> None:
    mixed = Frontier(
        [*CURVE, *(evaluation(e.time_ms * 2, e.quality, 9, static=True) for e in CURVE)], baseline=CURVE[3]
    )
    assert list(mixed.dynamic) == CURVE
    assert [point.time_ms for point in mixed.static] == [2, 4, 8, 18]
    assert mixed.static.baseline == CURVE[3]
    assert list(mixed) == CURVE


def test_only_evaluations_make_a_frontier() -> None:
    with pytest.raises(ax.ArgumentError, match="a dict is none"):
        Frontier([{}])  # type: ignore[list-item]
    with pytest.raises(ax.ArgumentError, match="the baseline is a failure: no"):
        Frontier([], baseline=Evaluation({}, failure="no"))
    assert Frontier([]) == Frontier([])
    assert Frontier([]) != Frontier(CURVE)
    assert Frontier(CURVE) != Frontier(CURVE, baseline=CURVE[0])
    assert (Frontier([]) == 1) is False
    with pytest.raises(TypeError):
        hash(Frontier([]))
    assert ax.Frontier is Frontier

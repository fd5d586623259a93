"""Pareto frontiers: the configurations of which none is both faster and better than another."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from approxir.errors import ArgumentError
from approxir.tuning.errors import NoConfigurationError
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.records import dump_evaluation

if TYPE_CHECKING:
    from rich.table import Table

LOSSES = (0.03, 0.06, 0.09)
"""The losses of quality at which publications compare: 3, 6 and 9 percent."""


class Frontier(Sequence[Evaluation]):
    """The non-dominated evaluations of a search, fastest first, and the evaluations that they are of.

    One evaluation dominates another if it is at least as fast and at least as good, and one of the two is
    not equal. So along the frontier both time and quality grow, strictly; of evaluations with the same time
    and quality the first counts. A frontier is a sequence of its points and does not change.

    Args:
        evaluations: all evaluations, failures among them, in any order.
        baseline: the evaluation of the exact program, for speed-ups. It need not be among the evaluations
            and takes no part in the frontier unless it is.

    Raises `ArgumentError` for anything that is no `Evaluation`.
    """

    def __init__(self, evaluations: Iterable[Evaluation] = (), *, baseline: Evaluation | None = None) -> None:
        self.evaluations: tuple[Evaluation, ...] = tuple(evaluations)
        for evaluation in self.evaluations if baseline is None else (*self.evaluations, baseline):
            if not isinstance(evaluation, Evaluation):
                kind = type(evaluation).__name__
                raise ArgumentError(f"a frontier is made of evaluations; a {kind} is none")
        if baseline is not None and not baseline.ok:
            raise ArgumentError(f"the baseline is a failure: {baseline.failure}")
        self.baseline = baseline
        self._points = non_dominated(self.evaluations)

    # The points.

    @property
    def points(self) -> tuple[Evaluation, ...]:
        """The non-dominated evaluations, fastest first."""
        return self._points

    def __len__(self) -> int:
        return len(self._points)

    def __getitem__(self, index: Any) -> Any:
        return self._points[index]

    def __iter__(self) -> Iterator[Evaluation]:
        return iter(self._points)

    @cached_property
    def failures(self) -> tuple[Evaluation, ...]:
        """The evaluations without a time and a quality."""
        return tuple([evaluation for evaluation in self.evaluations if not evaluation.ok])

    @cached_property
    def dynamic(self) -> Frontier:
        """The frontier of the evaluations that decide at run time."""
        return Frontier([e for e in self.evaluations if not e.static], baseline=self.baseline)

    @cached_property
    def static(self) -> Frontier:
        """The frontier of the evaluations without decisions at run time."""
        return Frontier([e for e in self.evaluations if e.static], baseline=self.baseline)

    # Choosing.

    def best(self, *, quality: float | None = None, time_ms: float | None = None) -> Evaluation:
        """The fastest point with at least this quality, or the best within this time.

        With both, the fastest point that keeps both. Raises `NoConfigurationError` where there is none, and
        `ArgumentError` without a bound.
        """
        if quality is None and time_ms is None:
            raise ArgumentError("best() needs a bound: best(quality=0.95) or best(time_ms=20)")
        quality, time_ms = _bound(quality, "quality"), _bound(time_ms, "time_ms")
        if not self._points:
            raise NoConfigurationError(f"the frontier is empty ({len(self.failures)} failures)")
        if quality is None:
            assert time_ms is not None
            count = bisect_left(self._points, True, key=lambda point: _time(point) > time_ms)
            if not count:
                raise NoConfigurationError(
                    f"no configuration takes at most {time_ms:g} ms; the fastest takes "
                    f"{_time(self._points[0]):g} ms"
                )
            return self._points[count - 1]
        at = bisect_left(self._points, quality, key=_quality)
        if at == len(self._points):
            raise NoConfigurationError(
                f"no configuration has a quality of {quality:g}; the best has {_quality(self._points[-1]):g}"
            )
        found = self._points[at]
        if time_ms is not None and _time(found) > time_ms:
            raise NoConfigurationError(
                f"no configuration with a quality of {quality:g} takes at most {time_ms:g} ms; the fastest "
                f"takes {_time(found):g} ms"
            )
        return found

    def at_loss(self, loss: float) -> Evaluation:
        """The fastest point that loses at most this much quality: `at_loss(0.03)` keeps 97 %.

        Raises `NoConfigurationError` where there is none.
        """
        bound = _bound(loss, "loss")
        return self.best(quality=None if bound is None else 1 - bound)

    def at_losses(self, losses: Iterable[float] = LOSSES) -> dict[float, Evaluation | None]:
        """The fastest point for each loss of quality; None where there is none."""
        found: dict[float, Evaluation | None] = {}
        for loss in losses:
            try:
                found[loss] = self.at_loss(loss)
            except NoConfigurationError:
                found[loss] = None
        return found

    @property
    def knee(self) -> Evaluation:
        """The point from which on more speed costs much quality, and more quality much speed.

        It is the point that is farthest from the straight line between the two ends of the frontier, on the
        side of better points, with time and quality scaled to their ranges on the frontier (I. Das, "On
        characterizing the 'knee' of the Pareto curve based on normal-boundary intersection", Structural
        Optimization 18, 1999). Where no point lies on that side it is an end: the one with the better
        quality. Raises `NoConfigurationError` for an empty frontier.
        """
        if not self._points:
            raise NoConfigurationError("an empty frontier has no knee")
        first, last = self._points[0], self._points[-1]
        if len(self._points) < 3:
            return last
        # Exact, since the ranges may be as small or as large as floating-point numbers get.
        (t0, q0), (t1, q1) = _exact(first), _exact(last)

        def height(point: Evaluation) -> Fraction:
            time, quality = _exact(point)
            return (quality - q0) / (q1 - q0) - (time - t0) / (t1 - t0)

        return max(reversed(self._points), key=height)

    # Measures.

    def speedup(self, point: Evaluation, *, baseline: Evaluation | None = None) -> float:
        """How many times faster a point is than the baseline.

        The baseline is the frontier's own unless one is given. Raises `ArgumentError` without either, and
        for a failure.
        """
        base = self.baseline if baseline is None else baseline
        if base is None:
            raise ArgumentError("a speed-up needs a baseline: Frontier(..., baseline=...) or baseline=...")
        if not (base.ok and point.ok):
            raise ArgumentError("a failure has no speed-up")
        return speedup(_time(base), _time(point))

    def hypervolume(self, reference: tuple[float, float]) -> float:
        """The area that the frontier dominates, up to a reference point (time in ms, quality).

        That is the measure of all (time, quality) that are not better than every point and not worse than
        the reference, which should be worse than all that matters: a long time, a low quality. Points that
        are not better than the reference add nothing. The larger the better; a frontier that dominates
        another has more. Computed without rounding before the end. (E. Zitzler and L. Thiele,
        "Multiobjective Optimization Using Evolutionary Algorithms: A Comparative Case Study", PPSN V, 1998.)

        Raises `ArgumentError` for a reference that is not two finite numbers.
        """
        return _rounded(self._area(reference))

    def normalized_hypervolume(
        self, reference: tuple[float, float], ideal: tuple[float, float] = (0.0, 1.0)
    ) -> float:
        """The hypervolume as a share of that of an ideal point.

        With the default ideal, no time at all and the quality of the exact program, it is between 0 and 1
        as long as no quality is above 1. `ideal` may also be the best time and quality that were seen, as
        `bounds` gives them. Raises `ArgumentError` for an ideal that is not better than the reference.
        """
        limit, floor = _pair(reference, "reference")
        time, quality = _pair(ideal, "ideal")
        if time >= limit or quality <= floor:
            raise ArgumentError(f"the ideal point {ideal} is not better than the reference {reference}")
        return _rounded(self._area(reference) / ((limit - time) * (quality - floor)))

    def _area(self, reference: tuple[float, float]) -> Fraction:
        limit, floor = _pair(reference, "reference")
        area = Fraction(0)
        for point in self._points:
            time, quality = _exact(point)
            if time < limit and quality > floor:
                area += (limit - time) * (quality - floor)
                floor = quality
        return area

    # Putting together.

    def merge(self, *others: Frontier) -> Frontier:
        """The frontier of all evaluations together; those that are equal count once.

        The baseline is the first that there is.
        """
        seen: set[str] = set()
        kept: list[Evaluation] = []
        frontiers = (self, *others)
        for frontier in frontiers:
            for evaluation in frontier.evaluations:
                key = dump_evaluation(evaluation)
                if key not in seen:
                    seen.add(key)
                    kept.append(evaluation)
        return Frontier(kept, baseline=next((f.baseline for f in frontiers if f.baseline is not None), None))

    def __or__(self, other: object) -> Frontier:
        return self.merge(other) if isinstance(other, Frontier) else NotImplemented

    def __eq__(self, other: object) -> bool:
        """Whether the evaluations, in their order, and the baseline are equal."""
        if not isinstance(other, Frontier):
            return NotImplemented
        return self.evaluations == other.evaluations and self.baseline == other.baseline

    __hash__ = None  # type: ignore[assignment]

    # Showing and keeping.

    def __repr__(self) -> str:
        return (
            f"<Frontier of {len(self._points)} points, {len(self.evaluations)} evaluations, "
            f"{len(self.failures)} failures>"
        )

    def __str__(self) -> str:
        from approxir.tuning.tables import frontier_text

        return frontier_text(self)

    def __rich__(self) -> Table:
        """What rich prints."""
        from approxir.tuning.tables import rich_table

        return rich_table(self)

    def _repr_html_(self) -> str:
        from approxir.tuning.tables import frontier_html

        return frontier_html(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to a file, in the format of its ending: ``.json``, ``.jsonl`` or ``.csv``.

        The old file is replaced as a whole or not at all. Raises `RecordError` for another ending and for
        what the format cannot hold, `OSError` where the file cannot be written.
        """
        from approxir.tuning.frontier_files import save_frontier

        save_frontier(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Frontier:
        """The frontier that a file holds, whichever of the formats it has.

        Raises `RecordError`, with the place of what is wrong, and `OSError`.
        """
        from approxir.tuning.frontier_files import load_frontier

        return load_frontier(path)

    def plot(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Draw it; the options are those of `approxir.tuning.plotting.plot`."""
        from approxir.tuning.plotting import plot

        plot(self, path, **options)

    def report(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write a page about it; the options are those of `approxir.tuning.report.write_report`."""
        from approxir.tuning.report import write_report

        write_report(self, path, **options)


def non_dominated(evaluations: Iterable[Evaluation]) -> tuple[Evaluation, ...]:
    """The evaluations that none of the others dominates, fastest first, in time n log n."""
    ranked = sorted([e for e in evaluations if e.ok], key=lambda e: (_time(e), -_quality(e)))
    found: list[Evaluation] = []
    for evaluation in ranked:
        # Sorting keeps the order of equal ones, so that the first of them comes first here.
        if not found or _quality(evaluation) > _quality(found[-1]):
            found.append(evaluation)
    return tuple(found)


def bounds(
    frontiers: Iterable[Frontier], *, most_loss: float = float("inf")
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The worst and the best (time in ms, quality) of the points of several frontiers.

    The first may serve as reference and the second as ideal when hypervolumes are compared. Points that lose
    more quality than `most_loss` are left out. Raises `NoConfigurationError` where there is no point.
    """
    points = [point for frontier in frontiers for point in frontier if point.loss <= most_loss]
    if not points:
        raise NoConfigurationError("the frontiers have no points")
    times, qualities = [_time(point) for point in points], [_quality(point) for point in points]
    return (max(times), min(qualities)), (min(times), max(qualities))


def speedup(base_ms: float, time_ms: float) -> float:
    """How many times less `time_ms` is than `base_ms`; infinite for no time at all."""
    if time_ms == 0:
        return 1.0 if base_ms == 0 else float("inf")
    return base_ms / time_ms


def _pair(point: tuple[float, float], name: str) -> tuple[Fraction, Fraction]:
    try:
        time, quality = point
        return Fraction(float(time)), Fraction(float(quality))
    except (TypeError, ValueError, OverflowError):
        message = f"{name} is a pair of finite numbers, a time in ms and a quality, not {point!r}"
        raise ArgumentError(message) from None


def _bound(value: float | None, name: str) -> float | None:
    try:
        number = None if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if number is not None and number != number:
        raise ArgumentError(f"{name} is a number, not {value!r}")
    return number


def _exact(point: Evaluation) -> tuple[Fraction, Fraction]:
    return Fraction(float(_time(point))), Fraction(float(_quality(point)))


def _rounded(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _time(evaluation: Evaluation) -> float:
    assert evaluation.time_ms is not None
    return evaluation.time_ms


def _quality(evaluation: Evaluation) -> float:
    assert evaluation.quality is not None
    return evaluation.quality


def as_frontiers(given: Frontier | Mapping[str, Frontier]) -> dict[str, Frontier]:
    """One frontier or several by name, as several by name; a single one has the name ``""``."""
    if isinstance(given, Frontier):
        return {"": given}
    if not isinstance(given, Mapping) or not all(isinstance(item, Frontier) for item in given.values()):
        raise ArgumentError(f"this takes a Frontier or a mapping of names to them, not {given!r}")
    if not given:
        raise ArgumentError("there is no frontier to show")
    return {str(name): frontier for name, frontier in given.items()}

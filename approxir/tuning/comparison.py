"""Static against dynamic: what two searches of one program have found, measured once more side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from approxir.errors import ArgumentError
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import LOSSES, Frontier, speedup

if TYPE_CHECKING:
    from rich.console import Group

MOST_LOSS = 0.10
"""The loss of quality up to which hypervolumes are taken: what is compared at 3, 6 and 9 % lies within it."""


@dataclass(frozen=True)
class Measured:
    """The points of both frontiers, the exact program and the yardstick, with one set of inputs.

    Args:
        exact: the program compiled without its approximations; of quality 1.
        static: the evaluations of the points that the static search has found.
        dynamic: those of the other search.
        yardstick: the same in C; None where there is no C, or no compiler.
    """

    exact: Evaluation
    static: tuple[Evaluation, ...]
    dynamic: tuple[Evaluation, ...]
    yardstick: Evaluation | None = None

    def __post_init__(self) -> None:
        if not self.exact.ok or (self.yardstick is not None and not self.yardstick.ok):
            raise ArgumentError("the exact program and the yardstick have a time and a quality")

    @cached_property
    def frontiers(self) -> dict[str, Frontier]:
        """The frontier of each search, by ``static`` and ``dynamic``; the baseline is the exact program."""
        return {
            "static": Frontier(self.static, baseline=self.exact),
            "dynamic": Frontier(self.dynamic, baseline=self.exact),
        }

    def choices(self, search: str) -> Frontier:
        """The frontier of a search with the exact program, which can always be chosen as well."""
        frontier = self.frontiers[search]
        return Frontier((self.exact, *frontier.evaluations), baseline=self.exact)

    def hypervolume(self, search: str) -> float:
        """The area that the choices of a search dominate, as a share from 0 to 1.

        The whole is what no time at all and quality 1 would dominate, up to the time of the exact program and
        a loss of `MOST_LOSS`: the reference is the same for both searches.
        """
        assert self.exact.time_ms is not None
        reference = (self.exact.time_ms, 1 - MOST_LOSS)
        return self.choices(search).normalized_hypervolume(reference)

    def find(self, config: Mapping[str, int], search: str) -> Evaluation | None:
        """The evaluation of a configuration, that of the exact program for none; None if there is none."""
        if not config:
            return self.exact
        return next((e for e in self.frontiers[search].evaluations if dict(e.config) == dict(config)), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """The fastest configuration of a search that keeps a bound on the loss, with one set of inputs.

    It is chosen by the inputs of the search, and judged by these.

    Args:
        inputs: ``tuning`` or ``held-out``.
        search: ``static`` or ``dynamic``.
        bound: the loss that it was chosen for.
        evaluation: its time and quality with these inputs.
        over_exact: how many times as fast as the exact program it is.
        over_yardstick: how many times as fast as C, where that is known.
    """

    inputs: str
    search: str
    bound: float
    evaluation: Evaluation
    over_exact: float
    over_yardstick: float | None


@dataclass(frozen=True)
class Comparison:
    """The frontiers of a static and of a dynamic search of one program.

    All times were taken again after the searches, in turns, so that the luck of a search decides nothing.

    Args:
        name: what the program is called.
        knobs: how many knobs it has.
        sizes: how many configurations the space of each search has, by ``static`` and ``dynamic``.
        evaluations: how many of them each search has evaluated.
        tuning: the measurements with the inputs of the searches.
        held_out: those with inputs that the searches have not seen.
        yardstick: the C compiler and its options, or why there is none.
        settings: what else there is to say about how the numbers came about: names to texts.
    """

    name: str
    knobs: int
    sizes: Mapping[str, int]
    evaluations: Mapping[str, int]
    tuning: Measured
    held_out: Measured
    yardstick: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def measured(self) -> dict[str, Measured]:
        """The measurements by ``tuning`` and ``held-out``."""
        return {"tuning": self.tuning, "held-out": self.held_out}

    @cached_property
    def frontier(self) -> Frontier:
        """The frontier of all points with the inputs of the searches; the baseline is the exact program."""
        return Frontier((*self.tuning.dynamic, *self.tuning.static), baseline=self.tuning.exact)

    def choices(self, losses: tuple[float, ...] = LOSSES) -> Iterator[Choice]:
        """What either search offers at each loss of quality, with the inputs of the search and the others."""
        for inputs, measured in self.measured.items():
            for search in ("static", "dynamic"):
                for bound, chosen in self.tuning.choices(search).at_losses(losses).items():
                    assert chosen is not None, "the exact program loses nothing"
                    found = measured.find(chosen.config, search)
                    if found is not None and found.ok:
                        yield _choice(inputs, search, bound, found, measured)

    def gain(self, inputs: str = "tuning") -> float:
        """The hypervolume of the dynamic search over that of the static one; infinite over none at all."""
        held = self.measured[inputs]
        return speedup(held.hypervolume("dynamic"), held.hypervolume("static"))

    # Showing and keeping.

    def __str__(self) -> str:
        from approxir.tuning.comparison_tables import comparison_text

        return comparison_text(self)

    def __rich__(self) -> Group:
        """What rich prints."""
        from approxir.tuning.comparison_tables import comparison_rich

        return comparison_rich(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file of JSON. Raises `OSError`, and `RecordError` for what JSON cannot hold."""
        from approxir.tuning.comparison_files import save_comparison

        save_comparison(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Comparison:
        """The comparison that a file of JSON holds. Raises `RecordError`, with its place, and `OSError`."""
        from approxir.tuning.comparison_files import load_comparison

        return load_comparison(path)

    def plot(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Draw both frontiers; the options are those of `approxir.tuning.plotting.plot`."""
        self.frontier.plot(path, **{"title": self.name, **options})

    def report(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write a page with both frontiers, as `approxir.tuning.report.write_report` does."""
        seen = (*self.held_out.static, *self.held_out.dynamic)
        self.frontier.report(path, **{"title": self.name, "held_out": seen, **options})


def _choice(inputs: str, search: str, bound: float, found: Evaluation, measured: Measured) -> Choice:
    assert found.time_ms is not None
    assert measured.exact.time_ms is not None
    over_yardstick = None
    if measured.yardstick is not None:
        assert measured.yardstick.time_ms is not None
        over_yardstick = speedup(measured.yardstick.time_ms, found.time_ms)
    over_exact = speedup(measured.exact.time_ms, found.time_ms)
    return Choice(inputs, search, bound, found, over_exact, over_yardstick)

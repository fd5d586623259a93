"""Generated examples by number: the same ones for the same seed, in any order and any process."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.errors import HypothesisWarning

from approxir.testing.cases import cases
from approxir.testing.examination import Case

_BYTES = 16_384
"""More random bytes than any example uses."""


T = TypeVar("T")


class Examples:
    """Examples of a strategy, made from random bytes by Hypothesis, and a check of them.

    Hypothesis, left to itself, begins with the simplest examples and repeats itself; it is meant to find
    bugs in a hundred examples, not in a hundred thousand. From random bytes nearly all are different.

    Args:
        strategy: what to generate.
        check: is called with each example; what it raises is a finding.
    """

    def __init__(self, strategy: st.SearchStrategy[T], check: Callable[[T], None]) -> None:
        def examine(example: T) -> None:
            check(example)

        how = settings(
            phases=(Phase.reuse, Phase.shrink),
            # What `run` finds is put there, and `shrink` goes on from it.
            database=InMemoryExampleDatabase(),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
            verbosity=Verbosity.quiet,
        )
        # Shrinking takes its chances too, always the same ones. A seed takes the database away, settings give
        # it back.
        self._test = how(seed(0)(given(strategy)(examine)))
        # Hypothesis's wrapper has this attribute, of which type checkers do not know.
        self._fuzz = self._test.hypothesis.fuzz_one_input  # type: ignore[attr-defined]

    def run(self, seed: int, number: int) -> None:
        """Check the example of that number. Raises what the check raises."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HypothesisWarning)
            self._fuzz(random.Random(f"{seed}/{number}").randbytes(_BYTES))

    def shrink(self) -> None:
        """Check ever smaller examples like that on which `run` raised, and raise what the last one does."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HypothesisWarning)
            self._test()


def collect(
    examples: int, *, seed: int = 0, wanted: Callable[[Case], bool] = lambda case: True, **options: Any
) -> list[Case]:
    """The first cases of a seed that are wanted; `options` are those of `approxir.testing.cases.cases`."""
    found: list[Case] = []

    def keep(case: Case) -> None:
        if wanted(case):
            found.append(case)

    made = Examples(cases(**options), keep)
    for number in itertools.count():
        if len(found) >= examples:
            break
        made.run(seed, number)
    return found

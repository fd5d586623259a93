"""Looking for a module on which a subject goes wrong: generated modules, oracles, and the smallest
finding.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import hypothesis
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from approxir.testing.examination import Case, Examination
from approxir.testing.examples import Examples
from approxir.testing.oracles.failure import OracleFailure
from approxir.testing.oracles.running import MAX_STEPS
from approxir.testing.reducing import reduce
from approxir.testing.subjects import EndlessError, Subject

SHRINKING = 60.0
"""Seconds for making a finding smaller, first by Hypothesis and then as often again by erasing operations."""


_TRIES = 5
"""How often a smaller module is tried where the finding does not come each time."""

_HURRY = 10
"""Into how many parts the time for one module is divided while one that does not end is made smaller."""

_PLACE = re.compile(r"^.*?:\d+:\d+: (?:error: )?")


class _Stop(BaseException):
    """Ends a search from inside an example; not an `Exception`, which Hypothesis would take for a finding."""


@dataclass
class Finding:
    """A module on which an oracle found something.

    Attributes:
        case: the module, as small as it could be made.
        failure: what the oracle says about it.
        example: the number of the example that found it, from 1, before it was made smaller.
        original: the module of that example.
        shrinks: how many smaller modules were tried.
        steady: whether the finding came again each time.
        cut: whether the time for making it smaller was over before that was done.
    """

    case: Case
    failure: OracleFailure
    example: int
    original: str
    shrinks: int = 0
    steady: bool = True
    cut: bool = False


@dataclass
class Report:
    """What a search did.

    Attributes:
        seed: what decided about the examples.
        examples: how many modules were examined.
        distinct: how many different ones.
        seconds: how long it took, making a finding smaller included.
        changed: how many the subject changed.
        refusals: what the subject refused, and how often: the first line of each message.
        outcomes: for each oracle, how often it compared, or why it did not.
        finding: the first finding, made small.
        ended: why the search ended: after all ``"examples"``, by a ``"finding"``, by the limit of ``"time"``,
            or because somebody ``"interrupted"`` it.
    """

    seed: int
    examples: int = 0
    distinct: int = 0
    seconds: float = 0.0
    changed: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    finding: Finding | None = None
    ended: str = "examples"

    @property
    def refused(self) -> int:
        """How many modules the subject refused."""
        return sum(self.refusals.values())


def search(
    subject: Subject,
    cases: st.SearchStrategy[Case],
    oracles: Sequence[str],
    *,
    examples: int = 1000,
    seed: int = 0,
    seconds: float | None = None,
    max_steps: int = MAX_STEPS,
    prepare: str = "",
    shrinking: float = SHRINKING,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Examine generated modules until there is a finding, and make that small.

    The same seed gives the same examples in the same order, as long as the versions of approxir and
    Hypothesis are the same.

    Args:
        subject: what is tested.
        cases: what modules to examine.
        oracles: names in `approxir.testing.ORACLES`; that the subject does not crash is always asked.
        examples: how many modules at most.
        seed: decides about the examples.
        seconds: for how long at most, not counting what makes a finding smaller; by default without end.
        max_steps: how many operations a call may execute before it counts as one that does not end.
        prepare: passes that run first, and are taken to be right.
        shrinking: seconds for making a finding smaller by Hypothesis, and as many again for erasing
            operations.
        progress: is told, after each example, how many there have been.

    Returns:
        What was done, and the finding if there is one: findings are not raised.

    Raises:
        MissingDependencyError: an oracle needs a package that is not installed.
        CommandError: the program of a `CommandSubject` cannot be run.
    """
    running = _Running(subject, oracles, Report(seed), seconds, max_steps, prepare, shrinking, progress)
    made = Examples(cases, running.examine)
    report = running.report
    begun = time.monotonic()
    try:
        if _finds(running, made, seed, examples):
            # Not while the failure is handled, or it would be the context of all that follow.
            _make_small(running, made)
    except KeyboardInterrupt:
        report.ended = "interrupted"
    else:
        if report.finding is not None:
            report.ended = "finding"
    report.seconds = time.monotonic() - begun
    return report


def _finds(running: _Running, made: Examples, seed: int, examples: int) -> bool:
    """Whether one of the examples is a finding."""
    try:
        for number in range(examples):
            running.next()
            made.run(seed, number)
    except OracleFailure:
        return True
    except _Stop:
        pass
    return False


def _make_small(running: _Running, made: Examples) -> None:
    finding = running.report.finding
    assert finding is not None
    first = finding.case, finding.failure
    try:
        made.shrink()
        # Shrinking ends in the failure again, unless that does not come each time.
        finding.steady = False
    except OracleFailure:
        pass
    except _Stop:
        finding.cut = True
    except (HypothesisException, BaseExceptionGroup):
        # What failed once did not fail again: Hypothesis calls that flaky.
        finding.steady = False
    running.reduce(finding)
    running.confirm(finding, first)


class _Running:
    def __init__(
        self,
        subject: Subject,
        oracles: Sequence[str],
        report: Report,
        seconds: float | None,
        max_steps: int,
        prepare: str,
        shrinking: float,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.subject = subject
        self.oracles = oracles
        self.report = report
        self.end = None if seconds is None else time.monotonic() + seconds
        self.max_steps = max_steps
        self.prepare = prepare
        self.shrinking = shrinking
        self.progress = progress
        self.known: set[int] = set()
        # Each smaller module that does not end takes all the time that it is given.
        self.quick = subject.hurried(_HURRY)

    def next(self) -> None:
        """Raise `_Stop` where the time is over, for the search or for making a finding smaller."""
        if self.end is not None and time.monotonic() > self.end:
            if self.report.finding is None:
                self.report.ended = "time"
            raise _Stop

    def examine(self, case: Case) -> None:
        """One example. Once there is a finding, only its oracle is asked, about smaller modules."""
        report, first = self.report, self.report.finding
        if first is not None:
            self.next()
        oracles = self.oracles if first is None else [n for n in self.oracles if n == first.failure.oracle]
        examination = self._examination(case)
        if first is None:
            report.examples += 1
            self.known.add(hash(case.text))
            report.distinct = len(self.known)
        else:
            first.shrinks += 1
        try:
            outcomes = examination.run(oracles)
        except OracleFailure as failure:
            self._found(case, failure)
            raise
        if first is None:
            self._note(outcomes)
            if self.progress is not None:
                self.progress(report.examples)

    def reduce(self, finding: Finding) -> None:
        """Erase what the finding does not need."""
        tries = 1 if finding.steady else _TRIES

        def shows(case: Case) -> bool:
            finding.shrinks += 1
            for _ in range(tries):
                failure = self._failure(self._examination(case), finding)
                if failure is not None:
                    finding.case, finding.failure = case, failure
                    return True
            return False

        end = time.monotonic() + self.shrinking
        reduce(finding.case, shows, seconds=self.shrinking)
        finding.cut = finding.cut or time.monotonic() > end

    def confirm(self, finding: Finding, first: tuple[Case, OracleFailure]) -> None:
        """Wait as long as the search did for a finding that does not end; go back if it does after all."""
        if isinstance(first[1], EndlessError) and self.quick is not self.subject:
            self.quick = self.subject
            failure = self._failure(self._examination(finding.case), finding)
            finding.case, finding.failure = first if failure is None else (finding.case, failure)

    def _examination(self, case: Case) -> Examination:
        first = self.report.finding
        endless = first is not None and isinstance(first.failure, EndlessError)
        subject = self.quick if endless else self.subject
        return Examination(case, subject, max_steps=self.max_steps, prepare=self.prepare)

    def _failure(self, held: Examination, finding: Finding) -> OracleFailure | None:
        """The finding's failure, if it comes again."""
        try:
            held.run([name for name in self.oracles if name == finding.failure.oracle])
        except OracleFailure as failure:
            return failure if _alike(failure, finding.failure) else None
        return None

    def _found(self, case: Case, failure: OracleFailure) -> None:
        first = self.report.finding
        if first is None:
            self.report.finding = Finding(case, failure, self.report.examples, case.text)
            self.end = time.monotonic() + self.shrinking
        elif not _alike(failure, first.failure):
            # Another finding, which must not take the place of the first one while that is made smaller.
            hypothesis.reject()
        elif _size(case) <= _size(first.case):
            first.case, first.failure = case, failure

    def _note(self, outcomes: dict[str, str]) -> None:
        report = self.report
        crash = outcomes.pop("crash")
        if crash.startswith("refused: "):
            report.refusals[_headline(crash.removeprefix("refused: "))] += 1
            return
        report.changed += crash == "changed"
        for name, outcome in outcomes.items():
            report.outcomes.setdefault(name, Counter())[outcome] += 1


def _alike(failure: OracleFailure, first: OracleFailure) -> bool:
    """Whether two failures are one finding. To crash and not to end are two things."""
    return failure.oracle == first.oracle and isinstance(failure, EndlessError) == isinstance(
        first, EndlessError
    )


def _size(case: Case) -> tuple[int, int]:
    return len(case.text), len(str(case.calls))


def _headline(message: str) -> str:
    """The first line of a message, without the place in the module, which differs each time."""
    first = message.splitlines()[0] if message else "nothing was said"
    return _PLACE.sub("", first) or first


__all__ = ["Finding", "Report", "search"]

"""Running the mutants: after how many generated modules is each caught, and by which oracle?"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from approxir.ir.module import parse
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE
from approxir.testing.examination import Case, Examination
from approxir.testing.examples import collect
from approxir.testing.mutants.mutant import Mutant
from approxir.testing.mutants.table import MUTANTS
from approxir.testing.oracles.failure import OracleFailure
from approxir.testing.oracles.running import Session, observe
from approxir.testing.subjects import PassSubject, Refusal

EXAMPLES = 500
"""By how many generated modules every mutant has to be caught."""

PIPELINE = ",".join(FUNC_SUBSTITUTE_PIPELINE)
_OF_THE_TEXT = ("changed", "valid", "semantics", "isolated", "interface", "complete")
"""Oracles to which the same text is as right when a broken pipeline makes it."""
_ASKED = (*_OF_THE_TEXT, "consistent", "idempotent")


@dataclass(frozen=True)
class Caught:
    """How a mutant was found out: the oracle, the number of the module (from 1), and what was said."""

    oracle: str
    example: int
    what: str


@dataclass(frozen=True)
class _Right:
    """What calls show of a module, and what the passes as they are make of it."""

    seen: Session
    text: str
    changed: bool | None


class Bench:
    """Generated modules, and what calls show of them while nothing is broken.

    Args:
        seed: decides about the modules.
        examples: how many of them there are, all with annotations.
    """

    def __init__(self, seed: int = 0, examples: int = EXAMPLES) -> None:
        self.cases: list[Case] = collect(
            # Without annotations the passes have nothing to do.
            examples,
            seed=seed,
            wanted=lambda case: "annotation." in case.text,
            max_ops=40,
            calls=6,
        )
        self._right: dict[int, _Right | None] = {}

    def right(self, number: int) -> _Right | None:
        """What is right for a case; None where the passes as they are refuse it."""
        if number not in self._right:
            case = self.cases[number]
            try:
                made = PassSubject(PIPELINE).rewrite(case.text)
                seen = observe(parse(case.text), case.calls)
                self._right[number] = _Right(seen, made.text, made.changed)
            except Refusal:
                self._right[number] = None
        return self._right[number]

    def catch(self, mutant: Mutant | None, *, examples: int | None = None) -> Caught | None:
        """Run the pipeline, broken by a mutant, until an oracle finds something.

        That a broken pipeline refuses a module that the right one lowers is a finding too, ``refused``. None
        stands for the pipeline as it is, in which nothing is to be found.
        """
        asked = [
            *_ASKED,
            *(name for name in (mutant.oracles if mutant else ()) if name not in (*_ASKED, "crash")),
        ]
        subject = PassSubject(PIPELINE)
        for number, case in enumerate(self.cases[:examples]):
            right = self.right(number)
            if right is None:
                continue
            examination = Examination(case, subject, seen=right.seen)
            try:
                outcomes = self._examined(examination, asked, mutant, right)
            except OracleFailure as failure:
                return Caught(failure.oracle, number + 1, failure.what)
            if outcomes["crash"].startswith("refused: "):
                return Caught("refused", number + 1, outcomes["crash"].splitlines()[0])
        return None

    @staticmethod
    def _examined(
        held: Examination, asked: Sequence[str], mutant: Mutant | None, right: _Right
    ) -> dict[str, str]:
        if mutant is None:
            return held.run(asked)
        with mutant.applied():
            outcomes = held.run(())
            if outcomes["crash"].startswith("refused: "):
                return outcomes
            made = held.rewritten
            if (made.text, made.changed) == (right.text, right.changed):
                asked = [name for name in asked if name not in _OF_THE_TEXT]
            return held.run(asked)


def _say(line: str) -> None:
    print(line, flush=True)


def run(
    mutants: Sequence[Mutant],
    bench: Bench,
    tell: Callable[[str], None] = _say,
) -> tuple[list[Mutant], list[Caught]]:
    """Run mutants, print a line for each, and return those that were not caught, and how the others were."""
    missed, caught = [], []
    width = max((len(mutant.name) for mutant in mutants), default=0)
    for mutant in mutants:
        found = bench.catch(mutant)
        if found is None:
            missed.append(mutant)
            how = f"NOT CAUGHT by {len(bench.cases)} examples"
        else:
            caught.append(found)
            how = f"{found.oracle:<12} {found.example:>4}"
        tell(f"{mutant.name:<{width}}  {how}  {mutant.wrong}")
    return missed, caught


def main(argv: Sequence[str]) -> int:
    """Run the mutants that patterns choose, all by default; 1 if one of them is not caught."""
    parser = argparse.ArgumentParser(prog="python -m approxir.testing.mutants", description=main.__doc__)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="names, such as 'threshold-*'")
    parser.add_argument("--seed", type=int, default=0, help="decides which modules are generated")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="how many of them")
    arguments = parser.parse_args(argv)
    chosen = [
        mutant
        for mutant in MUTANTS
        if not arguments.patterns or any(fnmatch.fnmatch(mutant.name, one) for one in arguments.patterns)
    ]
    if not chosen:
        print("no mutant has a name like that", file=sys.stderr)
        return 2
    begun = time.monotonic()
    bench = Bench(arguments.seed, arguments.examples)
    found = bench.catch(None)
    if found is not None:
        print(f"The passes as they are fail: {found.oracle}, example {found.example}: {found.what}")
        return 1
    missed, caught = run(chosen, bench)
    seconds = time.monotonic() - begun
    for oracle, number in Counter(one.oracle for one in caught).most_common():
        latest = max(one.example for one in caught if one.oracle == oracle)
        print(f"{oracle:<12} caught {number}, the last one by example {latest}")
    print(
        f"{len(chosen) - len(missed)} of {len(chosen)} mutants caught within {arguments.examples} examples, "
        f"seed {arguments.seed}, {seconds:.0f} s"
    )
    return 1 if missed else 0

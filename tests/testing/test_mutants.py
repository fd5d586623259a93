"""Broken passes are told from right ones."""

from __future__ import annotations

import pytest

from approxir.passes.calls import at_least
from approxir.testing.examination import ORACLES
from approxir.testing.mutants.mutant import Mutant, MutantError
from approxir.testing.mutants.running import Bench, main
from approxir.testing.mutants.table import MUTANTS

NAMES = [mutant.name for mutant in MUTANTS]
# Those that few modules show.
FAST = (
    "threshold-swapped",
    "cases-reversed",
    "last-decision-lost",
    "default-not-last",
    "state-index-without-sign",
)


def named(name: str) -> Mutant:
    return next(mutant for mutant in MUTANTS if mutant.name == name)


def test_the_table() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 40
    for mutant in MUTANTS:
        assert set(mutant.oracles) <= {*ORACLES, "crash", "refused"}, mutant.name


@pytest.mark.parametrize("mutant", MUTANTS, ids=NAMES)
def test_a_mutant_fits_the_code_and_goes_without_a_trace(mutant: Mutant) -> None:
    function, _ = mutant._function()
    before = function.__code__
    with mutant.applied():
        assert function.__code__ is not before
        assert function.__code__.co_code != before.co_code or function.__code__.co_consts != before.co_consts
    assert function.__code__ is before


def test_a_mutant_that_does_not_fit() -> None:
    for old, which, found in (("no_such_thing", -1, 0), ("build", -1, 1), ("first", 7, 1)):
        mutant = Mutant("m", "wrong", "passes.calls:at_least", old, "other", ("semantics",), which)
        if (old, which) == ("build", -1):
            with mutant.applied():
                pass
            continue
        with pytest.raises(MutantError, match=rf"holds '{old}' {found} times"), mutant.applied():
            pass
    with (
        pytest.raises(MutantError, match="there is no"),
        Mutant("m", "", "passes.calls:no", "a", "b", ()).applied(),
    ):
        pass
    assert at_least.__code__.co_filename.endswith("calls.py")


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(0, 40)


def test_the_passes_as_they_are(bench: Bench) -> None:
    assert bench.catch(None, examples=15) is None


@pytest.mark.parametrize("name", FAST)
def test_some_mutants_are_caught(name: str, bench: Bench) -> None:
    mutant = named(name)
    found = bench.catch(mutant)
    assert found is not None
    assert found.oracle in (*mutant.oracles, "refused")


@pytest.mark.slow
def test_every_mutant_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--seed", "0"])
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert f"{len(MUTANTS)} of {len(MUTANTS)} mutants caught" in printed

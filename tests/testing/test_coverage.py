"""What generated input reaches is counted, and texts that are nearly modules are read or refused."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

import approxir as ax
from approxir.testing import broken_texts
from approxir.testing.coverage import main
from approxir.testing.examples import Examples


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(broken_texts())
def test_what_is_nearly_a_module_is_read_or_refused(text: str) -> None:
    try:
        module = ax.parse(text).parse_all()
    except ax.ApproxIRError as error:
        said = str(error)
    else:
        assert str(module) == text
        return
    assert "error: " in said


def test_most_of_it_is_refused_and_not_always_for_the_same_reason() -> None:
    said: Counter[str] = Counter()

    def read(text: str) -> None:
        try:
            ax.parse(text).parse_all()
        except ax.ApproxIRError as error:
            said[str(error).splitlines()[0].partition("error: ")[2][:12]] += 1
        else:
            said["accepted"] += 1

    made = Examples(broken_texts(), read)
    for number in range(60):
        made.run(0, number)
    assert said["accepted"] < 40
    assert len(said) > 8


def test_what_is_reached_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("coverage")
    assert main(["--examples", "2", "--missing"]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[1:])
    assert {"passes", "transforms", "syntax", "passes/finalize_approx.py"} <= rows.keys()
    assert 20 < float(rows["passes"].split()[0]) <= 100

"""Comparisons of two searches: what is chosen, by which inputs it is judged, and what files hold."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.evaluations import SUCCESSES

import approxir as ax
from approxir.errors import ArgumentError
from approxir.tuning.comparison import Comparison, Measured
from approxir.tuning.comparison_files import dump_comparison, parse_comparison
from approxir.tuning.comparison_tables import choice_rows, frontier_rows
from approxir.tuning.errors import RecordError


def point(number: int, time_ms: float, quality: float, *, static: bool = False) -> ax.Evaluation:
    return ax.Evaluation({"f_decision_0": number}, time_ms, quality, number=number, static=static)


TUNING = Measured(
    exact=ax.Evaluation({}, 10.0, 1.0),
    static=(point(1, 8.0, 0.98, static=True), point(2, 4.0, 0.92, static=True)),
    dynamic=(point(3, 5.0, 0.97), point(4, 4.0, 0.95), point(5, 2.0, 0.80), point(6, 6.0, 0.96)),
    yardstick=ax.Evaluation({}, 9.0, 1.0),
)
HELD_OUT = Measured(
    exact=ax.Evaluation({}, 20.0, 1.0),
    static=(point(1, 16.0, 0.99, static=True), point(2, 8.0, 0.90, static=True)),
    dynamic=(point(3, 12.0, 0.96), point(4, 5.0, 0.93), point(5, 4.0, 0.99), point(6, 12.0, 0.96)),
)
COMPARISON = Comparison(
    "sums", 1, {"static": 4, "dynamic": 96}, {"static": 4, "dynamic": 50}, TUNING, HELD_OUT,
    "cc 12 -O3", {"scale": "0.5"},
)  # fmt: skip


def test_what_is_chosen_by_the_inputs_of_the_search_is_judged_by_the_others() -> None:
    found = {(c.inputs, c.search, c.bound): c for c in COMPARISON.choices()}
    numbers = {key: choice.evaluation.number for key, choice in found.items()}
    for inputs in ("tuning", "held-out"):
        # Held out, 5 would be the better choice; nobody could know.
        assert [numbers[inputs, "dynamic", loss] for loss in (0.03, 0.06, 0.09)] == [3, 4, 4]
        assert [numbers[inputs, "static", loss] for loss in (0.03, 0.06, 0.09)] == [1, 1, 2]
    chosen = found["tuning", "dynamic", 0.03]
    assert (chosen.over_exact, chosen.over_yardstick) == (2.0, 1.8)
    seen = found["held-out", "dynamic", 0.06]
    assert seen.evaluation.loss == pytest.approx(0.07)
    assert (seen.over_exact, seen.over_yardstick) == (4.0, None)


def test_the_exact_program_can_always_be_chosen() -> None:
    worse = replace(TUNING, static=(point(1, 11.0, 1.0, static=True), point(2, 1.0, 0.5, static=True)))
    comparison = replace(COMPARISON, tuning=worse)
    found = [c for c in comparison.choices() if c.search == "static"]
    assert {c.over_exact for c in found} == {1.0}
    assert {c.evaluation.time_ms for c in found} == {10.0, 20.0}
    assert worse.hypervolume("static") == 0


def test_hypervolumes_have_one_reference() -> None:
    # Of 10 ms times 10 %: (10 - 8) * 0.08 + (8 - 4) * 0.02, the rest up to the exact program adds nothing.
    assert TUNING.hypervolume("static") == pytest.approx((2 * 0.08 + 4 * 0.02) / (10 * 0.1))
    assert TUNING.hypervolume("dynamic") == pytest.approx((5 * 0.07 + 1 * 0.05) / (10 * 0.1))
    assert COMPARISON.gain() == pytest.approx(0.4 / 0.24)
    assert COMPARISON.gain("held-out") == HELD_OUT.hypervolume("dynamic") / HELD_OUT.hypervolume("static")


def test_a_point_that_fails_when_it_is_measured_again_is_not_chosen() -> None:
    failed = ax.Evaluation({"f_decision_0": 3}, failure="exception: no", number=3)
    held = replace(HELD_OUT, dynamic=(failed, *HELD_OUT.dynamic[1:]))
    comparison = replace(COMPARISON, held_out=held)
    missing = [(c.inputs, c.bound) for c in COMPARISON.choices() if c.evaluation.number == 3]
    assert missing == [("tuning", 0.03), ("held-out", 0.03)]
    assert [c.inputs for c in comparison.choices() if c.evaluation.number == 3] == ["tuning"]
    assert parse_comparison(dump_comparison(comparison)) == comparison


def test_an_exact_program_that_fails_is_refused() -> None:
    with pytest.raises(ArgumentError):
        replace(TUNING, exact=ax.Evaluation({}, failure="crash: ended by SIGSEGV"))


def test_tables() -> None:
    text = str(COMPARISON)
    assert "sums: 1 knob, 4 static and 96 dynamic configurations, of which 4 static and 50 dynamic" in text
    assert "exact code, tuning inputs: 10 ms, C 9 ms: 0.900 times the speed of C" in text
    assert "exact code, held-out inputs: 20 ms\n" in text
    assert "C: cc 12 -O3\nscale: 0.5\n" in text
    header, rows = choice_rows(COMPARISON)
    assert len(rows) == 12
    assert dict(zip(header, rows[3], strict=True)) == {
        "inputs": "tuning", "search": "dynamic", "at most": "3 %", "loss [%]": "3.00", "time [ms]": "5",
        "over exact": "2.00x", "over C": "1.80x", "evaluation": "3",
    }  # fmt: skip
    assert rows[-1][-2] == "-"
    assert [row[:3] for row in frontier_rows(COMPARISON)[1]] == [
        ["tuning", "static", "2"],
        ["tuning", "dynamic", "3"],
        ["held-out", "static", "2"],
        ["held-out", "dynamic", "1"],
    ]


def test_rich_shows_the_same() -> None:
    rich = pytest.importorskip("rich.console")
    console = rich.Console(width=200, file=io.StringIO())
    console.print(COMPARISON)
    shown = console.file.getvalue()
    for header, rows in (choice_rows(COMPARISON), frontier_rows(COMPARISON)):
        for cell in [*header, *[cell for row in rows for cell in row]]:
            assert cell in shown


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "comparison.json"
    COMPARISON.save(path)
    assert Comparison.load(path) == COMPARISON
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["searches"]["dynamic"] == {"size": 96, "evaluations": 50}
    assert data["held_out"]["yardstick"] is None


MEASURED = st.builds(
    Measured,
    SUCCESSES,
    st.lists(SUCCESSES, max_size=3).map(tuple),
    st.lists(SUCCESSES, max_size=3).map(tuple),
    st.none() | SUCCESSES,
)
COUNTS = st.fixed_dictionaries({"static": st.integers(0, 10**30), "dynamic": st.integers(0, 10**30)})
TEXTS = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)


@settings(max_examples=25, deadline=None)
@given(
    st.builds(Comparison, st.text(), st.integers(0, 99), COUNTS, COUNTS, MEASURED, MEASURED, st.text(), TEXTS)
)
def test_any_comparison_survives(comparison: Comparison) -> None:
    assert parse_comparison(dump_comparison(comparison)) == comparison


def _without(*path: str) -> Any:
    def change(data: dict[str, Any]) -> None:
        for name in path[:-1]:
            data = data[name]
        del data[path[-1]]

    return change


def _with(value: Any, *path: str) -> Any:
    def change(data: dict[str, Any]) -> None:
        for name in path[:-1]:
            data = data[name]
        data[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without("held_out"), "no entry 'held_out'"),
        (_without("tuning", "exact"), "no entry 'exact'"),
        (_with(2, "version"), "version 1"),
        (_with("three", "knobs"), "knobs is an integer"),
        (_with(True, "knobs"), "knobs is an integer"),
        (_with(3, "settings", "scale"), "scale is a text"),
        (_with({}, "tuning", "satic"), r"no entry 'satic'.*\n.*\n.*\n.*static"),
        (_with({"size": 3}, "searches", "static"), "no entry 'evaluations'"),
        (_with({"config": {}, "failure": "no"}, "tuning", "exact"), "have a time and a quality"),
        (_with([{"config": {"f": "x"}}], "held_out", "static"), "f is an integer"),
    ],
)
def test_files_that_are_wrong(change: Any, said: str) -> None:
    data = json.loads(dump_comparison(COMPARISON))
    change(data)
    with pytest.raises(RecordError, match=said) as caught:
        parse_comparison(json.dumps(data, indent=1), "comparison.json")
    assert caught.value.line >= 1
    assert str(caught.value).startswith("comparison.json:")


def test_a_text_that_is_no_comparison() -> None:
    for text in ("", "[]", "{", '{"version": 1}'):
        with pytest.raises(RecordError):
            parse_comparison(text)


def test_plot_and_page(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    COMPARISON.plot(tmp_path / "frontier.svg")
    drawn = (tmp_path / "frontier.svg").read_text(encoding="utf-8")
    assert "sums" in drawn
    COMPARISON.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "held-out quality" in page
    assert ">0.93<" in page

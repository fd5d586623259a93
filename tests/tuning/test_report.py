"""The page about a frontier: valid, whole in itself, and showing everything."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.evaluations import FAILURES, SMALL, evaluation

import approxir as ax
from approxir.tuning import report as pages
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier
from approxir.tuning.report import report, write_report
from approxir.tuning.tables import frontier_html

EVIL = '<script>alert("1")</script>&amp;'
EVALUATIONS = [
    evaluation(2, 0.9, 0),
    Evaluation({EVIL: 7, "g_decision_0": 3}, 4, 0.97, number=1),
    evaluation(9, 1.0, 2),
    evaluation(7, 0.8, 3, static=True),
    Evaluation({"f_decision_0": 4}, failure=f"it crashed: {EVIL}", number=4),
    Evaluation({"f_decision_0": 5}, failure=f"it crashed: {EVIL}", number=5),
    Evaluation({"f_decision_0": 6}, failure="it took longer than 10 s", number=6),
]
FRONTIER = Frontier(EVALUATIONS, baseline=Evaluation({}, 10.0, 1.0))


class Cells(HTMLParser):
    """The rows of all tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def check(text: str) -> None:
    """Whether a page is valid and needs nothing else."""
    html5lib.HTMLParser(strict=True).parse(text)
    assert not re.search(r"""(?:src|href)=["'](?!#)|url\((?!#)|@import""", text)
    assert "<script" not in text
    found = re.findall(r'\bid="([^"]+)"', text)
    assert len(found) == len(set(found))


def test_everything_is_on_the_page(tmp_path: Path) -> None:
    held_out = [
        Evaluation({"f_decision_0": 0}, 2.5, 0.89),
        Evaluation({"f_decision_0": 2}, failure="it hung"),
    ]
    path = tmp_path / "r.html"
    write_report(FRONTIER, path, title=f"Title {EVIL}", held_out=held_out, quality=0.95)
    text = path.read_text(encoding="utf-8")
    check(text)
    assert text.count("<svg") == 1
    assert f"<h1>Title {escape(EVIL)}</h1>" in text
    rows = Cells(text).rows
    at = next(i for i, row in enumerate(rows) if "held-out quality" in row)
    assert rows[at + 1 : at + 4] == [
        ["2", "5.00x", "0.9", "10", "0", "2.5", "0.89", "11"],
        ["4", "2.50x", "0.97", "3", "1", "", "", ""],
        ["9", "1.11x", "1", "0", "2", "failed: it hung", "", ""],
    ]
    for found in EVALUATIONS[:4]:
        assert any(row[0] == str(found.number) and row[1] == f"{found.time_ms:g}" for row in rows)
    assert ["2", f"it crashed: {EVIL}", "4", "f_decision_0=4"] in rows
    assert ["1", "it took longer than 10 s", "6", "f_decision_0=6"] in rows
    assert f"<pre>{escape(EVIL)}=7 g_decision_0=3</pre>" in text
    assert "Best configuration with a quality of at least 0.95" in text
    assert rows[0][4:7] == ["at 3 %", "at 6 %", "at 9 %"]


def test_several_frontiers_and_bounds_that_nothing_keeps() -> None:
    text = report({"a & b": FRONTIER, "c": Frontier(EVALUATIONS[:1])}, quality=0.95)
    check(text)
    assert [row[0] for row in Cells(text).rows[1:4]] == ["a & b dynamic", "a & b static", "c"]
    assert "no configuration has a quality of 0.95" in text


@settings(deadline=None, derandomize=True, max_examples=5)
@given(st.lists(SMALL | FAILURES, max_size=5), st.text(alphabet="a<&\"'$\x00\x0b\ufffe\u2028é", max_size=5))
def test_every_page_is_valid(evaluations: list[Evaluation], name: str) -> None:
    check(report({name: Frontier(evaluations)}, title=name))
    html5lib.HTMLParser(strict=True).parse(
        f"<!DOCTYPE html><title>x</title>{frontier_html(Frontier(evaluations))}"
    )


def test_names_may_hold_any_character() -> None:
    odd = "\x00\x0b\ufffe\udcff\u2028é<"
    text = report(Frontier([Evaluation({odd: 1}, 1, 1), Evaluation({}, failure=odd)]), title=odd)
    check(text)
    text.encode("utf-8")


def test_long_searches_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_ROWS", 2)
    assert "2 more evaluations are not listed" in report(FRONTIER)


def test_what_is_no_frontier(tmp_path: Path) -> None:
    with pytest.raises(ax.ArgumentError):
        write_report([], tmp_path / "r.html")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []

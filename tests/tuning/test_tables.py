"""Frontiers as tables of plain text, rich and HTML."""

from __future__ import annotations

import io

import rich.console
from support.evaluations import evaluation

from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier
from approxir.tuning.tables import comparison, parts, text_table

EVALUATIONS = [
    evaluation(2, 0.9, 1),
    evaluation(8, 1, 2),
    evaluation(4, 0.95, 3, static=True),
    Evaluation({}, failure="no"),
]
FRONTIER = Frontier(EVALUATIONS, baseline=evaluation(10, 1))


def test_plain_text() -> None:
    assert str(FRONTIER) == (
        "time [ms]  speed-up  quality  loss [%]  search   configuration\n"
        "---------  --------  -------  --------  -------  --------------\n"
        "        2     5.00x      0.9        10  dynamic  f_decision_0=1\n"
        "        4     2.50x     0.95         5  static   f_decision_0=3\n"
        "        8     1.25x        1         0  dynamic  f_decision_0=2\n"
        "3 points on the frontier, 4 evaluations, 1 failure"
    )
    assert str(Frontier([])) == "0 points on the frontier, 0 evaluations, 0 failures"
    assert repr(FRONTIER) == "<Frontier of 3 points, 4 evaluations, 1 failures>"


def test_one_line_for_each_row_whatever_the_names() -> None:
    odd = Frontier([Evaluation({f"a\n{i}": i for i in range(12)}, 1, 1)])
    assert str(odd).split("\n")[2].endswith("a\\n7=7 ... (12 in all)")


def test_rich_prints_the_same_cells() -> None:
    stream = io.StringIO()
    named = Frontier([Evaluation({"[red]x[/red]": 1}, 1, 1)])
    rich.console.Console(file=stream, width=200).print(FRONTIER, named)
    shown = stream.getvalue()
    for cell in ("5.00x", "f_decision_0=3", "static", "loss [%]", "[red]x[/red]=1", "1 failure"):
        assert cell in shown


def test_html() -> None:
    text = Frontier([Evaluation({"<b>": 1}, 1.5, 1)])._repr_html_()
    assert '<td class="number">1.5</td>' in text
    assert "<td>&lt;b&gt;=1</td>" in text


def test_comparing() -> None:
    header, rows = comparison(parts({"": FRONTIER}))
    assert header == [
        "frontier",
        "points",
        "evaluations",
        "failures",
        "at 3 %",
        "at 6 %",
        "at 9 %",
        "hypervolume",
    ]
    # Of the area from (8 ms, 0.9) to (2 ms, 1).
    assert rows == [
        ["dynamic", "2", "3", "1", "8 ms (1.25x)", "8 ms (1.25x)", "8 ms (1.25x)", "0.0000"],
        ["static", "1", "1", "0", "-", "4 ms (2.50x)", "4 ms (2.50x)", "0.3333"],
    ]
    assert text_table(header, rows).count("\n") == 3
    _, rows = comparison({"a": Frontier([]), "b": Frontier(EVALUATIONS[:1])})
    assert [row[4:] for row in rows] == [["-"] * 4] * 2

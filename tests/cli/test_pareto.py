"""`approxir pareto`: what it prints, picks, draws and writes."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from support.evaluations import evaluation

from approxir.cli import main
from approxir.tuning.database import Database
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier

Capture = pytest.CaptureFixture[str]
DYNAMIC = Frontier(
    [
        evaluation(2, 0.9, 1),
        evaluation(8, 1, 2),
        evaluation(9, 0.5, 3),
        Evaluation({}, failure="no", number=4),
    ],
    baseline=evaluation(10, 1),
)
STATIC = Frontier([evaluation(4, 0.95, 5, static=True)], baseline=evaluation(10, 1))
HPVM = "100\n+++++\nconf1 2 0 90 1.5\n1 gpu conv fp16 12\n-----\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    DYNAMIC.save(tmp_path / "dynamic.json")
    STATIC.save(tmp_path / "static.csv")
    (tmp_path / "confs.txt").write_text(HPVM)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_points_are_listed(folder: Path, capsys: Capture) -> None:
    assert main(["pareto", "dynamic.json"]) == 0
    assert capsys.readouterr().out == (
        "time [ms]  speed-up  quality  loss [%]  configuration\n"
        "---------  --------  -------  --------  --------------\n"
        "        2     5.00x      0.9        10  f_decision_0=1\n"
        "        8     1.25x        1         0  f_decision_0=2\n"
        "2 points on the frontier, 4 evaluations, 1 failure\n"
    )
    assert main(["pareto", "dynamic.json", "static.csv", "confs.txt"]) == 0
    out = capsys.readouterr().out
    assert [line for line in out.split("\n") if line in ("dynamic", "static", "confs")] == [
        "dynamic",
        "static",
        "confs",
    ]
    assert "node_1_conv_decision_0=12" in out


def test_comparing(folder: Path, capsys: Capture) -> None:
    assert main(["pareto", "dynamic.json", "static.csv", "--compare"]) == 0
    assert capsys.readouterr().out == (
        "frontier  points  evaluations  failures  at 3 %        at 6 %        at 9 %        hypervolume\n"
        "--------  ------  -----------  --------  ------------  ------------  ------------  -----------\n"
        "dynamic        2            4         1  8 ms (1.25x)  8 ms (1.25x)  8 ms (1.25x)       0.0000\n"
        "static         1            1         0  -             4 ms (2.50x)  4 ms (2.50x)       0.3333\n"
    )
    # Static and dynamic evaluations of one file are kept apart.
    assert main(["pareto", "dynamic.json", "static.csv", "-o", "both.json"]) == 0
    capsys.readouterr()
    assert main(["pareto", "both.json", "--compare"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.split("\n")[2:4]] == ["dynamic", "static"]


def test_picking(folder: Path, capsys: Capture) -> None:
    assert main(["pareto", "dynamic.json", "static.csv", "--best-quality", "0.95"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": 1, "parameters": {"f_decision_0": 5}}
    assert main(["pareto", "dynamic.json", "--best-time", "5"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == {"f_decision_0": 1}
    assert main(["pareto", "static.csv", "--best-quality", "0.97"]) == 1
    assert capsys.readouterr() == ("", "no configuration has a quality of 0.97; the best has 0.95\n")


def test_json(folder: Path, capsys: Capture) -> None:
    assert main(["pareto", "--json", "dynamic.json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["name"], found["evaluations"], found["failures"], found["knee"]) == ("dynamic", 4, 1, 2)
    assert found["losses"] == {"0.03": 2, "0.06": 2, "0.09": 2}
    assert [(point["time_ms"], point["speedup"]) for point in found["points"]] == [(2, 5), (8, 1.25)]


def test_plots_pages_and_files(folder: Path, capsys: Capture) -> None:
    arguments = [
        "--plot",
        "p.png",
        "--html",
        "p.html",
        "--title",
        "A <title>",
        "-o",
        "all.csv",
        "--best-quality",
        "0.9",
    ]
    assert main(["pareto", "dynamic.json", "static.csv", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == {"f_decision_0": 1}
    assert (folder / "p.png").read_bytes().startswith(b"\x89PNG")
    assert "<h1>A &lt;title&gt;</h1>" in (folder / "p.html").read_text()
    assert Frontier.load("all.csv") == DYNAMIC | STATIC
    assert main(["pareto", "dynamic.json", "--plot", "s.svg", "--speedup"]) == 0
    assert "<svg" in (folder / "s.svg").read_text()
    capsys.readouterr()
    assert main(["pareto", "dynamic.json", "-o", "-"]) == 0
    assert capsys.readouterr().out == (folder / "dynamic.json").read_text()


def test_the_folder_of_a_search(folder: Path, capsys: Capture) -> None:
    database = Database("search")
    database.begin({"engine": "none"})
    database.set_baseline(evaluation(10, 1))
    for found in DYNAMIC.evaluations:
        database.add(found)
    database.close()
    assert main(["pareto", "search", "search/", "-o", "all.json"]) == 0
    assert Frontier.load("all.json") == DYNAMIC
    assert [line for line in capsys.readouterr().out.split("\n") if line.startswith("search")] == [
        "search",
        "search/",
    ]


@pytest.mark.parametrize("given", ["out", "out/search"])
def test_the_folders_that_tuning_writes(folder: Path, capsys: Capture, given: str) -> None:
    for name, frontier in (("static", STATIC), ("dynamic", DYNAMIC)):
        database = Database(folder / "out" / "search" / name)
        database.begin({})
        for one in frontier.evaluations:
            database.add(one)
        database.close()
    assert main(["pareto", given, "-o", "-"]) == 0
    (folder / "found.json").write_text(capsys.readouterr().out)
    assert Frontier.load(folder / "found.json") == Frontier([*STATIC.evaluations, *DYNAMIC.evaluations])
    # One search alone.
    for name in ("static", "dynamic"):
        (folder / "out" / "search" / name / "evaluations.jsonl").rename(folder / f"{name}.jsonl")
    (folder / "static.jsonl").rename(folder / "out" / "search" / "evaluations.jsonl")
    assert main(["pareto", given, "-o", "-"]) == 0
    (folder / "found.json").write_text(capsys.readouterr().out)
    assert Frontier.load(folder / "found.json").evaluations == STATIC.evaluations
    (folder / "out" / "search" / "evaluations.jsonl").unlink()
    assert main(["pareto", given]) == 1
    assert "evaluations.jsonl: No such file" in capsys.readouterr().err


def test_stdin(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(HPVM.encode())))
    assert main(["pareto", "-"]) == 0
    assert "50" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-", "-"],
        ["dynamic.json", "--compare", "--best-quality", "1"],
        ["dynamic.json", "--speedup"],
        ["dynamic.json", "--best-time", "x"],
    ],
)
def test_wrong_usage(folder: Path, arguments: list[str]) -> None:
    assert main(["pareto", *arguments]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.json"], "No such file"),
        (["bad.json"], "bad.json:1:1: error: "),
        (["bad.txt"], "bad.txt:3:1: error: expected"),
        (["dynamic.json", "--plot", "p.gif"], ".png or .svg"),
        (["dynamic.json", "-o", "x.txt"], "x.txt: error: evaluations are written to"),
    ],
)
def test_failures_write_nothing(folder: Path, capsys: Capture, arguments: list[str], message: str) -> None:
    (folder / "bad.json").write_text("{}")
    (folder / "bad.txt").write_text("1\n+++++\n")
    before = sorted(os.listdir(folder))
    assert main(["pareto", *arguments]) == 1
    out, err = capsys.readouterr()
    assert (out, message in err) == ("", True), err
    assert sorted(os.listdir(folder)) == before

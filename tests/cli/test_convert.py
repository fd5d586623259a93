"""`approxir convert`: HPVM's files, configurations, frontiers as JSON and CSV."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from support.evaluations import evaluation

from approxir.cli import main
from approxir.tuning.frontier import Frontier

Capture = pytest.CaptureFixture[str]
HPVM = """100
+++++
conf1 1 0 91.5 0.0
1 gpu conv fp32 11 add fp32 1
-----
+++++
conf2 2.5 0 91 0.5
1 gpu conv perf_fp16 154  add fp16 1
-----
"""
CONFIG = {"node_1_conv_decision_0": 154, "node_1_add_decision_0": 12}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "confs.txt").write_text(HPVM)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_and_back(folder: Path, capsys: Capture) -> None:
    for middle in ("f.json", "f.csv", "f.jsonl"):
        assert main(["convert", "confs.txt", middle]) == 0
        assert len(Frontier.load(middle)) == 2
        assert main(["convert", middle, "back.txt", "--like", "confs.txt"]) == 0
        assert (folder / "back.txt").read_text() == HPVM
    assert main(["convert", "f.csv", "g.json"]) == 0
    assert Frontier.load("g.json") == Frontier.load("f.csv")
    assert main(["convert", "confs.txt", "same.txt"]) == 0
    assert (folder / "same.txt").read_text() == HPVM
    assert capsys.readouterr() == ("", "")


def test_one_configuration(folder: Path, capsys: Capture) -> None:
    assert main(["convert", "confs.txt", "-", "--to", "config", "--select", "conf2"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == CONFIG
    assert main(["convert", "confs.txt", "-", "--to", "config"]) == 0
    assert set(json.loads(capsys.readouterr().out)["parameters"].values()) == {11}
    assert main(["convert", "config.json", "-", "--to", "hpvm"]) == 0
    assert (
        capsys.readouterr().out
        == "+++++\nconf1 1.0 0.0 100.0 0.0\n1 gpu conv perf_fp16 154 add fp16 12\n-----\n"
    )
    assert main(["convert", "config.json", "one.txt", "--like", "confs.txt"]) == 0
    assert (
        folder / "one.txt"
    ).read_text() == "+++++\nconf1 1 0 91.5 0.0\n1 gpu conv perf_fp16 154 add fp16 1\n-----\n"
    assert main(["convert", "config.json", "-", "--to", "config"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": 1, "parameters": CONFIG}


def test_names_and_baselines(folder: Path, capsys: Capture) -> None:
    (folder / "names.json").write_text('{"node_1_conv": "layer"}')
    assert main(["convert", "confs.txt", "f.json", "--names", "names.json", "--baseline", "1000"]) == 0
    assert Frontier.load("f.json")[0].config == {"layer_decision_0": 154, "node_1_add_decision_0": 12}
    assert Frontier.load("f.json")[0].time_ms == 400
    assert main(["convert", "f.json", "back.txt", "--names", "names.json", "--like", "confs.txt"]) == 0
    assert (folder / "back.txt").read_text() == HPVM.replace("100\n", "1000.0\n", 1)
    Frontier([evaluation(2, 1)]).save("g.json")
    assert main(["convert", "g.json", "h.csv", "--baseline", "4"]) == 0
    baseline = Frontier.load("h.csv").baseline
    assert baseline is not None
    assert baseline.time_ms == 4


def test_standard_streams(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(HPVM.encode())))
    assert main(["convert", "-", "-", "--to", "csv"]) == 0
    assert capsys.readouterr().out.startswith("number,static,time_ms,quality")


@pytest.mark.parametrize(
    "arguments",
    [
        ["confs.txt"], ["confs.txt", "x.bin"], ["confs.txt", "-"], ["confs.txt", "x.json", "--select", "conf1"], ["confs.txt", "x.csv", "--like", "confs.txt"],
        ["confs.txt", "x.csv", "--to", "yaml"], ["config.json", "x.csv"], ["f.json", "x.json", "--to", "config"], ["-", "x.txt", "--like", "-"],
    ],
)  # fmt: skip
def test_wrong_usage(folder: Path, arguments: list[str]) -> None:
    Frontier([evaluation(2, 1)]).save("f.json")
    assert main(["convert", *arguments]) == 2
    assert not any((folder / name).exists() for name in ("x.bin", "x.json", "x.csv", "x.txt"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.txt", "x.json"], "No such file"),
        (["bad.txt", "x.json"], "bad.txt:2:1: error: unexpected '++++'"),
        (["bad.json", "x.csv"], "bad.json:1:2: error: this is not JSON"),
        (["bad.csv", "x.json"], "bad.csv:1:1: error: unknown column"),
        (["lost.txt", "x.json"], "lost.txt: error: the file has no time for the exact program"),
        (["f.json", "x.txt"], "f_decision_0 is not the knob of an operation of a node"),
        (["confs.txt", "x.json", "--to", "config", "--select", "conf3"], "there is no configuration conf3"),
        (["confs.txt", "x.json", "--names", "names.json"], "names.json:1:2: error: a is a name, not 1"),
        (["confs.txt", "x.json", "--names", "list.json"], "list.json:1:1: error: names are a JSON object"),
        (["config.json", "x.txt", "--like", "bad.txt"], "bad.txt:2:1: error"),
    ],
)  # fmt: skip
def test_failures_write_nothing(folder: Path, capsys: Capture, arguments: list[str], message: str) -> None:
    for name, text in {
        "bad.txt": "1\n++++\n", "bad.json": "{,", "bad.csv": "a,b\n", "names.json": '{"a": 1}', "list.json": "[]",
        "lost.txt": HPVM.removeprefix("100\n"),
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    Frontier([evaluation(2, 1)], baseline=evaluation(4, 1)).save("f.json")
    assert main(["convert", *arguments]) == 1
    out, err = capsys.readouterr()
    assert (out, message in err) == ("", True), err
    assert not any((folder / name).exists() for name in ("x.json", "x.csv", "x.txt"))

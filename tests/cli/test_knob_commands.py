"""`approxir knobs`, `get` and `set`: what they print and write, and that a failure touches nothing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from approxir.cli import main

TREE = "approx.util.annotation.decision_tree"
BOUNDS = "thresholds_lowers = array<i32: 0>, thresholds_uppers = array<i32: 50>, decision_values = array<i32: 0, 1, 2>"
TEXT = (
    f'module {{\r\n  {TREE} <{{func_name = "f", {BOUNDS}, thresholds = array<i32: 5>, decisions = array<i32: 0, 1>}}>\r\n'
    '  approx.util.annotation.transform <{func_name = "a=b", transform_type = "x", knob_val = 3 : i32}>\r\n}\r\n'
)
EDITED = TEXT.replace("array<i32: 5>", "array<i32: 6>")
CONFIG = {"f_threshold_0": 5, "f_decision_0": 0, "f_decision_1": 1, "a=b_decision_0": 3}
Capture = pytest.CaptureFixture[str]
CaptureBytes = pytest.CaptureFixture[bytes]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "m.mlir"
    path.write_bytes(TEXT.encode())
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "parameters": CONFIG | {"f_threshold_0": 6}}))
    return path


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_knobs_are_listed(file: Path, capsys: Capture) -> None:
    assert main(["knobs", str(file)]) == 0
    assert capsys.readouterr().out == (
        f"{file}:2:3: f: no transform ({TREE})\n"
        "  f_threshold_0  = 5  in 0..50\n"
        "  f_decision_0   = 0  in {0, 1, 2}\n"
        "  f_decision_1   = 1  in {0, 1, 2}\n"
        f"{file}:3:3: a=b: x (approx.util.annotation.transform)\n"
        "  a=b_decision_0 = 3  in 0..2147483647\n"
    )


def test_knobs_as_json(file: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, "module {\n}\n")
    assert main(["knobs", "--json", str(file), "-"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert second == {"file": "<stdin>", "knobs": []}
    knob = first["knobs"][0]
    assert (knob["name"], knob["line"], knob["column"], knob["thresholds"]) == ("f", 2, 3, [5])
    assert {p["name"]: p["value"] for k in first["knobs"] for p in k["parameters"]} == CONFIG
    assert knob["parameters"][0] == {
        "name": "f_threshold_0", "kind": "threshold", "index": 0, "value": 5, "lower": 0, "upper": 50, "choices": [],
    }  # fmt: skip


def test_no_knobs(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "m.mlir"
    path.write_text("")
    assert main(["knobs", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: no knobs\n"


def test_what_cannot_be_read_does_not_hide_the_rest(file: Path, tmp_path: Path, capsys: Capture) -> None:
    bad = tmp_path / "bad.mlir"
    bad.write_text(f'{TREE} <{{func_name = "g", thresholds = 5.0}}>\n{TREE} <{{func_name = "h\\0A\\FF"}}>\n')
    assert main(["knobs", str(tmp_path / "none"), str(bad), str(file)]) == 1
    out, err = capsys.readouterr()
    assert f"{bad}:1:" in err
    assert "No such file" in err
    assert f"{bad}:2:1: h\\n\\udcff: no transform" in out
    assert f"{file}:2:3: f:" in out


def test_get(file: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["get", str(file), "f_decision_1", "a=b_decision_0"]) == 0
    assert capsys.readouterr().out == "1\n3\n"
    assert main(["get", str(file), "-o", str(tmp_path / "out.json")]) == 0
    assert json.loads((tmp_path / "out.json").read_text()) == {"version": 1, "parameters": CONFIG}
    assert main(["get", str(file)]) == 0
    assert capsys.readouterr().out == (tmp_path / "out.json").read_text()
    assert main(["get", str(file), "f_treshold_0", "f_decision_0"]) == 1
    out, err = capsys.readouterr()
    assert (out, "did you mean 'f_threshold_0'?" in err) == ("", True)


def test_names_that_are_no_utf8_survive(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "m.mlir"
    path.write_text(TEXT.replace('"f"', '"f\\FF"'))
    assert main(["get", str(path), "-o", str(tmp_path / "c.json")]) == 0
    assert main(["set", str(path), "--config", str(tmp_path / "c.json"), "--check"]) == 0
    assert "f\udcff_threshold_0" in json.loads((tmp_path / "c.json").read_text())["parameters"]
    assert main(["knobs", str(path)]) == 0


def test_set_in_place(file: Path, capsys: Capture) -> None:
    os.chmod(file, 0o640)
    inode = file.stat().st_ino
    assert main(["set", str(file), "f_threshold_0=6"]) == 0
    assert file.read_bytes() == EDITED.encode()
    assert (file.stat().st_mode & 0o777, file.stat().st_ino == inode) == (0o640, False)
    assert os.listdir(file.parent) == ["m.mlir"]
    assert main(["set", str(file), "f_threshold_0=+05", "a=b_decision_0=4"]) == 0
    assert file.read_bytes() == TEXT.replace("= 3 :", "= 4 :").encode()
    assert capsys.readouterr() == ("", "")


def test_set_to_the_values_that_there_are(file: Path) -> None:
    before = file.stat()
    assert main(["set", str(file), "f_threshold_0=5"]) == 0
    after = file.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_set_to_another_file(file: Path, tmp_path: Path, capsysbinary: CaptureBytes) -> None:
    assert main(["set", str(file), "f_threshold_0=6", "-o", str(tmp_path / "out.mlir")]) == 0
    assert (tmp_path / "out.mlir").read_bytes() == EDITED.encode()
    assert main(["set", str(file), "f_threshold_0=5", "-o", "-"]) == 0
    assert capsysbinary.readouterr().out == TEXT.encode()
    assert file.read_bytes() == TEXT.encode()


def test_set_from_stdin_to_stdout(monkeypatch: pytest.MonkeyPatch, capsysbinary: CaptureBytes) -> None:
    stdin(monkeypatch, TEXT)
    assert main(["set", "-", "f_threshold_0=6"]) == 0
    assert capsysbinary.readouterr() == (EDITED.encode(), b"")


def test_the_diff_of_a_number_is_a_line(file: Path, capsys: Capture) -> None:
    assert main(["set", str(file), "f_threshold_0=6", "--diff"]) == 0
    lines = capsys.readouterr().out.split("\n")
    old, new = TEXT.split("\n")[1], EDITED.split("\n")[1]
    assert [line for line in lines[3:] if line[:1] in ("-", "+")] == ["-" + old, "+" + new]
    assert file.read_bytes() == TEXT.encode()


def test_check(file: Path, capsys: Capture) -> None:
    assert main(["set", str(file), "f_threshold_0=6", "--check"]) == 1
    assert capsys.readouterr().out == f"would change: {file}\n"
    assert main(["set", str(file), "f_threshold_0=5", "--check"]) == 0
    assert file.read_bytes() == TEXT.encode()


def test_set_from_a_configuration(file: Path, config: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["set", str(file), "--config", str(config)]) == 0
    assert file.read_bytes() == EDITED.encode()
    assert main(["set", str(file), "--config", str(config), "f_threshold_0=5"]) == 0
    assert file.read_bytes() == TEXT.encode()
    part = tmp_path / "part.json"
    part.write_text('{"f_threshold_0": 6}')
    assert main(["set", str(file), "--config", str(part)]) == 1
    assert capsys.readouterr().err.count("is missing from the configuration") == 3
    assert main(["set", str(file), "--config", str(part), "--partial"]) == 0
    assert file.read_bytes() == EDITED.encode()


FAILURES = [
    (["f_threshold_0=51"], "f_threshold_0 is 51, outside its bounds 0..50"),
    (["f_threshold_0=x"], "f_threshold_0 is an integer, not 'x'"),
    (["f_threshold_0=1.0"], "not '1.0'"),
    (["f_threshold_0="], "not ''"),
    (["f_threshold_0=" + "9" * 40], "does not fit into 64 bits"),
    (["f_decision_0=3"], "not one of the values 0, 1, 2"),
    (["f_threshold_0=6", "g_threshold_0=1"], "no parameter 'g_threshold_0'"),
    (["f_threshold_0=6", "--config", "missing.json"], "No such file"),
    (["f_threshold_0=6", "-o", "missing/out.mlir"], "No such file"),
    (["f_threshold_0=6", "-o", "/dev/full"], "No space left"),
]


@pytest.mark.parametrize(("arguments", "message"), FAILURES)
def test_a_failure_touches_nothing(file: Path, arguments: list[str], message: str, capsys: Capture) -> None:
    if "/dev/full" in arguments and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    before = file.stat()
    assert main(["set", str(file), *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    after = file.stat()
    assert (before.st_mtime_ns, before.st_ino, TEXT.encode()) == (
        after.st_mtime_ns,
        after.st_ino,
        file.read_bytes(),
    )
    assert os.listdir(file.parent) == ["m.mlir"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user"
)
def test_a_file_that_cannot_be_written(file: Path, capsys: Capture) -> None:
    os.chmod(file, 0o400)
    assert main(["set", str(file), "f_threshold_0=6"]) == 1
    assert "Permission denied" in capsys.readouterr().err
    assert file.read_bytes() == TEXT.encode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["knobs"], ["knobs", "-", "-"], ["get"], ["set"], ["set", "m.mlir"], ["set", "m.mlir", "a"], ["set", "m.mlir", "=1"],
        ["set", "m.mlir", "a=1", "a=2"], ["set", "m.mlir", "a=1", "--partial"], ["set", "-", "--config", "-"],
        ["set", "m.mlir", "a=1", "--check", "-o", "x"], ["set", "m.mlir", "a=1", "--diff", "-o", "x"],
    ],
)  # fmt: skip
def test_wrong_usage(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, f"Usage: approxir {arguments[0]}" in err) == ("", True)


def run(*arguments: str, stdout: object = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "approxir", *arguments]
    return subprocess.run(command, input=TEXT.encode(), stdout=stdout, stderr=subprocess.PIPE, timeout=60)  # type: ignore[call-overload, no-any-return]


def test_as_processes(file: Path) -> None:
    done = run("set", "-", "f_threshold_0=6")
    assert (done.returncode, done.stdout, done.stderr) == (0, EDITED.encode(), b"")
    assert json.loads(run("get", "-").stdout)["parameters"] == CONFIG
    done = run("set", str(file), "f_threshold_0=60")
    assert (done.returncode, done.stdout) == (1, b"")
    assert file.read_bytes() == TEXT.encode()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [
        ["get", "-"],
        ["knobs", "-"],
        ["knobs", "--json", "-"],
        ["set", "-", "f_threshold_0=6"],
        ["set", "-", "f_threshold_0=6", "--diff"],
    ],
)
def test_a_full_disk(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = run(*arguments, stdout=full)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"No space left" in done.stderr


NOT_UTF8 = TEXT.replace('"f"', '"\\80x"')


def test_names_that_are_no_utf8_are_written_as_they_are(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/no\xff.mlir"
    try:
        with open(path, "wb") as stream:
            stream.write(NOT_UTF8.encode())
    except OSError:
        pytest.skip("this file system has no such names")
    name = os.fsdecode(path)
    done = run("set", "--diff", name, "\udc80x_threshold_0=6")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"--- " + path + b"\n")
    done = run("knobs", name)
    assert (done.returncode, done.stdout.startswith(path + b":2:3: ")) == (0, True)
    for arguments in (["knobs", "--json", name], ["get", name]):
        assert b"\\udc80x" in json.dumps(json.loads(run(*arguments).stdout)).encode()
    done = run("set", "--check", name, "\udc80x_threshold_0=6")
    assert (done.returncode, done.stdout) == (1, b"would change: " + path + b"\n")
    done = run("get", name, "missing")
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False)


def test_errors_point_into_the_configuration(file: Path, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "c.json"
    text = '{"version": 1, "parameters": {\n"f_treshold_0": 1,\n"f_threshold_0": true,\n"f_decision_0": null,\n"f_decision_1": 9}}'
    path.write_text(text)
    assert main(["set", str(file), "--config", str(path), "--partial"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith(str(path))] == [
        f"{path}:2:1: error: the module has no parameter 'f_treshold_0'",
        f"{path}:3:1: error: f_threshold_0 is an integer, not true",
        f"{path}:4:1: error: f_decision_0 is an integer, not null",
        f"{path}:5:1: error: f_decision_1 is 9, not one of the values 0, 1, 2",
    ]
    assert sum(line.startswith(f"{file}:2:") and "note: the parameter is here" in line for line in lines) == 3
    path.write_text('{"f_decision_1":\n 9}')
    assert main(["set", str(file), "--config", str(path), "--partial"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"{path}:1:2: error: f_decision_1 is 9, not one of the values 0, 1, 2\n")
    # What the command line says instead has no place there.
    assert main(["set", str(file), "--config", str(path), "--partial", "f_decision_1=8"]) == 1
    assert capsys.readouterr().err.startswith(f"{file}:2:")


def test_an_unknown_name_on_the_command_line_has_no_place(file: Path, capsys: Capture) -> None:
    assert main(["set", str(file), "g_threshold_0=1"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"{file}: error: the module has no parameter 'g_threshold_0'\n  hint: ")


def test_a_configuration_that_is_no_utf8(file: Path, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(b'{"f\xff": 1}')
    assert main(["set", str(file), "--config", str(path)]) == 1
    err = capsys.readouterr().err
    assert ("invalid UTF-8" in err, "MLIR" in err) == (True, False)


def test_get_reads_the_knobs_in_question_only(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "m.mlir"
    path.write_text(TEXT + f'{TREE} <{{func_name = "g", thresholds = 5.0}}>\n')
    assert main(["get", str(path), "f_threshold_0"]) == 0
    assert capsys.readouterr().out == "5\n"
    assert main(["get", str(path)]) == 1

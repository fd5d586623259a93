"""`approxir lint`: what it reports where, what it fixes, and its exit status."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from approxir.cli import main
from approxir.lint import registry

SOUND = "module {\n  func.func @f() {\n    return\n  }\n}\n"
OLD = 'module {\n  "approxMLIR.util.annotation.knob"() <{func_name = "f"}> : () -> ()\n  func.func private @f()\n}\n'
FIXED = OLD.replace("approxMLIR", "approx")
LOST = 'module {\n  "approxMLIR.util.annotation.knob"() <{func_name = "g"}> : () -> ()\n  func.func private @f()\n}\n'
BROKEN = "module {\n  func.func @f( {\n}\n"
# The rules that these tests know; others may find more in the samples.
SELECT = ["--select", "AX000,AX009,AX012,AX030"]

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder without settings, as the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(*arguments: str) -> int:
    return main(["lint", *SELECT, *arguments])


def write(**texts: str) -> None:
    for name, text in texts.items():
        Path(f"{name}.mlir").write_text(text)


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_sound_file(capsys: Capture) -> None:
    write(a=SOUND)
    assert lint("a.mlir") == 0
    assert capsys.readouterr() == ("", "no findings\n")


def test_warnings_are_no_failure(capsys: Capture) -> None:
    write(a=OLD)
    assert lint("a.mlir") == 0
    out, err = capsys.readouterr()
    assert out.startswith("a.mlir:2:3: warning: ")
    assert err == "1 warning (1 fixable with --fix)\n"


def test_errors_are(capsys: Capture) -> None:
    write(a=LOST)
    assert lint("a.mlir") == 1
    out, err = capsys.readouterr()
    assert "a.mlir:2:" in out
    assert err == "1 error, 1 warning (1 fixable with --fix)\n"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--fail-on", "warning"], 1),
        (["--severity", "AX030=error"], 1),
        (["--severity", "AX030=note"], 0),
        (["--severity", "AX030=note", "--fail-on", "note"], 1),
        (["--severity", "AX030=note", "--fail-on", "warning"], 0),
        (["--ignore", "AX030", "--fail-on", "note"], 0),
        (["--ignore", "AX009, AX03", "--fail-on", "note"], 0),
    ],
)
def test_severities_and_ignored_rules(options: list[str], status: int) -> None:
    write(a=OLD)
    assert lint(*options, "a.mlir") == status


def test_select(capsys: Capture) -> None:
    write(a=LOST)
    assert main(["lint", "--select", "AX030", "a.mlir"]) == 0
    assert "AX012" not in capsys.readouterr().out


def test_quiet(capsys: Capture) -> None:
    write(a=SOUND)
    assert lint("-q", "a.mlir") == 0
    assert capsys.readouterr() == ("", "")


def test_validate_is_another_name(capsys: Capture) -> None:
    write(a=LOST)
    assert lint("a.mlir") == 1
    before = capsys.readouterr()
    assert main(["validate", *SELECT, "a.mlir"]) == 1
    assert capsys.readouterr() == before
    assert main(["validate", "--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: approxir validate ")


def test_broken_text_is_a_finding(capsys: Capture) -> None:
    write(a=BROKEN, b=SOUND)
    Path("c.mlir").write_bytes(b"module {\n  // \xff\n}\n")
    assert lint("--format", "json", "a.mlir", "b.mlir", "c.mlir") == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {entry["code"] for entry in found} == {"syntax"}
    assert [(entry["file"], entry["line"], entry["column"]) for entry in found][-1] == ("c.mlir", 2, 6)


@pytest.mark.parametrize("form", ["text", "sarif", "github"])
def test_broken_text_in_every_format(form: str, capsys: Capture) -> None:
    write(a=BROKEN)
    Path("c.mlir").write_bytes(b"module {\n  // \xff\n}\n")
    assert lint("--format", form, "--fix", "a.mlir", "c.mlir") == 1
    assert "invalid UTF-8" in capsys.readouterr().out
    assert Path("a.mlir").read_text() == BROKEN


def test_missing_files_do_not_keep_others_from_being_linted(capsys: Capture) -> None:
    write(a=OLD)
    assert lint("missing.mlir", "a.mlir") == 1
    out, err = capsys.readouterr()
    assert out.startswith("a.mlir:2:3: warning")
    assert err.startswith("approxir: missing.mlir: No such file or directory\n")
    assert err.endswith("1 warning (1 fixable with --fix), 1 file failed\n")


def test_directories_and_files_given_twice(capsys: Capture) -> None:
    Path("d/e").mkdir(parents=True)
    for name in ("d/z.mlir", "d/a.mlir", "d/e/b.mlir"):
        Path(name).write_text(OLD)
    Path("d/other.txt").write_text(OLD)
    os.symlink("a.mlir", "d/link.mlir")
    assert lint("d/z.mlir", "d", "./d/../d/a.mlir") == 0
    places = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert places == ["d/z.mlir", "d/a.mlir", "d/e/b.mlir"]


def test_an_empty_directory(capsys: Capture) -> None:
    Path("d").mkdir()
    assert lint("d") == 1
    assert "approxir: d: no .mlir files in this directory\n" in capsys.readouterr().err


def test_fix(capsys: Capture) -> None:
    write(a=OLD, b=SOUND)
    before = os.stat("b.mlir")
    assert lint("--fix", "a.mlir", "b.mlir") == 0
    assert Path("a.mlir").read_text() == FIXED
    after = os.stat("b.mlir")
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert capsys.readouterr() == ("", "no findings, 1 fixed\n")
    assert sorted(os.listdir()) == ["a.mlir", "b.mlir"]


def test_what_fixing_leaves_counts(capsys: Capture) -> None:
    write(a=LOST)
    assert lint("--fix", "a.mlir") == 1
    assert Path("a.mlir").read_text() == LOST.replace("approxMLIR", "approx")
    out, err = capsys.readouterr()
    assert "AX030" not in out
    assert err == "1 error, 1 fixed\n"


@pytest.mark.parametrize("fix", [[], ["--fix"]])
def test_diff(fix: list[str], capsys: Capture) -> None:
    write(a=LOST, b=SOUND)
    assert lint("--diff", *fix, "a.mlir", "b.mlir") == 1
    assert Path("a.mlir").read_text() == LOST
    out, err = capsys.readouterr()
    assert out.startswith("--- a.mlir\n+++ a.mlir\n@@ ")
    assert '\n+  "approx.util' in out
    assert "AX012" in err
    assert err.endswith("1 error, 1 would be fixed\n")
    write(a=OLD)
    assert lint("--diff", *fix, "a.mlir") == 1
    assert lint("--diff", *fix, "b.mlir") == 0


def test_a_fix_that_fails_is_a_message(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("approxir.ir.operation.Operation.rename", lambda self, name: None)
    write(a=OLD, b=LOST)
    assert lint("--fix", "a.mlir", "b.mlir") == 1
    assert Path("a.mlir").read_text() == OLD
    err = capsys.readouterr().err
    assert "approxir: a.mlir: nothing was changed: a.mlir:2:3: warning" in err
    assert err.endswith("2 files failed\n")


def test_a_file_that_cannot_be_written(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str, text: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("approxir.files.write_text_atomic", fail)
    write(a=OLD)
    assert lint("--fix", "a.mlir") == 1
    assert "approxir: a.mlir: Permission denied\n" in capsys.readouterr().err


def test_stdin(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    stdin(monkeypatch, LOST)
    assert lint("-") == 1
    assert capsys.readouterr().out.startswith("<stdin>:2:")


def test_fixing_stdin(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    stdin(monkeypatch, LOST)
    assert lint("--fix", "-") == 1
    out, err = capsysbinary.readouterr()
    assert out == LOST.replace("approxMLIR", "approx").encode()
    assert err.startswith(b"<stdin>:2:")


@pytest.mark.parametrize("text", [SOUND, BROKEN])
def test_fixing_stdin_gives_text_that_needs_no_fix_as_it_is(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    stdin(monkeypatch, text)
    assert lint("--fix", "-") == (text == BROKEN)
    assert capsys.readouterr().out == text


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_output_to_a_file(form: str, capsys: Capture) -> None:
    write(a=LOST)
    assert lint("--format", form, "-o", "report", "-q", "a.mlir") == 1
    assert capsys.readouterr() == ("", "")
    assert "AX012" in Path("report").read_text()


def test_an_output_that_cannot_be_written(capsys: Capture) -> None:
    write(a=SOUND)
    assert lint("-o", "missing/report", "a.mlir") == 1
    assert "missing/report: No such file" in capsys.readouterr().err


def test_github(capsys: Capture) -> None:
    write(a=LOST)
    assert lint("--format", "github", "a.mlir", "missing.mlir") == 1
    out, err = capsys.readouterr()
    assert out.count("::error ") == 1
    assert "::error::approxir: missing.mlir: " in out
    assert "error, " not in err


def test_settings_from_pyproject(capsys: Capture) -> None:
    Path("sub").mkdir()
    Path("sub/pyproject.toml").write_text('[tool.approxir.lint]\nselect = ["AX012"]\n')
    write(a=OLD, **{"sub/b": LOST})
    assert main(["lint", "--format", "json", "sub/b.mlir"]) == 1
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["AX012"]
    assert main(["lint", "--ignore", "AX012", "sub/b.mlir"]) == 0
    capsys.readouterr()
    assert main(["lint", "--isolated", "--format", "json", "sub/b.mlir"]) == 1
    assert {"AX012", "AX030"} <= {one["code"] for one in json.loads(capsys.readouterr().out)["findings"]}


def test_wrong_settings_are_wrong_usage(capsys: Capture) -> None:
    write(a=OLD)
    Path("pyproject.toml").write_text('[tool.approxir.lint]\nignored = ["AX012"]\n')
    assert lint("a.mlir") == 2
    err = capsys.readouterr().err
    assert "pyproject.toml: [tool.approxir.lint]: unknown key 'ignored'; did you mean ignore?" in err
    assert lint("--isolated", "a.mlir") == 0


def test_explain(capsys: Capture) -> None:
    assert main(["lint", "--explain", "AX009"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# AX009 duplicate-knob-id\n")
    assert "## Bad" in out


def test_list_rules(capsys: Capture) -> None:
    assert main(["lint", "--list-rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:5] for line in lines] == list(registry.codes())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'FILE...'"),
        (["-", "-"], "'-' can be given only once"),
        (["--select", "AX9999", "a.mlir"], "unknown rule 'AX9999'"),
        (["--ignore", "ax009", "a.mlir"], "unknown rule 'ax009'"),
        (["--severity", "AX009", "a.mlir"], "CODE=SEVERITY, not 'AX009'"),
        (["--severity", "AX009=eror", "a.mlir"], "unknown severity 'eror'; did you mean error?"),
        (["--format", "xml", "a.mlir"], "xml"),
        (["--explain", "AX00"], "unknown rule 'AX00'; did you mean AX0"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, capsys: Capture) -> None:
    assert main(["lint", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage: approxir lint" in err
    assert message in err


def test_wrong_settings_of_a_later_file_keep_the_first_from_being_fixed(capsys: Capture) -> None:
    for name in ("a", "b"):
        Path(name).mkdir()
        Path(name, "x.mlir").write_text(OLD)
    Path("b/pyproject.toml").write_text("[tool.approxir.lint\n")
    assert lint("--fix", "a", "b") == 2
    assert Path("a/x.mlir").read_text() == OLD
    assert "pyproject.toml" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["", " , "])
def test_selecting_nothing_is_wrong_usage(value: str, capsys: Capture) -> None:
    write(a=LOST)
    assert main(["lint", "--select", value, "a.mlir"]) == 2
    assert "--select names no rule" in capsys.readouterr().err


def test_the_report_does_not_take_the_place_of_a_module(capsys: Capture) -> None:
    Path("d").mkdir()
    Path("d/x.mlir").write_text(LOST)
    for arguments in (["d/x.mlir", "-o", "d/x.mlir"], ["d", "-o", "./d/x.mlir"]):
        assert lint(*arguments) == 2
        assert "the report would take the place of" in capsys.readouterr().err
    assert Path("d/x.mlir").read_text() == LOST


def test_a_directory_that_cannot_be_read(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("d/shut").mkdir(parents=True)
    Path("d/x.mlir").write_text(SOUND)
    scandir = os.scandir

    def refuse(path: str) -> object:
        if os.fspath(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    assert lint("d/shut") == 1
    err = capsys.readouterr().err
    assert "approxir: d/shut: Permission denied" in err
    assert "no .mlir files" not in err
    assert lint("d") == 1
    assert "approxir: d/shut: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_names_that_are_no_utf8(form: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    name = os.fsdecode(b"a\xff.mlir")
    text = r""""approx.util.annotation.knob"() <{func_name = "x\FF\1B[31m\0A"}> : () -> ()""" + "\n"
    Path(name).write_text(text)
    assert lint("--format", form, name) == 1
    out = capsysbinary.readouterr().out.decode()
    assert "\x1b" not in out or form == "github"
    if form in ("json", "sarif"):
        assert "\\ud" not in out
        json.loads(out)
    if form == "text":
        assert out.startswith("a\\FF.mlir:1:")
        assert r"x\FF\1B[31m\0A" in out.splitlines()[0]

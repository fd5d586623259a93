"""`approxir fmt`: what it writes where, and its exit status."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

import approxir
from approxir.cli import main
from approxir.cli.fmt import unified_diff

UNTIDY = "module   {\n      func.func @f( %arg : i32 )->i32 {\n return %arg:i32\n}   // the end\n}\n"
BROKEN = "module {\n  func.func @f( {\n}\n"


@pytest.fixture
def tidy() -> str:
    return approxir.parse(UNTIDY).print()


@pytest.fixture
def untidy(tmp_path: Path) -> Path:
    path = tmp_path / "untidy.mlir"
    path.write_text(UNTIDY)
    return path


def test_the_sample_is_untidy(tidy: str) -> None:
    assert tidy != UNTIDY
    assert approxir.parse(tidy).print() == tidy


def test_files_are_rewritten_in_place(untidy: Path, tidy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", str(untidy)]) == 0
    assert untidy.read_text() == tidy
    assert os.listdir(untidy.parent) == [untidy.name]
    out, err = capsys.readouterr()
    assert (out, err) == ("", "1 file reformatted\n")


def test_a_tidy_file_is_not_touched(untidy: Path, tidy: str, capsys: pytest.CaptureFixture[str]) -> None:
    untidy.write_text(tidy)
    before = untidy.stat()
    assert main(["fmt", str(untidy)]) == 0
    after = untidy.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert capsys.readouterr().err == "1 file left unchanged\n"


@pytest.mark.parametrize("quiet", ["-q", "--quiet"])
def test_quiet(untidy: Path, quiet: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", quiet, str(untidy)]) == 0
    assert capsys.readouterr() == ("", "")


def test_output_goes_to_another_file(untidy: Path, tidy: str, tmp_path: Path) -> None:
    out = tmp_path / "out.mlir"
    assert main(["fmt", str(untidy), "-o", str(out)]) == 0
    assert out.read_text() == tidy
    assert untidy.read_text() == UNTIDY


def test_output_is_written_even_when_nothing_changes(untidy: Path, tidy: str, tmp_path: Path) -> None:
    untidy.write_text(tidy)
    assert main(["fmt", str(untidy), "-o", str(tmp_path / "out.mlir")]) == 0
    assert (tmp_path / "out.mlir").read_text() == tidy


def test_output_to_stdout(untidy: Path, tidy: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["fmt", str(untidy), "-o", "-"]) == 0
    assert capsysbinary.readouterr().out == tidy.encode()
    assert untidy.read_text() == UNTIDY


def test_stdin_to_stdout(
    tidy: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(UNTIDY.encode())))
    assert main(["fmt", "-"]) == 0
    assert capsysbinary.readouterr() == (tidy.encode(), b"")


def test_check_names_the_files_that_would_change(
    untidy: Path, tidy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "good.mlir"
    good.write_text(tidy)
    assert main(["fmt", "--check", str(good), str(untidy)]) == 1
    out, err = capsys.readouterr()
    assert out == f"would reformat: {untidy}\n"
    assert err == "1 file would be reformatted, 1 file already formatted\n"
    assert untidy.read_text() == UNTIDY
    assert main(["fmt", "--check", str(good)]) == 0


def test_diff_shows_what_would_change(untidy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--diff", str(untidy)]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"--- {untidy}\n+++ {untidy}\n@@ ")
    assert "\n+    return %arg" in out
    assert untidy.read_text() == UNTIDY


def test_diff_of_a_missing_final_newline() -> None:
    assert unified_diff("a\nb", "a\nb\n", "x").splitlines()[3:] == [
        " a",
        "-b",
        "\\ No newline at end of file",
        "+b",
    ]


def test_diff_keeps_to_newlines() -> None:
    assert unified_diff("a\x0cb\r\n", "a\x0cc\r\n", "x").split("\n")[3:] == ["-a\x0cb\r", "+a\x0cc\r", ""]


def test_rename_ssa(untidy: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["fmt", "--rename-ssa", str(untidy), "-o", "-"]) == 0
    out = capsysbinary.readouterr().out
    assert out == approxir.parse(UNTIDY).print(rename_ssa=True).encode()
    assert b"%arg " not in out


def test_generic(untidy: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["fmt", "--generic", str(untidy), "-o", "-"]) == 0
    assert b'"func.func"()' in capsysbinary.readouterr().out


def test_one_broken_file_does_not_keep_others_from_being_formatted(
    untidy: Path, tidy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mlir"
    broken.write_text(BROKEN)
    missing = tmp_path / "missing.mlir"
    assert main(["fmt", str(missing), str(broken), str(tmp_path), str(untidy)]) == 1
    assert untidy.read_text() == tidy
    assert broken.read_text() == BROKEN
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{broken}:2:" in err
    assert f"approxir: {missing}: No such file or directory\n" in err
    assert f"approxir: {tmp_path}: Is a directory\n" in err
    assert err.endswith("1 file reformatted, 3 files failed\n")


def test_invalid_utf8_is_an_error_with_a_position(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.mlir"
    path.write_bytes(b"module {\n  // \xff\n}\n")
    assert main(["fmt", str(path)]) == 1
    assert f"{path}:2:6: error: invalid UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_tidy_text_keeps_its_line_ends(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "a.mlir"
    text = approxir.parse(UNTIDY.replace("\n", ending)).print()
    path.write_bytes(text.encode())
    assert main(["fmt", str(path)]) == 0
    assert path.read_bytes() == text.encode()


def test_an_output_that_cannot_be_written(
    untidy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "missing" / "out.mlir"
    assert main(["fmt", str(untidy), "-o", str(out)]) == 1
    assert f"approxir: {out}: No such file or directory\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["fmt"],
        ["fmt", "--unknown", "a.mlir"],
        ["fmt", "a.mlir", "b.mlir", "-o", "c.mlir"],
        ["fmt", "--check", "a.mlir", "-o", "c.mlir"],
        ["fmt", "--diff", "a.mlir", "-o", "c.mlir"],
        ["fmt", "-", "-"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage: approxir fmt" in err

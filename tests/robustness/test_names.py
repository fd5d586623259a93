"""Names that people do not expect: of symbols, of values, and of files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import approxir as ax
from approxir.cli import main
from approxir.files import write_all_atomic

posix = pytest.mark.skipif(os.name != "posix", reason="about POSIX files")
SYMBOLS = [
    "a b", 'say \\22hi\\22', "\\00", "\\0A\\0D", "é😀", "\\FF\\FE", "func.func", "return", "loc", "-x", "--help", "@a", "}",
    "// no comment", "x" * 65_536, "", "true", "a.b::c", "%s{}", "\\\\",
]  # fmt: skip
FILES = [
    "a b.mlir", "-a.mlir", "--help", "line\nbreak.mlir", "é😀.mlir", "'\"$(x)`.mlir", "x" * 250, "a.mlir.tmp", "%s.mlir",
    os.fsdecode(b"not-\xff-utf8.mlir"), " ", ".hidden",
]  # fmt: skip
TEXT = "func.func @f() {\n     return\n}\n"


@pytest.mark.parametrize("name", SYMBOLS, ids=[name[:12] for name in SYMBOLS])
def test_symbols(name: str) -> None:
    text = f'func.func private @"{name}"(i32) -> i32\nfunc.func @user(%a: i32) -> i32 {{\n'
    text += f'  %0 = func.call @"{name}"(%a) : (i32) -> i32\n  return %0 : i32\n}}\n'
    module = ax.parse(text)
    assert str(module.parse_all()) == text
    problems = [finding.message for finding in module.diagnostics()]
    assert not problems or not name
    for printed in (module.print(rename_ssa=True), module.print(generic=True)):
        again = ax.parse(printed).parse_all()
        assert [op.name for op in again.walk()] == [op.name for op in module.walk()]
    module.lint()


@pytest.mark.parametrize("name", SYMBOLS, ids=[name[:12] for name in SYMBOLS])
def test_knobs_of_such_functions(name: str) -> None:
    text = f'func.func @"{name}"(%a: i32) -> i32 {{\n  return %a : i32\n}}\n'
    text += f'"approx.util.annotation.decision_tree"() <{{func_name = "{name}", params = {{thresholds = array<i32: 5>, '
    text += "decisions = array<i32: 0, 1>, decision_values = array<i32: 0, 1>}}> : () -> ()\n"
    module = ax.parse(text)
    try:
        config = module.config()
    except ax.ApproxIRError as error:
        assert str(error)  # noqa: PT017
        return
    assert module.apply(config) == config
    assert str(module) == text


@posix
@pytest.mark.parametrize("name", FILES, ids=range(len(FILES)))
def test_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(TEXT)
    assert main(["fmt", "--", name]) == 0
    assert "  return" in Path(name).read_text()
    assert os.listdir(b".") == [os.fsencode(name)]
    assert main(["lint", "--isolated", "--", name]) == 0
    Path(name).write_text("func.func @f( {")
    assert main(["lint", "--isolated", "--", name]) == 1
    capfd.readouterr()
    assert main(["fmt", "--", "no-" + name]) == 1
    assert "Traceback" not in capfd.readouterr().err


@posix
def test_a_name_that_is_too_long(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", str(tmp_path / ("x" * 300))]) == 1
    assert "File name too long" in capfd.readouterr().err


@posix
def test_the_process_takes_names_that_are_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.mlir")
    (tmp_path / name).write_text("oops\n}")
    command = [sys.executable, "-m", "approxir", "lint", "--isolated", name]
    for env in ({"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}):
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, check=False, env={**os.environ, **env}
        )
        assert (done.returncode, b"Traceback" in done.stderr) == (1, False), done.stderr


@pytest.mark.parametrize("name", ["a\0b", Path("a\0b")])
def test_names_with_nul_are_names_that_do_not_exist(name: str | Path, tmp_path: Path) -> None:
    module = ax.parse("module {}\n")
    for use in (
        ax.load,
        module.save,
        ax.hpvm.load,
        lambda path: write_all_atomic({str(tmp_path / "first"): b"", str(path): b""}),
    ):
        with pytest.raises(OSError, match="NUL") as caught:
            use(name)
        assert caught.value.filename == str(name)
    assert list(tmp_path.iterdir()) == []

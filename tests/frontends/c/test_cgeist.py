"""Running ``cgeist``: which arguments it gets, and every way in which it can fail.

cgeist itself is not available here. An executable script stands in for it, which shows what the process handling
does with arguments, output, failure and time; that real cgeist takes these arguments is not shown.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import approxir as ax

SOURCE = "// @approx: loop_perforate thresh=[1] dec=[0,2] state_fn=g\nint f(int n) { return n; } // é\r\n"
MODULE = """\
module {
  func.func @g(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @f(%n: i32) -> i32 {
    %0 = affine.for %i = 0 to 8 iter_args(%s = %n) -> (i32) {
      %1 = arith.addi %s, %n : i32
      affine.yield %1 : i32
    }
    return %0 : i32
  }
}
"""
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script with a #! line")


def stand_in(folder: Path, body: str) -> str:
    path = folder / "cgeist"
    path.write_text(f"#!{sys.executable}\nimport sys, time\n{body}\n")
    path.chmod(0o755)
    return str(path)


def writing(text: str) -> str:
    return f"sys.stdout.write({text!r})"


def test_arguments_and_result(tmp_path: Path) -> None:
    log = tmp_path / "log"
    body = (
        f"source = open(sys.argv[3], 'rb').read()\nopen({str(log)!r}, 'w').write(repr((sys.argv[1:], source)))\n"
        + writing(MODULE)
    )
    config = ax.CgeistConfig(
        cgeist_path=stand_in(tmp_path, body),
        resource_dir="/res",
        include_dirs=["inc", "a b"],
        extra_args=["-function=*", "-std=c17"],
    )
    out = ax.compile_cpp_source(SOURCE, cgeist_config=config, emit="annotated")
    assert out == ax.inject_annotations_text(MODULE, ax.parse_and_generate(SOURCE))
    arguments, source = eval(log.read_text())
    assert source == SOURCE.encode()
    assert arguments[:2] == ["-O0", "-S"]
    assert arguments[2].endswith(".c")
    assert not Path(arguments[2]).exists()
    assert arguments[3:] == ["-resource-dir=/res", "-I", "inc", "-I", "a b", "-function=*", "-std=c17"]
    lowered = ax.compile_cpp_source(SOURCE, cgeist_config=config)
    assert lowered == ax.compile(out, workload=ax.WorkloadType.CPP)
    ax.compile_cpp_source(SOURCE, cgeist_config=config, language="c++")
    assert eval(log.read_text())[0][2].endswith(".cpp")


def test_the_environment_names_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stand_in(tmp_path, writing(MODULE))
    monkeypatch.setenv("CGEIST_PATH", path)
    assert ax.CgeistConfig().cgeist_path == path
    assert "decision_tree" in ax.compile_cpp_source(SOURCE, emit="annotated")
    monkeypatch.delenv("CGEIST_PATH")
    assert ax.CgeistConfig().cgeist_path == "cgeist"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "decision_tree" in ax.compile_cpp_source(SOURCE, emit="annotated")


def test_a_program_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, writing(MODULE))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert "decision_tree" in ax.compile_cpp_source(
        SOURCE, cgeist_config=ax.CgeistConfig(cgeist_path="./cgeist"), emit="annotated"
    )
    monkeypatch.setenv("CGEIST_PATH", "./cgeist")
    assert "decision_tree" in ax.compile_cpp_source(SOURCE, emit="annotated")
    # As in a shell, a name alone is not looked for in the current folder.
    monkeypatch.setenv("CGEIST_PATH", "cgeist")
    with pytest.raises(ax.MissingDependencyError, match="'cgeist' is no program"):
        ax.compile_cpp_source(SOURCE, emit="annotated")


def test_a_missing_program(tmp_path: Path) -> None:
    config = ax.CgeistConfig(cgeist_path=str(tmp_path / "none"))
    with pytest.raises(ax.MissingDependencyError, match=r"Polygeist.*CGEIST_PATH"):
        ax.compile_cpp_source(SOURCE, cgeist_config=config)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sys.stderr.write('source.c:1: error: no'); sys.exit(3)", r"status 3\nsource.c:1: error: no"),
        ("import os; os.kill(os.getpid(), 9)", "status -9"),
        ("", "cgeist wrote no module"),
        ("sys.stderr.write('why')", "cgeist wrote no module\nwhy"),
        ("sys.stdout.buffer.write(b'\\xff')", "something else than UTF-8"),
        (writing("module {"), "what cgeist wrote cannot be read: <cgeist>:1:8"),
    ],
)
def test_a_failing_program(tmp_path: Path, body: str, message: str) -> None:
    config = ax.CgeistConfig(cgeist_path=stand_in(tmp_path, body))
    with pytest.raises(ax.CompilationError, match=message):
        ax.compile_cpp_source(SOURCE, cgeist_config=config)


def test_a_program_that_takes_too_long(tmp_path: Path) -> None:
    config = ax.CgeistConfig(cgeist_path=stand_in(tmp_path, "time.sleep(60)"), timeout=0.2)
    with pytest.raises(ax.CompilationError, match=r"did not finish within 0\.2 seconds"):
        ax.compile_cpp_source(SOURCE, cgeist_config=config)


def test_what_cannot_be_run(tmp_path: Path) -> None:
    path = tmp_path / "cgeist"
    path.write_bytes(b"\x7fELF no program")
    path.chmod(0o755)
    with pytest.raises(ax.CompilationError, match="cannot be run"):
        ax.compile_cpp_source(SOURCE, cgeist_config=ax.CgeistConfig(cgeist_path=str(path)))


def test_annotations_are_checked_before_anything_runs(tmp_path: Path) -> None:
    config = ax.CgeistConfig(cgeist_path=str(tmp_path / "none"))
    with pytest.raises(ax.AnnotationSyntaxError):
        ax.compile_cpp_source("// @approx:nothing\nint f();", cgeist_config=config)


def test_a_function_that_was_not_compiled(tmp_path: Path) -> None:
    config = ax.CgeistConfig(cgeist_path=stand_in(tmp_path, writing(MODULE.replace("@f", "@main"))))
    with pytest.raises(ax.AnnotationError, match=r"^k\.c:1:13: error: the module has no function 'f'"):
        ax.compile_cpp_source(SOURCE, cgeist_config=config, file="k.c")


@pytest.mark.parametrize("wrong", [{"emit": "object"}, {"language": "rust"}])
def test_wrong_arguments(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is '"):
        ax.compile_cpp_source(SOURCE, **wrong)  # type: ignore[arg-type]

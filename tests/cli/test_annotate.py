"""`approxir annotate` and `approxir cc`: what they print and write, and how they fail."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

import approxir as ax
from approxir.cli import main

SOURCE = (
    "// @approx: loop_perforate thresh=[1] dec=[0,2] state_fn=g\r\nint f(int n, int m) { return n; } // é\r\n"
)
MODULE = """\
module {
  func.func @g(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @f(%n: i32, %m: i32) -> i32 {
    %0 = affine.for %i = 0 to 8 iter_args(%s = %n) -> (i32) {
      %1 = arith.addi %s, %n : i32
      affine.yield %1 : i32
    }
    return %0 : i32
  }
}
"""
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "k.c"
    path.write_bytes(SOURCE.encode())
    return path


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "k.mlir"
    path.write_text(MODULE)
    return path


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_the_operations_alone(source: Path, capsys: Capture) -> None:
    assert main(["annotate", str(source)]) == 0
    assert capsys.readouterr().out == ax.parse_and_generate(SOURCE)


def test_into_a_module(source: Path, module: Path, capsys: Capture, tmp_path: Path) -> None:
    expected = ax.inject_annotations_text(MODULE, ax.parse_and_generate(SOURCE))
    assert main(["annotate", str(source), str(module)]) == 0
    assert capsys.readouterr().out == expected
    out = tmp_path / "out.mlir"
    assert main(["annotate", str(source), str(module), "-o", str(out)]) == 0
    assert out.read_text() == expected
    assert module.read_text() == MODULE
    assert capsys.readouterr().out == ""


def test_standard_input(source: Path, module: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ax.inject_annotations_text(MODULE, ax.parse_and_generate(SOURCE))
    stdin(monkeypatch, SOURCE)
    assert main(["annotate", "-", str(module)]) == 0
    assert capsys.readouterr().out == expected
    stdin(monkeypatch, MODULE)
    assert main(["annotate", str(source), "-"]) == 0
    assert capsys.readouterr().out == expected
    assert main(["annotate", "-", "-"]) == 2
    assert "only once" in capsys.readouterr().err


def test_json(source: Path, capsys: Capture) -> None:
    assert main(["annotate", "--json", str(source)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": str(source),
        "annotations": [
            {
                "kind": "decision_tree", "function": "f", "line": 1, "column": 4, "transform_type": "loop_perforate",
                "state_indices": [1], "state_function": "g", "thresholds": [1], "decisions": [0, 2],
                "qualified_name": "f",
            }
        ],
    }  # fmt: skip
    assert main(["annotate", "--json", str(source), "x.mlir"]) == 2
    assert "leave MODULE out" in capsys.readouterr().err


def test_nothing_is_written_for_a_wrong_annotation(
    source: Path, module: Path, capsys: Capture, tmp_path: Path
) -> None:
    out = tmp_path / "out.mlir"
    out.write_text("old")
    source.write_text(SOURCE.replace("dec=[0,2]", "dec=[0]"))
    assert main(["annotate", str(source), str(module), "-o", str(out)]) == 1
    assert out.read_text() == "old"
    assert f"{source}:1:43: error: 1 threshold parts the states into 2 intervals" in capsys.readouterr().err
    source.write_text(SOURCE.replace("int f", "int g2"))
    assert main(["annotate", str(source), str(module), "-o", str(out)]) == 1
    assert f"{source}:1:13: error: the module has no function 'g2'" in capsys.readouterr().err
    assert out.read_text() == "old"


def test_source_that_is_not_utf8(source: Path, capsys: Capture) -> None:
    source.write_bytes(b"// \xe9\nint f();\n")
    assert main(["annotate", str(source)]) == 1
    assert f"{source}:1:4: error: invalid UTF-8" in capsys.readouterr().err


def test_missing_files(source: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["annotate", str(tmp_path / "no.c")]) == 1
    assert main(["annotate", str(source), str(tmp_path / "no.mlir")]) == 1
    assert capsys.readouterr().err.count("No such file") == 2


def test_the_language(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "k.h"
    path.write_text("// @approx:knob\nint f(class) int class; { return class; }\n")
    for options in (["--language", "c"], []):
        assert main(["annotate", str(path), *options]) == 0
        assert 'func_name = "f"' in capsys.readouterr().out
    assert main(["annotate", str(path), "--language", "rust"]) == 2


def test_help_shows_examples(capsys: Capture) -> None:
    for name in ("annotate", "cc"):
        assert main([name, "--help"]) == 0
        assert "Examples:\n" in capsys.readouterr().out


@pytest.fixture
def cgeist(tmp_path: Path) -> str:
    """A stand-in for cgeist that writes its arguments into a comment, and the module."""
    path = tmp_path / "cgeist"
    path.write_text(f"#!{sys.executable}\nimport sys\nprint('//', *sys.argv[4:])\nprint({MODULE!r})\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script with a #! line")
def test_cc(
    source: Path, cgeist: str, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shows which arguments a stand-in for cgeist gets, and what becomes of its output."""
    assert main(["cc", str(source), "--cgeist", cgeist, "-I", "inc", "--annotated", "--", "-function=*"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"// -I inc -I {tmp_path} -function=*\n")
    assert "approx.util.annotation.decision_tree" in out
    target = tmp_path / "out.mlir"
    monkeypatch.setenv("CGEIST_PATH", cgeist)
    assert main(["cc", str(source), "-o", str(target), "--resource-dir", "/r", "--timeout", "60"]) == 0
    assert "approx." not in target.read_text()
    assert "scf.index_switch" in target.read_text()
    stdin(monkeypatch, SOURCE)
    assert main(["cc", "-", "--annotated"]) == 0
    assert capsys.readouterr().out.startswith("//\n")


def test_cc_without_cgeist(source: Path, capsys: Capture, tmp_path: Path) -> None:
    target = tmp_path / "out.mlir"
    assert main(["cc", str(source), "--cgeist", str(tmp_path / "none"), "-o", str(target)]) == 1
    assert "which is part of Polygeist" in capsys.readouterr().err
    assert not target.exists()

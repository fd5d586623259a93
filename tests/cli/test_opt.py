"""`approxir opt`: which passes it chooses, where the result goes, and its exit status."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from support.approx_texts import BRANCHING, OTHER, SKIPPING, STATE, SUBSTITUTING, tree

import approxir
from approxir.cli import main
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, PASS_PIPELINE
from approxir.passes.registry import passes

REFUSED = tree(decisions="1, 3") + STATE + BRANCHING


def lower(text: str, *names: str) -> str:
    module = approxir.parse(text)
    approxir.run_pipeline(module, names or PASS_PIPELINE)
    return str(module)


@pytest.fixture
def skipping(tmp_path: Path) -> Path:
    path = tmp_path / "skipping.mlir"
    path.write_text(SKIPPING)
    return path


@pytest.fixture
def substituting(tmp_path: Path) -> Path:
    path = tmp_path / "substituting.mlir"
    path.write_text(SUBSTITUTING)
    return path


def test_everything_is_lowered_to_standard_output(
    skipping: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["opt", str(skipping)]) == 0
    assert capsysbinary.readouterr() == (lower(SKIPPING).encode(), b"")
    assert skipping.read_text() == SKIPPING


def test_the_module_decides_about_the_pipeline(
    substituting: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["opt", str(substituting), "--print-after-all"]) == 0
    out, err = capsys.readouterr()
    ran = [row.split("(")[1].split(")")[0] for row in err.splitlines() if row.startswith("// -----//")]
    assert tuple(ran) == FUNC_SUBSTITUTE_PIPELINE
    assert "call @approx_f_1" in out


@pytest.mark.parametrize(
    ("name", "names"), [("approx", PASS_PIPELINE), ("func-substitute", FUNC_SUBSTITUTE_PIPELINE)]
)
def test_named_pipelines(
    name: str, names: tuple[str, ...], substituting: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["opt", str(substituting), "--pipeline", name]) == 0
    assert capsys.readouterr() == (lower(SUBSTITUTING, *names), "")


@pytest.mark.parametrize(
    "text", ["emit-approx,emit-management", "builtin.module(emit-approx, emit-management)"]
)
def test_chosen_passes(text: str, skipping: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt", str(skipping), "-p", text]) == 0
    assert capsys.readouterr() == (lower(SKIPPING, "emit-approx", "emit-management"), "")


@pytest.mark.parametrize(
    "arguments",
    [["--live"], ["--pipeline", "approx", "--live"], ["-p", ",".join(PASS_PIPELINE), "--live"],
     ["-p", ",".join(PASS_PIPELINE).replace("config-approx", "config-approx{live=true}")]],
)  # fmt: skip
def test_live(arguments: list[str], skipping: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = approxir.parse(SKIPPING)
    approxir.run_pipeline(module, [passes.make(name, **({"live": True} if name == "config-approx" else {})) for name in PASS_PIPELINE])  # fmt: skip
    assert main(["opt", str(skipping), *arguments]) == 0
    assert capsys.readouterr() == (str(module), "")


def test_several_files(skipping: Path, substituting: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt", str(skipping), str(substituting)]) == 0
    both = f"{lower(SKIPPING)}// -----\n{lower(SUBSTITUTING, *FUNC_SUBSTITUTE_PIPELINE)}"
    assert capsys.readouterr() == (both, "")


def test_a_file_without_a_last_line_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.mlir"
    path.write_text("module {}")
    assert main(["opt", str(path), str(path)]) == 0
    assert capsys.readouterr().out == "module {}\n// -----\nmodule {}"


def test_standard_input_in_parts(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = f"{OTHER}// -----\n{SKIPPING}"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["opt", "--split", "-"]) == 0
    assert capsysbinary.readouterr() == (f"{OTHER}// -----\n{lower(SKIPPING)}".encode(), b"")


def test_an_output_file(skipping: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.mlir"
    assert main(["opt", str(skipping), "-o", str(out)]) == 0
    assert capsys.readouterr() == ("", "")
    assert out.read_text() == lower(SKIPPING)


def test_generic(skipping: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt", str(skipping), "--generic", "-p", "emit-approx"]) == 0
    assert '"approx.knob"(' in capsys.readouterr().out


def test_a_file_that_fails(skipping: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, missing = tmp_path / "bad.mlir", tmp_path / "missing.mlir"
    bad.write_text(REFUSED)
    assert main(["opt", str(bad), str(missing), str(skipping)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{bad}:1:1: error: " in err
    assert f"approxir: {missing}: No such file or directory\n" in err
    assert main(["opt", "--in-place", str(bad), str(skipping)]) == 1
    assert (bad.read_text(), skipping.read_text()) == (REFUSED, lower(SKIPPING))
    assert sorted(os.listdir(tmp_path)) == ["bad.mlir", "skipping.mlir"]


def test_an_output_is_not_touched_when_its_input_fails(tmp_path: Path) -> None:
    bad, out = tmp_path / "bad.mlir", tmp_path / "out.mlir"
    bad.write_text(REFUSED)
    assert main(["opt", str(bad), "-o", str(out)]) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.mlir", "b.mlir", "-o", "c.mlir"],
        ["a.mlir", "-i", "-o", "c.mlir"],
        ["-", "-i"],
        ["-", "-"],
        ["a.mlir", "-p", "emit-approx", "--pipeline", "approx"],
        ["a.mlir", "-p", "emit-aprox"],
        ["a.mlir", "-p", "emit-approx,"],
        ["a.mlir", "-p", "emit-approx", "--live"],
        ["a.mlir", "--pipeline", "none"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage: approxir opt" in err


def test_no_pass_at_all_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt", "-p", "", "-"]) == 2
    assert "names no pass" in capsys.readouterr().err

"""`approxir run`: which function it calls, with what, on what, and how it shows results."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from support import native

import approxir as ax
from approxir.cli import main

pytestmark = native.needs_native

KERNEL = str(Path(__file__).resolve().parents[2] / "examples" / "sum_of_squares.mlir")
TYPES = """
func.func @f(%a: i1, %b: i8, %c: f32, %d: complex<f64>, %m: memref<?xf32>, %t: tensor<2x2xi64>, %v: vector<2xbf16>)
    -> (i1, i8, f32, complex<f64>, memref<?xf32>, tensor<2x2xi64>, vector<2xbf16>) {
  return %a, %b, %c, %d, %m, %t, %v
      : i1, i8, f32, complex<f64>, memref<?xf32>, tensor<2x2xi64>, vector<2xbf16>
}
"""


def run(*arguments: str) -> int:
    return main(["run", *arguments])


def test_a_kernel_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(KERNEL, "-a", "600", "-a", "ones:600") == 0
    assert capsys.readouterr() == ("200.0\n", "")


@pytest.mark.parametrize("backend", ["llvm", "interp"])
def test_back_ends_agree(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = ["-a", "120", "-a", "random:120::3", "--backend", backend]
    assert run(KERNEL, *text) == 0
    data = np.random.default_rng(3).random(120).astype(np.float32)
    (wanted,) = ax.interp.run(ax.load(KERNEL), "sum_of_squares", 120, data)
    assert float(capsys.readouterr().out) == pytest.approx(float(wanted))


@pytest.mark.parametrize("live", [[], ["--live"]])
def test_parameters_can_be_set(live: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"sum_of_squares_threshold_1": 700, "sum_of_squares_decision_1": 3}')
    arguments = [KERNEL, "-a", "600", "-a", "ones:600", "-c", str(config), *live]
    assert run(*arguments) == 0
    assert run(*arguments, "--set", "sum_of_squares_decision_1=4") == 0
    assert capsys.readouterr().out == "200.0\n150.0\n"
    assert run(*arguments, "--set", "sum_of_squares_threshold_1=20") == 1
    assert "outside its bounds 100..1000" in capsys.readouterr().err


def test_all_kinds_of_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "types.mlir"
    path.write_text(TYPES)
    data = tmp_path / "data.npy"
    np.save(data, np.arange(3, dtype=np.float32))
    given = ["true", "-0x7", "2.5", "1+2j", str(data), "[[1, 2], [3, 4]]", "[0.5, 1]"]
    arguments = [part for value in given for part in ("-a", value)]
    out = tmp_path / "out.npz"
    assert run(str(path), *arguments, "-o", str(out)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "True", "-7", "2.5", "(1+2j)", "[0., 1., 2.]  # 3 float32", "[[1, 2],", " [3, 4]]  # 2x2 int64",
        "[0.5, 1]  # 2 bfloat16",
    ]  # fmt: skip
    with np.load(out) as results:
        assert results["arr_4"].tolist() == [0, 1, 2]
    assert run(str(path), *arguments, "-o", str(tmp_path / "out.npy")) == 2
    assert "a .npy file holds one result, there are 7" in capsys.readouterr().err


def test_results_go_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "f.mlir", tmp_path / "out.npy"
    path.write_text("func.func @f(%t: tensor<?xi32>) -> tensor<?xi32> { return %t : tensor<?xi32> }")
    assert run(str(path), "-a", "random:4::1", "-o", str(out)) == 0
    assert np.array_equal(np.load(out), np.random.default_rng(1).integers(0, 100, 4))


def test_calls_are_timed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(KERNEL, "-a", "50", "-a", "ones:50", "--time", "3") == 0
    result, time = capsys.readouterr().out.splitlines()
    assert result == "50.0"
    assert time.startswith("time per call: median ")
    assert "3 samples" in time


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"func.func @f(%n: i64) -> i64 { return %n : i64 }"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert run("-", "-a", "5") == 0
    assert capsys.readouterr().out == "5\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 1, "takes 2 arguments, 0 were given"),
        (["-a", "1", "-a", "x"], 1, "'x' is no array for memref<?xf32>; give a .npy file"),
        (["-a", "1.5", "-a", "ones:2"], 1, "'1.5' is no integer, which i32 needs"),
        (["-a", "1", "-a", "random"], 1, "say which shape"),
        (["-a", "1", "-a", "random:ax2"], 1, "'ax2' is no shape"),
        (["-a", "1", "-a", "random:99999999999999:f32"], 1, "does not fit into memory"),
        (["-a", "1", "-a", "random:-5"], 1, "no shape"),
        (["-a", "1", "-a", "random:3:f31"], 1, "'f31' is no type of elements"),
        (["-a", "1", "-a", "random:3:f32:x"], 1, "the seed 'x' is no number"),
        (["-a", "1", "-a", "ones:3:f64"], 1, "an array of float64 was given"),
        (["-a", "1", "-a", "[1, [2]]"], 1, "is no array of memref<?xf32>"),
        (["-a", "1", "-a", "["], 1, "is no array of memref<?xf32>"),
        (["-a", "1", "-a", "missing.npy"], 1, "missing.npy: No such file"),
        (["-a", "99999999999999", "-a", "ones:3"], 1, "does not fit into i32"),
        (["-f", "sum_of_square"], 1, "did you mean sum_of_squares?"),
        (["--target", "cuda"], 2, "--target is about --backend iree"),
        (["--live", "-b", "interp"], 2, "the interpreter has none"),
        (["-o", "x.txt"], 2, ".npy file"),
        (["--time", "0"], 2, "--time"),
    ],
)
def test_wrong_usage(
    arguments: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(KERNEL, *arguments) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_which_function_is_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.mlir"
    path.write_text("func.func @f() { return }\nfunc.func @g() { return }")
    assert run(str(path)) == 2
    assert "--function says which one; the module has: f, g" in capsys.readouterr().err
    assert run(str(path), "-f", "g") == 0
    assert capsys.readouterr().out == ""

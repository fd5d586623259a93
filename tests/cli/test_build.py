"""`approxir build`: what it writes, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import toolchains

import approxir as ax
from approxir.cli import main

pytestmark = [toolchains.needs_c_compiler, toolchains.needs_torch_mlir, toolchains.needs_llvmlite]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
KERNEL = str(EXAMPLES / "sum_of_squares.mlir")
COUNT = """
module {
  approx.util.annotation.decision_tree <{
    func_name = "count", transform_type = "loop_perforate", state_function = "count_state",
    state_indices = array<i64: 0>, thresholds = array<i32: 10>, decisions = array<i32: 0, 2>,
    decision_values = array<i32: 0, 2, 4>
  }>
  func.func @count_state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @count(%n: i32) -> i32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %end = arith.index_cast %n : i32 to index
    %sum = scf.for %i = %c0 to %end step %c1 iter_args(%a = %zero) -> (i32) {
      %b = arith.addi %a, %one : i32
      scf.yield %b : i32
    }
    return %sum : i32
  }
}
"""


@pytest.fixture
def module(tmp_path: Path) -> str:
    path = tmp_path / "in" / "count.mlir"
    path.parent.mkdir()
    path.write_text(COUNT)
    return str(path)


def build(*arguments: object) -> int:
    return main(["build", *map(str, arguments)])


def run(path: Path, *arguments: str) -> str:
    return subprocess.run([str(path), *arguments], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("name", "kind", "companions"),
    [
        ("k.o", "object", {"k.h", "k.json"}),
        ("k.so", "shared", {"k.h", "k.json"}),
        ("k.dylib", "shared", {"k.h", "k.json"}),
        ("k.ll", None, set()),
        ("k.mlir", None, set()),
    ],
)
def test_the_ending_says_what_is_made(
    tmp_path: Path, name: str, kind: str | None, companions: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(KERNEL, "-o", tmp_path / name) == 0
    assert capsys.readouterr() == ("", "")
    assert {path.name for path in tmp_path.iterdir()} == {name, *companions}
    if kind is not None:
        assert json.loads((tmp_path / "k.json").read_text())["kind"] == kind


def test_the_kind_can_be_said(tmp_path: Path) -> None:
    assert build(KERNEL, "-o", tmp_path / "k.xyz", "--kind", "object") == 0
    assert (tmp_path / "k.xyz").read_bytes()[:4] == b"\x7fELF"


def test_programs(tmp_path: Path, module: str) -> None:
    program = tmp_path / "count"
    assert build(module, "-o", program, "-f", "count") == 0
    assert run(program, "9") == "9\n"
    assert run(program, "20") == "10\n"


def test_parameters_are_set_before(tmp_path: Path, module: str) -> None:
    config = tmp_path / "best.json"
    config.write_text('{"count_threshold_0": 5, "count_decision_1": 4}')
    program = tmp_path / "count"
    assert build(module, "-o", program, "-f", "count", "-c", config) == 0
    assert run(program, "8") == "2\n"
    assert build(module, "-o", program, "-f", "count", "-c", config, "-s", "count_threshold_0=9") == 0
    assert run(program, "8") == "8\n"
    assert Path(module).read_text() == COUNT


def test_live_parameters_begin_with_what_is_set(tmp_path: Path, module: str) -> None:
    program = tmp_path / "count"
    assert build(module, "-o", program, "-f", "count", "--live", "-s", "count_threshold_0=5") == 0
    assert run(program, "8") == "4\n"
    assert run(program, "8", "--set", "count_threshold_0=9") == "8\n"
    described = json.loads((tmp_path / "count.json").read_text())
    assert [slot["value"] for slot in described["parameters"]["parameters"]] == [5, 0, 2]


def test_the_only_function_need_not_be_named(tmp_path: Path) -> None:
    path = tmp_path / "one.mlir"
    path.write_text("func.func @one(%x: f32) -> f32 { return %x : f32 }")
    assert build(path, "-o", tmp_path / "one") == 0
    assert run(tmp_path / "one", "1.5") == "1.5\n"
    path.write_text(
        path.read_text() + "\nfunc.func @main() -> i32 { %c = arith.constant 0 : i32\nreturn %c : i32 }"
    )
    assert build(path, "-o", tmp_path / "one") == 0
    assert run(tmp_path / "one") == ""


def test_which_function_is_asked(tmp_path: Path, module: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(module, "-o", tmp_path / "count") == 2
    assert "--function says which one; the module has: count_state, count" in capsys.readouterr().err
    assert build(module, "-o", tmp_path / "count", "-f", "cuont") == 1
    assert "no public function 'cuont'; did you mean 'count'?" in capsys.readouterr().err
    assert not (tmp_path / "count").exists()


def test_functions_of_c(tmp_path: Path) -> None:
    path = tmp_path / "uses.mlir"
    path.write_text(
        "func.func private @twice(i32) -> i32\n"
        "func.func @main() -> i32 { %c = arith.constant 4 : i32\n"
        "%r = call @twice(%c) : (i32) -> i32\nreturn %r : i32 }"
    )
    source = tmp_path / "twice.c"
    source.write_text("#include <stdint.h>\nint32_t twice(int32_t n) { return 2 * n; }\n")
    assert build(path, "-o", tmp_path / "p", "-e", "twice", "-l", source) == 0
    assert subprocess.run([str(tmp_path / "p")], check=False).returncode == 8


@pytest.mark.parametrize("kind", ["llvm-ir", "mlir"])
def test_texts_go_to_standard_output(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(KERNEL, "-o", "-", "-k", kind, "--name", "kernel") == 0
    output = capsys.readouterr().out
    assert "approx_kernel_call_sum_of_squares" in output
    assert ("llvm.func" in output) == (kind == "mlir")


@toolchains.needs_mlir_programs
@toolchains.needs_llc
def test_tools_can_be_chosen(tmp_path: Path) -> None:
    assert build(KERNEL, "-o", tmp_path / "k.o", "--using", "mlir-opt", "--compiler", "llc", "-O1") == 0
    target = json.loads((tmp_path / "k.json").read_text())["target"]
    assert target["compiler"].startswith("llc ")
    assert target["opt_level"] == 1


def test_iree(tmp_path: Path) -> None:
    pytest.importorskip("iree.compiler")
    assert build(EXAMPLES / "gelu.mlir", "-o", tmp_path / "g.vmfb", "--live") == 0
    described = json.loads((tmp_path / "g.json").read_text())
    assert described["kind"] == "vmfb"
    assert described["functions"][0]["takes_parameters"]
    assert len(described["parameters"]["parameters"]) == 3
    assert (tmp_path / "g.vmfb").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "-"], "'-o -' is for texts"),
        (["-o", "-", "-k", "object"], "'-o -' is for texts"),
        (["-o", "k.xyz"], "--kind has to say what 'k.xyz' is to be; .xyz does not tell"),
        (["-o", "k.o", "-f", "f"], "--function is about other kinds of files than 'object': executable"),
        (["-o", "k.ll", "-O0"], "--opt-level is about"),
        (["-o", "k.so", "--triple", "aarch64-linux-gnu"], "--triple is about"),
        (["-o", "k", "--prefix", "a_"], "--prefix is about"),
        (["-o", "k.o", "--arch", "sm_80"], "--arch is about"),
        (["-o", "k.o", "-l", "a.c"], "--link is about"),
        (["-o", "k.o", "-O4"], "not in the range"),
        (["-o", KERNEL, "-k", "mlir"], "is the module itself"),
        ([], "Missing option '-o'"),
    ],
)
def test_wrong_usage(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert build(KERNEL, *arguments) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_failures(tmp_path: Path, module: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        ([tmp_path / "none.mlir", "-o", tmp_path / "k.o"], "none.mlir: No such file or directory"),
        ([module, "-o", tmp_path / "none" / "k.o"], "No such file or directory"),
        ([module, "-o", tmp_path / "k.o", "-t", "no-such-cpu"], "no processor 'no-such-cpu'"),
        ([module, "-o", tmp_path / "k.o", "-s", "count_threshold_0=x"], "count_threshold_0"),
        ([module, "-o", tmp_path / "k.o", "-s", "no_such=1"], "no_such"),
        ([module, "-o", tmp_path / "k.o", "-e", "state"], "declares no function 'state'"),
        ([module, "-o", tmp_path / "k.o", "--using", "no-such-tool"], "no-such-tool"),
    ):
        assert build(*arguments) == 1
        assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_configuration_is_not_overwritten(
    tmp_path: Path, module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "count.json"
    config.write_text('{"count_threshold_0": 5}')
    assert build(module, "-o", tmp_path / "count.o", "-c", config) == 1
    assert "count.json is there already and was not written by approxir" in capsys.readouterr().err
    assert config.read_text() == '{"count_threshold_0": 5}'


def test_standard_input(tmp_path: Path, module: str) -> None:
    command = [sys.executable, "-m", "approxir", "build", "-", "-o", str(tmp_path / "count"), "-f", "count"]
    subprocess.run(command, input=COUNT.encode(), check=True)
    assert run(tmp_path / "count", "3") == "3\n"
    assert ax.load(module).knob("count").params.thresholds == [10]

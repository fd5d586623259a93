"""Modules as shared libraries, loaded into this process."""

from __future__ import annotations

import dataclasses
import gc
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import toolchains
from support.approximated import memory, programs, shown
from support.signatures import Exchanged, exchanged, same

import approxir as ax
from approxir.codegen import backend
from approxir.codegen.llvm.shared import LlvmShared
from approxir.codegen.mlir_process import UpstreamError
from approxir.errors import MissingDependencyError

pytestmark = [toolchains.needs_c_compiler, toolchains.needs_torch_mlir, toolchains.needs_llvmlite]

few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))

LIVE = """
module {
  approx.util.annotation.decision_tree <{
    func_name = "total", transform_type = "loop_perforate", state_function = "state",
    state_indices = array<i64: 0>, thresholds = array<i32: 10>, decisions = array<i32: 0, 2>,
    decision_values = array<i32: 0, 2, 3>
  }>
  func.func private @state(i32) -> i32
  func.func @total(%n: i32, %m: memref<?xi64>) -> i64 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0 : i64
    %end = arith.index_cast %n : i32 to index
    %sum = scf.for %i = %c0 to %end step %c1 iter_args(%a = %zero) -> (i64) {
      %x = memref.load %m[%i] : memref<?xi64>
      %b = arith.addi %a, %x : i64
      scf.yield %b : i64
    }
    return %sum : i64
  }
}
"""
WAYS = [
    pytest.param({}, id="default"),
    pytest.param(
        {"using": "mlir-opt", "compiler": "llc"},
        id="programs",
        marks=[toolchains.needs_mlir_programs, toolchains.needs_llc],
    ),
]


def shared(text: str | ax.Module, externals: Any = None, **options: Any) -> ax.Kernel:
    held = LlvmShared()
    return held.load(held.compile(text, externals=externals, **options), externals)


def test_it_is_a_back_end() -> None:
    held = backend.get("llvm-shared")
    assert isinstance(held, LlvmShared)
    info = held.describe()
    assert info.available
    assert info.reason is None
    assert "llvmlite" in str(info.version)


def echo(kinds: list[Exchanged]) -> str:
    arguments = ", ".join(f"%a{number}: {kind.text}" for number, kind in enumerate(kinds))
    types = ", ".join(kind.text for kind in kinds)
    returned = ", ".join(f"%a{number}" for number in range(len(kinds)))
    end = f"return {returned} : {types}" if kinds else "return"
    return f"func.func @echo({arguments}) -> ({types}) {{ {end} }}"


@few
@given(st.lists(exchanged(), max_size=6), st.integers(0, 3), st.data())
def test_values_come_back_as_they_went_in(kinds: list[Exchanged], level: int, data: st.DataObject) -> None:
    kernel = shared(echo(kinds), opt_level=level)
    values = [data.draw(kind.values) for kind in kinds]
    found = kernel.echo(*values)
    results = found if len(kinds) > 1 else (found,) if kinds else ()
    assert len(results) == len(values)
    assert all(same(result, value) for result, value in zip(results, values, strict=True))


@few
@given(programs(), st.data(), st.integers(-2, 12), st.integers(-2, 12), st.sampled_from(WAYS))
def test_it_does_what_the_other_engine_does(
    program: Any, data: st.DataObject, n: int, x: int, way: Any
) -> None:
    """Bit for bit, memory and side effects included, and with the same parameters set."""
    if way.id == "programs" and not (toolchains.has_mlir_programs() and toolchains.has_llc()):
        way = WAYS[0]
    text = program.text()
    kernels = (ax.jit(text, live=True), shared(text, live=True, **way.values[0]))
    assert kernels[0].layout == kernels[1].layout
    config = {
        slot.name: data.draw(st.sampled_from(slot.choices))
        for slot in kernels[0].layout
        if slot.kind == "decision"
    }
    for function in program.functions:
        seen = []
        for either in kernels:
            either.set(config)
            array = memory()
            either.reset()
            result = either[function.plain](n, x, array)
            counts = [either.counter(k) for k in range(4)]
            results = result if isinstance(result, tuple) else () if result is None else (result,)
            seen.append((shown(results), array.tolist(), counts))
        assert seen[0] == seen[1]


@pytest.mark.parametrize("way", WAYS)
def test_live_parameters_and_functions_of_python(way: dict[str, str]) -> None:
    asked = []

    def state(n: int) -> int:
        asked.append(n)
        return n

    kernel = shared(LIVE, {"state": state}, live=True, **way)
    data = np.ones(20, np.int64)
    assert (kernel.total(9, data), kernel.total(20, data)) == (9, 10)
    kernel.set({"total_decision_1": 3, "total_threshold_0": 20})
    assert (kernel.total(19, data), kernel.total(20, data)) == (19, 7)
    assert asked == [9, 20, 19, 20]

    def fails(n: int) -> int:
        raise KeyError(n)

    kernel = shared(LIVE, {"state": fails}, live=True, **way)
    with pytest.raises(KeyError):
        kernel.total(1, data)


OWN_STATE = "func.func @state(%n: i32) -> i32 { return %n : i32 }"


def test_kernels_have_parameters_of_their_own() -> None:
    text = LIVE.replace("func.func private @state(i32) -> i32", OWN_STATE)
    artifact = LlvmShared().compile(text, live=True)
    one, other = LlvmShared().load(artifact), LlvmShared().load(artifact)
    one.set({"total_decision_1": 3})
    data = np.ones(20, np.int64)
    assert (one.total(20, data), other.total(20, data)) == (7, 10)


IN_ANOTHER_PROCESS = """
import pickle, sys
import numpy as np
from approxir.codegen.llvm.shared import LlvmShared
kernel = LlvmShared().load(pickle.loads(sys.stdin.buffer.read()), {"state": lambda n: n})
kernel.set({"total_decision_1": 3})
print(kernel.total(20, np.ones(20, np.int64)), "torch_mlir" in sys.modules)
"""


def test_artifacts_go_to_other_processes() -> None:
    artifact = LlvmShared().compile(LIVE, live=True, externals={"state": int})
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS], input=pickle.dumps(artifact), capture_output=True
    )
    assert done.stdout.decode().split() == ["7", "False"], done.stderr.decode()


def test_slots_are_pickled_whole() -> None:
    text = """
    func.func @f(%a: memref<4xf32, strided<[2], offset: 3>>, %b: i9, %c: tensor<?xbf16>, %d: vector<3xi1>) {
      memref.assume_alignment %a, 4 : memref<4xf32, strided<[2], offset: 3>>
      return
    }"""
    artifact = LlvmShared().compile(text, copy=True)
    again = pickle.loads(pickle.dumps(artifact))
    assert again.library == artifact.library
    for one, other in zip(
        artifact.interface.functions["f"].inputs, again.interface.functions["f"].inputs, strict=True
    ):
        assert one.offset == other.offset
        assert one.slot.kind == other.slot.kind
        assert vars(one.slot).keys() == vars(other.slot).keys()
    first = again.interface.functions["f"].inputs[0].slot
    assert (first.writes, first.copies, first.alignment) == (False, True, 4)


def test_a_library_for_another_machine_is_refused() -> None:
    text = "func.func @f() -> i32 { %c = arith.constant 7 : i32\n return %c : i32 }"
    artifact = LlvmShared().compile(text)
    with pytest.raises(ax.CompilationError, match="the processor of another machine"):
        LlvmShared().load(dataclasses.replace(artifact, made_for="another"))
    named = LlvmShared().compile(text, cpu="x86-64")
    assert named.made_for is None
    assert LlvmShared().load(named).f() == 7


def test_what_is_no_library_is_refused() -> None:
    artifact = LlvmShared().compile("func.func @f() { return }")
    with pytest.raises(ax.CompilationError, match="the system cannot load the library"):
        LlvmShared().load(dataclasses.replace(artifact, library=b"nonsense"))


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="there is no /proc")
def test_libraries_are_unloaded() -> None:
    def mapped() -> int:
        gc.collect()
        return Path("/proc/self/maps").read_text().count("approxir-")

    before = mapped()
    text = "func.func @f() -> memref<2xi32> { %m = memref.get_global @g : memref<2xi32>\n return %m : memref<2xi32> }\n"
    text += 'memref.global "private" @g : memref<2xi32> = dense<[3, 4]>'
    artifact = LlvmShared().compile(text)
    kept = [LlvmShared().load(artifact).f() for _ in range(3)]
    # Arrays that are views of globals keep them.
    assert mapped() > before
    assert [array.tolist() for array in kept] == [[3, 4]] * 3
    del kept
    assert mapped() == before


WRONG = """
module {
  func.func @f(%x: f32) -> f32 {
    %y = "unknown.operation"(%x) : (f32) -> f32
    return %y : f32
  }
}
"""


@pytest.mark.parametrize("way", WAYS)
def test_errors_have_the_place_in_the_source(way: dict[str, str]) -> None:
    with pytest.raises(ax.CompilationError, match=r"unknown\.operation") as caught:
        shared(ax.parse(WRONG, file="in.mlir"), **way)
    found = caught.value.diagnostics[0]
    assert (found.file, found.line) == ("in.mlir", 4)


def test_missing_functions_are_named() -> None:
    text = """
    llvm.func @no_such_function_anywhere()
    func.func @f() { llvm.call @no_such_function_anywhere() : () -> ()
      return }"""
    with pytest.raises(ax.CompilationError, match="no_such_function_anywhere"):
        shared(text)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "func.func @f() { return }"
    monkeypatch.setenv("CC", "no-such-compiler -m64")
    with pytest.raises(MissingDependencyError, match="CC names 'no-such-compiler', which is not found"):
        shared(text)
    monkeypatch.setenv("CC", "'")
    with pytest.raises(MissingDependencyError, match="CC is no command"):
        shared(text)
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="set CC, or install cc or gcc or clang"):
        shared(text)
    info = LlvmShared().describe()
    assert not info.available
    assert "set CC" in str(info.reason)
    (tmp_path / "cc").symlink_to("/bin/true")
    with pytest.raises(MissingDependencyError, match="mlir-opt is not installed"):
        shared(text, using="mlir-opt")
    with pytest.raises(MissingDependencyError, match="no real MLIR is called 'mlri-opt'"):
        shared(text, using="mlri-opt")


def test_the_c_compiler_can_have_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "cc -O0")
    assert shared("func.func @f() -> i1 { %c = arith.constant true\n return %c : i1 }").f() is True
    monkeypatch.setenv("CC", "cc --no-such-option")
    with pytest.raises(ax.CompilationError, match="no-such-option"):
        shared("func.func @f() { return }")


@pytest.mark.parametrize("level", [-1, 4, "3", None])
def test_optimization_levels(level: Any) -> None:
    with pytest.raises(ValueError, match="0, 1, 2 or 3"):
        shared("func.func @f() { return }", opt_level=level)


def test_an_mlir_opt_that_is_too_old(tmp_path: Path) -> None:
    """One that does not know the passes says so for a module of nothing as well."""
    opt = tmp_path / "mlir-opt-9"
    opt.write_text(
        "#!/bin/sh\ncat > /dev/null\necho \"<unknown>:0: error: 'x' is no registered pass\" >&2\nexit 1\n"
    )
    opt.chmod(0o755)
    with pytest.raises(MissingDependencyError, match="no mlir-translate that belongs to"):
        shared("func.func @f() { return }", using=str(opt))
    translate = tmp_path / "mlir-translate-9"
    translate.write_text("#!/bin/sh\n")
    translate.chmod(0o755)
    with pytest.raises(UpstreamError, match="mlir-opt-9 ended with status 1"):
        shared("func.func @f() { return }", using=str(opt))


UNTRANSLATED = """
module {
  func.func @f(%x: i32) -> f32 {
    %y = builtin.unrealized_conversion_cast %x : i32 to f32
    return %y : f32
  }
}
"""


@pytest.mark.parametrize("way", WAYS)
def test_what_llvm_has_no_words_for_has_its_place(way: dict[str, str]) -> None:
    with pytest.raises(ax.CompilationError, match="LLVM cannot compile this module") as caught:
        shared(ax.parse(UNTRANSLATED, file="in.mlir"), **way)
    found = caught.value.diagnostics[0]
    assert (found.file, found.line, found.column) == ("in.mlir", 4, 10)


@toolchains.needs_mlir_programs
def test_dialects_that_only_one_program_knows() -> None:
    text = "func.func @f() { %t = async.runtime.create : !async.token\n return }"
    with pytest.raises(ax.CompilationError, match=r"mlir-translate-\d+ says .*Dialect `async' not found"):
        shared(text, using="mlir-opt")


@toolchains.needs_mlir_programs
def test_jit_can_use_the_programs_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    text = LIVE.replace("func.func private @state(i32) -> i32", OWN_STATE)
    data = np.ones(20, np.int64)
    kernel = ax.jit(text, live=True, using="mlir-opt")
    assert kernel.backend == "llvm-shared"
    assert kernel.set({"total_decision_1": 3}) == {"total_decision_1": 2}
    assert kernel.total(20, data) == 7
    assert ax.jit(text, using="torch-mlir").backend == "llvm"
    monkeypatch.setattr("approxir.codegen.llvm.bindings.version", lambda: None)
    kernel = ax.jit(text)
    assert (kernel.backend, kernel.total(20, data)) == ("llvm-shared", 10)


@pytest.mark.parametrize("name", ['"ü"', "__init__", '"two words"'])
def test_functions_of_any_name(name: str) -> None:
    text = f"func.func @{name}() -> i32 {{ %c = arith.constant 7 : i32\n return %c : i32 }}"
    assert shared(text)[name.strip('"')]() == 7

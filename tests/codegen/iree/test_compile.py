"""Compiling: targets, flags, errors, the cache, and what happens to the compiler."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import approxir as ax
from approxir.codegen.iree import tool
from approxir.codegen.iree.backend import Iree, iree
from approxir.codegen.iree.cache import Cache
from approxir.codegen.iree.compile import compile_text
from approxir.codegen.iree.loading import load_module
from approxir.codegen.iree.targets import TARGETS, TargetError, target_named, targets_of

ADD = """\
func.func @add(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %z = stablehlo.add %x, %y : tensor<4xf32>
  return %z : tensor<4xf32>
}
"""
F64 = """\
func.func @f(%x: tensor<64xf64>) -> tensor<64xf64> {
  %y = stablehlo.sine %x : tensor<64xf64>
  %z = stablehlo.tanh %y : tensor<64xf64>
  return %z : tensor<64xf64>
}
"""


def test_iree_names_its_back_ends() -> None:
    known = tool.backends()
    assert {"llvm-cpu", "cuda", "vulkan-spirv"} <= set(known)
    assert {"cpu", "cuda", "vulkan"} <= set(targets_of(known))
    info = Iree().describe()
    assert info.available
    assert info.version == tool.version()
    assert "cpu" in info.devices
    assert set(info.targets) == set(targets_of(known))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_target_compiles(target: object) -> None:
    assert isinstance(target, type(TARGETS[0]))
    if target.backend not in tool.backends():
        with pytest.raises(ax.CompilationError):
            compile_text(ADD, target.name, arch=target.example)
        return
    code = compile_text(ADD, target.name, arch=target.example)
    assert compile_text(ADD, target.backend, arch=target.example) == code
    marks = {"cuda": b".target sm_80", "rocm": b"gfx942", "metal": b"metal", "vmvx": b"vmvx", "cpu": b"ELF"}
    assert marks.get(target.name, b"") in code


def test_ptx_is_in_the_artifact() -> None:
    for arch in ("sm_75", "sm_86"):
        code = compile_text(ADD, "cuda", arch=arch)
        assert f".target {arch}".encode() in code
        assert b".entry add_dispatch_0" in code or b".visible .entry" in code


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("llvm-cpu", "cpu"),
        ("local-task", "cpu"),
        ("local", "cpu"),
        ("hip", "rocm"),
        ("vulkan-spirv", "vulkan"),
    ],
)
def test_names_of_targets(name: str, found: str) -> None:
    assert target_named(name).name == found


def test_targets_that_are_wrong() -> None:
    with pytest.raises(TargetError, match="did you mean 'cuda'"):
        compile_text(ADD, "kuda")
    with pytest.raises(TargetError, match="arch='gfx942'"):
        compile_text(ADD, "rocm")
    with pytest.raises(TargetError, match="no architectures"):
        compile_text(ADD, "vmvx", arch="x")
    with pytest.raises(ax.CompilationError, match=r"compil.* for cuda\n.*Unknown CUDA target"):
        compile_text(ADD, "cuda", arch="nonsense")
    with pytest.raises(ax.CompilationError, match="Unknown CPU"):
        compile_text(ADD, arch="nonsense")
    assert compile_text(ADD, arch="x86-64-v3" if sys.platform != "darwin" else "generic")


def test_double_precision_is_kept() -> None:
    x = np.linspace(-3, 3, 64)
    found = iree(F64).f(x)
    assert found.dtype == np.float64
    np.testing.assert_array_max_ulp(found, np.tanh(np.sin(x)), 4)


def test_double_precision_without_a_system_linker(
    monkeypatch: pytest.MonkeyPatch, private_cache: Path
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    x = np.linspace(-3, 3, 64)
    np.testing.assert_array_max_ulp(iree(F64).f(x), np.tanh(np.sin(x)), 4)


def test_flags() -> None:
    code = compile_text(F64, flags=["--iree-input-demote-f64-to-f32"], cache=False)
    found = load_module(code).f(np.linspace(0, 1, 64).astype(np.float32))
    assert found.dtype == np.float32
    with pytest.raises(ax.CompilationError, match="Unknown command line argument '--nonsense'"):
        compile_text(ADD, flags=["--nonsense"])


def refused(text: str, **options: object) -> ax.CompilationError:
    with pytest.raises(ax.CompilationError) as caught:
        compile_text(text, file="in.mlir", **options)  # type: ignore[arg-type]
    return caught.value


def test_errors_are_placed() -> None:
    error = refused(ADD.replace("%x, %y", "%x, %é"))
    (entry,) = error.diagnostics
    assert (entry.file, entry.line, entry.column) == ("in.mlir", 2, 26)
    assert "in.mlir:2:26: error: " in str(error)

    error = refused(
        "module @jit_f {\n" + ADD.replace("stablehlo.add %x, %y", "stablehlo.custom_call @lapack(%x, %y)").replace(
            ": tensor<4xf32>\n  return", ": (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>\n  return"
        ) + "}\n"
    )  # fmt: skip
    assert error.diagnostics[0].line == 3
    assert "stablehlo.custom_call" in error.diagnostics[0].message
    assert error.diagnostics[0].source_line.strip().startswith("%z = stablehlo.custom_call")
    assert "IREE cannot compile the module for cpu" in str(error)


def test_errors_of_code_from_elsewhere_are_placed_here() -> None:
    """JAX's modules say from which line of Python an operation comes; the error names the line of the module."""
    text = '#loc = loc("model.py":7:3)\n' + ADD.replace(
        "stablehlo.add %x, %y : tensor<4xf32>",
        "stablehlo.custom_call @f(%x) : (tensor<4xf32>) -> tensor<4xf32> loc(#loc)",
    )
    assert refused(text).diagnostics[0].line == 3


def test_errors_of_lowered_modules_are_placed_in_their_source() -> None:
    text = """\
module {
  approx.util.annotation.decision_tree <{func_name = "f", state_function = "state", state_indices = array<i64: 0>,
    transform_type = "func_substitute", thresholds = array<i32: 3>, decisions = array<i32: 0, 1>}>
  func.func @state(%n: tensor<i32>) -> tensor<i32> {
    return %n : tensor<i32>
  }
  func.func @f(%n: tensor<i32>) -> tensor<i32> {
    %r = stablehlo.custom_call @nobody_knows(%n) : (tensor<i32>) -> tensor<i32>
    return %r : tensor<i32>
  }
  func.func @approx_f_1(%n: tensor<i32>) -> tensor<i32> {
    return %n : tensor<i32>
  }
}
"""
    with pytest.raises(ax.CompilationError) as caught:
        iree(text)
    assert caught.value.diagnostics[0].line == 8
    assert caught.value.diagnostics[0].source_line.strip().startswith("%r = stablehlo.custom_call")


@pytest.mark.parametrize("text", ["\0", "func.func @f(", "é", "a" * 5000, "{-#"])
def test_texts_that_are_no_modules(text: str) -> None:
    assert refused(text).diagnostics
    with pytest.raises(ax.errors.ApproxIRError):
        iree(text)


@pytest.mark.parametrize(
    "text", ["", "\n", "module {}", "func.func private @f() { return }", "func.func private @f()"]
)
def test_modules_without_functions(text: str) -> None:
    with pytest.raises(ax.CompilationError, match="no public function"):
        iree(text)


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("memref<4xf32>", r"use approxir\.jit"),
        ("vector<4xf32>", r"approxir\.jit takes more"),
        ("complex<f32>", r"approxir\.jit takes more"),
        ("ui32", r"approxir\.jit takes more"),
        ("tensor<4xi4>", "tensors of i4"),
        ("tensor<4xindex>", "tensors of index"),
        ("tensor<*xf32>", r"approxir\.jit takes more"),
    ],
)
def test_types_that_cannot_be_exchanged(kind: str, hint: str) -> None:
    text = f"module {{\n  func.func @f(%a: {kind}) {{\n    return\n  }}\n}}\n"
    with pytest.raises(ax.CompilationError, match=hint) as caught:
        iree(text)
    assert (caught.value.diagnostics[0].line, caught.value.diagnostics[0].column) == (2, 3)


def test_the_cache_is_used(private_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = compile_text(ADD)
    (path,) = private_cache.rglob("*.artifact")

    def never(*_: object) -> tool.Outcome:
        raise AssertionError("the compiler was asked")

    with monkeypatch.context() as patch:
        patch.setattr(tool, "run", never)
        assert compile_text(ADD) == code
        for other in (
            {"cache": False},
            {"flags": ["--iree-opt-level=O1"]},
            {"target": "vmvx"},
            {"arch": "generic"},
        ):
            with pytest.raises(AssertionError):
                compile_text(ADD, **other)  # type: ignore[arg-type]
        # Flags that ask for output are not answered from the cache.
        with pytest.raises(AssertionError):
            compile_text(ADD, flags=["--mlir-print-ir-after-all"])
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(AssertionError):
            compile_text(ADD)
    assert compile_text(ADD) == code
    assert compile_text(ADD, cache=Cache(private_cache / "x", limit=0)) == code


def test_without_a_place_for_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path / "file"))
    assert iree(ADD).add([1, 2, 3, 4], [1, 1, 1, 1]).tolist() == [2, 3, 4, 5]


COMPILING = """
from approxir.codegen.iree.compile import compile_text
import hashlib, sys
print(hashlib.sha256(compile_text(sys.stdin.read())).hexdigest())
"""


def test_two_processes_compile_the_same(private_cache: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", COMPILING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    found = set()
    for process in running:
        assert process.stdin is not None
        process.stdin.write(ADD)
        process.stdin.close()
    for process in running:
        assert process.stdout is not None
        found.add(process.stdout.read())
        assert process.wait(60) == 0
    assert len(found) == 1
    assert len(list(private_cache.rglob("*.artifact"))) == 1


def test_a_compiler_that_crashes_or_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "iree-compile"
    monkeypatch.setenv("IREE_TOOL_PATH", str(tmp_path))

    def behave(script: str) -> None:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    behave("kill -SEGV $$")
    with pytest.raises(ax.CompilationError, match="ended by signal 11"):
        compile_text(ADD)
    behave("exec sleep 60")
    with pytest.raises(ax.CompilationError, match=r"did not finish within 0\.2 seconds"):
        compile_text(ADD, timeout=0.2)
    behave("echo something is wrong >&2; exit 3")
    with pytest.raises(ax.CompilationError, match="something is wrong"):
        compile_text(ADD)
    program.write_bytes(b"\0")
    with pytest.raises(ax.CompilationError, match="cannot be run"):
        compile_text(ADD)


INTERRUPTED = """
import sys
from approxir.codegen.iree.compile import compile_text
print("ready", flush=True)
try:
    compile_text("func.func @f() { return }", cache=False)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no process groups here")
def test_interrupting(tmp_path: Path) -> None:
    """Ctrl-C goes to the compiler too, and nothing is left running."""
    program = tmp_path / "iree-compile"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    program.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "IREE_TOOL_PATH": str(tmp_path)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 20
    while not (tmp_path / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    pid = int((tmp_path / "pid").read_text())
    os.killpg(process.pid, signal.SIGINT)
    assert process.stdout.read() == "interrupted\n"
    assert process.wait(20) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

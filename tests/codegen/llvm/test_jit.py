"""Modules that are compiled in memory: what can be compiled, names, calls, errors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from support import native
from support.summing import SUM

import approxir as ax

pytestmark = native.needs_native


# ---- names


@pytest.mark.parametrize(
    "name",
    [
        "exp",
        "malloc",
        "main",
        "free",
        "memcpy",
        "memrefCopy",
        "sqrtf",
        "f.1",
        "set",
        "a b",
        "ü",
        "_x",
        "__init__",
        "functions",
    ],
)
def test_functions_of_any_name(name: str) -> None:
    text = f"""
    func.func @"{name}"(%x: f64) -> f64 {{
      %e = math.exp %x : f64
      %m = memref.alloc() : memref<2xf64>
      %c0 = arith.constant 0 : index
      memref.store %e, %m[%c0] : memref<2xf64>
      %r = memref.load %m[%c0] : memref<2xf64>
      memref.dealloc %m : memref<2xf64>
      return %r : f64
    }}
    func.func @other(%x: f64) -> f64 {{
      %r = func.call @"{name}"(%x) : (f64) -> f64
      return %r : f64
    }}"""
    kernel = ax.jit(text)
    assert kernel[name](0.0) == 1.0
    assert kernel.other(0.0) == 1.0
    assert list(kernel) == [name, "other"]
    assert kernel[name].name == name


def test_names_that_are_alike_in_c() -> None:
    kernel = ax.jit("""
    func.func @"a b"() -> i32 { %r = arith.constant 1 : i32\n return %r : i32 }
    func.func @"a-b"() -> i32 { %r = arith.constant 2 : i32\n return %r : i32 }
    func.func @a_b() -> i32 { %r = arith.constant 3 : i32\n return %r : i32 }
    func.func @__approx_call_a_b() -> i32 { %r = arith.constant 4 : i32\n return %r : i32 }""")
    assert [kernel[name]() for name in kernel] == [1, 2, 3, 4]


def test_unknown_functions() -> None:
    kernel = ax.jit(SUM)
    with pytest.raises(AttributeError, match="no function 'totl'; did you mean 'total'"):
        kernel.totl(1)
    with pytest.raises(KeyError, match="no function 'x'; it has: length, total"):
        kernel["x"]
    assert not hasattr(kernel, "__array__")
    assert "total" in dir(kernel)
    assert "total(n: i32, m: memref<?xi64>) -> i64" in repr(kernel)
    assert "total(n: i32" in kernel._repr_html_()
    assert "total" in kernel


# ---- errors


def test_the_errors_of_mlir_are_placed_in_the_source() -> None:
    text = """module {
  approx.util.annotation.transform <{func_name = "f", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @f(%n: index, %m: memref<?xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %n step %c1 {
      %x = memref.load %m[%i] : memref<?xf32>
      %y = "unknown.operation"(%x) : (f32) -> f32
      memref.store %y, %m[%i] : memref<?xf32>
    }
    return
  }
}
"""
    with pytest.raises(ax.CompilationError, match=r"unknown\.operation") as caught:
        ax.jit(ax.parse(text, file="in.mlir"))
    found = caught.value.diagnostics[0]
    assert (found.file, found.line) == ("in.mlir", 8)


@pytest.mark.parametrize("text", ["", "module {}", "// nothing\n", "func.func private @f()"])
def test_modules_without_functions(text: str) -> None:
    kernel = ax.jit(text)
    assert len(kernel) == 0
    with pytest.raises(AttributeError, match="it has: none"):
        kernel.f()


@pytest.mark.parametrize("level", [-1, 4, "3", None])
def test_optimization_levels(level: Any) -> None:
    with pytest.raises(ValueError, match="0, 1, 2 or 3"):
        ax.jit(SUM, opt_level=level)


def test_what_cannot_be_exchanged_is_said() -> None:
    kernel = ax.jit("""
    func.func @f(%p: !llvm.ptr) { return }
    func.func @g(%a: i128) -> i128 { return %a : i128 }
    func.func @h(%m: memref<*xf32>) { return }
    func.func @i(%m: memref<2xf32, 1>) { return }
    func.func @ok() { return }""")
    assert list(kernel) == ["ok"]
    for name, message in (
        ("f", "!llvm.ptr"),
        ("g", "128 bits"),
        ("h", r"memref<\*xf32>"),
        ("i", "memory of memref"),
    ):
        with pytest.raises(AttributeError, match=message):
            kernel[name]


def test_syntax_errors_are_those_of_the_parser() -> None:
    with pytest.raises(ax.ParseError):
        ax.jit("func.func @f( {")
    with pytest.raises(ax.VerifyError):
        ax.jit("func.func @f() -> i32 { return %x : i32 }")
    with pytest.raises(TypeError, match="a module or the text of one"):
        ax.jit(5)  # type: ignore[arg-type]


def test_the_module_stays_as_it_is() -> None:
    module = ax.parse(SUM)
    ax.jit(module, live=True)
    ax.jit(module)
    assert str(module) == SUM


def test_declarations_that_nothing_uses_need_nothing() -> None:
    kernel = ax.jit("""
    llvm.func @no_such_function_anywhere()
    llvm.func @strlen(!llvm.ptr) -> i64
    llvm.mlir.global internal constant @text("four\\00")
    func.func private @unused(i32)
    func.func @f() -> i64 {
      %p = llvm.mlir.addressof @text : !llvm.ptr
      %n = llvm.call @strlen(%p) : (!llvm.ptr) -> i64
      return %n : i64
    }""")
    assert kernel.f() == 4


# ---- calls by name, copies


def test_arguments_by_name() -> None:
    kernel = ax.jit(SUM)
    ones = np.ones(5, np.int64)
    assert kernel.total(n=3, m=ones) == kernel.total(3, m=ones) == 3
    for args, named, message in (
        ((3,), {}, "takes 2 arguments, 1 was given"),
        ((3,), {"k": ones}, "has no argument 'k'"),
        ((3, ones), {"m": ones}, r"argument 2 \(m\) of total was given twice"),
        ((), {"m": ones}, r"argument 1 \(n\) of total is missing"),
        ((1, 2, 3), {"m": ones}, "given twice"),
    ):
        with pytest.raises(ax.ArgumentError, match=message) as caught:
            kernel.total(*args, **named)
        assert "total(n: i32, m: memref<?xi64>) -> i64" in str(caught.value)


def test_kernels_cannot_be_pickled_and_say_what_can() -> None:
    kernel = ax.jit(SUM)
    for attempt in (pickle.dumps, copy.deepcopy, copy.copy):
        with pytest.raises(TypeError, match="llvm-shared"):
            attempt(kernel)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "func.func @f(%m: memref<?xf32>) { memref.dealloc %m : memref<?xf32>\n return }",
            r"frees the memory of argument 1 \(m\)",
        ),
        (
            "func.func @f(%m: memref<?xf32>) { call @free(%m) : (memref<?xf32>) -> ()\n return }\n"
            "func.func private @free(%m: memref<?xf32>) { memref.dealloc %m : memref<?xf32>\n return }",
            r"frees the memory of argument 1 \(m\)",
        ),
        (
            "func.func @f() -> memref<2xf32> { %m = memref.alloc() : memref<2xf32>\n"
            "memref.dealloc %m : memref<2xf32>\n return %m : memref<2xf32> }",
            "cannot be followed",
        ),
    ],
)
def test_functions_that_free_what_they_must_not(text: str, message: str) -> None:
    with pytest.raises(ax.CompilationError, match=message):
        ax.jit(text)

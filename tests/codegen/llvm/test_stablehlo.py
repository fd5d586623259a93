"""StableHLO on LLVM: what is legalized computes what the interpreter does, and what is not says so."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from corpus.jax_programs import PROGRAMS, Program
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax
from support.native import needs_native
from support.tensor_kernels import arguments_of, by_jax, kernel, lowered, results, steps_apart

import approxir as ax
from approxir.codegen import upstream
from approxir.codegen.llvm.stablehlo import to_linalg
from approxir.codegen.upstream import UpstreamError
from approxir.errors import CompilationError, MissingDependencyError
from approxir.interp import Interpreter

pytestmark = needs_native
few = settings(max_examples=8, deadline=None)

REFUSED = {
    "fft_filter": {"stablehlo.fft"},
    "linear_algebra": {"stablehlo.custom_call"},
    "linear_algebra_cuda": {"stablehlo.custom_call", "stablehlo.triangular_solve"},
    "fp8_matmul": {"stablehlo.convert"},
    "special_functions": {"chlo.lgamma", "chlo.digamma", "chlo.next_after"},
    "dynamic_shapes": {"stablehlo.custom_call", "stablehlo.dynamic_gather"},
}
"""What each program that is refused is refused for. All others compile."""

STEPS = 20.0
"""How far results may be apart, in steps of their type at the largest of them."""


@functools.cache
def with_scf(program: Program, style: Any = "pretty") -> str:
    module = ax.parse(program.text(style), file=f"{program.name}.mlir")
    ax.run_pipeline(module, ["legalize-control-flow-to-scf"])
    return str(module)


STYLED = {"cond_switch", "int_bits", "fft_filter", "special_functions"}
TEXTS = [
    pytest.param(program, style, id=f"{program.name}-{style}")
    for program in PROGRAMS
    for style in (("pretty", "debug", "generic") if program.name in STYLED else ("pretty",))
]


@pytest.mark.parametrize(("program", "style"), TEXTS)
def test_what_is_legalized(program: Program, style: Any) -> None:
    text = with_scf(program, style)
    if program.name not in REFUSED:
        result = to_linalg(text)
        assert "stablehlo." not in result
        ax.parse(result).verify(using="torch-mlir")
        return
    with pytest.raises(CompilationError) as caught:
        to_linalg(text, file="program.mlir")
    module = ax.parse(text)
    placed = {op.name_location.line: op.name for op in module.walk() if op.name_location is not None}
    found = caught.value.diagnostics
    assert {placed[entry.line] for entry in found} == REFUSED[program.name]
    assert {entry.file for entry in found} == {"program.mlir"}
    for entry in found:
        assert placed[entry.line] in entry.message or "numbers of type f8" in entry.message
        assert entry.render() in str(caught.value)


UNKNOWN_TO_THE_INTERPRETER = {"sharded_matmul"}
NARROW = {"int_bits"}
"""Programs with numbers of less than a byte, which cannot be handed over."""


@pytest.mark.parametrize(
    "program",
    [p for p in PROGRAMS if p.name not in REFUSED and p.name not in NARROW],
    ids=lambda program: program.name,
)
def test_programs_compute_what_the_interpreter_and_jax_do(program: Program) -> None:
    function = kernel(program.text(), opt_level=1).main
    module = ax.parse(program.text())
    arguments = arguments_of(program, 1)
    found = results(function(*arguments))
    if program.name not in UNKNOWN_TO_THE_INTERPRETER:
        wanted = Interpreter(module).call("main", *arguments)
        assert max(map(steps_apart, found, wanted)) <= STEPS
    # JAX rounds in ways of its own.
    assert max(map(steps_apart, found, by_jax(program, 1))) <= 20 * STEPS


def agrees(function: Any, *arguments: Any, steps: float = 0.0) -> None:
    """Compare a JAX function with the interpreter, in steps of its type at the largest result."""
    text = lowered(function, *arguments)
    wanted = Interpreter(ax.parse(text)).call("main", *arguments)
    found = results(kernel(text, opt_level=1).main(*arguments))
    assert max(map(steps_apart, found, wanted)) <= steps, (found, wanted)


SPECIAL = np.array([0.5, -0.0, 0.0, np.inf, -np.inf, np.nan, 1e-40, 3.0, -3.0, 0.5], np.float32)


FUNCTIONS = (
    lax.erf, lax.erfc, lax.erf_inv, lax.asin, lax.acos, lax.atan, lax.sinh, lax.cosh, lax.asinh,
    lax.acosh, lax.atanh, lax.square, jnp.isinf, lax.is_finite,
)  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16, np.float16])
def test_functions_of_chlo(dtype: Any) -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.uniform(-1, 1, 50), SPECIAL]).astype(dtype)
    agrees(lambda x: tuple([function(x) for function in FUNCTIONS]), x, steps=4.0)


def test_inverse_of_the_error_function_in_double_precision() -> None:
    with jax.enable_x64(True):
        near_one = 1 - np.exp(-np.linspace(0, 36, 40))
        agrees(lax.erf_inv, np.concatenate([near_one, -near_one, [0.0, 1e-300, 1, -1, 2]]), steps=4.0)


@few
@given(st.data())
def test_scatter(data: Any) -> None:
    """Any combination of windows, of places that collide and of places outside."""
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    axes = data.draw(st.lists(st.sampled_from(range(len(shape))), min_size=1, unique=True))
    inserted = sorted(data.draw(st.sets(st.sampled_from(range(len(shape))))))
    windows = [n for n in range(len(shape)) if n not in inserted]
    batch = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=2))
    sizes = [data.draw(st.integers(1, shape[n])) for n in windows]
    numbers = lax.ScatterDimensionNumbers(
        update_window_dims=tuple(range(len(batch), len(batch) + len(windows))),
        inserted_window_dims=tuple(inserted),
        scatter_dims_to_operand_dims=tuple(axes),
    )
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    operand = rng.integers(-9, 9, shape).astype(np.int32)
    indices = rng.integers(-2, 5, [*batch, len(axes)]).astype(
        data.draw(st.sampled_from([np.int32, np.uint8]))
    )
    updates = rng.integers(-9, 9, [*batch, *sizes]).astype(np.int32)
    name = data.draw(st.sampled_from([lax.scatter, lax.scatter_add, lax.scatter_max, lax.scatter_mul]))
    mode = data.draw(st.sampled_from(["clip", "fill", "promise_in_bounds"]))
    agrees(lambda a, i, u: name(a, i, u, numbers, mode=mode), operand, indices, updates)


@few
@given(st.data())
def test_sort(data: Any) -> None:
    shape = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=3))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    floats = rng.choice(SPECIAL, shape)
    keys = rng.integers(0, 3, shape).astype(np.int32)
    axis = data.draw(st.integers(0, len(shape) - 1))
    count = data.draw(st.integers(1, 2))
    agrees(lambda k, f: lax.sort((k, f), dimension=axis, num_keys=count), keys, floats)
    agrees(lambda f: lax.sort(f, dimension=axis), floats)
    if shape[-1]:
        agrees(lambda f: lax.top_k(f, data.draw(st.integers(1, shape[-1]))), floats)


def test_a_comparator_of_ones_own_keeps_the_order_of_equal_elements() -> None:
    text = """\
func.func @main(%x: tensor<9xi32>, %y: tensor<9xi8>) -> (tensor<9xi32>, tensor<9xi8>) {
  %two = stablehlo.constant dense<2> : tensor<i32>
  %r:2 = "stablehlo.sort"(%x, %y) <{dimension = 0 : i64, is_stable = true}> ({
  ^bb0(%a: tensor<i32>, %b: tensor<i32>, %c: tensor<i8>, %d: tensor<i8>):
    %e = stablehlo.divide %a, %two : tensor<i32>
    %f = stablehlo.divide %b, %two : tensor<i32>
    %g = stablehlo.compare GT, %e, %f, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %g : tensor<i1>
  }) : (tensor<9xi32>, tensor<9xi8>) -> (tensor<9xi32>, tensor<9xi8>)
  return %r#0, %r#1 : tensor<9xi32>, tensor<9xi8>
}
"""
    x = np.array([1, 5, 0, 4, 3, 2, 5, 4, 1], np.int32)
    found = results(kernel(text).main(x, np.arange(9, dtype=np.int8)))
    wanted = sorted(range(9), key=lambda n: -(x[n] // 2))
    assert found[0].tolist() == x[wanted].tolist()
    assert found[1].tolist() == wanted


def test_unsigned_numbers_are_so() -> None:
    a = np.array([0, 1, 2**31, 2**32 - 1], np.uint32)
    b = np.array([2**32 - 1, 2**31, 1, 3], np.uint32)

    def function(x: Any, y: Any) -> Any:
        return x // y, jnp.maximum(x, y), x % y, x.astype(jnp.float32), x >> 1, x < y, lax.sort(x), x[y % 4]

    agrees(function, a, b)


def test_sums_of_small_numbers_are_exact_enough() -> None:
    rng = np.random.default_rng(2)
    for dtype in (jnp.bfloat16, np.float16):
        a, b = rng.normal(size=(9, 300)).astype(dtype), rng.normal(size=(300, 7)).astype(dtype)
        agrees(jnp.matmul, a, b, steps=1.0)


def test_what_has_no_meaning_on_one_device_is_left_out() -> None:
    text = """\
module {
  sdy.mesh @mesh = <["x"=1]>
  func.func @main(%x: tensor<4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) -> tensor<4xf32> {
    %a = sdy.sharding_constraint %x <@mesh, [{}]> : tensor<4xf32>
    %b = stablehlo.custom_call @Sharding(%a) {mhlo.sharding = "{replicated}"} : (tensor<4xf32>) -> tensor<4xf32>
    %c = stablehlo.optimization_barrier %b : tensor<4xf32>
    %d = stablehlo.add %c, %c : tensor<4xf32>
    return %d : tensor<4xf32>
  }
}
"""
    assert kernel(text).main(np.arange(4, dtype=np.float32)).tolist() == [0, 2, 4, 6]


def test_code_around_the_tensors_survives() -> None:
    text = """\
func.func private @f(%x: tensor<4xui32>, %y: tensor<2xi1>) -> tensor<4xui32> {
  %c = stablehlo.constant dense<7> : tensor<4xui32>
  %i = stablehlo.convert %y : (tensor<2xi1>) -> tensor<2xui32>
  %j = stablehlo.concatenate %i, %i, dim = 0 : (tensor<2xui32>, tensor<2xui32>) -> tensor<4xui32>
  %k = stablehlo.add %x, %j : tensor<4xui32>
  %r = stablehlo.maximum %k, %c : tensor<4xui32>
  return %r : tensor<4xui32>
}
func.func @call(%p: !llvm.ptr) {
  %d = llvm.load %p : !llvm.ptr -> !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %m = builtin.unrealized_conversion_cast %d : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)> to memref<4xui32>
  %q = llvm.getelementptr %p[40] : (!llvm.ptr) -> !llvm.ptr, i8
  %e = llvm.load %q : !llvm.ptr -> !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %n = builtin.unrealized_conversion_cast %e : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)> to memref<2xi1>
  %x = bufferization.to_tensor %m restrict : memref<4xui32> to tensor<4xui32>
  %y = bufferization.to_tensor %n restrict : memref<2xi1> to tensor<2xi1>
  %r = func.call @f(%x, %y) : (tensor<4xui32>, tensor<2xi1>) -> tensor<4xui32>
  bufferization.materialize_in_destination %r in restrict writable %m : (tensor<4xui32>, memref<4xui32>) -> ()
  return
}
"""
    result = to_linalg(text)
    assert "ui32" not in result
    assert "arith.maxui" in result
    for name in ("llvm.load", "llvm.getelementptr", "bufferization.to_tensor", "materialize_in_destination"):
        assert name in result
    assert "memref<4xi32>" in result
    assert "@f" not in result
    ax.parse(result).verify(using="torch-mlir")


def test_an_invalid_operation_keeps_what_mlir_says() -> None:
    text = (
        "func.func @f(%x: tensor<4xf32>) -> tensor<3xf32> {\n"
        '  %r = "stablehlo.slice"(%x) <{start_indices = array<i64: 0>, limit_indices = array<i64: 4>, '
        "strides = array<i64: 1>}> : (tensor<4xf32>) -> tensor<3xf32>\n  return %r : tensor<3xf32>\n}\n"
    )
    with pytest.raises(
        CompilationError, match=r"f.mlir:2:.*error: .*incompatible with return type"
    ) as caught:
        to_linalg(text, file="f.mlir")
    assert caught.value.diagnostics[0].line == 2


def test_custom_calls_over_which_mlir_crashes() -> None:
    """JAX ends the functions that some of its custom calls name by ``stablehlo.return``."""
    text = (
        "func.func @g(%x: tensor<f32>, %y: tensor<f32>) -> tensor<f32> {\n"
        "  %0 = stablehlo.add %x, %y : tensor<f32>\n  stablehlo.return %0 : tensor<f32>\n}\n"
        "func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
        "  %0 = stablehlo.custom_call @foo(%a) {called_computations = [@g]} : "
        "(tensor<4xf32>) -> tensor<4xf32>\n  return %0 : tensor<4xf32>\n}\n"
    )
    with pytest.raises(CompilationError, match=r"'stablehlo\.custom_call'") as caught:
        ax.jit(ax.parse(text))
    assert caught.value.diagnostics[0].line == 6


def test_no_answer_in_time() -> None:
    program = next(p for p in PROGRAMS if p.name == "transformer_block")
    with pytest.raises(UpstreamError, match=r"did not answer within 0\.001 seconds"):
        to_linalg(with_scf(program), timeout=0.001)
    assert to_linalg(with_scf(program), timeout=60)


def test_torch_mlir_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "available", list)
    with pytest.raises(MissingDependencyError, match=r"approxir\[llvm\]"):
        to_linalg("func.func @f() { return }")


def test_passes_that_do_not_exist() -> None:
    report = upstream.run_passes("module {}", "builtin.module(no-such-pass)")
    assert not report.ok
    assert "no-such-pass" in report.entries[0].message

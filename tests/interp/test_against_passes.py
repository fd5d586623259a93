"""The interpreter, which lowers nothing, against itself on what the passes lower."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.approximated import Program, memory, programs, shown
from support.perforated_functions import KINDS, Perforated

import approxir as ax
from approxir.errors import DiagnosticError
from approxir.interp import Interpreter, InterpreterError
from approxir.ir.module import Module
from approxir.passes.pipeline import PASS_PIPELINE, pipeline_for, run_pipeline

few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck), database=None)

Outcome = tuple[Any, ...] | str


def outcome(module: Module, case: Perforated, max_steps: int) -> Outcome:
    """What a call returns and leaves in memory, bit for bit, or that it fails or does not end."""
    arguments = case.given()
    try:
        results = Interpreter(module, max_steps=max_steps).call("f", *arguments)
    except InterpreterError as error:
        return "endless" if "max_steps" in str(error) else f"fails: {error}"
    return shown(tuple(results)), shown(tuple(arguments))


def check(case: Perforated, generic: bool = False) -> None:
    text = ax.parse(case.text).print(generic=True) if generic else case.text
    module = ax.parse(text)
    module.verify()
    found = outcome(module, case, 5_000)
    lowered = ax.parse(text)
    if isinstance(found, str) and found.startswith("fails"):
        with pytest.raises(DiagnosticError):
            run_pipeline(lowered, PASS_PIPELINE)
        return
    run_pipeline(lowered, PASS_PIPELINE)
    lowered.verify()
    wanted = outcome(lowered, case, 25_000)
    assert found == wanted, f"{text}\n{lowered}\n{case.arguments}"


def check_program(program: Program, n: int, x: int) -> None:
    module, lowered = ax.parse(program.text()), ax.parse(program.text())
    run_pipeline(lowered, pipeline_for(lowered))
    for function in program.functions:
        seen = []
        for one in (module, lowered):
            interpreter, array = Interpreter(one), memory()
            results = interpreter.call(function.plain, n, x, array)
            counters = [interpreter.call("counter", k)[0] for k in range(4)]
            seen.append((shown(results), array.tolist(), counters))
        assert seen[0] == seen[1]


def perforated(head: str, code: str, v: int, options: str = "", name: str = "loop_perforate") -> str:
    return (
        f'approx.util.annotation.transform <{{func_name = "f", transform_type = "{name}", '
        f"knob_val = {v} : i32, transform_options = {{{options}}}}}>\n{head} {{\n{code}\n}}\n"
    )


def both(text: str, *arguments: Any) -> Any:
    """The results, which the lowered module has as well."""
    case = Perforated(text, arguments)
    check(case)
    check(case, generic=True)
    return Interpreter(ax.parse(text)).call("f", *case.given())


WHILE = """\
  %one = arith.constant STEP : KIND
  %zero = arith.constant 0 : i32
  %r:2 = scf.while (%i = %lb, %s = %zero) : (KIND, i32) -> (KIND, i32) {
    %c = arith.cmpi PREDICATE, %i, %ub : KIND
    scf.condition(%c) %i, %s : KIND, i32
  } do {
  ^bb0(%j: KIND, %t: i32):
    %m = arith.constant 1 : i32
    %u = arith.addi %t, %m : i32
    %n = arith.addi %j, STEPPED : KIND
    scf.yield %n, %u : KIND, i32
  }
  return %r#0, %r#1 : KIND, i32"""


@pytest.mark.parametrize(
    ("kind", "predicate", "step", "v", "start", "bound", "results"),
    [
        # By "not equal", the counter stops at the bound.
        ("i32", "ne", 1, 4, 0, 10, (10, 3)),
        ("i8", "ne", 2, 3, 120, -120, (-120, 3)),
        ("i64", "ne", -1, 50, 0, -7, (-7, 1)),
        # It is at the end of its type at most.
        ("i8", "slt", 1, 50, 0, 120, (127, 3)),
        ("i8", "ult", 1, 50, 0, -6, (-6, 5)),
        ("i8", "ult", 1, 100, 0, -6, (-1, 3)),
        ("i8", "sgt", -1, 50, 0, -120, (-128, 3)),
        ("i64", "ugt", -1, 2, 1, 0, (0, 1)),
    ],
)
@pytest.mark.parametrize("constant", [True, False])
def test_while_counters(
    kind: str,
    predicate: str,
    step: int,
    v: int,
    start: int,
    bound: int,
    results: tuple[int, int],
    constant: bool,
) -> None:
    stepped = "%one" if constant or predicate == "ne" else "%st"
    code = WHILE.replace("STEPPED", stepped).replace("STEP", str(step))
    code = code.replace("PREDICATE", predicate).replace("KIND", kind)
    head = f"func.func @f(%lb: {kind}, %ub: {kind}, %st: {kind}) -> ({kind}, i32)"
    assert both(perforated(head, code, v), start, bound, step) == results


def test_a_parallel_loop_that_is_empty_inside() -> None:
    code = """\
  %z = arith.constant -0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.parallel (%i, %j) = (%c0, %c0) to (%n, %c0) step (%c1, %c1) init (%z) -> f32 {
    scf.reduce(%z : f32) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }
  }
  return %r : f32"""
    head = "func.func @f(%n: index) -> f32"
    (found,) = both(perforated(head, code, 2, "rescale = true"), 8)
    assert math.copysign(1, found) == 1
    (found,) = both(perforated(head, code, 2, "rescale"), 1)
    assert math.copysign(1, found) == -1


@pytest.mark.parametrize("name", ["loop_perforate", "loop-perforation"])
def test_more_elements_than_the_type_holds(name: str) -> None:
    code = """\
  %z = stablehlo.constant dense<0> : tensor<i8>
  %r = stablehlo.reduce(%a init: %z) applies stablehlo.add across dimensions = [0] : (tensor<1000xi8>, tensor<i8>) -> tensor<i8>
  return %r : tensor<i8>"""
    text = perforated("func.func @f(%a: tensor<1000xi8>) -> tensor<i8>", code, 5, name=name)
    array = np.zeros(1000, np.int8)
    array[::5] = 1
    # 200 wraps to -56; -56 * 1000 to 64; 64 / 200 is 0.
    assert both(text, array)[0] == 0
    array[500:] = 0
    # 100 * 1000 wraps to -96.
    assert both(text, array)[0] == 0
    # By 3, 334 elements, the sum is 7; 7 * 1000 wraps to 88.
    few_ones = np.zeros(1000, np.int8)
    few_ones[:21:3] = 1
    assert both(text.replace("= 5 :", "= 3 :"), few_ones)[0] == 0


def test_a_long_step_of_a_short_type() -> None:
    code = """\
  %st = arith.constant 127 : i8
  %z = arith.constant 0 : i32
  %ub = arith.constant -2 : i8
  %lb = arith.constant 83 : i8
  %r = scf.for %i = %lb to %ub step %st iter_args(%s = %z) -> (i32) : i8 {
    scf.yield %s : i32
  }
  return %r : i32"""
    assert both(perforated("func.func @f() -> i32", code, 50)) == (0,)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(st.data())
def test_perforation(kind: str, data: st.DataObject) -> None:
    check(data.draw(KINDS[kind]), data.draw(st.booleans()))


@few
@given(programs(), st.data())
def test_programs(program: Program, data: st.DataObject) -> None:
    check_program(program, data.draw(st.sampled_from(program.states)), data.draw(st.integers(-9, 9)))


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", KINDS)
@many
@given(st.data())
def test_many_perforations(kind: str, data: st.DataObject) -> None:
    check(data.draw(KINDS[kind]), data.draw(st.booleans()))


@pytest.mark.fuzz
@many
@given(programs(), st.data())
def test_many_programs(program: Program, data: st.DataObject) -> None:
    check_program(program, data.draw(st.sampled_from(program.states)), data.draw(st.integers(-9, 9)))


def test_a_skipped_function_that_returns_its_argument() -> None:
    """A check sees the zero in place of the argument, the recovery the argument, at every step of lowering."""
    text = """\
module {
  approx.util.annotation.transform <{func_name = "f", transform_type = "task_skipping", knob_val = 0 : i32}>
  approx.util.annotation.try <{func_name = "f", checker = "same", recover = "next"}>
  func.func @f(%x: i32) -> i32 {
    return %x : i32
  }
  func.func @same(%r: i32, %x: i32) -> i1 {
    %ok = arith.cmpi eq, %r, %x : i32
    return %ok : i1
  }
  func.func @next(%x: i32) -> i32 {
    %one = arith.constant 1 : i32
    %y = arith.addi %x, %one : i32
    return %y : i32
  }
}
"""
    for count in range(len(PASS_PIPELINE) + 1):
        module = ax.parse(text)
        run_pipeline(module, PASS_PIPELINE[:count])
        assert Interpreter(ax.parse(str(module))).call("f", 5) == (6,), PASS_PIPELINE[:count]
        assert Interpreter(ax.parse(str(module))).call("f", 0) == (0,)


@pytest.mark.parametrize("loop", ["affine.for %i = 0 to 4", "scf.for %i = %c0 to %c4 step %c1"])
def test_rescaling_a_loop_that_carries_nothing(loop: str) -> None:
    code = f"""\
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %one = arith.constant 1 : i32
  {loop} {{
    memref.store %one, %m[%i] : memref<4xi32>
  }}
  return"""
    both(perforated("func.func @f(%m: memref<4xi32>)", code, 2, "rescale"), np.zeros(4, np.int32))

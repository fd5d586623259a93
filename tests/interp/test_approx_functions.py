"""Annotated functions: decision trees, tries, and how they combine; with answers computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

import approxir
from approxir.interp import Interpreter, InterpreterError, Trace, run

BODY = """
func.func private @count()
func.func @state(%n: index) -> i32 {
  call @count() : () -> ()
  %s = arith.index_cast %n : index to i32
  return %s : i32
}
func.func @f(%k: i32, %n: index) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0 : i32
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %z) -> (i32) {
    %t = arith.addi %s, %k : i32
    scf.yield %t : i32
  }
  return %r : i32
}
"""
TREE = (
    '"approx.util.annotation.decision_tree"() <{func_name = "f", transform_type = "loop_perforate", '
    'state_function = "state", state_indices = array<i64: 1>, num_thresholds = 2 : i32, '
    "thresholds = array<i32: 4, 8>, decisions = array<i32: 0, 2, 4>}> : () -> ()\n"
)
TRY = (
    '"approx.util.annotation.try"() <{func_name = "f", checker = "check", recover = "@recover"}> : () -> ()\n'
)
CHECK = """
func.func @check(%r: i32, %k: i32, %n: index) -> i1 {
  %limit = arith.constant 10 : i32
  %ok = arith.cmpi sgt, %r, %limit : i32
  return %ok : i1
}
func.func @recover(%k: i32, %n: index) -> i32 {
  %c = arith.constant -1 : i32
  return %c : i32
}
"""


class Counting:
    """Counts the calls of a declared function."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


def call(text: str, *args: object, trace: Trace | None = None) -> tuple[object, ...]:
    count = Counting()
    found = run(approxir.parse(text), "f", *args, externals={"count": count}, trace=trace)
    if "decision_tree" in text or "decide" in text:
        assert count.calls == 1, "the state function runs exactly once"
    return found


@pytest.mark.parametrize(("n", "answer"), [(0, 0), (3, 3), (4, 2), (7, 4), (8, 2), (12, 3)])
def test_decision_tree(n: int, answer: int) -> None:
    for text in (TREE + BODY, BODY + TREE, TREE.replace("approx.", "approxMLIR.") + BODY):
        assert call(text, 1, n) == (answer,)


def test_annotations_in_bodies_and_modules() -> None:
    inside = BODY.replace("%c0 = arith", TREE + "%c0 = arith", 1)
    assert call(inside, 1, 7) == (4,)
    nested = f"module {{ module @inner {{ {TREE} }} {BODY} }}"
    assert call(nested, 1, 7) == (4,)


def test_thresholds_may_be_none_and_states_negative() -> None:
    single = TREE.replace("array<i32: 4, 8>", "array<i32>").replace("array<i32: 0, 2, 4>", "array<i32: 2>")
    assert call(single.replace("num_thresholds = 2", "num_thresholds = 0") + BODY, 1, 6) == (3,)
    low = TREE.replace("array<i32: 4, 8>", "array<i32: -2147483648, 2147483647>")
    assert call(low + BODY, 1, 6) == (3,)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ("tensor<i32>", "%t = tensor.from_elements %s : tensor<i32>"),
        ("tensor<1xi32>", "%t = tensor.from_elements %s : tensor<1xi32>"),
    ],
)
def test_states_as_tensors(result: str, code: str) -> None:
    body = BODY.replace("-> i32 {\n  call", f"-> {result} {{\n  call").replace(
        "return %s : i32", f"{code}\n  return %t : {result}"
    )
    assert call(TREE + body, 1, 7) == (4,)


def test_trace() -> None:
    trace = Trace()
    text = TREE + TRY + BODY + CHECK
    assert call(text, 5, 6, trace=trace) == (15,)
    assert call(text, 1, 6, trace=trace) == (-1,)
    tree, tried, _, second = trace.decisions
    assert (tree.kind, tree.state, tree.interval, tree.value) == ("tree", 6, 1, 2)
    assert (tried.kind, tried.recovered, second.recovered) == ("try", False, True)
    assert trace.counts() == {"f": {"accepted": 1, "recovered": 1, "value=2": 2}}


def test_try_alone_and_outermost() -> None:
    assert call(TRY + BODY + CHECK, 1, 11) == (11,)
    assert call(TRY + BODY + CHECK, 1, 10) == (-1,)
    # What the transform gives is checked, also where the body is replaced or left out.
    substitute = (
        '"approx.util.annotation.transform"() <{func_name = "f", transform_type = "func_substitute", '
        "knob_val = 1 : i32}> : () -> ()\n"
        "func.func @approx_f_1(%k: i32, %n: index) -> i32 { return %k : i32 }\n"
    )
    assert call(substitute + TRY + BODY + CHECK, 11, 0) == (11,)
    assert call(TRY + substitute + BODY + CHECK, 9, 0) == (-1,)
    skip = substitute.splitlines()[0].replace("func_substitute", "task_skipping").replace("= 1", "= 0") + "\n"
    assert call(skip + TRY + BODY + CHECK, 100, 100) == (-1,)


def test_a_check_may_be_a_tensor() -> None:
    check = CHECK.replace("-> i1", "-> tensor<i1>").replace(
        "return %ok : i1", "%t = tensor.from_elements %ok : tensor<i1>\n  return %t : tensor<i1>"
    )
    assert call(TRY + BODY + check, 1, 11) == (11,)


def test_try_without_results_runs_for_its_effects() -> None:
    text = """
    "approx.util.annotation.try"() <{func_name = "f", checker = "check", recover = "recover"}> : () -> ()
    func.func @f(%m: memref<1xi32>) { return }
    func.func @check(%m: memref<1xi32>) -> i1 {
      %c = arith.constant 0 : index
      %v = memref.load %m[%c] : memref<1xi32>
      %z = arith.constant 0 : i32
      %ok = arith.cmpi ne, %v, %z : i32
      return %ok : i1
    }
    func.func @recover(%m: memref<1xi32>) {
      %c = arith.constant 0 : index
      %v = arith.constant 9 : i32
      memref.store %v, %m[%c] : memref<1xi32>
      return
    }
    """
    m = np.zeros(1, np.int32)
    assert run(approxir.parse(text), "f", m) == ()
    assert m[0] == 9


def test_annotations_without_effect() -> None:
    text = "".join([
        f'"approx.util.annotation.{name}"() <{{func_name = "f"}}> : () -> ()\n' for name in ("knob", "convert_to_call")
    ])  # fmt: skip
    assert call(text + BODY, 2, 3) == (6,)


def test_callees_are_annotated_too_but_not_entered() -> None:
    text = """
    "approx.util.annotation.transform"() <{func_name = "g", transform_type = "loop_perforate", knob_val = 2 : i32}> : () -> ()
    func.func @f(%n: index) -> index {
      %r = call @g(%n) : (index) -> index
      return %r : index
    }
    func.func @g(%n: index) -> index {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %c0) -> (index) {
        %t = arith.addi %s, %c1 : index
        scf.yield %t : index
      }
      return %r : index
    }
    """
    assert run(approxir.parse(text), "f", 10) == (5,)
    with pytest.raises(InterpreterError, match="finds no loop in @f"):
        run(approxir.parse(text.replace('func_name = "g"', 'func_name = "f"')), "f", 10)


def test_recursion_decides_in_every_call() -> None:
    text = """
    "approx.util.annotation.decision_tree"() <{func_name = "f", transform_type = "task_skipping",
      state_function = "state", state_indices = array<i64: 0>, num_thresholds = 1 : i32,
      thresholds = array<i32: 3>, decisions = array<i32: 2, 1>}> : () -> ()
    func.func @state(%n: i32) -> i32 { return %n : i32 }
    func.func @f(%n: i32) -> i32 {
      %true = arith.constant true
      %one = arith.constant 1 : i32
      %r = scf.if %true -> (i32) {
        %m = arith.subi %n, %one : i32
        %x = func.call @f(%m) : (i32) -> i32
        %y = arith.addi %x, %n : i32
        scf.yield %y : i32
      } else {
        %z = arith.constant 100 : i32
        scf.yield %z : i32
      }
      return %r : i32
    }
    """
    trace = Trace()
    assert run(approxir.parse(text), "f", 5, trace=trace) == (5 + 4 + 3 + 100,)
    assert [decision.state for decision in trace.decisions] == [5, 4, 3, 2]


class TestFaults:
    @pytest.mark.parametrize(
        ("first", "second"), [(TREE, TREE), (TREE, TREE.replace('"f"', '"@f"')), (TRY, TRY)]
    )
    def test_two_that_decide(self, first: str, second: str) -> None:
        with pytest.raises(InterpreterError, match="@f has two annotations that decide") as caught:
            Interpreter(approxir.parse(first + second + BODY + CHECK))
        assert caught.value.line == 2
        assert caught.value.diagnostics[0].notes[0].line == 1

    def test_tree_and_transform(self) -> None:
        transform = (
            '"approx.util.annotation.transform"() <{func_name = "f", transform_type = "loop_perforate", '
            "knob_val = 2 : i32}> : () -> ()\n"
        )
        message = r"annotation\.decision_tree and approx\.util\.annotation\.transform"
        with pytest.raises(InterpreterError, match=message):
            Interpreter(approxir.parse(TREE + transform + BODY))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (TREE.replace('"f"', '"g"') + BODY, "there is no function @g"),
            (TREE.replace('"f"', '"count"') + BODY, "@count is only declared"),
        ],
    )
    def test_missing_functions(self, text: str, message: str) -> None:
        with pytest.raises(InterpreterError, match=message) as caught:
            Interpreter(approxir.parse(text))
        assert (caught.value.line, caught.value.column) == (1, 1)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                TREE.replace('"state"', '"nowhere"') + BODY,
                "no function @nowhere, which 'state_function' names",
            ),
            (TREE.replace("array<i64: 1>", "array<i64: 2>") + BODY, "@f has no argument number 2"),
            (TREE.replace("array<i64: 1>", "array<i64: 0, 1>") + BODY, "@state takes 1 arguments, not the 2"),
            (TREE.replace("0, 2, 4", "0, 2") + BODY, "2 thresholds need 3 decisions, there are 2"),
            (TRY + BODY, "no function @check"),
            (TRY + BODY + CHECK.replace("%r: i32, ", ""), "@check takes 2 arguments, not the 3"),
        ],
    )
    def test_at_the_annotation(self, text: str, message: str) -> None:
        with pytest.raises(InterpreterError, match=message) as caught:
            run(approxir.parse(text), "f", 1, 6, externals={"count": Counting()})
        assert caught.value.line == 1

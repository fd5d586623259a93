"""``approx.knob`` operations, with answers computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

import approxir
from approxir.interp import InterpreterError, Trace, run


def module(management: str = "", *, properties: str = "", before_yield: str = "", yielded: str = "%r") -> str:
    return f"""
func.func @recover(%n: index, %k: i32) -> i32 {{
  %c = arith.constant -7 : i32
  return %c : i32
}}
func.func @f(%n: index, %k: i32) -> i32 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0 : i32
  %x = "approx.knob"(%n, %k) <{{id = 3 : i32{properties}}}> ({{
    {management}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %z) -> (i32) {{
      %t = arith.addi %s, %k : i32
      scf.yield %t : i32
    }}
    {before_yield}
    "approx.yield"({yielded}) : (i32) -> ()
  }}) : (index, i32) -> i32
  return %x : i32
}}
"""


TREE = """
    "approx.decision_tree"(%n) <{num_thresholds = 1 : i32, thresholds = array<i32: 6>, decisions = array<i32: 0, 3>,
        transform_type = "loop_perforate"}> ({
    ^bb0(%a: index):
      %v = arith.index_cast %a : index to i32
      "approx.yield"(%v) : (i32) -> ()
    }) : (index) -> ()
"""
TRANSFORM = '"approx.transform"() <{transform_type = "loop_perforate", knob_val = 2 : i32}> : () -> ()'
TRY = """
    "approx.try"(%n, %k) <{recover = "recover"}> ({
    ^bb0(%a: index, %b: i32):
      %limit = arith.constant 5 : i32
      %ok = arith.cmpi sgt, %r, %limit : i32
      "approx.yield"(%ok) : (i1) -> ()
    }) : (index, i32) -> ()
"""


def call(text: str, *args: object, **options: object) -> tuple[object, ...]:
    found = run(approxir.parse(text), "f", *args, **options)
    generic = run(approxir.parse(approxir.parse(text).print(generic=True)), "f", *args)
    assert generic == found
    return found


def test_exact() -> None:
    assert call(module(), 6, 2) == (12,)


def test_decision_tree() -> None:
    for text in (module(TREE), module(TREE.replace("decision_tree", "decide"))):
        assert call(text, 5, 1) == (5,)
        assert call(text, 6, 1) == (2,)


def test_pretty_form() -> None:
    text = module().replace("(%n, %k) <{id", "(%n, %k) <{id")
    pretty = approxir.parse(text)
    assert run(pretty, "f", 6, 2) == (12,)


def test_transform_and_params() -> None:
    assert call(module(TRANSFORM), 6, 1) == (3,)
    params = ', params = {decisions = array<i32: 3>, transform_type = "loop_perforate"}'
    assert call(module(properties=params), 6, 1) == (2,)
    string = ', params = "decisions=3; transform_type=loop_perforate"'
    assert call(module(properties=string), 6, 1) == (2,)


def test_params_without_a_tree() -> None:
    params = ', params = {thresholds = array<i32: 1>, decisions = array<i32: 0, 3>, transform_type = "loop_perforate"}'
    with pytest.raises(InterpreterError, match="thresholds, but no decision tree") as caught:
        call(module(properties=params), 6, 1)
    assert caught.value.line == 10
    # A tree in the knob decides for itself.
    assert call(module(TREE, properties=params), 6, 1) == (2,)


def test_try() -> None:
    trace = Trace()
    assert run(approxir.parse(module(before_yield=TRY)), "f", 6, 1, trace=trace) == (6,)
    assert call(module(before_yield=TRY), 5, 1, trace=trace) == (-7,)
    assert call(module(TREE, before_yield=TRY), 6, 1, trace=trace) == (-7,)
    assert trace.counts() == {"f#3": {"accepted": 1, "recovered": 2, "value=3": 1}}


def test_two_that_decide() -> None:
    with pytest.raises(InterpreterError, match="two operations that decide"):
        call(module(TREE + TRANSFORM), 6, 1)


class TestSkipping:
    SKIP = TREE.replace("loop_perforate", "task_skipping").replace("0, 3", "0, 1")

    def test_a_tree_skips_what_follows(self) -> None:
        assert call(module(self.SKIP), 5, 1) == (0,)
        with pytest.raises(InterpreterError, match="no branching operation in the knob"):
            call(module(self.SKIP), 6, 1)

    def test_code_before_the_tree_runs(self) -> None:
        text = module("%early = arith.addi %k, %k : i32" + self.SKIP, yielded="%early")
        assert call(text, 5, 1) == (0,)

    def test_try_sees_the_zeros(self) -> None:
        assert call(module(self.SKIP, before_yield=TRY), 5, 1) == (-7,)
        accepting = TRY.replace("sgt, %r, %limit", "slt, %r, %limit")
        assert call(module(self.SKIP, before_yield=accepting), 5, 1) == (0,)

    def test_try_that_needs_what_was_skipped(self) -> None:
        before = "%inner = arith.addi %r, %r : i32\n" + TRY.replace("sgt, %r", "sgt, %inner")
        with pytest.raises(InterpreterError, match="a value that was not computed, %inner"):
            call(module(self.SKIP, before_yield=before), 5, 1)

    def test_nothing_is_left_of_an_earlier_execution(self) -> None:
        text = """
        func.func @recover(%k: i32) -> i32 { return %k : i32 }
        func.func @f(%n: index) -> i32 {
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %z = arith.constant 0 : i32
          %one = arith.constant 1 : i32
          %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %z) -> (i32) {
            %x = "approx.knob"(%i) ({
              "approx.decision_tree"(%i) <{num_thresholds = 1 : i32, thresholds = array<i32: 1>,
                  decisions = array<i32: 1, 0>, transform_type = "task_skipping"}> ({
              ^bb0(%a: index):
                %v = arith.index_cast %a : index to i32
                "approx.yield"(%v) : (i32) -> ()
              }) : (index) -> ()
              %true = arith.constant true
              %q = scf.if %true -> (i32) { scf.yield %one : i32 } else { scf.yield %z : i32 }
              %w = arith.addi %q, %one : i32
              "approx.try"(%z) <{recover = "recover"}> ({
              ^bb0(%b: i32):
                %ok = arith.cmpi ne, {operand}, %z : i32
                "approx.yield"(%ok) : (i1) -> ()
              }) : (i32) -> ()
              "approx.yield"(%q) : (i32) -> ()
            }) : (index) -> i32
            %t = arith.addi %s, %x : i32
            scf.yield %t : i32
          }
          return %r : i32
        }
        """
        assert call(text.replace("{operand}", "%one"), 2) == (1,)
        assert call(text.replace("{operand}", "%w"), 1) == (1,)
        with pytest.raises(InterpreterError, match="not computed, %w"):
            call(text.replace("{operand}", "%w"), 2)


def test_nested_knobs() -> None:
    text = """
    func.func @f(%n: index) -> index {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x = "approx.knob"(%n) ({
        "approx.transform"() <{transform_type = "loop_perforate", knob_val = 2 : i32}> : () -> ()
        %y = "approx.knob"(%n) ({
          "approx.transform"() <{transform_type = "loop_perforate", knob_val = 3 : i32}> : () -> ()
          %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %c0) -> (index) {
            %t = arith.addi %s, %c1 : index
            scf.yield %t : index
          }
          "approx.yield"(%r) : (index) -> ()
        }) : (index) -> index
        %r2 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %y) -> (index) {
          %t = arith.addi %s, %c1 : index
          scf.yield %t : index
        }
        "approx.yield"(%r2) : (index) -> ()
      }) : (index) -> index
      return %x : index
    }
    """
    # The loop in the inner knob is the first one of both: its step is multiplied by 2 * 3.
    assert call(text, 12) == (2 + 12,)


def test_of_two_knobs_about_one_branch_the_inner_holds() -> None:
    text = """
    func.func @f(%c: i1) -> i32 {
      %x = "approx.knob"(%c) ({
        "approx.transform"() <{transform_type = "task_skipping", knob_val = 1 : i32}> : () -> ()
        %y = "approx.knob"(%c) ({
          "approx.transform"() <{transform_type = "task_skipping", knob_val = INNER : i32}> : () -> ()
          %r = scf.if %c -> (i32) {
            %v = arith.constant 10 : i32
            scf.yield %v : i32
          } else {
            %v = arith.constant 20 : i32
            scf.yield %v : i32
          }
          "approx.yield"(%r) : (i32) -> ()
        }) : (i1) -> i32
        "approx.yield"(%y) : (i32) -> ()
      }) : (i1) -> i32
      return %x : i32
    }
    """
    assert [call(text.replace("INNER", "2"), c) for c in (True, False)] == [(20,), (20,)]
    assert [call(text.replace("INNER", "0"), c) for c in (True, False)] == [(0,), (0,)]


class TestSubstitute:
    TEXT = """
    func.func @g(%k: i32) -> i32 { return %k : i32 }
    func.func @__internal_h(%k: i32) -> i32 { return %k : i32 }
    func.func @approx_g_1(%k: i32) -> i32 { %c = arith.constant 100 : i32
      return %c : i32 }
    func.func @approx_h_1(%k: i32) -> i32 { %c = arith.constant 1000 : i32
      return %c : i32 }
    func.func @f(%k: i32) -> i32 {
      %x = "approx.knob"(%k) ({
        "approx.transform"() <{transform_type = "func_substitute", knob_val = 1 : i32}> : () -> ()
        %a = func.call @g(%k) : (i32) -> i32
        %b = func.call @OTHER(%k) : (i32) -> i32
        %c = arith.addi %a, %b : i32
        "approx.yield"(%c) : (i32) -> ()
      }) : (i32) -> i32
      return %x : i32
    }
    """

    def test_the_first_call_or_that_of_an_internal_copy(self) -> None:
        assert call(self.TEXT.replace("OTHER", "g"), 5) == (105,)
        assert call(self.TEXT.replace("OTHER", "__internal_h"), 5) == (1005,)

    def test_no_call(self) -> None:
        text = module(TRANSFORM.replace("loop_perforate", "func_substitute"))
        with pytest.raises(InterpreterError, match="finds no call in the knob"):
            call(text, 5, 1)


def test_knobs_of_several_blocks_and_results() -> None:
    text = """
    func.func @f(%c: i1, %m: memref<1xf32>) -> (i32, memref<1xf32>) {
      %x:2 = "approx.knob"(%c, %m) ({
        cf.cond_br %c, ^yes, ^no
      ^yes:
        %a = arith.constant 1 : i32
        "approx.yield"(%a, %m) : (i32, memref<1xf32>) -> ()
      ^no:
        %b = arith.constant 2 : i32
        "approx.yield"(%b, %m) : (i32, memref<1xf32>) -> ()
      }) : (i1, memref<1xf32>) -> (i32, memref<1xf32>)
      return %x#0, %x#1 : i32, memref<1xf32>
    }
    """
    m = np.ones(1, np.float32)
    assert [run(approxir.parse(text), "f", c, m)[0] for c in (True, False)] == [1, 2]

"""AX003: a wrong number of thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Fix, Rule
from approxir.values import IntegerAttr


class NumThresholds(Rule):
    """Compares ``num_thresholds`` with the thresholds that are there."""

    code = "AX003"
    name = "num-thresholds"
    severity = "error"
    summary = "num_thresholds is not the number of thresholds"
    why = (
        "Readers that trust num_thresholds take the wrong number of thresholds and decisions, or read "
        "beyond their end."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    num_thresholds = 3 : i32, thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 2, 4>
  }> : () -> ()
  func.func @sum(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
}
"""
    good = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    num_thresholds = 2 : i32, thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 2, 4>
  }> : () -> ()
  func.func @sum(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
}
"""
    fix_note = (
        "num_thresholds becomes the number of the thresholds that are spelled, which is what approxir "
        "goes by anyway; there is no fix where the decisions fit the number, since thresholds may be "
        "missing then, nor for an alias, which others may use."
    )

    def check(self, context: Context) -> Iterator[Finding]:
        for approximation in context.approximations:
            op, params = approximation.operation, approximation.params
            spelled = SpelledParams(op)
            number = spelled.value("num_thresholds")
            count = len(params.thresholds)
            if not isinstance(number, IntegerAttr) or number.value == count or approximation.lacks_thresholds:
                continue
            fix = None
            fits = len(params.decisions) == number.value + 1
            if "thresholds" in spelled and spelled.can_replace("num_thresholds") and not fits:
                right = IntegerAttr(count, number.type)
                fix = Fix(f"set it to {count}", partial(spelled.replace, "num_thresholds", right))
            there = f"there {'is' if count == 1 else 'are'} {count or 'none'}"
            yield self.finding(
                op, f"num_thresholds is {number.value}, but {there}", at=spelled.at("num_thresholds"), fix=fix
            )

"""AX005: bounds between which there is nothing."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Rule


class BoundsCrossed(Rule):
    """Compares the two bounds of each threshold, where there are as many lower as upper ones."""

    code = "AX005"
    name = "bounds-crossed"
    severity = "error"
    summary = "a lower bound is above the upper bound of the same threshold"
    why = (
        "No value lies between such bounds, so that the tuner has nothing to choose from for this threshold."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 5>, decisions = array<i32: 0, 2>,
    thresholds_lowers = array<i32: 40>, thresholds_uppers = array<i32: 1>
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
    thresholds = array<i32: 5>, decisions = array<i32: 0, 2>,
    thresholds_lowers = array<i32: 1>, thresholds_uppers = array<i32: 40>
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

    def check(self, context: Context) -> Iterator[Finding]:
        for approximation in context.approximations:
            lowers, uppers = approximation.params.thresholds_lowers, approximation.params.thresholds_uppers
            if len(lowers) != len(uppers):
                # AX004 complains.
                continue
            spelled: SpelledParams | None = None
            for index, (low, high) in enumerate(zip(lowers, uppers, strict=True)):
                if low > high:
                    spelled = spelled or SpelledParams(approximation.operation)
                    yield self.finding(
                        approximation.operation,
                        f"the lower bound of threshold {index} is {low}, "
                        f"above its upper bound, which is {high}",
                        at=spelled.at("thresholds_lowers", index),
                    )

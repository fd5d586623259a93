"""AX001: thresholds that do not ascend."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Rule


class ThresholdsNotAscending(Rule):
    """Compares each threshold with the one before."""

    code = "AX001"
    name = "thresholds-not-ascending"
    severity = "error"
    summary = "thresholds are not strictly ascending"
    why = (
        "The thresholds part the states into intervals, from low to high, with one decision for each. "
        "Where one equals the one before, the interval between them is empty, and its decision is never "
        "taken; where one is below, the decisions belong to other intervals than they seem to."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 10, 5>, decisions = array<i32: 0, 2, 4>
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
    thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 2, 4>
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
            thresholds = approximation.params.thresholds
            spelled: SpelledParams | None = None
            for index in range(1, len(thresholds)):
                before, threshold = thresholds[index - 1], thresholds[index]
                if before >= threshold:
                    spelled = spelled or SpelledParams(approximation.operation)
                    yield self.finding(
                        approximation.operation,
                        f"threshold {index} is {threshold}, not above threshold {index - 1}, which is "
                        f"{before}" + (f": decision {index} is never taken" if before == threshold else ""),
                        at=spelled.at("thresholds", index),
                    )

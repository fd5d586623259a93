"""AX008: neighbours that are equal."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Rule


class UnreachableDecision(Rule):
    """Compares each decision and each threshold with the one before."""

    code = "AX008"
    name = "unreachable-decision"
    severity = "warning"
    summary = "two neighbouring decisions are equal, or two neighbouring thresholds"
    why = (
        "Between two equal decisions, the threshold makes no difference; between two equal thresholds, "
        "the decision is never taken. Either the decision tree is larger than it need be, or one of the "
        "numbers is wrong."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 2, 2>
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
            op, params = approximation.operation, approximation.params
            thresholds, decisions = params.thresholds, params.decisions
            spelled: SpelledParams | None = None
            for index in range(1, min(len(decisions), len(thresholds) + 1)):
                if decisions[index - 1] == decisions[index]:
                    spelled = spelled or SpelledParams(op)
                    message = (
                        f"decisions {index - 1} and {index} are both {decisions[index]}, "
                        f"so that threshold {index - 1} has no effect"
                    )
                    yield self.finding(op, message, at=spelled.at("decisions", index))
            for index in range(1, len(thresholds)):
                if thresholds[index - 1] == thresholds[index]:
                    spelled = spelled or SpelledParams(op)
                    message = (
                        f"thresholds {index - 1} and {index} are both {thresholds[index]}, "
                        f"so that decision {index} is never taken"
                    )
                    yield self.finding(op, message, at=spelled.at("thresholds", index))

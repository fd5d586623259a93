"""AX007: a decision that the tuner may not make."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.context import Context
from approxir.lint.places import SpelledParams, listed
from approxir.lint.rule import Finding, Rule


class DecisionNotListed(Rule):
    """Looks decisions and static knob values up in ``decision_values``, where there are any."""

    code = "AX007"
    name = "decision-not-listed"
    severity = "warning"
    summary = "a decision is not among decision_values"
    why = (
        "decision_values says which knob values the tuner may choose. A decision of another value is one "
        "that it can neither start from nor ever come back to, and maybe one that the transform does not "
        "know."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 5>, decisions = array<i32: 0, 3>, decision_values = array<i32: 0, 2, 4>
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
    thresholds = array<i32: 5>, decisions = array<i32: 0, 4>, decision_values = array<i32: 0, 2, 4>
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
            params = approximation.params
            if not params.decision_values:
                continue
            values = frozenset(params.decision_values)
            spelled: SpelledParams | None = None
            for index, decision in enumerate(params.decisions):
                if decision not in values:
                    spelled = spelled or SpelledParams(approximation.operation)
                    yield self.finding(
                        approximation.operation,
                        f"{spelled.name('decisions', index)} is {decision}, which is not one of the "
                        f"decision_values {listed(params.decision_values)}",
                        at=spelled.at("decisions", index),
                    )

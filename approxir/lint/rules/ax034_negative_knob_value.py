"""AX034: a knob value below 0."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Rule


class NegativeKnobValue(Rule):
    """Looks at decisions, the values that they may take, and static knob values."""

    code = "AX034"
    name = "negative-knob-value"
    severity = "error"
    summary = "a knob value is below 0"
    why = (
        "A knob value says how aggressive the approximation is, from 0 on, which is exact. Only for "
        "`task_skipping` it is not: there 0 skips the whole payload, and other values choose a branch. No "
        " transform accepts a negative value."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 5>, decisions = array<i32: -1, 2>
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
    thresholds = array<i32: 5>, decisions = array<i32: 0, 2>
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
            spelled: SpelledParams | None = None
            for field in ("decisions", "decision_values"):
                for index, value in enumerate(getattr(params, field)):
                    if value < 0:
                        spelled = spelled or SpelledParams(approximation.operation)
                        yield self.finding(
                            approximation.operation,
                            f"{spelled.name(field, index)} is {value}; the least knob value is 0",
                            at=spelled.at(field, index),
                        )

"""AX002: too many or too few decisions."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Rule


class DecisionsCount(Rule):
    """Counts thresholds and decisions, where there are any or have to be, as in annotations."""

    code = "AX002"
    name = "decisions-count"
    severity = "error"
    summary = "there is not one decision more than there are thresholds"
    why = (
        "With n thresholds there are n + 1 intervals of states, and each needs its decision. With any "
        "other number, some states have no decision, or some decisions no states."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 2>
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
            params = approximation.params
            decisions, thresholds = len(params.decisions), len(params.thresholds)
            if approximation.miscounted:
                spelled = SpelledParams(approximation.operation)
                parted = (
                    f"{_number(thresholds, 'threshold')} {'parts' if thresholds == 1 else 'part'} the states"
                )
                yield self.finding(
                    approximation.operation,
                    f"{parted} into {_number(thresholds + 1, 'interval')}, "
                    f"but there {'is' if decisions == 1 else 'are'} {_number(decisions, 'decision')}",
                    at=spelled.at("decisions" if "decisions" in spelled else "thresholds"),
                )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

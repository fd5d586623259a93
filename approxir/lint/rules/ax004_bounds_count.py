"""AX004: bounds that do not go with the thresholds."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Rule


class BoundsCount(Rule):
    """Counts thresholds and their bounds."""

    code = "AX004"
    name = "bounds-count"
    severity = "error"
    summary = "there is not one bound for each threshold"
    why = (
        "The tuner searches each threshold between its own bounds. With more or fewer of them, it cannot "
        "be told which bound belongs to which threshold."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 2, 4>,
    thresholds_lowers = array<i32: 1>, thresholds_uppers = array<i32: 8, 16>
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
    thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 2, 4>,
    thresholds_lowers = array<i32: 1, 6>, thresholds_uppers = array<i32: 8, 16>
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
            if approximation.lacks_thresholds:
                # AX002 complains.
                continue
            count = len(params.thresholds)
            for field in ("thresholds_lowers", "thresholds_uppers"):
                length = len(getattr(params, field))
                if length and length != count:
                    items = f"{length} item{'' if length == 1 else 's'}"
                    there = (
                        f"there {'is' if count == 1 else 'are'} {count} threshold{'' if count == 1 else 's'}"
                    )
                    yield self.finding(
                        approximation.operation,
                        f"{field} has {items}, but {there}",
                        at=SpelledParams(approximation.operation).at(field),
                    )

"""AX006: a threshold outside its own bounds."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Rule


class ValueOutOfBounds(Rule):
    """Compares each threshold with its bounds, where there are as many of them and they are not crossed."""

    code = "AX006"
    name = "value-out-of-bounds"
    severity = "warning"
    summary = "a threshold is outside its bounds"
    why = (
        "The tuner searches between the bounds, so that it can neither start from this threshold nor ever "
        "come back to it: either the value is left over from another program, or the bounds are too "
        "narrow."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 2000>, decisions = array<i32: 0, 2>,
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
    good = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate",
    state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 20>, decisions = array<i32: 0, 2>,
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
            params = approximation.params
            count = len(params.thresholds)
            lowers = params.thresholds_lowers if len(params.thresholds_lowers) == count else None
            uppers = params.thresholds_uppers if len(params.thresholds_uppers) == count else None
            spelled: SpelledParams | None = None
            for index, threshold in enumerate(params.thresholds):
                low = lowers[index] if lowers else None
                high = uppers[index] if uppers else None
                if low is not None and high is not None and low > high:
                    # AX005 complains.
                    continue
                if low is not None and threshold < low:
                    message = f"threshold {index} is {threshold}, below its lower bound, which is {low}"
                elif high is not None and threshold > high:
                    message = f"threshold {index} is {threshold}, above its upper bound, which is {high}"
                else:
                    continue
                spelled = spelled or SpelledParams(approximation.operation)
                yield self.finding(approximation.operation, message, at=spelled.at("thresholds", index))

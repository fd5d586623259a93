"""AX033: a knob and its decision tree that say different things."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.codec import DECISION_TREES
from approxir.dialects.approx.params import LISTS, KnobParams
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.lint.context import Context
from approxir.lint.places import SpelledParams, listed
from approxir.lint.rule import Finding, Rule


class ParamsDisagree(Rule):
    """Compares what a knob's params and those of the decision trees directly in it both spell."""

    code = "AX033"
    name = "params-disagree"
    severity = "warning"
    summary = "a decision tree spells other params than the knob that it stands in"
    why = (
        "A knob may spell its params itself, and the decision tree in it may spell them again. Where they "
        "differ, it depends on the reader which ones hold: the tuner goes by those of the knob, other tools "
        "by those of the tree."
    )
    bad = """\
func.func @f(%n: i32, %x: f32) -> f32 {
  %0 = approx.knob(%n, %x) <{
    id = 0 : i32, params = {thresholds = array<i32: 8>, decisions = array<i32: 0, 2>}
  }> ({
    approx.decision_tree(%n) <{
      transform_type = "loop_perforate", thresholds = array<i32: 5>, decisions = array<i32: 0, 2>
    }> state {
    ^bb0(%s: i32):
      approx.yield %s : i32
    }
    %sum = affine.for %i = 0 to 16 iter_args(%a = %x) -> (f32) {
      %t = arith.addf %a, %x : f32
      affine.yield %t : f32
    }
    approx.yield %sum : f32
  }) : (i32, f32) -> f32
  return %0 : f32
}
"""
    good = """\
func.func @f(%n: i32, %x: f32) -> f32 {
  %0 = approx.knob(%n, %x) <{
    id = 0 : i32, params = {thresholds = array<i32: 8>, decisions = array<i32: 0, 2>}
  }> ({
    approx.decision_tree(%n) <{
      transform_type = "loop_perforate", thresholds = array<i32: 8>, decisions = array<i32: 0, 2>
    }> state {
    ^bb0(%s: i32):
      approx.yield %s : i32
    }
    %sum = affine.for %i = 0 to 16 iter_args(%a = %x) -> (f32) {
      %t = arith.addf %a, %x : f32
      affine.yield %t : f32
    }
    approx.yield %sum : f32
  }) : (i32, f32) -> f32
  return %0 : f32
}
"""

    def check(self, context: Context) -> Iterator[Finding]:
        knobs: dict[Operation, tuple[KnobParams, SpelledParams]] = {}
        for approximation in context.approximations:
            op, knob = approximation.operation, approximation.knob
            if op is knob:
                knobs[op] = (approximation.params, SpelledParams(op))
            elif knob in knobs and local_name(op) in DECISION_TREES:
                theirs, spelled = knobs[knob]
                yield from self._differences(op, approximation.params, knob, theirs, spelled)

    def _differences(
        self, tree: Operation, ours: KnobParams, knob: Operation, theirs: KnobParams, other: SpelledParams
    ) -> Iterator[Finding]:
        spelled = SpelledParams(tree)
        for field in (*LISTS, "transform_type", "transform_options"):
            value, wanted = getattr(ours, field), getattr(theirs, field)
            if value != wanted and field in spelled and field in other:
                yield self.finding(
                    tree,
                    f"{field}: the decision tree has {_shown(value)}, the knob {_shown(wanted)}",
                    at=spelled.at(field),
                    notes=[(knob, "the knob")],
                )


def _shown(value: object) -> str:
    return listed(value) if isinstance(value, tuple) else str(value)

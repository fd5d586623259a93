"""AX037: a knob whose value is decided twice."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.codec import DECISION_TREES
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.lint.context import Context
from approxir.lint.rule import Finding, Rule


class SeveralDecisions(Rule):
    """Counts the decision trees and static transforms that stand directly in each knob."""

    code = "AX037"
    name = "several-decisions"
    severity = "error"
    summary = "a knob has more than one decision tree or static transform"
    why = (
        "A knob has one value: a decision tree chooses it from the state, or a static transform fixes it. "
        "Of several, it cannot be told which one counts, and the passes refuse the knob or apply one "
        "approximation upon the other."
    )
    bad = """\
func.func @f(%n: i32, %x: f32) -> f32 {
  %0 = approx.knob(%n, %x) <{id = 0 : i32}> ({
    approx.decision_tree(%n) <{
      transform_type = "loop_perforate", thresholds = array<i32: 8>, decisions = array<i32: 0, 2>
    }> state {
    ^bb0(%s: i32):
      approx.yield %s : i32
    }
    approx.transform <{transform_type = "loop_perforate", knob_val = 2 : i32}>
    %sum = affine.for %i = 0 to 16 iter_args(%a = %x) -> (f32) {
      %t = arith.addf %a, %x : f32
      affine.yield %t : f32
    }
    approx.yield %sum : f32
  }) : (i32, f32) -> f32
  return %0 : f32
}
"""
    good = bad.replace('    approx.transform <{transform_type = "loop_perforate", knob_val = 2 : i32}>\n', "")

    def check(self, context: Context) -> Iterator[Finding]:
        first: dict[Operation, Operation] = {}
        for op in context.named("decision_tree", "decide", "transform"):
            knob = op.parent
            if knob is None or local_name(knob) != "knob":
                continue
            other = first.setdefault(knob, op)
            if other is not op:
                message = f"the knob has {_shown(other)} already, which decides its value"
                yield self.finding(op, message, notes=[(other, "the first in the knob"), (knob, "the knob")])


def _shown(op: Operation) -> str:
    return "a decision tree" if local_name(op) in DECISION_TREES else "a static transform"

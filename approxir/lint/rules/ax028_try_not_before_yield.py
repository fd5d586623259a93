"""AX028: a check that does not come last."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.lint.context import Context
from approxir.lint.enclosing import Enclosing
from approxir.lint.rule import Finding, Rule


class TryNotBeforeYield(Rule):
    """Looks at what follows every ``try`` in a knob, and what it stands in."""

    code = "AX028"
    name = "try-not-before-yield"
    severity = "error"
    summary = "a try in a knob does not stand directly before the yield of the knob"
    why = (
        "The check of a try is about the results of the knob, so that it comes when they have been computed: "
        "directly before the yield. What stands between them would be computed once more, or not at all, "
        "when the check fails."
    )
    bad = """\
func.func @exact(%x: f32) -> f32 {
  return %x : f32
}
func.func @f(%x: f32) -> f32 {
  %0 = approx.knob(%x) <{id = 0 : i32}> ({
    approx.try(%x) <{recover = "exact"}> check {
    ^bb0(%y: f32):
      %ok = arith.cmpf ogt, %y, %y : f32
      approx.yield %ok : i1
    }
    %1 = arith.addf %x, %x : f32
    approx.yield %1 : f32
  }) : (f32) -> f32
  return %0 : f32
}
"""
    good = """\
func.func @exact(%x: f32) -> f32 {
  return %x : f32
}
func.func @f(%x: f32) -> f32 {
  %0 = approx.knob(%x) <{id = 0 : i32}> ({
    %1 = arith.addf %x, %x : f32
    approx.try(%x) <{recover = "exact"}> check {
    ^bb0(%y: f32):
      %ok = arith.cmpf oge, %1, %y : f32
      approx.yield %ok : i1
    }
    approx.yield %1 : f32
  }) : (f32) -> f32
  return %0 : f32
}
"""

    def check(self, context: Context) -> Iterator[Finding]:
        knobs = Enclosing(lambda op: local_name(op) == "knob")
        for op in context.named("try"):
            around = op.parent
            knob = knobs.around(op)
            if knob is None or around is None:
                # The verifier complains.
                continue
            notes: list[tuple[Operation, str]]
            if around is not knob:
                message = f"{op.name} stands in {around.name}, not directly before the yield of the knob"
                notes = [(knob, "the knob")]
            elif following := _following(op):
                message = f"{op.name} does not stand directly before the yield of the knob"
                notes = [(following, "this comes between, and belongs before it")]
                if local_name(following) == "try":
                    notes = [(following, "this comes between")]
            else:
                continue
            yield self.finding(op, message, notes=notes)


def _following(op: Operation) -> Operation | None:
    """What stands after an operation in its block other than the yield at the end, which may be implicit."""
    block = op.block
    assert block is not None
    following = op.next
    return (
        None
        if following is None or (following is block.last and local_name(following) == "yield")
        else following
    )

"""AX031: an approx operation that the pipeline left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from approxir.ir.verify.approx import PREFIXES
from approxir.lint.context import Context
from approxir.lint.rule import Finding, Rule


class LeftOver(Rule):
    """Finds the outermost operations of the dialect, where the settings say that there must be none."""

    code = "AX031"
    name = "left-over"
    severity = "error"
    summary = "an approx operation is left in a module that went through the pipeline"
    why = (
        "The pipeline lowers every approx operation, and no other tool knows them: what is left will not "
        "compile, or is code that was to be approximated and is not. The rule looks at modules that the "
        "settings call `lowered`."
    )
    bad = """\
func.func @f(%x: f32) -> f32 {
  %0 = approx.knob(%x) <{id = 0 : i32}> ({
    approx.transform <{transform_type = "loop_perforate", knob_val = 2 : i32}>
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    approx.yield %sum : f32
  }) : (f32) -> f32
  return %0 : f32
}
"""
    good = """\
func.func @f(%x: f32) -> f32 {
  %sum = affine.for %i = 0 to 16 step 2 iter_args(%s = %x) -> (f32) {
    %t = arith.addf %s, %x : f32
    affine.yield %t : f32
  }
  return %sum : f32
}
"""
    example_settings: ClassVar[Mapping[str, Any]] = {"lowered": True}

    def check(self, context: Context) -> Iterator[Finding]:
        if not context.settings.lowered:
            return
        for op in context.operations:
            around = op.parent
            if op.name.startswith(PREFIXES) and not (around is not None and around.name.startswith(PREFIXES)):
                yield self.finding(op, f"{op.name} is left over; the pipeline lowers every approx operation")

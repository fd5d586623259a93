"""AX023: loop perforation without a loop."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.payload import LOOP_PERFORATE
from approxir.ir.operation import Operation
from approxir.lint.context import Context
from approxir.lint.facts import approximated, value_place
from approxir.lint.payloads import may_count
from approxir.lint.rule import Finding, Rule


class NothingToPerforate(Rule):
    """Looks for loops, and for reductions of tensors, in the annotated function's or the knob's own body."""

    code = "AX023"
    name = "nothing-to-perforate"
    severity = "error"
    summary = "loop_perforate where there is no loop and no reduction"
    why = (
        "`loop_perforate` leaves out iterations of the first loop in the body, or parts of the reduced "
        "dimensions of a `stablehlo.reduce` or `dot_general`. Loops in functions that the body calls do "
        "not count: annotate those functions instead. Nor does a loop that ends by a comparison of "
        "floats: it has no counter whose step could be multiplied."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "energy", transform_type = "loop_perforate", knob_val = 2 : i32
  }> : () -> ()
  func.func @energy(%x: f32) -> f32 {
    %y = arith.mulf %x, %x : f32
    return %y : f32
  }
}
"""
    good = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "energy", transform_type = "loop_perforate", knob_val = 2 : i32
  }> : () -> ()
  func.func @energy(%m: memref<64xf32>, %zero: f32) -> f32 {
    %energy = affine.for %i = 0 to 64 iter_args(%sum = %zero) -> (f32) {
      %x = affine.load %m[%i] : memref<64xf32>
      %y = arith.mulf %x, %x : f32
      %next = arith.addf %sum, %y : f32
      affine.yield %next : f32
    }
    return %energy : f32
  }
}
"""

    def check(self, context: Context) -> Iterator[Finding]:
        seen: set[Operation] = set()
        for approximation in approximated(context, LOOP_PERFORATE):
            owner = approximation.knob or approximation.function
            value = next((value for value in approximation.values if value > 1), None)
            if owner is None or value is None or owner in seen:
                continue
            # Params and a decision tree may both ask for the same.
            seen.add(owner)
            loop = context.payloads.first_loop(owner)
            if loop is None and context.payloads.first_reduction(owner) is not None:
                continue
            if any(may_count(one) for one in context.payloads.loops(owner)):
                continue
            where = "the knob" if approximation.knob is not None else "the function"
            if loop is None:
                message = f"there is no loop in {where} for loop_perforate, and no reduction of a tensor"
            else:
                message = f"no loop in {where} has a counter whose step loop_perforate could multiply"
            shown = "the knob" if approximation.knob is not None else "the annotated function"
            yield self.finding(
                approximation.operation,
                message,
                at=value_place(approximation, value),
                notes=[(owner if loop is None else loop, shown if loop is None else "the first loop")],
            )

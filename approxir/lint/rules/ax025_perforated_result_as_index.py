"""AX025: a place or a path chosen by what a perforated loop computes."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.payload import LOOP_PERFORATE
from approxir.lint.context import Context
from approxir.lint.facts import approximated, chooses_loop, value_place
from approxir.lint.rule import Finding, Rule
from approxir.lint.selectors import Selectors


class PerforatedResultAsIndex(Rule):
    """Follows the first loop's results through arithmetic, casts and the knob's yield, not through memory."""

    code = "AX025"
    name = "perforated-result-as-index"
    severity = "warning"
    summary = "the result of a perforated loop is used as an index, a bound, or to choose a branch"
    why = (
        "What a perforated loop computes is off by some error. In a value that is a little less accurate; "
        "in an index or a bound it means another element, an access out of bounds, or another number of "
        "iterations, and in a condition another path."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "last", transform_type = "loop_perforate", knob_val = 2 : i32
  }> : () -> ()
  func.func @last(%flags: memref<64xindex>, %m: memref<64xf32>) -> f32 {
    %zero = arith.constant 0 : index
    %count = affine.for %i = 0 to 64 iter_args(%n = %zero) -> (index) {
      %flag = affine.load %flags[%i] : memref<64xindex>
      %next = arith.addi %n, %flag : index
      affine.yield %next : index
    }
    %x = memref.load %m[%count] : memref<64xf32>
    return %x : f32
  }
}
"""
    good = bad.replace("memref.load %m[%count]", "memref.load %m[%zero]")

    def check(self, context: Context) -> Iterator[Finding]:
        selectors = Selectors()
        for approximation in approximated(context, LOOP_PERFORATE):
            owner = approximation.knob or approximation.function
            value = next((value for value in approximation.values if value > 1), None)
            if owner is None or value is None or chooses_loop(approximation):
                continue
            loop = context.payloads.first_loop(owner)
            if loop is None:
                continue
            for result in loop.results:
                selected = selectors.first(result)
                if selected is None:
                    continue
                shown = "the loop's result" if len(loop.results) == 1 else f"the loop's result {result.index}"
                yield self.finding(
                    approximation.operation,
                    f"{shown}, which perforation makes inexact, is used as {selected.what}",
                    at=value_place(approximation, value),
                    notes=[(loop, "the perforated loop"), (selected.op, "used here")],
                )

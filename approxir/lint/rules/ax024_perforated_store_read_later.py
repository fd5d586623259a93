"""AX024: memory that a perforated loop fills only in part."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.payload import LOOP_PERFORATE
from approxir.lint.context import Context
from approxir.lint.facts import approximated, chooses_loop, value_place
from approxir.lint.memory import Memory
from approxir.lint.rule import Finding, Rule

_LEFT_OUT = "iterations that are left out do not write their part of memory that"


class PerforatedStoreReadLater(Rule):
    """Looks for stores in the first loop whose address depends on the iteration, and for what reads them.

    Follows views of the memory inside the function, and control through blocks and regions, but not through
    loops around the perforated one, calls, or memory that holds memory.
    """

    code = "AX024"
    name = "perforated-store-read-later"
    severity = "warning"
    summary = "a perforated loop stores what is read later"
    why = (
        "An iteration that is left out does not write its part of the memory, which keeps what was there "
        "before: often nothing that was ever written. A sum of fewer terms is an approximation; an array "
        "with holes is none, unless its old contents will do. What a function writes to its arguments or "
        "to globals, its callers can read."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "square", transform_type = "loop_perforate", knob_val = 2 : i32
  }> : () -> ()
  func.func @square(%in: memref<64xf32>, %out: memref<64xf32>) {
    affine.for %i = 0 to 64 {
      %x = affine.load %in[%i] : memref<64xf32>
      %y = arith.mulf %x, %x : f32
      affine.store %y, %out[%i] : memref<64xf32>
    }
    return
  }
}
"""
    good = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "sum", transform_type = "loop_perforate", knob_val = 2 : i32
  }> : () -> ()
  func.func @sum(%in: memref<64xf32>, %out: memref<1xf32>) {
    affine.for %i = 0 to 64 {
      %x = affine.load %in[%i] : memref<64xf32>
      %s = affine.load %out[0] : memref<1xf32>
      %y = arith.addf %s, %x : f32
      affine.store %y, %out[0] : memref<1xf32>
    }
    return
  }
}
"""

    def check(self, context: Context) -> Iterator[Finding]:
        memory = Memory()
        for approximation in approximated(context, LOOP_PERFORATE):
            owner = approximation.knob or approximation.function
            value = next((value for value in approximation.values if value > 1), None)
            if owner is None or value is None or chooses_loop(approximation):
                continue
            loop = context.payloads.first_loop(owner)
            if loop is None:
                continue
            for lost in memory.lost_stores(loop):
                if lost.reader is None:
                    message = f"{_LEFT_OUT} the caller sees"
                    notes = [(lost.store, "written here")]
                else:
                    message = (
                        "iterations that are left out do not write their part of memory that is read later"
                    )
                    notes = [(lost.store, "written here"), (lost.reader, "read here")]
                yield self.finding(
                    approximation.operation, message, at=value_place(approximation, value), notes=notes
                )

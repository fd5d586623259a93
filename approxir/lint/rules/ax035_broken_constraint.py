"""AX035: an approx operation that the verifier rejects."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.codec import read_params
from approxir.dialects.approx.errors import ParamsError
from approxir.errors import Diagnostic
from approxir.ir.operation import Operation
from approxir.ir.verify.approx_alone import approx_diagnostics
from approxir.lint.context import Context
from approxir.lint.rule import Finding, Note, Rule

_ELSEWHERE = {"C8": "AX002", "C9": "AX003", "C10": "AX004", "C23": "AX032"}
"""Constraints that another rule says more about."""


class BrokenConstraint(Rule):
    """Asks the verifier about the approx operations, and about them alone.

    What another rule says more about is left to it: the lengths of lists, and params that cannot be read.
    """

    code = "AX035"
    name = "broken-constraint"
    severity = "error"
    summary = "an approx operation breaks a constraint of the dialect"
    why = (
        "The constraints of the dialect, which have numbers from C1 on, say which operands, regions and "
        "attributes an operation has and where it may stand. Neither the passes nor other tools take "
        "operations that break one. This rule looks at the approx operations alone: whether the whole module "
        "is sound is for the verifier to say."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "sum", transform_type = "loop_perforate", knob_val = 2 : i64
  }> : () -> ()
  func.func @sum(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
}
"""
    good = bad.replace("i64", "i32")

    def check(self, context: Context) -> Iterator[Finding]:
        for op, diagnostics in approx_diagnostics(context.module, context.approx):
            unreadable: int | None = None
            if any(_constraint(found) in ("C11", "C22") for found in diagnostics):
                unreadable = _unreadable(op)
            for found in diagnostics:
                if found.code != "approx":
                    context.note_faults([found])
                elif _constraint(found) not in _ELSEWHERE and found.offset != unreadable:
                    yield Finding(
                        self.code,
                        self.name,
                        self.severity,
                        found.message,
                        context.source,
                        found.offset,
                        found.length,
                        operation=op,
                        hint=found.hint,
                        notes=tuple(Note(note.message, note.offset, note.length) for note in found.notes),
                    )


def _constraint(found: Diagnostic) -> str:
    """The number of the constraint that a message ends with: ``C11`` of ``... is no i32 [C11]``."""
    return found.message.rpartition("[")[2].removesuffix("]")


def _unreadable(op: Operation) -> int | None:
    """Where AX032 says that the params of an operation cannot be read."""
    try:
        read_params(op)
    except ParamsError as error:
        return error.diagnostics[0].offset
    return None

"""AX032: params that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.codec import read_params
from approxir.dialects.approx.errors import ParamsError
from approxir.errors import Diagnostic
from approxir.ir.operation import Operation
from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Rule, Span


class UnreadableParams(Rule):
    """Reads the params of every operation that spells some, in any of the three encodings."""

    code = "AX032"
    name = "unreadable-params"
    severity = "error"
    summary = "params cannot be read"
    why = "What cannot be read can be neither tuned nor lowered. The other rules about params skip these."
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", state_function = "state", state_indices = array<i64: 0>,
    params = "thresholds: 5; decisions=0,2; transform_type=loop_perforate"
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
    func_name = "sum", state_function = "state", state_indices = array<i64: 0>,
    params = "thresholds=5; decisions=0,2; transform_type=loop_perforate"
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
        for op in context.approx:
            try:
                read_params(op)
            except ParamsError as error:
                for fault in error.diagnostics:
                    yield self.finding(op, fault.message, at=_place(op, fault), hint=fault.hint)


def _place(op: Operation, fault: Diagnostic) -> Span | None:
    """Where a fault is; where it only says that it is in ``params``, the entry whose name it begins with."""
    whole = op.attributes.span("params")
    if whole is not None and fault.offset in (op.name_start, whole[0]):
        return SpelledParams(op).at(fault.message.partition(" ")[0])
    return fault.offset, fault.offset + fault.length

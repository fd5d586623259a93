"""AX029: a knob that nothing turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from approxir.dialects.approx.codec import read_params
from approxir.dialects.approx.errors import ParamsError
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.lint.approximations import annotated_name
from approxir.lint.context import Context, is_function
from approxir.lint.enclosing import Enclosing
from approxir.lint.rule import Finding, Rule
from approxir.values import DictAttr

_MANAGEMENT = frozenset({"decision_tree", "decide", "transform", "try"})


class KnobWithoutManagement(Rule):
    """Looks for what manages each ``knob`` and each function with a ``knob`` annotation.

    Between two passes, that may be an annotation of the function that the knob stands in, or a transform
    deeper in the knob.
    """

    code = "AX029"
    name = "knob-without-management"
    severity = "warning"
    summary = "a knob has no params, decision tree, transform or try"
    why = (
        "A knob does nothing by itself: its params or the operations in it say what is approximated "
        "and when. Without any, the code in the knob runs as it would without it, and there is nothing to "
        "tune."
    )
    bad = """\
module {
  func.func @f(%x: f32) -> f32 {
    %0 = approx.knob(%x) <{id = 0 : i32}> ({
      %1 = arith.addf %x, %x : f32
      approx.yield %1 : f32
    }) : (f32) -> f32
    return %0 : f32
  }
}
"""
    good = """\
module {
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
}
"""

    def check(self, context: Context) -> Iterator[Finding]:
        annotated = _annotated(context)
        functions = Enclosing(lambda op: bool(op.regions) and is_function(op))
        knobs = Enclosing(lambda op: local_name(op) == "knob")
        managed = {knobs.around(op) for op in context.named(*_MANAGEMENT)}
        for knob in context.named("knob"):
            if knob not in managed and functions.around(knob) not in annotated and not _spells(knob):
                yield self.finding(knob, f"{knob.name} has no params, decision tree, transform or try")
        for op in context.named("util.annotation.knob"):
            name = annotated_name(op)
            function = None if name is None else context.function(name, near=op)
            if function is not None and function not in annotated and not _spells(op):
                message = (
                    f"function '{name}' becomes a knob, but no annotation says what to approximate in it"
                )
                yield self.finding(op, message)


def _annotated(context: Context) -> set[Operation]:
    """The functions with an annotation that manages a knob."""
    found = set()
    for name in _MANAGEMENT:
        for op in context.named(f"util.annotation.{name}"):
            target = annotated_name(op)
            function = None if target is None else context.function(target, near=op)
            if function is not None:
                found.add(function)
    return found


def _spells(op: Operation) -> bool:
    try:
        params = read_params(op)
        # Entries that nobody knows are for others.
        return params is not None and not replace(params, extra=DictAttr()).is_empty
    except ParamsError:
        # AX032 complains.
        return True

"""AX011: a transform in a knob that is for others."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.payload import TRANSFORM_ALIASES
from approxir.ir.operation import Operation
from approxir.lint.context import Context
from approxir.lint.places import SpelledParams, listed, transform_types
from approxir.lint.rule import Finding, Rule


class TransformNotAllowed(Rule):
    """Looks up what a knob and the operations directly in it name in the knob's ``transform_types``.

    Two spellings of one transform count as the same; AX010 complains about them.
    """

    code = "AX011"
    name = "transform-not-allowed"
    severity = "error"
    summary = "a transform is not among the transform_types of its knob"
    why = (
        "transform_types says which transforms may be applied in the knob, for example because the code in "
        "it was only checked with those. Another one is a mistake in one of the two places."
    )
    bad = """\
func.func @f(%x: f32) -> f32 {
  %0 = approx.knob(%x) <{id = 0 : i32, transform_types = ["task_skipping"]}> ({
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
  %0 = approx.knob(%x) <{id = 0 : i32, transform_types = ["loop_perforate", "task_skipping"]}> ({
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

    def check(self, context: Context) -> Iterator[Finding]:
        allowed: dict[Operation, list[str] | None] = {}
        for approximation in context.approximations:
            op, knob, kind = approximation.operation, approximation.knob, approximation.transform_type
            if knob is None or kind is None:
                continue
            if knob not in allowed:
                types = transform_types(knob)
                allowed[knob] = None if types is None else [name for name, _ in types]
            names = allowed[knob]
            if names is not None and _usual(kind) not in map(_usual, names):
                message = f"{kind} is not one of the knob's transform_types {listed(names)}"
                if not names:
                    message = f"{kind} is applied in a knob whose transform_types are empty"
                yield self.finding(
                    op,
                    message,
                    at=SpelledParams(op).at("transform_type"),
                    notes=[] if op is knob else [(knob, "the knob")],
                )


def _usual(name: str) -> str:
    return TRANSFORM_ALIASES.get(name, name)

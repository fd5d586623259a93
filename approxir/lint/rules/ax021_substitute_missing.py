"""AX021: a knob value for which there is no substitute."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.context import Context
from approxir.lint.facts import value_place
from approxir.lint.rule import Finding, Rule
from approxir.lint.substitutes import find_substitutes


class SubstituteMissing(Rule):
    """Looks up ``approx_F_k`` for every value k that may be chosen for a substituted function F."""

    code = "AX021"
    name = "substitute-missing"
    severity = "error"
    summary = "func_substitute may choose a value for which there is no function approx_F_k"
    why = (
        "For a knob value k above 0, `func_substitute` calls `approx_F_k` instead of F. Every value that "
        "a decision has, or that `decision_values` lets the tuner choose, needs its function; a "
        "declaration is enough where another file defines it."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "blur", transform_type = "func_substitute", knob_val = 2 : i32
  }> : () -> ()
  func.func @approx_blur_1(%x: f32) -> f32 {
    return %x : f32
  }
  func.func @blur(%x: f32) -> f32 {
    %y = arith.mulf %x, %x : f32
    return %y : f32
  }
}
"""
    good = bad.replace("knob_val = 2", "knob_val = 1")

    def check(self, context: Context) -> Iterator[Finding]:
        for substitute in find_substitutes(context):
            if substitute.function is None:
                op, name = substitute.approximation.operation, substitute.name
                meant = context.nearest_function(name, near=op)
                yield self.finding(
                    op,
                    f"the knob value {substitute.value} needs a function '{name}', which is not there",
                    at=value_place(substitute.approximation, substitute.value),
                    hint=None if meant is None else f"there is '{meant}'",
                    notes=[(substitute.original, "the function to be substituted")],
                )

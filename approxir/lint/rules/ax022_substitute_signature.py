"""AX022: a substitute with another type than what it substitutes."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.approximations import signature
from approxir.lint.context import Context
from approxir.lint.facts import types_differ, value_place
from approxir.lint.rule import Finding, Rule
from approxir.lint.substitutes import find_substitutes


class SubstituteSignature(Rule):
    """Compares the types of F and ``approx_F_k`` where both are known."""

    code = "AX022"
    name = "substitute-signature"
    severity = "error"
    summary = "a function approx_F_k has another type than F"
    why = (
        "`func_substitute` changes nothing in a call but the name of the function, so that every "
        "substitute has to take the same arguments and return the same results as the function that it "
        "stands for."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "blur", transform_type = "func_substitute", knob_val = 1 : i32
  }> : () -> ()
  func.func private @approx_blur_1(f32, i32) -> f32
  func.func @blur(%x: f32) -> f32 {
    %y = arith.mulf %x, %x : f32
    return %y : f32
  }
}
"""
    good = bad.replace("(f32, i32)", "(f32)")

    def check(self, context: Context) -> Iterator[Finding]:
        for substitute in find_substitutes(context):
            function, original = substitute.function, substitute.original
            has = None if function is None else signature(function)
            wants = signature(original)
            if function is None or has is None or wants is None:
                continue
            if types_differ(context, has.inputs, wants.inputs) or types_differ(
                context, has.results, wants.results
            ):
                yield self.finding(
                    substitute.approximation.operation,
                    f"'{substitute.name}', which the knob value {substitute.value} calls, is {has}, but the "
                    f"function is {wants}",
                    at=value_place(substitute.approximation, substitute.value),
                    notes=[(function, "the substitute"), (original, "the function to be substituted")],
                )

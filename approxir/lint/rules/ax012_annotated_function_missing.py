"""AX012: an annotation of a function that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.approximations import annotated_name
from approxir.lint.context import Context
from approxir.lint.rule import Finding, Rule


class AnnotatedFunctionMissing(Rule):
    """Looks ``func_name`` up where the annotation stands and in the symbol tables around it."""

    code = "AX012"
    name = "annotated-function-missing"
    severity = "error"
    summary = "an annotation names a function that does not exist"
    why = (
        "The passes find the function that an annotation is about by its name. If there is none, the "
        "annotation has no effect, and the program runs without the approximation that was asked for."
    )
    bad = """\
module {
  "approx.util.annotation.convert_to_call"() <{func_name = "blur"}> : () -> ()
  func.func @blurr(%x: f32) -> f32 {
    return %x : f32
  }
}
"""
    good = """\
module {
  "approx.util.annotation.convert_to_call"() <{func_name = "blur"}> : () -> ()
  func.func @blur(%x: f32) -> f32 {
    return %x : f32
  }
}
"""

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.annotations:
            name = annotated_name(op)
            if name is None:
                continue
            if context.function(name, near=op) is None:
                meant = context.nearest_function(name, near=op)
                yield self.finding(
                    op,
                    f"no function '{name}' can be seen from here",
                    at="func_name",
                    hint=None if meant is None else f"did you mean '{meant}'?",
                )

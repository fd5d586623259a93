"""AX013: an annotation of a function that has no body."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.approximations import annotated_name
from approxir.lint.context import Context
from approxir.lint.facts import has_body
from approxir.lint.rule import Finding, Rule


class AnnotatedFunctionDeclaredOnly(Rule):
    """Looks whether there are operations in the function that ``func_name`` means."""

    code = "AX013"
    name = "annotated-function-declared-only"
    severity = "error"
    summary = "an annotated function is declared, but has no body"
    why = (
        "What an annotation asks for is done to the body of a function. Of one that is only declared, "
        "because another file or a library defines it, there is nothing to approximate; the annotation "
        "belongs into the file that has the body."
    )
    bad = """\
module {
  "approx.util.annotation.convert_to_call"() <{func_name = "blur"}> : () -> ()
  func.func private @blur(f32) -> f32
}
"""
    good = """\
module {
  "approx.util.annotation.convert_to_call"() <{func_name = "blur"}> : () -> ()
  func.func private @blur(%x: f32) -> f32 {
    return %x : f32
  }
}
"""

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.annotations:
            name = annotated_name(op)
            function = None if name is None else context.function(name, near=op)
            if function is not None and not has_body(function):
                yield self.finding(
                    op,
                    f"the function '{name}' is declared, but has no body",
                    at="func_name",
                    notes=[(function, "declared here")],
                )

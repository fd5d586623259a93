"""AX018: a function that checks or recovers, and is not there."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.ir.verify.approx import local_name
from approxir.lint.context import ANNOTATION, Context
from approxir.lint.facts import annotated_function, function_name, named_function
from approxir.lint.rule import Finding, Rule

_DOES = {"checker": "checks", "recover": "recovers"}


class ContractFunctionMissing(Rule):
    """Looks up ``checker`` and ``recover``; that they are given at all is the verifier's concern."""

    code = "AX018"
    name = "contract-function-missing"
    severity = "error"
    summary = "a contract names a checker or recover function that does not exist"
    why = (
        "A contract calls the checker after each approximate result and the recover function when the "
        "check fails. If one of them is missing, a bad result goes through, or the module cannot be "
        "compiled. A declaration is enough where another file defines the function."
    )
    bad = """\
module {
  "approx.util.annotation.try"() <{func_name = "blur", checker = "sane", recover = "exact_blurr"}> : () -> ()
  func.func private @sane(f32, f32) -> i1
  func.func private @exact_blur(f32) -> f32
  func.func @blur(%x: f32) -> f32 {
    return %x : f32
  }
}
"""
    good = bad.replace("exact_blurr", "exact_blur")

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.named(f"{ANNOTATION}try", "try"):
            annotation = local_name(op).startswith(ANNOTATION)
            if annotation and annotated_function(context, op) is None:
                continue
            for key in ("checker", "recover") if annotation else ("recover",):
                name = function_name(op, key)
                if name is not None and named_function(context, name, near=op) is None:
                    meant = context.nearest_function(name, near=op)
                    yield self.finding(
                        op,
                        f"no function '{name}' that {_DOES[key]} can be seen from here",
                        at=key,
                        hint=None if meant is None else f"did you mean '{meant}'?",
                    )

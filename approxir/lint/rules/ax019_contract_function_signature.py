"""AX019: a function that checks or recovers, with another type than its call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.lint.approximations import signature
from approxir.lint.context import ANNOTATION, Context
from approxir.lint.facts import (
    annotated_function,
    function_name,
    is_one_integer,
    named_function,
    show_types,
    types_differ,
)
from approxir.lint.rule import Finding, Rule
from approxir.values import Type


class ContractFunctionSignature(Rule):
    """Compares the types of ``checker`` and ``recover`` with those of the function, or of the knob."""

    code = "AX019"
    name = "contract-function-signature"
    severity = "error"
    summary = "a checker or recover function does not have the type that its call needs"
    why = (
        "The checker is called with the results and then the arguments of the annotated function, and "
        "returns one `i1`, or a tensor that holds one. The recover function is called with the arguments, "
        "and its results take the place of the function's. With other types the calls cannot be written."
    )
    bad = """\
module {
  "approx.util.annotation.try"() <{func_name = "blur", checker = "sane", recover = "exact_blur"}> : () -> ()
  func.func private @sane(i32, f32) -> i1
  func.func private @exact_blur(i32) -> f32
  func.func @blur(%n: i32) -> f32 {
    %x = arith.sitofp %n : i32 to f32
    return %x : f32
  }
}
"""
    good = bad.replace("(i32, f32) -> i1", "(f32, i32) -> i1")

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.named(f"{ANNOTATION}try", "try"):
            if local_name(op).startswith(ANNOTATION):
                function = annotated_function(context, op)
                kind = None if function is None else signature(function)
                if kind is None:
                    continue
                yield from self._check_checker(context, op, (*kind.results, *kind.inputs))
                yield from self._check_recover(context, op, kind.inputs, kind.results, "the function")
            else:
                knob = op.parent
                if knob is not None and local_name(knob) == "knob":
                    inputs = [value.type for value in op.operands]
                    results = [value.type for value in knob.results]
                    yield from self._check_recover(context, op, inputs, results, "the knob")

    def _check_checker(self, context: Context, op: Operation, gets: Sequence[Type]) -> Iterator[Finding]:
        name = function_name(op, "checker")
        checker = None if name is None else named_function(context, name, near=op)
        has = None if checker is None else signature(checker)
        if checker is None or has is None:
            return
        notes = [(checker, "the checker")]
        if types_differ(context, has.inputs, gets):
            message = (
                f"the checker '{name}' takes {show_types(has.inputs)}, but gets the function's results and "
                f"arguments {show_types(gets)}"
            )
            yield self.finding(op, message, at="checker", notes=notes)
        if not is_one_integer(context, has.results, 1):
            shown = show_types(has.results) if len(has.results) != 1 else str(has.results[0])
            message = f"the checker '{name}' returns {shown}, not one i1"
            yield self.finding(op, message, at="checker", notes=notes)

    def _check_recover(
        self,
        context: Context,
        op: Operation,
        inputs: Sequence[Type | None],
        results: Sequence[Type | None],
        whose: str,
    ) -> Iterator[Finding]:
        name = function_name(op, "recover")
        recover = None if name is None else named_function(context, name, near=op)
        has = None if recover is None else signature(recover)
        if recover is None or has is None:
            return
        notes = [(recover, "the recover function")]
        if types_differ(context, has.inputs, inputs):
            message = (
                f"the recover function '{name}' takes {show_types(has.inputs)}, but gets {show_types(inputs)}"
            )
            yield self.finding(op, message, at="recover", notes=notes)
        if types_differ(context, has.results, results):
            message = (
                f"the recover function '{name}' returns {show_types(has.results)}, but the results of "
                f"{whose} are {show_types(results)}"
            )
            yield self.finding(op, message, at="recover", notes=notes)

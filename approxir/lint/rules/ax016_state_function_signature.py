"""AX016: a state function that cannot be called with the state's arguments."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.ir.operation import Operation
from approxir.lint.approximations import signature
from approxir.lint.context import ANNOTATION, Context
from approxir.lint.facts import (
    annotated_function,
    function_name,
    is_one_integer,
    named_function,
    show_types,
    state_indices,
    types_differ,
)
from approxir.lint.rule import Finding, Rule
from approxir.values import FunctionType


class StateFunctionSignature(Rule):
    """Compares the state function's type with those arguments of the annotated function that it gets.

    Only annotations: the state region of a decision tree makes its own call, which the verifier checks.
    """

    code = "AX016"
    name = "state-function-signature"
    severity = "error"
    summary = "a state function takes other arguments than those it gets, or does not return one i32"
    why = (
        "The state function is called with those arguments of the annotated function that `state_indices` "
        "picks, in that order, and the thresholds are compared with what it returns: one `i32`, or a "
        "tensor that holds one. With any other type the call cannot be written."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "blur", transform_type = "task_skipping", state_function = "size",
    state_indices = array<i64: 0>, num_thresholds = 1 : i32,
    thresholds = array<i32: 10>, decisions = array<i32: 1, 2>
  }> : () -> ()
  func.func private @size(i64) -> i32
  func.func @blur(%n: i32, %c: i1, %m: memref<4xi32>) {
    %i = arith.constant 0 : index
    scf.if %c {
      memref.store %n, %m[%i] : memref<4xi32>
    } else {
    }
    return
  }
}
"""
    good = bad.replace("i64) -> i32", "i32) -> i32")

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.named(f"{ANNOTATION}decision_tree"):
            function = annotated_function(context, op)
            key = "state_function" if "state_function" in op.attributes else "runtime"
            name = function_name(op, key)
            state = None if name is None else named_function(context, name, near=op)
            has = None if state is None else signature(state)
            if function is None or state is None or has is None:
                continue
            notes = [(state, "the state function")]
            if not is_one_integer(context, has.results, 32):
                shown = show_types(has.results) if len(has.results) != 1 else str(has.results[0])
                message = f"the state function '{name}' returns {shown}, not one i32"
                yield self.finding(op, message, at=key, notes=notes)
            gets = _arguments(op, signature(function))
            if gets is not None and types_differ(context, has.inputs, gets.inputs):
                message = (
                    f"the state function '{name}' takes {show_types(has.inputs)}, "
                    f"but state_indices gives it {show_types(gets.inputs)}"
                )
                yield self.finding(op, message, at=key, notes=[*notes, (function, "the annotated function")])


def _arguments(op: Operation, function: FunctionType | None) -> FunctionType | None:
    """What the state function gets; None where that is not known, or AX017 complains."""
    indices = state_indices(op)
    if function is None or indices is None:
        return None
    count = len(function.inputs)
    if not all(-count <= index < count for index in indices):
        return None
    return FunctionType(tuple([function.inputs[index] for index in indices]), ())

"""AX015: a state function that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.lint.approximations import signature
from approxir.lint.context import ANNOTATION, Context
from approxir.lint.facts import annotated_function, function_name, named_function
from approxir.lint.rule import Finding, Rule


class StateFunctionMissing(Rule):
    """Looks up ``state_function``, or else ``runtime``, of every decision tree.

    Annotations have to say it, and which arguments the function gets; operations in a knob have a region.
    """

    code = "AX015"
    name = "state-function-missing"
    severity = "error"
    summary = "a decision tree names no state function, or one that does not exist, or not its arguments"
    why = (
        "A decision tree chooses the knob value from the state that a function computes. Without that "
        "function there is no state. A declaration is enough where another file defines it."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "blur", transform_type = "task_skipping", state_function = "size",
    state_indices = array<i64: 0>, num_thresholds = 1 : i32,
    thresholds = array<i32: 10>, decisions = array<i32: 1, 2>
  }> : () -> ()
  func.func private @sizes(i32) -> i32
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
    good = bad.replace("@sizes", "@size")

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.named(f"{ANNOTATION}decision_tree", "decision_tree", "decide"):
            annotation = local_name(op).startswith(ANNOTATION)
            if annotation and annotated_function(context, op) is None:
                continue
            key = "state_function" if "state_function" in op.attributes else "runtime"
            name = function_name(op, key)
            function = None if name is None else named_function(context, name, near=op)
            if annotation:
                yield from self._unsaid(op, key, function)
            if name is not None and function is None:
                meant = context.nearest_function(name, near=op)
                yield self.finding(
                    op,
                    f"no function '{name}' that computes the state can be seen from here",
                    at=key,
                    hint=None if meant is None else f"did you mean '{meant}'?",
                )

    def _unsaid(self, op: Operation, key: str, function: Operation | None) -> Iterator[Finding]:
        """What an annotation leaves out."""
        missing = {} if key in op.attributes else {"state_function": 'state_function = "name"'}
        kind = None if function is None else signature(function)
        if "state_indices" not in op.attributes and (kind is None or kind.inputs):
            missing["state_indices"] = "state_indices = array<i64: 0>"
        if missing:
            message = f"{op.name} does not say {' or '.join(missing)}"
            yield self.finding(op, message, hint=f"add {', '.join(missing.values())}")

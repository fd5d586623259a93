"""AX017: a state index beyond the arguments of the annotated function."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.lint.approximations import signature
from approxir.lint.context import ANNOTATION, Context
from approxir.lint.facts import annotated_function, state_indices
from approxir.lint.rule import Finding, Rule


class StateIndexOutOfRange(Rule):
    """Compares ``state_indices`` with the number of the annotated function's arguments."""

    code = "AX017"
    name = "state-index-out-of-range"
    severity = "error"
    summary = "state_indices picks an argument that the annotated function does not have"
    why = (
        "`state_indices` says which arguments of the annotated function the state depends on, counted "
        "from 0, or from the end with negative numbers: -1 is the last one. An argument that does not "
        "exist cannot be given to the state function."
    )
    bad = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "blur", transform_type = "task_skipping", state_function = "size",
    state_indices = array<i64: 3>, num_thresholds = 1 : i32,
    thresholds = array<i32: 10>, decisions = array<i32: 1, 2>
  }> : () -> ()
  func.func private @size(i32) -> i32
  func.func @blur(%c: i1, %m: memref<4xi32>, %n: i32) {
    %i = arith.constant 0 : index
    scf.if %c {
      memref.store %n, %m[%i] : memref<4xi32>
    } else {
    }
    return
  }
}
"""
    good = bad.replace("array<i64: 3>", "array<i64: -1>")

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.named(f"{ANNOTATION}decision_tree"):
            function = annotated_function(context, op)
            kind = None if function is None else signature(function)
            if function is None or kind is None:
                continue
            count = len(kind.inputs)
            spans = op.attributes.element_spans("state_indices")
            for number, index in enumerate(state_indices(op) or ()):
                if not -count <= index < count:
                    yield self.finding(
                        op,
                        f"there is no argument {index}: the annotated function has {_arguments(count)}",
                        at=spans[number] if number < len(spans) else "state_indices",
                        hint=f"write {-count}..{count - 1}" if count else None,
                        notes=[(function, "the annotated function")],
                    )


def _arguments(count: int) -> str:
    return {0: "none", 1: "one argument"}.get(count, f"{count} arguments")

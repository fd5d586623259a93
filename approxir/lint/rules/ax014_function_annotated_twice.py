"""AX014: annotations of one function that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.lint.approximations import annotated_name
from approxir.lint.context import ANNOTATION, Context
from approxir.lint.rule import Finding, Rule

_TREE = "decision_tree"
_TRANSFORM = "transform"


class FunctionAnnotatedTwice(Rule):
    """Compares the annotations of each function, which may stand anywhere in the text."""

    code = "AX014"
    name = "function-annotated-twice"
    severity = "error"
    summary = "a function has two annotations of one kind, or both a decision tree and a static transform"
    why = (
        "A function becomes one knob, whose value comes from one decision tree or from one static "
        "transform, and whose results are checked by one contract. Which of two should count cannot be "
        "told, and must not depend on the order in which they stand in the file."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "sum", transform_type = "loop_perforate", knob_val = 2 : i32
  }> : () -> ()
  "approx.util.annotation.transform"() <{
    func_name = "sum", transform_type = "loop_perforate", knob_val = 3 : i32
  }> : () -> ()
  func.func @sum(%m: memref<64xf32>, %zero: f32) -> f32 {
    %sum = affine.for %i = 0 to 64 iter_args(%before = %zero) -> (f32) {
      %x = affine.load %m[%i] : memref<64xf32>
      %after = arith.addf %before, %x : f32
      affine.yield %after : f32
    }
    return %sum : f32
  }
}
"""
    good = """\
module {
  "approx.util.annotation.knob"() <{func_name = "sum"}> : () -> ()
  "approx.util.annotation.transform"() <{
    func_name = "sum", transform_type = "loop_perforate", knob_val = 2 : i32
  }> : () -> ()
  func.func @sum(%m: memref<64xf32>, %zero: f32) -> f32 {
    %sum = affine.for %i = 0 to 64 iter_args(%before = %zero) -> (f32) {
      %x = affine.load %m[%i] : memref<64xf32>
      %after = arith.addf %before, %x : f32
      affine.yield %after : f32
    }
    return %sum : f32
  }
}
"""

    def check(self, context: Context) -> Iterator[Finding]:
        first: dict[tuple[Operation, str], Operation] = {}
        for op in context.annotations:
            name = annotated_name(op)
            function = None if name is None else context.function(name, near=op)
            if function is None:
                continue
            kind = local_name(op).removeprefix(ANNOTATION)
            other = first.setdefault((function, kind), op)
            if other is not op:
                message = f"the function '{name}' has a {_shown(kind)} annotation already"
            else:
                excluded = {_TREE: _TRANSFORM, _TRANSFORM: _TREE}.get(kind, "")
                found = first.get((function, excluded))
                if found is None:
                    continue
                other = found
                message = (
                    f"the function '{name}' has a {_shown(excluded)} annotation already, which excludes this"
                )
            yield self.finding(op, message, at="func_name", notes=[(other, "the other annotation")])


def _shown(kind: str) -> str:
    return {_TREE: "decision tree", _TRANSFORM: "static transform"}.get(kind, kind)

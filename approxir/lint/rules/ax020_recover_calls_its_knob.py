"""AX020: a recovery that needs what it recovers."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.lint.approximations import function_around
from approxir.lint.calls import CallGraph
from approxir.lint.context import ANNOTATION, Context
from approxir.lint.facts import annotated_function, function_name
from approxir.lint.rule import Finding, Rule


class RecoverCallsItsKnob(Rule):
    """Follows calls, and other references to functions, from the recover function on.

    What annotations let a function call counts as called by it: its own checker and recover function too.
    """

    code = "AX020"
    name = "recover-calls-its-knob"
    severity = "error"
    summary = "a recover function is, or calls, the function whose results it is to replace"
    why = (
        "When the check fails, the recover function computes the results anew. If it calls the "
        "approximated function for that, the same approximation fails the same check, which calls the "
        "recover function again, without end. To recover exactly, call a copy that is not approximated."
    )
    bad = """\
module {
  "approx.util.annotation.try"() <{func_name = "blur", checker = "sane", recover = "again"}> : () -> ()
  func.func private @sane(f32, f32) -> i1
  func.func @again(%x: f32) -> f32 {
    %r = func.call @blur(%x) : (f32) -> f32
    return %r : f32
  }
  func.func @blur(%x: f32) -> f32 {
    return %x : f32
  }
}
"""
    good = """\
module {
  "approx.util.annotation.try"() <{func_name = "blur", checker = "sane", recover = "again"}> : () -> ()
  func.func private @sane(f32, f32) -> i1
  func.func private @exact_blur(f32) -> f32
  func.func @again(%x: f32) -> f32 {
    %r = func.call @exact_blur(%x) : (f32) -> f32
    return %r : f32
  }
  func.func @blur(%x: f32) -> f32 {
    return %x : f32
  }
}
"""

    def check(self, context: Context) -> Iterator[Finding]:
        contracts: list[tuple[Operation, Operation, Operation]] = []
        for op in context.named(f"{ANNOTATION}try", "try"):
            annotation = local_name(op).startswith(ANNOTATION)
            function = annotated_function(context, op) if annotation else function_around(op)
            name = function_name(op, "recover")
            recover = None if name is None else context.function(name, near=op)
            if function is not None and recover is not None:
                contracts.append((op, function, recover))
        if not contracts:
            return
        graph = CallGraph(context)
        for op, function, recover in contracts:
            name = function_name(op, "recover")
            notes = []
            if recover is function:
                message = f"'{name}' cannot recover its own results"
            # The contract itself is an edge from the function to its recover function.
            elif graph.on_a_cycle(function, recover):
                step = _step(graph, recover, function)
                through = "" if step is function else ", through other functions,"
                message = (
                    f"the recover function '{name}' calls{through} the function whose results it replaces"
                )
                if step is not function:
                    notes.append((step, "called on the way"))
            else:
                continue
            notes.append((function, "the function with the contract"))
            yield self.finding(op, message, at="recover", notes=notes)


def _step(graph: CallGraph, recover: Operation, function: Operation) -> Operation:
    """The first function on a way from the recover function back to the approximated one."""
    callees = graph.callees[recover]
    if function in callees:
        return function
    return next(callee for callee in callees if graph.on_a_cycle(callee, function))

"""Which functions call one another, directly or through others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from approxir.ir.symbols import own_symbol, references
from approxir.ir.verify.approx import local_name
from approxir.lint.approximations import annotated_name
from approxir.lint.facts import function_name
from approxir.syntax.formats.traits import traits

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.lint.context import Context

Graph = dict["Operation", dict["Operation", None]]


class CallGraph:
    """From each function to those that its body refers to, or that its annotations let it call."""

    def __init__(self, context: Context) -> None:
        self.callees: Graph = {}
        self._context = context
        annotations = frozenset(context.annotations)
        for op, function in _in_functions(context):
            if op in annotations:
                continue
            for use in references(op):
                if use.position == 0 and not use.reference.nested:
                    self._add(function, use.reference.root, op)
            if local_name(op):
                self._add(function, function_name(op, "recover"), op)
        for op in context.annotations:
            name = annotated_name(op)
            caller = None if name is None else context.function(name, near=op)
            if caller is not None:
                for key in ("recover", "checker", "state_function", "runtime"):
                    self._add(caller, function_name(op, key), op)
        self._component = _components(self.callees)

    def _add(self, caller: Operation, name: str | None, near: Operation) -> None:
        callee = None if name is None else self._context.function(name, near)
        if callee is not None:
            self.callees.setdefault(caller, {})[callee] = None

    def on_a_cycle(self, left: Operation, right: Operation) -> bool:
        """Whether each of two functions calls the other, directly or through others."""
        component = self._component.get(left)
        return component is not None and component == self._component.get(right)


def _in_functions(context: Context) -> Iterator[tuple[Operation, Operation]]:
    """Every operation that stands in a function, and the innermost one that it stands in."""
    around: dict[Operation, Operation] = {}
    for op in context.operations:
        parent = op.parent
        if parent is None:
            continue
        outer = parent if _is_function(parent) else around.get(parent)
        if outer is not None:
            around[op] = outer
            yield op, outer


def _is_function(op: Operation) -> bool:
    known = traits(op.name)
    return "function" in known or (not known and own_symbol(op) is not None)


def _components(graph: Graph) -> Mapping[Operation, int]:
    """A number for each function, the same for those that call one another (Tarjan's algorithm)."""
    order: dict[Operation, int] = {}
    lowest: dict[Operation, int] = {}
    component: dict[Operation, int] = {}
    stack: list[Operation] = []
    for start in graph:
        if start in order:
            continue
        pending: list[tuple[Operation, Iterator[Operation]]] = []
        current: Operation | None = start
        while current is not None or pending:
            if current is not None:
                order[current] = lowest[current] = len(order)
                stack.append(current)
                pending.append((current, iter(graph.get(current, ()))))
                current = None
            node, callees = pending[-1]
            for callee in callees:
                if callee not in order:
                    current = callee
                    break
                if callee not in component:
                    lowest[node] = min(lowest[node], order[callee])
            if current is not None:
                continue
            pending.pop()
            if pending:
                outer = pending[-1][0]
                lowest[outer] = min(lowest[outer], lowest[node])
            if lowest[node] == order[node]:
                while True:
                    member = stack.pop()
                    component[member] = order[node]
                    if member is node:
                        break
    return component

"""Annotated functions: which annotations a function has, and what calling it means then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from approxir.dialects.approx import payload
from approxir.dialects.approx.codec import read_params
from approxir.dialects.approx.errors import ParamsError
from approxir.dialects.approx.ops import AnnotationOp, DecisionTreeAnnotation, TryAnnotation, view
from approxir.dialects.approx.params import KnobParams
from approxir.errors import Diagnostic
from approxir.interp.approximation.choices import Choice, decide, make_choice, one_number, skipped_results
from approxir.interp.approximation.plans import overrides_for, substitute
from approxir.interp.errors import InterpreterError, Trap, diagnostic_at, error_at
from approxir.interp.machine import Task, Values
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.values import SymbolRefAttr

if TYPE_CHECKING:
    from approxir.interp.interpreter import Interpreter

_PREFIX = "util.annotation."


@dataclass(slots=True)
class Annotated:
    """A function with its annotations; calling it does what they say."""

    function: Operation
    name: str
    tree: Operation | None = None
    transform: Operation | None = None
    check: Operation | None = None

    def call(self, interp: Interpreter, arguments: Values) -> Task:
        """The task of calling the function: try outermost, the decision inside it, the body innermost."""
        if self.check is None:
            return self._decided(interp, arguments)
        return self._tried(interp, arguments, self.check)

    def _tried(self, interp: Interpreter, arguments: Values, op: Operation) -> Task:
        found = view(op)
        assert isinstance(found, TryAnnotation)
        checker = named(interp, op, found.checker, "checker")
        recover = named(interp, op, found.recover, "recover")
        results = yield self._decided(interp, arguments)
        accepted = yield call_checked(interp, op, checker, (*results, *arguments))
        ok = truth(accepted, op, checker, interp)
        interp.record(operation=op, knob=self.name, kind="try", recovered=not ok)
        if ok:
            return results
        recovered = yield call_checked(interp, op, recover, arguments)
        if len(recovered) != len(results):
            raise Trap(
                f"@{interp.symbol_name(recover)} returns {len(recovered)} results, not {len(results)}",
                operation=op,
            )
        return recovered

    def _decided(self, interp: Interpreter, arguments: Values) -> Task:
        if self.tree is not None:
            choice = yield self._state(interp, arguments, self.tree)
        elif self.transform is not None:
            params = params_of(self.transform)
            if len(params.decisions) != 1:
                raise Trap("a static transform needs knob_val", operation=self.transform)
            choice = make_choice(interp, params, params.decisions[0], self.transform)
            interp.record(
                operation=self.transform, knob=self.name, kind="static", value=choice.value,
                transform=choice.transform,
            )  # fmt: skip
        else:
            choice = None
        return (yield self._body(interp, arguments, choice))

    def _state(self, interp: Interpreter, arguments: Values, op: Operation) -> Task:
        found = view(op)
        assert isinstance(found, DecisionTreeAnnotation)
        function = named(interp, op, found.state_function, "state_function")
        indices = found.state_indices
        wrong = [index for index in indices if not -len(arguments) <= index < len(arguments)]
        if wrong:
            raise Trap(f"@{self.name} has no argument number {wrong[0]}", operation=op)
        results = yield call_checked(interp, op, function, tuple([arguments[index] for index in indices]))
        if len(results) != 1:
            raise Trap(f"the state function returns {len(results)} results, not one", operation=op)
        state = one_number(results[0], "the state", op)
        return choose(interp, params_of(op), state, op, self.name)

    def _body(self, interp: Interpreter, arguments: Values, choice: Choice | None) -> Task:
        function = self.function
        if choice is None:
            return (yield interp.body(function, arguments))
        where = f"@{self.name}"
        if choice.transform == payload.TASK_SKIPPING and choice.value == 0:
            kinds = [interp.resolved(kind) for kind in interp.function_type(function).results]
            return skipped_results(interp, choice, kinds)
        if choice.transform == payload.FUNC_SUBSTITUTE and choice.value > 0:
            other = substitute(interp, choice, self.name, function)
            return (yield call_checked(interp, choice.operation, other, arguments))
        overrides = {}
        if choice.transform != payload.FUNC_SUBSTITUTE:
            found = overrides_for(interp, choice, payload.payload(function.regions), where)
            overrides = {op: [override] for op, override in found.items()}
        return (yield interp.body(function, arguments, overrides))


def choose(interp: Interpreter, params: KnobParams, state: int, op: Operation, name: str) -> Choice:
    """The choice of a decision tree for a state, recorded."""
    interval, value = decide(params, state, op)
    choice = make_choice(interp, params, value, op)
    interp.record(
        operation=op, knob=name, kind="tree", state=state, interval=interval, value=value,
        transform=choice.transform,
    )  # fmt: skip
    return choice


def params_of(op: Operation) -> KnobParams:
    """The params that an operation spells. Raises `Trap` where they cannot be understood."""
    try:
        return read_params(op) or KnobParams()
    except ParamsError as error:
        raise InterpreterError(error.diagnostics) from None


def named(interp: Interpreter, op: Operation, name: str | None, what: str) -> Operation:
    """The function that an approx operation names in an attribute."""
    if name is None:
        raise Trap(f"{op.name} needs '{what}'", operation=op)
    found = lookup(interp, op, name)
    if found is None:
        raise Trap(f"there is no function @{name}, which '{what}' names", operation=op)
    return found


def lookup(interp: Interpreter, op: Operation, name: str) -> Operation | None:
    """The function of that name, or of a nested name such as ``a::@b``, as seen from `op`."""
    found = interp.symbol(op, SymbolRefAttr(name))
    if found is None and "::@" in name:
        root, *nested = name.split("::@")
        found = interp.symbol(op, SymbolRefAttr(root, tuple(nested)))
    return found


def call_checked(interp: Interpreter, op: Operation, function: Operation, arguments: Values) -> Task:
    """The task of a call that no operation spells; `op` is what asks for it."""
    count = len(interp.function_type(function).inputs)
    if count != len(arguments):
        name = interp.symbol_name(function)
        raise Trap(
            f"@{name} takes {count} arguments, not the {len(arguments)} that it is called with", operation=op
        )
    return interp.invoke(function, arguments)


def truth(results: Values, op: Operation, checker: Operation | None, interp: Interpreter) -> bool:
    """What a check says."""
    if len(results) == 1:
        value = results[0]
        if isinstance(value, bool):
            return value
        if isinstance(value, np.ndarray) and value.size == 1 and value.dtype == np.bool_:
            return bool(value.reshape(())[()])
    name = "the check" if checker is None else f"@{interp.symbol_name(checker)}"
    raise Trap(f"{name} does not give one i1", operation=op)


def find_annotated(interp: Interpreter) -> dict[Operation, Annotated]:
    """The annotated functions of a module. Raises `InterpreterError` for annotations that make no sense."""
    found: dict[Operation, Annotated] = {}
    for op in interp.module.walk():
        kind = local_name(op)
        if not kind.startswith(_PREFIX):
            continue
        annotation = view(op)
        if not isinstance(annotation, AnnotationOp):
            raise error_at(op, f"unknown annotation {op.name}")
        try:
            name = annotation.func_name
        except ParamsError as error:
            raise InterpreterError(error.diagnostics) from None
        if name is None:
            raise error_at(op, f"{op.name} does not say which function it is about (func_name)")
        function = lookup(interp, op, name)
        if function is None:
            raise error_at(op, f"there is no function @{name}")
        interp.function_type(function)
        if not function.regions or not function.regions[0].blocks:
            raise error_at(op, f"@{name} is only declared: it has no body to approximate")
        entry = found.setdefault(function, Annotated(function, interp.symbol_name(function)))
        _add(entry, kind.removeprefix(_PREFIX), op)
    return found


def _add(entry: Annotated, kind: str, op: Operation) -> None:
    if kind == "try":
        _refuse(entry, entry.check, op)
        entry.check = op
    elif kind in ("decision_tree", "transform"):
        _refuse(entry, entry.tree or entry.transform, op)
        if kind == "transform":
            entry.transform = op
        else:
            entry.tree = op


def _refuse(entry: Annotated, earlier: Operation | None, op: Operation) -> None:
    if earlier is None:
        return
    note: Diagnostic = diagnostic_at(earlier, f"the other one, {earlier.name}", severity="note")
    raise error_at(
        op, f"@{entry.name} has two annotations that decide: {earlier.name} and {op.name}", notes=(note,)
    )

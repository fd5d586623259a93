"""The func dialect, and casts between builtin types that change nothing."""

from __future__ import annotations

from typing import Any

from approxir.interp.dialects.common import leave, required
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Task, Values
from approxir.ir.operation import Operation
from approxir.values import SymbolRefAttr


def callee_of(interp: Interpreter, op: Operation, name: str = "callee") -> Operation:
    """The function that a call names. Raises `Trap` where there is none."""
    reference = required(interp, op, name)
    if not isinstance(reference, SymbolRefAttr):
        raise Trap(f"{op.name}: '{name}' is no symbol")
    found = interp.symbol(op, reference)
    if found is None:
        raise Trap(f"there is no function {reference}")
    return found


def _call(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    function = interp.note(op, lambda: callee_of(interp, op))
    return call_function(interp, function, operands)


def call_function(interp: Interpreter, function: Operation, arguments: Values) -> Task:
    """The task of calling a function after checking the number of arguments."""
    count = interp.note(function, lambda: len(interp.function_type(function).inputs))
    if count != len(arguments):
        raise Trap(f"@{interp.symbol_name(function)} takes {count} arguments, {len(arguments)} are given")
    return interp.invoke(function, arguments)


def _call_indirect(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    function, *arguments = operands
    if not isinstance(function, Operation):
        raise Trap("what is called is no function")
    return call_function(interp, function, tuple(arguments))


def _constant(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (interp.note(op, lambda: callee_of(interp, op, "value")),)


def _cast(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Any:
    if len(operands) != len(op.results):
        raise Trap("casts of one value to several are not supported")
    return operands


HANDLERS: dict[str, Handler | Pure] = {
    "func.call": _call,
    "func.call_indirect": _call_indirect,
    "func.constant": _constant,
    "func.return": leave,
    "builtin.unrealized_conversion_cast": _cast,
}

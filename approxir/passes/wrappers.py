"""Functions that call private copies of themselves, in which ``func_substitute`` finds what to replace."""

from __future__ import annotations

from collections.abc import Iterable

from approxir.ir.operation import Operation
from approxir.passes.functions import (
    FUNCTION,
    RETURN,
    Functions,
    block_of,
    is_declaration,
    symbol_name,
)
from approxir.passes.outlining import OUTLINED, outline
from approxir.values import StringAttr, SymbolRefAttr

INTERNAL = "__internal_"
SUBSTITUTES = "approx.substitutes"
"""The mark on the call in a wrapper: the name of the function that was wrapped."""


def wrap(function: Operation, functions: Functions) -> Operation:
    """Make a function a wrapper, unless it is one; the result is the call in it."""
    call = wrapped_call(function)
    if call is None:
        name = symbol_name(function)
        call = outline(function, INTERNAL + name, functions, mark=False)
        call.attributes[SUBSTITUTES] = StringAttr(name)
    return call


def wrapped_call(function: Operation) -> Operation | None:
    """The call in a wrapper; None for a function that does anything else."""
    if len(function.regions[0].blocks) != 1:
        return None
    block = block_of(function)
    call, last = block.first, block.last
    if call is None or call.name != "func.call" or call.next is not last:
        return None
    if last is None or last.name != RETURN or list(last.operands) != list(call.results):
        return None
    if list(call.operands) != list(block.arguments):
        return None
    wraps = SUBSTITUTES in call.attributes or callee_name(call) == INTERNAL + symbol_name(function)
    return call if wraps else None


def substituted_call(operations: Iterable[Operation]) -> tuple[Operation | None, str]:
    """The call that a substitution replaces, of those among the operations, and the name that it stands for.

    That is the call of a wrapper, or else the first call of all.
    """
    calls = [op for op in operations if op.name == "func.call"]
    for call in calls:
        mark = call.attributes.get(SUBSTITUTES)
        if isinstance(mark, StringAttr):
            return call, mark.value
    named = [(call, callee_name(call)) for call in calls]
    for call, callee in named:
        if callee.startswith(INTERNAL):
            return call, callee.removeprefix(INTERNAL)
    return named[0] if named else (None, "")


def own_callee(op: Operation, functions: Functions) -> Operation | None:
    """The function that an operation calls, if that holds what was the body of the calling function.

    None for any other operation.
    """
    if op.name != "func.call":
        return None
    name = callee_name(op)
    callee = functions.find(name, op) if name else None
    if callee is None or callee.name != FUNCTION or is_declaration(callee):
        return None
    if OUTLINED in callee.attributes or SUBSTITUTES in op.attributes:
        return callee
    if name.startswith(INTERNAL):
        around = next((outer for outer in op.ancestors() if outer.name == FUNCTION), None)
        if around is not None and name == INTERNAL + symbol_name(around):
            return callee
    return None


def callee_name(call: Operation) -> str:
    """The name of the function that is called, "" for one in a nested module."""
    callee = call.attributes.get("callee")
    return callee.root if isinstance(callee, SymbolRefAttr) and not callee.nested else ""

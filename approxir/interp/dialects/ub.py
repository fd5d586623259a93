"""The ub dialect."""

from __future__ import annotations

from typing import Any

from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Values
from approxir.interp.numbers import POISON
from approxir.ir.operation import Operation


def _poison(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (POISON,)


def _unreachable(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Any:
    raise Trap("reached what the module declares unreachable")


HANDLERS: dict[str, Handler | Pure] = {"ub.poison": _poison, "ub.unreachable": _unreachable}

"""The cf dialect."""

from __future__ import annotations

from approxir.interp.dialects.common import integers, segments
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Jump, Pure, Values
from approxir.interp.numbers import POISON, signed, width_of
from approxir.ir.operation import Operation
from approxir.values import StringAttr


def _br(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Jump:
    return Jump(op.successors[0], operands)


def _cond_br(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Jump:
    (condition,), yes, no = segments(interp, op, operands, 3)
    if condition is POISON:
        raise Trap("a branch depends on a poison value")
    return Jump(op.successors[0], yes) if condition else Jump(op.successors[1], no)


def _switch(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Jump:
    (flag,), default, rest = segments(interp, op, operands, 3)
    if flag is POISON:
        raise Trap("a branch depends on a poison value")
    cases = integers(interp, op, "case_values", ())
    sizes = integers(interp, op, "case_operand_segments", [0] * len(cases))
    width = width_of(interp.type_of(op.operands[0]))
    at = 0
    for case, size, block in zip(cases, sizes, op.successors[1:], strict=True):
        if signed(case, width) == signed(int(flag), width):
            return Jump(block, rest[at : at + size])
        at += size
    return Jump(op.successors[0], default)


def _assert(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    if not operands[0]:
        message = interp.attribute(op, "msg")
        raise Trap(f"assertion failed: {message.value if isinstance(message, StringAttr) else ''}")


HANDLERS: dict[str, Handler | Pure] = {
    "cf.br": _br,
    "cf.cond_br": _cond_br,
    "cf.switch": _switch,
    "cf.assert": _assert,
}

"""The index dialect: ``index`` has 64 bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from approxir.interp.constants import constant
from approxir.interp.dialects.arith import integer_binary
from approxir.interp.dialects.common import elementwise, integer, required, word
from approxir.interp.dialects.integer_math import BINARY, COMPARISONS
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Handler, Pure
from approxir.interp.numbers import INDEX_WIDTH, normal, signed, unsigned, width_of
from approxir.ir.operation import Operation
from approxir.values import IntegerAttr, Type

_NAMES = {
    "add": "addi", "sub": "subi", "mul": "muli", "divs": "divsi", "divu": "divui", "rems": "remsi",
    "remu": "remui", "ceildivs": "ceildivsi", "ceildivu": "ceildivui", "floordivs": "floordivsi",
    "maxs": "maxsi", "maxu": "maxui", "mins": "minsi", "minu": "minui", "shl": "shli", "shrs": "shrsi",
    "shru": "shrui", "and": "andi", "or": "ori", "xor": "xori",
}  # fmt: skip


def _constant(interp: Interpreter, op: Operation) -> Callable[..., Any]:
    value = constant(required(interp, op, "value"), interp.result_type(op))
    return lambda: value


def _cmp(interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]) -> Callable[..., Any]:
    predicate = interp.attribute(op, "pred")
    if isinstance(predicate, IntegerAttr):
        compare = list(COMPARISONS.values())[integer(interp, op, "pred")]
    else:
        compare = COMPARISONS[word(interp, op, "pred")]
    return lambda a, b: compare(a, b, INDEX_WIDTH)


def _cast(reading: Callable[[int, int], int]) -> Pure:
    def build(
        interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
    ) -> Callable[..., Any]:
        width, kind = width_of(kinds[0]), results[0]
        return lambda value: normal(reading(int(value), width), kind)

    return elementwise(build)


def _sizeof(interp: Interpreter, op: Operation) -> Callable[..., Any]:
    return lambda: INDEX_WIDTH


HANDLERS: dict[str, Handler | Pure] = {
    "index.constant": Pure(_constant),
    "index.bool.constant": Pure(_constant),
    "index.cmp": elementwise(_cmp),
    "index.casts": _cast(signed),
    "index.castu": _cast(unsigned),
    "index.sizeof": Pure(_sizeof),
}
HANDLERS.update({f"index.{name}": integer_binary(BINARY[other]) for name, other in _NAMES.items()})

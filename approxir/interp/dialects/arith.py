"""The arith dialect; ``fastmath`` and overflow flags are ignored: operations do what they do without."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from approxir.interp.constants import constant as constant_value
from approxir.interp.dialects.common import elementwise, integer, required
from approxir.interp.dialects.integer_math import BINARY, COMPARISONS, IntegerFunction, as_signed
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Handler, Pure
from approxir.interp.numbers import (
    POISON,
    bits_of,
    element_type,
    from_bits,
    is_array,
    normal,
    signed,
    to_float,
    unsigned,
    width_of,
)
from approxir.ir.operation import Operation
from approxir.values import FloatType, Type


def _constant(interp: Interpreter, op: Operation) -> Callable[..., Any]:
    kind = interp.result_type(op)
    value = constant_value(required(interp, op, "value"), kind)
    return lambda: value


def integer_binary(function: IntegerFunction) -> Pure:
    """The handler of an operation on two integers of one type."""

    def build(
        interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
    ) -> Callable[..., Any]:
        kind = kinds[0]
        width = width_of(kind)

        def run(a: int, b: int) -> Any:
            found = function(as_signed(a, width), as_signed(b, width), width)
            return found if found is POISON else normal(found, kind)  # type: ignore[arg-type]

        return run

    return elementwise(build)


def _compare_integers(
    interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
) -> Callable[..., Any]:
    width = width_of(kinds[0])
    compare = list(COMPARISONS.values())[integer(interp, op, "predicate")]
    return lambda a, b: compare(as_signed(a, width), as_signed(b, width), width)


# ---- floats


def maximum(a: Any, b: Any) -> Any:
    """The larger number; NaN if either is, and +0 is larger than -0."""
    if a != a or b != b:
        return a if a != a else b
    if a == b:
        return b if math.copysign(1, float(a)) < 0 else a
    return a if a > b else b


def minimum(a: Any, b: Any) -> Any:
    """The smaller number; NaN if either is, and -0 is smaller than +0."""
    if a != a or b != b:
        return a if a != a else b
    if a == b:
        return a if math.copysign(1, float(a)) < 0 else b
    return a if a < b else b


def maxnum(a: Any, b: Any) -> Any:
    """The larger number; of a number and NaN the number."""
    return b if a != a else a if b != b else maximum(a, b)


def minnum(a: Any, b: Any) -> Any:
    """The smaller number; of a number and NaN the number."""
    return b if a != a else a if b != b else minimum(a, b)


def remf(a: Any, b: Any) -> Any:
    """C's fmod, which is exact."""
    cls = type(a)
    if cls in (np.float32, np.float64):
        return np.fmod(a, b)
    return cls(np.fmod(np.float64(a), np.float64(b)))


FLOAT_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "addf": lambda a, b: a + b,
    "subf": lambda a, b: a - b,
    "mulf": lambda a, b: a * b,
    "divf": lambda a, b: a / b,
    "remf": remf,
    "maximumf": maximum,
    "minimumf": minimum,
    "maxnumf": maxnum,
    "minnumf": minnum,
}

_ORDERED: tuple[Callable[[Any, Any], bool], ...] = (
    lambda a, b: False,
    lambda a, b: bool(a == b),
    lambda a, b: bool(a > b),
    lambda a, b: bool(a >= b),
    lambda a, b: bool(a < b),
    lambda a, b: bool(a <= b),
    lambda a, b: bool(a != b),
    lambda a, b: True,
)


def _compare_floats(
    interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
) -> Callable[..., Any]:
    number = integer(interp, op, "predicate")
    # 0..7 are the ordered predicates with false first, 8..15 the unordered ones with true last:
    # false oeq ogt oge olt ole one ord ueq ugt uge ult ule une uno true.
    if number in (0, 15):
        return lambda a, b: number == 15
    if number == 14:
        return lambda a, b: bool(a != a or b != b)
    unordered = number >= 8
    compare = _ORDERED[number - 7 if unordered else number]
    return lambda a, b: unordered if (a != a or b != b) else compare(a, b)


def _same(function: Callable[..., Any]) -> Pure:
    return elementwise(lambda interp, op, kinds, results: function)


# ---- casts


def _float_to_integer(lowest: Callable[[int], int], highest: Callable[[int], int]) -> Pure:
    def build(
        interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
    ) -> Callable[..., Any]:
        kind = results[0]
        width = width_of(kind)
        low, high = lowest(width), highest(width)

        def run(value: Any) -> Any:
            number = float(value)
            if not math.isfinite(number) or not low <= math.trunc(number) <= high:
                return POISON
            return normal(math.trunc(number), kind)

        return run

    return elementwise(build)


def _integer_to_float(reading: Callable[[int, int], int]) -> Pure:
    def build(
        interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
    ) -> Callable[..., Any]:
        width = width_of(kinds[0])
        kind = results[0]
        assert isinstance(kind, FloatType)
        return lambda value: to_float(reading(int(value), width), kind.name)

    return elementwise(build)


def _integer_cast(reading: Callable[[int, int], int]) -> Pure:
    def build(
        interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
    ) -> Callable[..., Any]:
        width, kind = width_of(kinds[0]), results[0]
        return lambda value: normal(reading(int(value), width), kind)

    return elementwise(build)


def _float_cast(
    interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
) -> Callable[..., Any]:
    kind = results[0]
    assert isinstance(kind, FloatType)
    rounding = interp.attribute(op, "roundingmode")
    if rounding is not None and integer(interp, op, "roundingmode"):
        raise Trap("only rounding to the nearest, ties to even, is supported")
    return lambda value: to_float(value, kind.name)


def _bitcast(interp: Interpreter, op: Operation) -> Callable[..., Any]:
    source, target = interp.type_of(op.operands[0]), interp.result_type(op)
    old, new = element_type(source), element_type(target)
    if not is_array(source):
        return lambda value: from_bits(bits_of(value, old), new)
    from approxir.interp.numbers import map_elements

    return lambda array: map_elements(lambda x: from_bits(bits_of(x, old), new), [array], [old], [new])[0]


# ---- the rest


def _extended(kind_of: str) -> Pure:
    def build(
        interp: Interpreter, op: Operation, kinds: list[Type], results: list[Type]
    ) -> Callable[..., Any]:
        kind = kinds[0]
        width = width_of(kind)
        read = signed if kind_of == "mulsi" else unsigned

        def multiply(a: int, b: int) -> tuple[Any, Any]:
            product = read(int(a), width) * read(int(b), width)
            return normal(product, kind), normal(product >> width, kind)

        def add(a: int, b: int) -> tuple[Any, Any]:
            total = unsigned(int(a), width) + unsigned(int(b), width)
            return normal(total, kind), bool(total >> width)

        return add if kind_of == "addui" else multiply

    return elementwise(build)


def _select(interp: Interpreter, op: Operation) -> Callable[..., Any]:
    if not is_array(interp.type_of(op.operands[0])):

        def choose(condition: Any, yes: Any, no: Any) -> Any:
            if condition is POISON:
                raise Trap("the condition is poison")
            return yes if condition else no

        return choose

    def choose_elements(condition: Any, yes: Any, no: Any) -> Any:
        if POISON is condition or POISON is yes or POISON is no:
            raise Trap("an operand is poison")
        return np.where(condition, yes, no)

    return choose_elements


HANDLERS: dict[str, Handler | Pure] = {
    "arith.constant": Pure(_constant),
    "arith.cmpi": elementwise(_compare_integers),
    "arith.cmpf": elementwise(_compare_floats),
    "arith.select": Pure(_select),
    "arith.negf": _same(lambda a: -a),
    "arith.addui_extended": _extended("addui"),
    "arith.mulsi_extended": _extended("mulsi"),
    "arith.mului_extended": _extended("mului"),
    "arith.extsi": _integer_cast(signed),
    "arith.extui": _integer_cast(unsigned),
    "arith.trunci": _integer_cast(signed),
    "arith.index_cast": _integer_cast(signed),
    "arith.index_castui": _integer_cast(unsigned),
    "arith.sitofp": _integer_to_float(signed),
    "arith.uitofp": _integer_to_float(unsigned),
    "arith.fptosi": _float_to_integer(lambda w: -(1 << w >> 1), lambda w: (1 << w >> 1) - 1),
    "arith.fptoui": _float_to_integer(lambda w: 0, lambda w: (1 << w) - 1),
    "arith.extf": elementwise(_float_cast),
    "arith.truncf": elementwise(_float_cast),
    "arith.convertf": elementwise(_float_cast),
    "arith.bitcast": Pure(_bitcast),
}
HANDLERS.update({f"arith.{name}": integer_binary(function) for name, function in BINARY.items()})
HANDLERS.update({f"arith.{name}": _same(function) for name, function in FLOAT_BINARY.items()})

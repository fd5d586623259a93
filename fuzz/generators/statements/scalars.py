"""Statements of arith, math and vector.

Division is by numbers that are positive, shifts are by less than the width, and floats are converted to
integers that hold them. Operations of which two implementations may disagree in a bit are not here but in
`INEXACT`.
"""

from __future__ import annotations

from approxir.testing.generators.statements.statement import Statement
from approxir.testing.generators.writer import Scope, Value, Writer

__all__ = ["INEXACT", "STATEMENTS", "WIDTHS", "compared", "inexact"]

WIDTHS = {"i32": 32, "i64": 64, "index": 64, "i8": 8, "i16": 16}
FLOATS = ("f32", "f64")
_INTEGERS = ("i32", "index", "i64", "i8", "i16")
_VECTORS = ("vector<4xi32>", "vector<4xf32>")
_BINARY = ("addi", "subi", "muli", "andi", "ori", "xori", "maxsi", "minsi", "maxui", "minui")
_FLOAT_BINARY = ("addf", "subf", "mulf", "divf", "maximumf", "minimumf", "remf")
_DIVISIONS = ("divsi", "remsi", "divui", "remui", "floordivsi", "ceildivsi", "ceildivui")
_PREDICATES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
_FLOAT_PREDICATES = (
    "false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno",
    "true",
)  # fmt: skip

INEXACT = (
    "sin", "cos", "exp", "tanh", "atan", "expm1", "exp2", "log1p", "erf", "rsqrt", "cbrt", "log", "log2",
    "log10",
)  # fmt: skip
"""Functions of math whose last bits depend on who computes them."""


def _binary(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(_INTEGERS))
    name = writer.rng.pick(_BINARY)
    left, right = writer.value(scope, kind), writer.value(scope, kind)
    scope.known.append(_apply(writer, f"arith.{name}", (left, right), kind))


def _apply(writer: Writer, name: str, operands: tuple[Value, ...], kind: str) -> Value:
    shown = ", ".join(value.name for value in operands)
    return writer.one(name, f"{shown} : {kind}", operands, kind, "-")


def _float_binary(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(FLOATS))
    name = writer.rng.pick(_FLOAT_BINARY)
    left, right = writer.value(scope, kind), writer.value(scope, kind)
    scope.known.append(_apply(writer, f"arith.{name}", (left, right), kind))


def _constant(writer: Writer, scope: Scope) -> None:
    scope.known.append(writer.any_constant(writer.rng.pick((*_INTEGERS, *FLOATS, "i1"))))


def compared(writer: Writer, scope: Scope) -> Value:
    """A truth value: an old one, or a comparison."""
    if scope.of("i1") and writer.rng.chance(3):
        return writer.value(scope, "i1")
    kind = writer.rng.pick(scope.kinds((*_INTEGERS, *FLOATS)))
    left, right = writer.value(scope, kind), writer.value(scope, kind)
    floats = kind in FLOATS
    predicates = _FLOAT_PREDICATES if floats else _PREDICATES
    which = writer.rng.below(len(predicates))
    name = "arith.cmpf" if floats else "arith.cmpi"
    custom = f"{predicates[which]}, {left.name}, {right.name} : {kind}"
    made = writer.one(name, custom, (left, right), "i1", f"predicate = {which} : i64")
    scope.known.append(made)
    return made


def _compare(writer: Writer, scope: Scope) -> None:
    compared(writer, scope)


def _select(writer: Writer, scope: Scope) -> None:
    which = compared(writer, scope)
    kind = writer.rng.pick(scope.kinds((*_INTEGERS, *FLOATS, *_VECTORS)))
    left, right = writer.value(scope, kind), writer.value(scope, kind)
    custom = f"{which.name}, {left.name}, {right.name} : {kind}"
    scope.known.append(writer.one("arith.select", custom, (which, left, right), kind, "-"))


def _shift(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(_INTEGERS))
    name = writer.rng.pick(("shli", "shrsi", "shrui"))
    value = writer.value(scope, kind)
    if writer.rng.chance():
        most = writer.constant(WIDTHS[kind] - 1, kind)
        amount = _apply(writer, "arith.andi", (writer.value(scope, kind), most), kind)
    else:
        amount = writer.constant(writer.rng.below(WIDTHS[kind]), kind)
    scope.known.append(_apply(writer, f"arith.{name}", (value, amount), kind))


def _division(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(_INTEGERS))
    name = writer.rng.pick(_DIVISIONS)
    value = writer.value(scope, kind)
    if writer.rng.chance():
        seven, one = writer.constant(6, kind), writer.constant(1, kind)
        some = _apply(writer, "arith.andi", (writer.value(scope, kind), seven), kind)
        divisor = _apply(writer, "arith.ori", (some, one), kind)
    else:
        divisor = writer.constant(writer.rng.pick((1, 2, 3, 7, 10, 64)), kind)
    scope.known.append(_apply(writer, f"arith.{name}", (value, divisor), kind))


def _extended(writer: Writer, scope: Scope) -> None:
    """Operations with two results."""
    kind = writer.rng.pick(scope.kinds(("i32", "i64", "i8")))
    name = writer.rng.pick(("addui_extended", "mulsi_extended", "mului_extended"))
    left, right = writer.value(scope, kind), writer.value(scope, kind)
    second = "i1" if name == "addui_extended" else kind
    custom = f"{left.name}, {right.name} : {kind}" + (f", {second}" if second == "i1" else "")
    scope.known += writer.op(f"arith.{name}", custom, (left, right), (kind, second), "-")


def _without_overflow(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(("i32", "i64", "index")))
    most = writer.constant(15, kind)
    small = _apply(writer, "arith.andi", (writer.value(scope, kind), most), kind)
    name, flags = writer.rng.pick((("addi", "nsw, nuw"), ("muli", "nsw"), ("subi", "nsw")))
    made = writer.one(
        f"arith.{name}", f"{small.name}, {most.name} overflow<{flags}> : {kind}", (small, most), kind
    )
    scope.known.append(made)


def cast(writer: Writer, value: Value, kind: str) -> Value:
    """An integer, an index or a truth value as a number of another type, in one operation or two."""
    given = value.type
    if given == kind:
        return value
    if "index" in (given, kind):
        if kind in FLOATS:
            return cast(writer, cast(writer, value, "i64"), kind)
        name = writer.rng.pick(("index_cast", "index_castui")) if given != "i1" else "index_castui"
    elif kind in FLOATS:
        name = writer.rng.pick(("sitofp", "uitofp"))
    elif kind == "i1" or WIDTHS.get(given, 1) > WIDTHS[kind]:
        name = "trunci"
    else:
        name = writer.rng.pick(("extsi", "extui"))
    return writer.one(f"arith.{name}", f"{value.name} : {given} to {kind}", (value,), kind, "-")


def _cast(writer: Writer, scope: Scope) -> None:
    given = writer.value(scope, writer.rng.pick(scope.kinds((*_INTEGERS, "i1"))))
    kind = writer.rng.pick([kind for kind in (*_INTEGERS, *FLOATS) if kind != given.type])
    scope.known.append(cast(writer, given, kind))


def _bits(writer: Writer, scope: Scope) -> None:
    """The bits of an integer as a float; the other way would show the bits of a not-a-number."""
    kind = writer.rng.pick(scope.kinds(("i32", "i64")))
    value, result = writer.value(scope, kind), "f" + kind[1:]
    made = writer.one("arith.bitcast", f"{value.name} : {kind} to {result}", (value,), result, "-")
    scope.known.append(made)


def _resize(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(FLOATS))
    value = writer.value(scope, kind)
    name, result = ("extf", "f64") if kind == "f32" else ("truncf", "f32")
    scope.known.append(
        writer.one(f"arith.{name}", f"{value.name} : {kind} to {result}", (value,), result, "-")
    )


def _to_integer(writer: Writer, scope: Scope) -> None:
    """A float that fits, or zero, as an integer."""
    kind = writer.rng.pick(scope.kinds(FLOATS))
    result = writer.rng.pick(("i32", "i64"))
    value = writer.value(scope, kind)
    limit, zero = writer.constant("1.0e+06", kind), writer.constant("0.0", kind)
    size = writer.one("math.absf", f"{value.name} : {kind}", (value,), kind, "-")
    fits = writer.one("arith.cmpf", f"olt, {size.name}, {limit.name} : {kind}", (size, limit), "i1")
    operands = (fits, value, zero)
    shown = ", ".join(one.name for one in operands)
    kept = writer.one("arith.select", f"{shown} : {kind}", operands, kind, "-")
    made = writer.one("arith.fptosi", f"{kept.name} : {kind} to {result}", (kept,), result, "-")
    scope.known.append(made)


def _negate(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(FLOATS))
    value = writer.value(scope, kind)
    scope.known.append(writer.one("arith.negf", f"{value.name} : {kind}", (value,), kind, "-"))


def _exact_math(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(FLOATS))
    name = writer.rng.pick(("sqrt", "absf", "floor", "ceil", "trunc", "round", "roundeven", "fma"))
    operands = tuple([writer.value(scope, kind) for _ in range(3 if name == "fma" else 1)])
    scope.known.append(_apply(writer, f"math.{name}", operands, kind))


def _integer_math(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(("i32", "i64", "i8")))
    name = writer.rng.pick(("ctpop", "ctlz", "cttz", "absi"))
    value = writer.value(scope, kind)
    scope.known.append(_apply(writer, f"math.{name}", (value,), kind))


def _copysign(writer: Writer, scope: Scope) -> None:
    """With the sign of an integer: that of a not-a-number is nobody's."""
    kind = writer.rng.pick(scope.kinds(FLOATS))
    sign = writer.value(scope, "i32")
    other = writer.one("arith.sitofp", f"{sign.name} : i32 to {kind}", (sign,), kind, "-")
    scope.known.append(_apply(writer, "math.copysign", (writer.value(scope, kind), other), kind))


def _number_of_two(writer: Writer, scope: Scope) -> None:
    """The larger or lesser of two numbers that are no zeros of different signs, nor not-a-numbers."""
    kind, name = writer.rng.pick(FLOATS), writer.rng.pick(("maxnumf", "minnumf"))
    operands = []
    for _ in range(2):
        value = writer.value(scope, writer.rng.pick(scope.kinds(("i32", "i64", "i8"))))
        shown = f"{value.name} : {value.type} to {kind}"
        operands.append(writer.one("arith.sitofp", shown, (value,), kind, "-"))
    scope.known.append(_apply(writer, f"arith.{name}", (operands[0], operands[1]), kind))


def _broadcast(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(("i32", "f32")))
    value = writer.value(scope, kind)
    result = f"vector<4x{kind}>"
    made = writer.one("vector.broadcast", f"{value.name} : {kind} to {result}", (value,), result, "-")
    scope.known.append(made)


def _vector(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(_VECTORS))
    names = ("addi", "muli", "xori", "maxsi") if "i32" in kind else ("addf", "mulf", "subf")
    left, right = writer.value(scope, kind), writer.value(scope, kind)
    scope.known.append(_apply(writer, f"arith.{writer.rng.pick(names)}", (left, right), kind))


def _reduce(writer: Writer, scope: Scope) -> None:
    value = writer.value(scope, "vector<4xi32>")
    name = writer.rng.pick(("add", "mul", "xor", "maxsi", "minui"))
    custom = f"<{name}>, {value.name} : vector<4xi32> into i32"
    scope.known.append(writer.one("vector.reduction", custom, (value,), "i32"))


def _element(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(scope.kinds(_VECTORS))
    value, place, element = writer.value(scope, kind), writer.rng.below(4), kind[9:12]
    if writer.rng.chance():
        custom = f"{value.name}[{place}] : {element} from {kind}"
        scope.known.append(writer.one("vector.extract", custom, (value,), element))
    else:
        new = writer.value(scope, element)
        custom = f"{new.name}, {value.name} [{place}] : {element} into {kind}"
        scope.known.append(writer.one("vector.insert", custom, (new, value), kind))


def inexact(writer: Writer, scope: Scope) -> Value:
    """A function whose last bits are nobody's, of a number that is exact and of moderate size.

    The value is not added to the scope: nothing may be made of it.
    """
    given = writer.value(scope, "i32")
    low = writer.constant(255, "i32")
    some = writer.one("arith.andi", f"{given.name}, {low.name} : i32", (given, low), "i32", "-")
    kind = writer.rng.pick(FLOATS)
    number = writer.one("arith.sitofp", f"{some.name} : i32 to {kind}", (some,), kind, "-")
    scale = writer.constant("0.0625", kind)
    scaled = _apply(writer, "arith.mulf", (number, scale), kind)
    return _apply(writer, f"math.{writer.rng.pick(INEXACT)}", (scaled,), kind)


_ARITH, _MATH, _VECTOR = ("arith",), ("arith", "math"), ("arith", "vector")
STATEMENTS = (
    Statement(_binary, 3, _ARITH, weight=4),
    Statement(_constant, 1, _ARITH),
    Statement(_compare, 3, _ARITH),
    Statement(_select, 6, _ARITH),
    Statement(_cast, 3, _ARITH, weight=2),
    Statement(_float_binary, 3, _ARITH, weight=2),
    Statement(_negate, 2, _ARITH),
    Statement(_resize, 2, _ARITH),
    Statement(_bits, 2, _ARITH),
    Statement(_shift, 5, _ARITH),
    Statement(_division, 7, _ARITH),
    Statement(_extended, 3, _ARITH),
    Statement(_without_overflow, 4, _ARITH),
    Statement(_number_of_two, 5, _ARITH),
    Statement(_exact_math, 4, _MATH, weight=2),
    Statement(_integer_math, 2, _MATH),
    Statement(_copysign, 4, _MATH),
    Statement(_to_integer, 7, _MATH),
    Statement(_broadcast, 2, _VECTOR),
    Statement(_vector, 3, _VECTOR),
    Statement(_reduce, 2, _VECTOR),
    Statement(_element, 3, _VECTOR),
)

"""The state functions that are generated: each gives back its only argument, as the state that it is."""

from __future__ import annotations

from approxir.values import IndexType, IntegerType, Type
from approxir.values.strings import symbol_text

IDENTITY = "identity"
"""The state function that gives back its only argument."""

_LEAST, _GREATEST = -(1 << 31), (1 << 31) - 1


def identity_function(func_name: str) -> str:
    """The name of the state function that gives back its argument, for one annotated function."""
    return f"__identity_{func_name}"


def identity_text(name: str, kind: Type | None = None) -> str | None:
    """The function of that name that gives back an integer as an ``i32``, in MLIR; None for other types.

    Integers that no ``i32`` can hold become the nearest one, as thresholds are of 32 bits; ``i1`` is 0 or 1,
    and other integers have a sign. Without a `kind` the argument is an ``i32``.
    """
    kind = IntegerType(32) if kind is None else kind
    if isinstance(kind, IndexType):
        lines = ["%0 = arith.index_cast %arg0 : index to i64", *_saturated("%0", 64)]
    elif not isinstance(kind, IntegerType) or kind.signedness != "signless":
        return None
    elif kind.width == 32:
        lines = ["return %arg0 : i32"]
    elif kind.width < 32:
        cast = "arith.extui" if kind.width == 1 else "arith.extsi"
        lines = [f"%0 = {cast} %arg0 : {kind} to i32", "return %0 : i32"]
    else:
        lines = _saturated("%arg0", kind.width)
    body = "".join(f"  {line}\n" for line in lines)
    return f"func.func {symbol_text(name)}(%arg0: {kind}) -> i32 {{\n{body}}}\n"


def _saturated(value: str, width: int) -> list[str]:
    return [
        f"%least = arith.constant {_LEAST} : i{width}",
        f"%greatest = arith.constant {_GREATEST} : i{width}",
        f"%above = arith.maxsi {value}, %least : i{width}",
        f"%within = arith.minsi %above, %greatest : i{width}",
        f"%state = arith.trunci %within : i{width} to i32",
        "return %state : i32",
    ]

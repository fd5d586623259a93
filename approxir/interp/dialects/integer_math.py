"""Integer arithmetic of LLVM on Python integers: operands in their signed reading, and the width."""

from __future__ import annotations

from collections.abc import Callable

from approxir.interp.errors import Trap
from approxir.interp.numbers import POISON, signed, unsigned

IntegerFunction = Callable[[int, int, int], object]


def _nonzero(b: int) -> None:
    if not b:
        raise Trap("division by zero")


def _in_range(value: int, width: int) -> int:
    if not -(1 << width >> 1) <= value < max(1 << width >> 1, 1):
        raise Trap(f"signed division overflows: the quotient {value} has no {width} bits")
    return value


def divsi(a: int, b: int, width: int) -> int:
    """The quotient, rounded towards zero."""
    _nonzero(b)
    quotient = abs(a) // abs(b)
    return _in_range(quotient if (a < 0) == (b < 0) else -quotient, width)


def remsi(a: int, b: int, width: int) -> int:
    """The remainder that goes with `divsi`."""
    return a - b * divsi(a, b, width)


def divui(a: int, b: int, width: int) -> int:
    """The quotient of the unsigned readings."""
    _nonzero(b)
    return unsigned(a, width) // unsigned(b, width)


def remui(a: int, b: int, width: int) -> int:
    """The remainder of the unsigned readings."""
    _nonzero(b)
    return unsigned(a, width) % unsigned(b, width)


def floordivsi(a: int, b: int, width: int) -> int:
    """The quotient, rounded downwards."""
    _nonzero(b)
    return _in_range(a // b, width)


def ceildivsi(a: int, b: int, width: int) -> int:
    """The quotient, rounded upwards."""
    _nonzero(b)
    return _in_range(-(-a // b), width)


def ceildivui(a: int, b: int, width: int) -> int:
    """The quotient of the unsigned readings, rounded upwards."""
    _nonzero(b)
    return -(-unsigned(a, width) // unsigned(b, width))


def shli(a: int, b: int, width: int) -> object:
    """A shift to the left; by the width or more it is poison."""
    amount = unsigned(b, width)
    return POISON if amount >= width else a << amount


def shrsi(a: int, b: int, width: int) -> object:
    """A shift to the right that keeps the sign."""
    amount = unsigned(b, width)
    return POISON if amount >= width else a >> amount


def shrui(a: int, b: int, width: int) -> object:
    """A shift to the right that fills in zeros."""
    amount = unsigned(b, width)
    return POISON if amount >= width else unsigned(a, width) >> amount


BINARY: dict[str, IntegerFunction] = {
    "addi": lambda a, b, width: a + b,
    "subi": lambda a, b, width: a - b,
    "muli": lambda a, b, width: a * b,
    "divsi": divsi,
    "divui": divui,
    "remsi": remsi,
    "remui": remui,
    "floordivsi": floordivsi,
    "ceildivsi": ceildivsi,
    "ceildivui": ceildivui,
    "shli": shli,
    "shrsi": shrsi,
    "shrui": shrui,
    "andi": lambda a, b, width: a & b,
    "ori": lambda a, b, width: a | b,
    "xori": lambda a, b, width: a ^ b,
    "maxsi": lambda a, b, width: max(a, b),
    "minsi": lambda a, b, width: min(a, b),
    "maxui": lambda a, b, width: max(unsigned(a, width), unsigned(b, width)),
    "minui": lambda a, b, width: min(unsigned(a, width), unsigned(b, width)),
}
"""By the names of arith. Results need to be wrapped; poison is handed through."""

COMPARISONS: dict[str, Callable[[int, int, int], bool]] = {
    "eq": lambda a, b, width: a == b,
    "ne": lambda a, b, width: a != b,
    "slt": lambda a, b, width: a < b,
    "sle": lambda a, b, width: a <= b,
    "sgt": lambda a, b, width: a > b,
    "sge": lambda a, b, width: a >= b,
    "ult": lambda a, b, width: unsigned(a, width) < unsigned(b, width),
    "ule": lambda a, b, width: unsigned(a, width) <= unsigned(b, width),
    "ugt": lambda a, b, width: unsigned(a, width) > unsigned(b, width),
    "uge": lambda a, b, width: unsigned(a, width) >= unsigned(b, width),
}
"""The predicates, in the order of their numbers in arith."""


def as_signed(value: int | bool, width: int) -> int:
    """The signed reading of a held integer: ``i1`` is held as `bool`, and true is -1."""
    return signed(int(value), width)

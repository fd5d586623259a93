"""Floating-point numbers in LLVM's language, spelled so that every version of LLVM reads them.

LLVM's newest versions write ``float 1.702000e+00``, ``float f0x3DFCD6EA``, ``float +qnan`` and
``float +snan(0x1)``. Older ones take decimal numbers only where they are exact, and for all others the bits:
``float 0x3FFB3B6460000000``, as those of a double, ``half 0xH3C00``, ``bfloat 0xR3F80``.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from fractions import Fraction

# Lexemes; those without a name only keep others from being found within them. A type comes before the
# numbers that are of it, in the same line.
_LEXEME = re.compile(
    r"""
    "[^"]*" | ;[^\n]* | [%@$!\#^][-\w.$]*
    | (?P<type> (?:half|bfloat|float|double)\b)
    | (?P<bits> f0x[0-9A-Fa-f]+)
    | (?P<special> [+-](?:inf|qnan|nan|snan)\b (?:\(0x[0-9A-Fa-f]+\))?)
    | (?P<decimal> [+-]?[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?)
    | [\w.$][-\w.$]*
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Format:
    """A format of IEEE 754: how many bits its exponent and its fraction have."""

    exponent: int
    fraction: int
    prefix: str

    @property
    def bias(self) -> int:
        return (1 << (self.exponent - 1)) - 1

    @property
    def infinity(self) -> int:
        return ((1 << self.exponent) - 1) << self.fraction

    @property
    def sign(self) -> int:
        return 1 << (self.exponent + self.fraction)

    def nearest(self, value: Fraction) -> int:
        """The bits of the number nearest to a positive one, ties to even."""
        if not value:
            return 0
        power = value.numerator.bit_length() - value.denominator.bit_length()
        if value < Fraction(2) ** power:
            power -= 1
        power = max(power, 1 - self.bias)
        # Below the least normal number the last bit of the fraction does not get any smaller.
        units = round(value / Fraction(2) ** (power - self.fraction))
        return min(units + ((power + self.bias - 1) << self.fraction), self.infinity)


_FORMATS = {
    "half": _Format(5, 10, "0xH"),
    "bfloat": _Format(8, 7, "0xR"),
    "float": _Format(8, 23, "0x"),
    "double": _Format(11, 52, "0x"),
}


def spelled_as_bits(text: str) -> str:
    """A module in LLVM's language with its floating-point numbers spelled as bits."""
    parts: list[str] = []
    copied = 0
    kind = ""
    for lexeme in _LEXEME.finditer(text):
        what = lexeme.lastgroup
        if what == "type":
            kind = lexeme[0]
        elif what is not None and kind:
            parts += [text[copied : lexeme.start()], _shown(_bits(what, lexeme[0], _FORMATS[kind]), kind)]
            copied = lexeme.end()
    return "".join([*parts, text[copied:]])


def _bits(what: str, text: str, held: _Format) -> int:
    """The bits of a number as its format has them."""
    if what == "bits":
        return int(text[3:], 16)
    sign = held.sign if text.startswith("-") else 0
    if what == "decimal":
        return sign | held.nearest(abs(Fraction(text)))
    name, _, payload = text[1:].rstrip(")").partition("(")
    if name == "inf":
        return sign | held.infinity
    quiet = 0 if name == "snan" else 1 << (held.fraction - 1)
    return sign | held.infinity | quiet | (int(payload, 16) if payload else 0)


def _shown(bits: int, kind: str) -> str:
    held = _FORMATS[kind]
    if kind == "float":
        bits = _widened(bits)
    digits = 4 if held.prefix[2:] else 16
    return f"{held.prefix}{bits:0{digits}X}"


def _widened(bits: int) -> int:
    """The bits of a float as those of the double of the same value."""
    narrow, wide = _FORMATS["float"], _FORMATS["double"]
    if bits & narrow.infinity == narrow.infinity:
        # What is not a number keeps the upper bits of its fraction, whether or not it is quiet.
        sign = wide.sign if bits & narrow.sign else 0
        shift = wide.fraction - narrow.fraction
        return sign | wide.infinity | (bits & ((1 << narrow.fraction) - 1)) << shift
    (value,) = struct.unpack("<f", bits.to_bytes(4, "little"))
    return int.from_bytes(struct.pack("<d", value), "little")

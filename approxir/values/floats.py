"""The binary floating-point formats of MLIR: rounding to them, their bits, and text that reads back.

Everything is exact: a value is rounded once, half to even, from the double that MLIR's own parser reads.
"""

from __future__ import annotations

import math
import re
import struct
from typing import Literal, NamedTuple

Kind = Literal["ieee", "no-inf", "no-inf-no-minus-zero", "finite", "exponent-only"]


class FloatFormat(NamedTuple):
    """Layout of a format: total bits, exponent and mantissa bits, exponent bias, and what is special.

    ``no-inf`` formats keep one NaN at all ones; ``no-inf-no-minus-zero`` formats put their NaN where the
    negative zero would be; ``finite`` formats have neither; ``explicit`` tells that the leading one of
    the mantissa is stored (only f80).
    """

    width: int
    exponent: int
    mantissa: int
    bias: int
    kind: Kind = "ieee"
    explicit: bool = False

    @property
    def sign_shift(self) -> int:
        return self.width - 1


FLOAT_FORMATS: dict[str, FloatFormat] = {
    "f64": FloatFormat(64, 11, 52, 1023),
    "f32": FloatFormat(32, 8, 23, 127),
    "f16": FloatFormat(16, 5, 10, 15),
    "bf16": FloatFormat(16, 8, 7, 127),
    "tf32": FloatFormat(19, 8, 10, 127),
    "f80": FloatFormat(80, 15, 63, 16383, explicit=True),
    "f128": FloatFormat(128, 15, 112, 16383),
    "f8E5M2": FloatFormat(8, 5, 2, 15),
    "f8E4M3": FloatFormat(8, 4, 3, 7),
    "f8E3M4": FloatFormat(8, 3, 4, 3),
    "f8E4M3FN": FloatFormat(8, 4, 3, 7, "no-inf"),
    "f8E5M2FNUZ": FloatFormat(8, 5, 2, 16, "no-inf-no-minus-zero"),
    "f8E4M3FNUZ": FloatFormat(8, 4, 3, 8, "no-inf-no-minus-zero"),
    "f8E4M3B11FNUZ": FloatFormat(8, 4, 3, 11, "no-inf-no-minus-zero"),
    "f8E8M0FNU": FloatFormat(8, 8, 0, 127, "exponent-only"),
    "f6E3M2FN": FloatFormat(6, 3, 2, 3, "finite"),
    "f6E2M3FN": FloatFormat(6, 2, 3, 1, "finite"),
    "f4E2M1FN": FloatFormat(4, 2, 1, 1, "finite"),
}
"""Every floating-point type of MLIR by its name."""


def encode(value: float, fmt: FloatFormat) -> int:
    """The bits of a double rounded to a format; what overflows becomes infinity, NaN or the largest."""
    sign = 1 if math.copysign(1.0, value) < 0 else 0
    if fmt.kind == "exponent-only":
        if value != value or math.isinf(value):
            return 0xFF
        return max(0, min(0xFE, round(math.log2(abs(value))) + fmt.bias)) if value else 0
    if value != value:
        return _nan(value, sign, fmt)
    if math.isinf(value):
        return _overflow(sign, fmt)
    fraction, exponent = math.frexp(abs(value))
    integer = int(math.ldexp(fraction, 53))
    power = max(exponent - 1, 1 - fmt.bias)
    quotient = _shift(integer, exponent - 53 - (power - fmt.mantissa))
    if quotient >> (fmt.mantissa + 1):
        quotient >>= 1
        power += 1
    normal = quotient >> fmt.mantissa
    field = power + fmt.bias if normal else 0
    stored = quotient if fmt.explicit else quotient - (normal << fmt.mantissa)
    top = (1 << fmt.exponent) - 1
    if fmt.kind == "ieee":
        too_large = field >= top
    elif fmt.kind == "no-inf":
        too_large = field > top or (field == top and stored == (1 << fmt.mantissa) - 1)
    else:
        too_large = field > top
    if too_large:
        return _overflow(sign, fmt)
    if fmt.kind == "no-inf-no-minus-zero" and not quotient:
        sign = 0
    return (sign << fmt.sign_shift) | (field << (fmt.mantissa + fmt.explicit)) | stored


def _shift(integer: int, by: int) -> int:
    """``integer * 2**by``, rounded half to even."""
    if by >= 0:
        return integer << by
    if by < -integer.bit_length() - 1:
        return 0
    whole, rest = divmod(integer, 1 << -by)
    half = 1 << (-by - 1)
    return whole + (rest > half or (rest == half and whole & 1))


def _overflow(sign: int, fmt: FloatFormat) -> int:
    top = (1 << fmt.exponent) - 1
    low = fmt.mantissa + fmt.explicit
    if fmt.kind == "no-inf-no-minus-zero":
        return 1 << fmt.sign_shift
    bits = (sign << fmt.sign_shift) | (top << low)
    if fmt.kind == "ieee":
        return bits | (1 << 63 if fmt.explicit else 0)
    return bits | ((1 << fmt.mantissa) - 1)


def _nan(value: float, sign: int, fmt: FloatFormat) -> int:
    if fmt.kind != "ieee":
        return _overflow(sign, fmt)
    payload = int.from_bytes(struct.pack(">d", value), "big") & ((1 << 52) - 1)
    moved = fmt.mantissa - 52
    payload = (payload << moved if moved >= 0 else payload >> -moved) or 1 << (fmt.mantissa - 1)
    top = ((1 << fmt.exponent) - 1) << (fmt.mantissa + fmt.explicit)
    return (sign << fmt.sign_shift) | top | (1 << 63 if fmt.explicit else 0) | payload


def decode(bits: int, fmt: FloatFormat) -> float:
    """The double nearest to what the bits mean; exact but for f80 and f128."""
    if fmt.kind == "exponent-only":
        return math.nan if bits == 0xFF else math.ldexp(1.0, bits - fmt.bias)
    low = fmt.mantissa + fmt.explicit
    sign = bits >> fmt.sign_shift
    field = (bits >> low) & ((1 << fmt.exponent) - 1)
    mantissa = bits & ((1 << fmt.mantissa) - 1)
    top = (1 << fmt.exponent) - 1
    if fmt.kind == "ieee" and field == top:
        if not mantissa:
            return -math.inf if sign else math.inf
        moved = 52 - fmt.mantissa
        payload = (mantissa << moved if moved >= 0 else mantissa >> -moved) or 1
        double = (sign << 63) | (0x7FF << 52) | payload
        return float(struct.unpack(">d", double.to_bytes(8, "big"))[0])
    if fmt.kind == "no-inf" and field == top and mantissa == (1 << fmt.mantissa) - 1:
        return math.copysign(math.nan, -sign or 1)
    if fmt.kind == "no-inf-no-minus-zero" and bits == 1 << fmt.sign_shift:
        return math.nan
    whole = bits & ((1 << low) - 1) if fmt.explicit else mantissa | (1 << fmt.mantissa if field else 0)
    try:
        size = math.ldexp(whole, (field or 1) - fmt.bias - fmt.mantissa)
    except OverflowError:
        size = math.inf
    return -size if sign else size


def hex_text(bits: int, fmt: FloatFormat) -> str:
    """The bits as MLIR spells them, with one hexadecimal digit for each four bits begun."""
    return f"0x{bits:0{-(-fmt.width // 4)}X}"


def float_text(value: float, fmt: FloatFormat) -> str:
    """A literal that reads back as the same bits: ``1.500000e+00`` style, longer only where needed."""
    bits = encode(value, fmt)
    if not (math.isfinite(value) and math.isfinite(decode(bits, fmt))):
        return hex_text(bits, fmt)
    for digits in range(6, 17):
        text = f"{value:.{digits}e}"
        if encode(float(text), fmt) == bits:
            return text
    return hex_text(bits, fmt)


_LITERAL = re.compile(r"(-?)(?:0x([0-9a-fA-F]+)|([0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?))", re.ASCII)


def literal_bits(text: str, fmt: FloatFormat) -> int | str:
    """The bits of a float literal without white space, or what is wrong with it."""
    match = _LITERAL.fullmatch(text)
    if not match:
        if re.fullmatch(r"-?[0-9]+", text):
            return "an integer literal where a floating-point type asks for a decimal point"
        return f"{text!r} is not a floating-point number"
    minus, digits, decimal = match.groups()
    if decimal is not None:
        return encode(float(minus + decimal), fmt)
    if minus:
        return "a hexadecimal float literal cannot have a minus sign"
    bits = int(digits, 16)
    if bits >> fmt.width:
        return f"the hexadecimal float literal has more than {fmt.width} bits"
    return bits

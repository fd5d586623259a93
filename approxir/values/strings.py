"""Quoting: between the value of a string and its spelling in MLIR text.

MLIR strings are bytes. Here they are `str` decoded as UTF-8, with each byte that is not UTF-8 kept as
the lone surrogate that Python's ``surrogateescape`` gives it, so that every byte string survives.
"""

from __future__ import annotations

import re

from approxir.values.base import InvalidValue

STRING_BODY = r'(?:[^"\\\n\v\f]++|\\(?:["\\nt]|[0-9a-fA-F]{2}))*+'
"""A regular expression for the characters between the quotes of a valid string."""

ESCAPE_HINT = r"write \\ for a backslash, \" \n \t, or two hexadecimal digits as in \0D"
_ESCAPE = re.compile(r'\\(["\\nt]|[0-9a-fA-F]{2})')
_PRINTABLE = re.compile(r"[ !#-\[\]-~]*+")
_NAMED = {'"': b'"', "\\": b"\\", "n": b"\n", "t": b"\t"}
_BARE_SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_$.]*+")


def normal_text(value: str) -> str:
    """The one `str` that stands for the bytes of `value`; raises `InvalidValue` if it stands for none."""
    if value.isascii():
        return value
    try:
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InvalidValue(f"{value[error.start]!r} is not a character that UTF-8 can hold") from None


def quote(value: str) -> str:
    """The value in double quotes; everything but printable ASCII as two hexadecimal digits."""
    if _PRINTABLE.fullmatch(value):
        return f'"{value}"'
    data = value.encode("utf-8", "surrogateescape")
    return '"' + "".join(_BYTES[byte] for byte in data) + '"'


def _spell(byte: int) -> str:
    char = chr(byte)
    if char == "\\":
        return "\\\\"
    return char if " " <= char <= "~" and char != '"' else f"\\{byte:02X}"


_BYTES = [_spell(byte) for byte in range(256)]


def unquote(text: str) -> str:
    """The value of a string given with its quotes; raises `InvalidValue` for an unknown escape."""
    body = text[1:-1]
    plain = normal_text(body)
    if "\\" not in body:
        return plain
    at = _bad_escape(body)
    if at >= 0:
        raise InvalidValue(
            f"unknown escape {body[at : at + 2]} in a string",
            offset=at + 1,
            hint=ESCAPE_HINT,
        )
    data = bytearray()
    last = 0
    for match in _ESCAPE.finditer(body):
        data += body[last : match.start()].encode("utf-8", "surrogateescape")
        code = match.group(1)
        data += _NAMED.get(code) or bytes((int(code, 16),))
        last = match.end()
    data += body[last:].encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "surrogateescape")


def _bad_escape(body: str) -> int:
    """The offset of the first escape that MLIR does not know, or -1."""
    at = body.find("\\")
    while at >= 0:
        match = _ESCAPE.match(body, at)
        if not match:
            return at
        at = body.find("\\", match.end())
    return -1


def symbol_text(name: str) -> str:
    """A symbol name with its ``@``, quoted where MLIR needs quotes."""
    return "@" + (name if _BARE_SYMBOL.fullmatch(name) else quote(name))


def key_text(name: str) -> str:
    """The key of a dictionary entry, quoted where MLIR needs quotes."""
    return name if _BARE_SYMBOL.fullmatch(name) else quote(name)

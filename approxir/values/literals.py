"""The element lists of ``dense<...>`` and ``sparse<...>``: their shape, their numbers, and what is wrong.

A list may hold millions of numbers, so it is kept as text; whole innermost lists are matched by one
regular expression, and nothing here recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from approxir.values.base import InvalidValue, Type
from approxir.values.floats import decode, literal_bits
from approxir.values.strings import STRING_BODY, unquote
from approxir.values.types import ComplexType, FloatType, IndexType, IntegerType, is_bool

Scalar = bool | int | float | complex | str

_S = r"(?:[ \t\r\n\0]++|//[^\n]*+)*+"
_INTEGER = rf"(?:-{_S})?(?:0x[0-9a-fA-F]++|[0-9]++(?![.\w]))"
_FLOAT = rf"(?:-{_S})?(?:[0-9]++\.[0-9]*+(?:[eE][-+]?[0-9]++)?|0x[0-9a-fA-F]++)"
_STRING = f'"{STRING_BODY}"'
_NOISE = re.compile(r"[ \t\r\n\0]+|//[^\n]*")
_HEX = re.compile(r'"0x[0-9a-fA-F]*+"')


class _Reader(NamedTuple):
    """The expressions for one scalar and for one innermost list, and what to call a scalar."""

    scalar: re.Pattern[str]
    row: re.Pattern[str]
    what: str


def _reader(scalar: str, what: str) -> _Reader:
    row = rf"\[{_S}(?:{scalar}{_S}(?:,{_S}{scalar}{_S})*+)?\]"
    return _Reader(re.compile(scalar), re.compile(row), what)


_READERS: dict[str, _Reader] = {}


def _reader_for(element: Type) -> _Reader:
    kind, pattern, what = "string", _STRING, "a string"
    if isinstance(element, ComplexType):
        inner = _FLOAT if isinstance(element.element_type, FloatType) else _INTEGER
        if is_bool(element.element_type):
            inner = rf"(?:true\b|false\b|{_INTEGER})"
        pattern = rf"\({_S}{inner}{_S},{_S}{inner}{_S}\)"
        what = "a complex number in parentheses"
        kind = "complex " + inner
    elif is_bool(element):
        kind, pattern, what = "bool", rf"true\b|false\b|{_INTEGER}", "'true' or 'false'"
        pattern = f"(?:{pattern})"
    elif isinstance(element, (IntegerType, IndexType)):
        kind, pattern, what = "integer", _INTEGER, "an integer"
    elif isinstance(element, FloatType):
        kind, pattern, what = "float", _FLOAT, "a floating-point number"
    reader = _READERS.get(kind)
    if reader is None:
        reader = _READERS[kind] = _reader(pattern, what)
    return reader


_SPACE = re.compile(_S)
_PLAIN_SEPARATORS = re.compile(r"[ \t\r\n\0]*,[ \t\r\n\0]*")


def tidy(body: str) -> str:
    """The same list with one space after each comma and no other white space; strings are left alone.

    A text that is tidy already, as printers write it, is returned as the same object.
    """
    if '"' in body:
        return body if body.startswith('"') else body.strip()
    plain = not any(char in body for char in "\t\r\n\0/")
    if plain and body.count(" ") == body.count(", ") == body.count(","):
        return body
    return re.sub(r",", ", ", _NOISE.sub("", body))


def is_hex(body: str) -> bool:
    """Whether the list is given as the bytes of its elements, ``"0x..."``."""
    return body.startswith('"0x')


def hex_size(body: str) -> int:
    """How many bytes a list given as bytes has; `InvalidValue` if they are not pairs of digits."""
    if not _HEX.fullmatch(body) or len(body) % 2:
        raise InvalidValue('expected bytes as a string of hexadecimal digits, "0x..."', offset=0)
    return len(body) // 2 - 2


_MOST_DIMENSIONS = 1000


def shape_of(body: str, element: Type, start: int = 0, stop: str = "") -> tuple[tuple[int, ...] | None, int]:
    """The shape of the nested list that begins at `start`, and the offset after it.

    The shape is None for a single element. Raises `InvalidValue`, with an offset into `body`, for
    anything that is not a list of that kind of element, or is not rectangular.
    """
    reader = _reader_for(element)
    match_scalar, match_row, skip = reader.scalar.match, reader.row.match, _SPACE.match
    # For each open list: how many parts it has so far, and the shape of each of them.
    counts: list[int] = []
    shapes: list[tuple[int, ...] | None] = []
    at = _after(skip(body, start))
    while True:
        shape: tuple[int, ...] | None = ()
        row = match_row(body, at) if body.startswith("[", at) else None
        if row:
            text = row.group()
            shape = (_length(text, reader),)
            part, at = at, row.end()
        elif body.startswith("[", at):
            counts.append(0)
            if len(counts) > _MOST_DIMENSIONS:
                raise InvalidValue(f"lists are nested more than {_MOST_DIMENSIONS} deep", offset=at)
            shapes.append(None)
            at = _after(skip(body, at + 1))
            continue
        else:
            scalar = match_scalar(body, at)
            if not scalar:
                raise _unexpected(body, at, reader)
            part, at = at, scalar.end()
        while counts:
            if shapes[-1] is None:
                shapes[-1] = shape
            elif shapes[-1] != shape:
                raise InvalidValue("the lists inside one another have different lengths", offset=part)
            counts[-1] += 1
            at = _after(skip(body, at))
            if body.startswith(",", at):
                at = _after(skip(body, at + 1))
                break
            if not body.startswith("]", at):
                raise _unexpected(body, at, None)
            at += 1
            shape = (counts.pop(), *(shapes.pop() or ()))
        if not counts:
            at = _after(skip(body, at))
            return (shape if shape else None), at


def _after(match: re.Match[str] | None) -> int:
    assert match is not None
    return match.end()


_STRING_OR_COMMENT = re.compile(r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|//[^\n]*+')


def _length(row: str, reader: _Reader) -> int:
    if reader.what == "a string":
        return sum(match.group().startswith('"') for match in _STRING_OR_COMMENT.finditer(row))
    if "/" in row:
        row = _NOISE.sub("", row)
    if reader.what == "a complex number in parentheses":
        return sum(1 for _ in reader.scalar.finditer(row))
    commas = row.count(",")
    return commas + 1 if commas else int(bool(row[1:-1].strip()))


_ANY_NUMBER = re.compile(r"-?[ ]*[0-9][\w.]*(?:(?<=[eE])[-+][0-9]+)?|[\w]+|\"[^\"]*\"?")


def _unexpected(body: str, at: int, reader: _Reader | None) -> InvalidValue:
    match = _ANY_NUMBER.match(body, at)
    found = f"found {_clip(match.group() if match else body[at])!r}" if at < len(body) else "it ends here"
    if reader is None:
        return InvalidValue(f"expected ',' or ']' in the list of elements, {found}", offset=at)
    hint = None
    if reader.what == "a floating-point number" and match and re.fullmatch(r"-?\d+", match.group()):
        hint = f"write {match.group()}.0"
    return InvalidValue(f"expected {reader.what} or '[', {found}", offset=at, hint=hint)


def _clip(text: str) -> str:
    return text if len(text) <= 30 else text[:27] + "..."


_NUMBER = re.compile(r"-?(?:0x[0-9a-fA-F]+|[0-9]+)")


def check_range(body: str, element: Type, end: int) -> None:
    """Raise `InvalidValue` for a number, up to `end`, that the element type cannot hold."""
    if isinstance(element, ComplexType):
        element = element.element_type
    if isinstance(element, FloatType):
        if "0x" not in body[:end] and "-" not in body[:end]:
            return
        for match in re.finditer(r"-?0x[0-9a-fA-F]+", body[:end]):
            found = literal_bits(match.group(), element.format)
            if isinstance(found, str):
                raise InvalidValue(found, offset=match.start())
        return
    if isinstance(element, IntegerType):
        low, high = element.limits
    elif isinstance(element, IndexType):
        low, high = -(1 << 63), (1 << 64) - 1
    else:
        return
    digits = len(str(high))
    suspicious = re.compile(rf"-?\b(?:0x[0-9a-fA-F]+|[0-9]{{{digits},}})" if low else _NUMBER.pattern)
    for match in suspicious.finditer(body, 0, end):
        text = match.group()
        number = int(text, 16 if "x" in text else 10)
        if not low <= number <= high:
            raise InvalidValue(f"{text} is out of range for {element}", offset=match.start())


def scalars(body: str, element: Type) -> Iterator[Scalar]:
    """The elements of a list in order, as Python values; the list has been checked before."""
    if isinstance(element, ComplexType):
        part = element.element_type
        for match in _reader_for(element).scalar.finditer(body):
            real, imaginary = [number(text, part) for text in match.group()[1:-1].split(",")]
            yield complex(real, imaginary)
    elif isinstance(element, (IntegerType, IndexType, FloatType)):
        for match in _reader_for(element).scalar.finditer(body):
            yield number(match.group(), element)
    else:
        for match in _reader_for(element).scalar.finditer(body):
            yield unquote(match.group())


def number(text: str, element: Type) -> bool | int | float:
    """One number of a list as a Python value."""
    text = _NOISE.sub("", text)
    if isinstance(element, FloatType):
        bits = literal_bits(text, element.format)
        assert isinstance(bits, int)
        return decode(bits, element.format)
    if text in ("true", "false"):
        return text == "true"
    value = int(text, 16 if "x" in text else 10)
    if is_bool(element):
        return value != 0
    if isinstance(element, IntegerType) and element.signedness == "signless":
        return value - (1 << element.width) if value >> (element.width - 1) > 0 else value
    return value

"""The string form of params: ``"thresholds=5,10; decisions=0,1,2"``. Its grammar is `grammar/params.lark`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from approxir.syntax.faults import Fault
from approxir.values import (
    ArrayAttr,
    Attribute,
    BoolAttr,
    DenseArrayAttr,
    DictAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    InvalidValue,
    StringAttr,
    UnitAttr,
)
from approxir.values.strings import normal_text

MAX_DEPTH = 50
"""How deep dictionaries may be nested in a params string."""

_I64 = IntegerType(64)
_LONGEST_REMEMBERED = 4096
_SPACE = re.compile(r"[ \t\r\n]*+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.$\-]*+")
_FLOAT = re.compile(r"-?[0-9]++\.[0-9]*+(?:[eE][-+]?[0-9]++)?")
_WORDS = {
    "INTEGER": "an integer", "FLOAT": "a number", "NAME": "a name", "STRING": "a string in single quotes",
    "_ATTR": "attr('...')", "_SEMICOLON": "';'", "_COMMA": "','", "_EQUAL": "'='", "_LSQB": "'['",
    "_RSQB": "']'", "_LBRACE": "'{'", "_RBRACE": "'}'", "_RPAR": "')'", "$END": "the end",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry and where it stands; `items` are the spans of the numbers or strings of a list."""

    key: str
    value: Attribute
    span: tuple[int, int]
    value_span: tuple[int, int]
    items: tuple[tuple[int, int], ...]


def parse_params(text: str) -> tuple[Entry, ...]:
    """The entries of a params string. Raises `Fault` where the string does not follow the grammar."""
    return _parse_short(text) if len(text) <= _LONGEST_REMEMBERED else _parse(text)


def _parse(text: str) -> tuple[Entry, ...]:
    from lark.exceptions import UnexpectedToken

    from approxir.dialects.approx.params_grammar import params_parser

    try:
        tree = params_parser().parse(text)
    except UnexpectedToken as error:
        accepts = error.accepts or error.expected
        wanted = sorted(_WORDS[kind] for kind in accepts if kind in _WORDS)
        at = len(text) if error.token.type == "$END" else error.token.start_pos
        shown = "the end of the string" if error.token.type == "$END" else f"'{_short(error.token)}'"
        message = f"expected {' or '.join(wanted)}, found {shown}"
        raise Fault(message, at, length=max(1, len(error.token))) from None
    return tuple(_entries(tree.children[0], text))


_parse_short = lru_cache(maxsize=1024)(_parse)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "..."


def print_params(entries: Mapping[str, Attribute]) -> str:
    """The params string for entries, which `parse_params` reads back."""
    return "; ".join(entry_text(key, value) for key, value in entries.items())


def entry_text(key: str, value: Attribute) -> str:
    """The text of one entry."""
    name = key if _NAME.fullmatch(key) else _quoted(key)
    return name if isinstance(value, UnitAttr) else f"{name}={value_text(value)}"


def value_text(value: Attribute) -> str:
    """The text of a value: its own form where there is one, else ``attr('...')``."""
    if isinstance(value, BoolAttr):
        return "true" if value.value else "false"
    if isinstance(value, IntegerAttr) and value.type == _I64:
        return str(value.value)
    if isinstance(value, FloatAttr) and str(value.type) == "f64" and _FLOAT.fullmatch(value.spelling):
        return value.spelling
    if isinstance(value, StringAttr) and value.type is None:
        return _string_text(value.value)
    if isinstance(value, DenseArrayAttr) and value.element_type == _I64:
        return f"[{', '.join(str(item) for item in value.values)}]"
    if isinstance(value, ArrayAttr) and value.elements:
        strings = [item for item in value.elements if isinstance(item, StringAttr) and item.type is None]
        if len(strings) == len(value.elements):
            return f"[{', '.join(_string_text(item.value) for item in strings)}]"
    if isinstance(value, DictAttr) and _depth(value) < MAX_DEPTH:
        return f"{{{print_params(value.to_dict())}}}"
    return f"attr({_quoted(str(value))})"


def _depth(value: Attribute) -> int:
    """How deep dictionaries are nested."""
    depth = 0
    level: list[Attribute] = [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [item for d in level if isinstance(d, DictAttr) for _, item in d.entries]
        level = [item for item in level if isinstance(item, DictAttr)]
    return depth


def _string_text(value: str) -> str:
    plain = _NAME.fullmatch(value) and value not in ("true", "false", "attr")
    return value if plain else _quoted(value)


def _quoted(value: str) -> str:
    data = value.encode("utf-8", "surrogateescape")
    return "'" + "".join(_spelled(byte) for byte in data) + "'"


def _spelled(byte: int) -> str:
    char = chr(byte)
    if char in "'\\":
        return "\\" + char
    return char if " " <= char <= "~" else f"\\x{byte:02x}"


_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(['\\nt]))")
_NAMED = {"'": b"'", "\\": b"\\", "n": b"\n", "t": b"\t"}


def _unquoted(token: Any) -> str:
    body = token[1:-1]
    try:
        plain = normal_text(body)
        if "\\" not in body:
            return plain
        data = bytearray()
        done = 0
        at = body.find("\\")
        while at >= 0:
            match = _ESCAPE.match(body, at)
            if match is None:
                offset = token.start_pos + 1 + at
                hint = r"write \\ \' \n \t or \xx"
                raise Fault(f"unknown escape {body[at : at + 2]}", offset, length=2, hint=hint)
            data += body[done:at].encode("utf-8", "surrogateescape")
            data += bytes((int(match[1], 16),)) if match[1] else _NAMED[match[2]]
            done = match.end()
            at = body.find("\\", done)
    except InvalidValue as error:
        raise Fault(error.message, token.start_pos, length=len(token)) from None
    data += body[done:].encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "surrogateescape")


def _entries(tree: Any, text: str) -> Iterator[Entry]:
    seen: set[str] = set()
    for child in tree.children:
        token = child.children[0]
        key = _unquoted(token) if token.type == "STRING" else str(token)
        if not key or key in seen:
            message = f"the key '{_short(key)}' occurs twice" if key else "a key cannot be empty"
            raise Fault(message, token.start_pos, length=len(token))
        seen.add(key)
        start, end = token.start_pos, token.end_pos
        if child.data == "unit":
            yield Entry(key, UnitAttr(), (start, end), (end, end), ())
            continue
        if len(child.children) == 1:
            equal = text.index("=", end) + 1
            yield Entry(key, DenseArrayAttr(_I64), (start, equal), (equal, equal), ())
            continue
        node = child.children[1]
        value, span, items = _value(node, text, end)
        yield Entry(key, value, (start, span[1]), span, items)


def _value(
    node: Any, text: str, after: int
) -> tuple[Attribute, tuple[int, int], tuple[tuple[int, int], ...]]:
    kind = getattr(node, "data", None)
    if kind is None:
        span = (node.start_pos, node.end_pos)
        return _scalar(node), span, (span,)
    start = _SPACE.match(text, text.index("=", after) + 1).end()  # type: ignore[union-attr]
    if kind == "dictionary":
        inner = list(_entries(node.children[0], text))
        end = text.index("}", inner[-1].span[1] if inner else start) + 1
        return DictAttr([(entry.key, entry.value) for entry in inner]), (start, end), ()
    if kind == "attribute":
        token = node.children[0]
        return _attribute(token), (start, text.index(")", token.end_pos) + 1), ()
    spans = tuple([(token.start_pos, token.end_pos) for token in node.children])
    end = spans[-1][1] if spans else start + 1
    if text[start] == "[":
        end = text.index("]", end) + 1
    return _list(node.children), (start, end), spans


def _list(tokens: list[Any]) -> Attribute:
    items = [_scalar(token) for token in tokens]
    if all(isinstance(item, IntegerAttr) for item in items):
        return DenseArrayAttr(_I64, tuple([item.value for item in items if isinstance(item, IntegerAttr)]))
    for token, item in zip(tokens, items, strict=True):
        if isinstance(item, StringAttr) is not isinstance(items[0], StringAttr) or not isinstance(
            item, StringAttr | IntegerAttr
        ):
            message = "a list holds integers or strings, not both, and nothing else"
            raise Fault(message, token.start_pos, length=len(token))
    return ArrayAttr(tuple(items))


def _scalar(token: Any) -> Attribute:
    try:
        if token.type == "INTEGER":
            # Other integers than those of 64 bits are spelled attr('...').
            number = int(token) if len(token) < 25 else 1 << 64
            if not -(1 << 63) <= number < 1 << 63:
                raise InvalidValue(f"{_short(token)} does not fit into 64 bits")
            return IntegerAttr(number, _I64)
        if token.type == "FLOAT":
            return FloatAttr(str(token))
    except InvalidValue as error:
        raise Fault(error.message, token.start_pos, length=len(token)) from None
    if token.type == "STRING":
        return StringAttr(_unquoted(token))
    return BoolAttr(token == "true") if token in ("true", "false") else StringAttr(str(token))


def _attribute(token: Any) -> Attribute:
    from approxir.errors import ParseError
    from approxir.syntax.attributes import parse_attribute

    try:
        return parse_attribute(_unquoted(token))
    except ParseError as error:
        raise Fault(f"attr({_short(token)}): {error.message}", token.start_pos, length=len(token)) from None

"""Text to attributes, types and locations.

What is parsed is remembered by its text, because most texts of a module occur many times; very long texts
are not. The commonest short forms are recognised here; Lark and the grammar are loaded for the first text
that needs them.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from approxir.errors import Diagnostic, ParseError
from approxir.syntax.attribute_builder import integer_value, scalar_type
from approxir.syntax.attribute_errors import unexpected
from approxir.syntax.entries import DictEntry, scan_entries
from approxir.syntax.faults import Fault
from approxir.syntax.source import Source
from approxir.values import (
    AffineMapAttr,
    AttrAlias,
    Attribute,
    BoolAttr,
    DenseArrayAttr,
    DenseElementsAttr,
    DialectType,
    DictAttr,
    FloatAttr,
    FunctionType,
    IntegerSetAttr,
    InvalidValue,
    LocAlias,
    Location,
    MemRefType,
    OpaqueAttr,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    Type,
    TypeAlias,
    TypeAttr,
    UnitAttr,
)
from approxir.values.floats import FLOAT_FORMATS

T = TypeVar("T")

_MAX_ENTRIES = 16384
_MAX_LENGTH = 4096


class _Memo(dict[str, T]):
    """Results by text, bounded in their number and in the length of their texts."""

    def keep(self, text: str, value: T) -> T:
        if len(text) <= _MAX_LENGTH:
            if len(self) >= _MAX_ENTRIES:
                # Cheaper than keeping an order of use, and modules rarely get this far.
                self.clear()
            self[text] = value
        return value


_attributes: _Memo[Attribute] = _Memo()
_types: _Memo[Type] = _Memo()
_dictionaries: _Memo[DictAttr] = _Memo()
_locations: _Memo[Location] = _Memo()
_lists: _Memo[tuple[Type, ...]] = _Memo()


def parse_attribute(text: str, *, source: Source | None = None, base: int = 0) -> Attribute:
    """The attribute that a text spells; a type gives a `TypeAttr`, a location a `Location`.

    White space and comments around it are allowed. Raises `ParseError`, with the place in `text`, or, if
    a `source` is given in which `text` begins at offset `base`, the place in that source.
    """
    found = _attributes.get(text)
    if found is not None:
        return found
    return _attributes.keep(text, _quick_attribute(text) or _parse(text, "attribute", source, base))


def parse_type(text: str, *, source: Source | None = None, base: int = 0) -> Type:
    """The type that a text spells; `source` and `base` as for `parse_attribute`."""
    found = _types.get(text)
    if found is not None:
        return found
    return _types.keep(text, _quick_type(text) or _parse(text, "type", source, base))


def parse_function_type(text: str, *, source: Source | None = None, base: int = 0) -> FunctionType:
    """The function type that a text spells: ``(i32) -> f32``; `source` and `base` as above."""
    found = _types.get(text)
    if isinstance(found, FunctionType):
        return found
    made: FunctionType = _quick_function(text) or _parse(text, "function_type", source, base)
    _types.keep(text, made)
    return made


def parse_type_list(text: str, *, source: Source | None = None, base: int = 0) -> tuple[Type, ...]:
    """Types separated by commas, none or more, with or without parentheses around all of them."""
    found = _lists.get(text)
    if found is not None:
        return found
    single = _quick_type(text)
    return _lists.keep(text, (single,) if single else tuple(_parse(text, "type_list", source, base)))


def parse_attribute_dict(text: str, *, source: Source | None = None, base: int = 0) -> dict[str, Attribute]:
    """The entries of a dictionary, in order, from its text with the braces.

    Each call gives a new dictionary. A key that occurs twice is an error.
    """
    found = _dictionaries.get(text)
    if found is None:
        found = _dictionaries.keep(text, _dictionary(text, source, base))
    return dict(found.entries)


def parse_location(text: str, *, source: Source | None = None, base: int = 0) -> Location:
    """The location that ``loc(...)`` spells."""
    found = _locations.get(text)
    if found is not None:
        return found
    alias = _LOC_ALIAS.fullmatch(text)
    return _locations.keep(text, LocAlias(alias[1]) if alias else _parse(text, "location", source, base))


def parse_affine_map(text: str, *, source: Source | None = None, base: int = 0) -> AffineMapAttr:
    """The affine map that a text spells without ``affine_map<...>`` around it: ``(d0)[s0] -> (d0 + s0)``."""
    return _parse(text, "affine_map", source, base)  # type: ignore[no-any-return]


def parse_integer_set(text: str, *, source: Source | None = None, base: int = 0) -> IntegerSetAttr:
    """The integer set that a text spells without ``affine_set<...>`` around it: ``(d0) : (d0 >= 0)``."""
    return _parse(text, "affine_set", source, base)  # type: ignore[no-any-return]


def dict_entries(
    text: str, start: int = 0, end: int | None = None, *, source: Source | None = None, base: int = 0
) -> list[DictEntry]:
    """Where the entries of the dictionary ``text[start:end]`` stand; offsets count from the start of `text`.

    Values are not read, only skipped. Raises `ParseError` where the brackets, strings and commas are not
    those of a dictionary.
    """
    try:
        return scan_entries(text, start, end)
    except Fault as fault:
        raise _error(fault, text, source, base) from None


_GOALS = {
    "attribute": "attribute",
    "type": "type",
    "dictionary": "dictionary",
    "location": "location",
    "function_type": "function type",
    "type_list": "list of types",
    "affine_map": "affine map",
    "affine_set": "integer set",
}


def _parse(text: str, start: str, source: Source | None, base: int) -> Any:
    """Let Lark parse the text, and turn whatever is wrong into a `ParseError`."""
    from lark.exceptions import UnexpectedToken

    from approxir.syntax.attribute_grammar import attribute_parser

    try:
        return attribute_parser().parse(text, start=start)
    except Fault as found:
        fault = found
    except InvalidValue as error:
        fault = Fault(error.message, _first(text), length=len(text.strip()), hint=error.hint)
    except UnexpectedToken as error:
        fault = unexpected(text, error.token, error.accepts, _GOALS[start])
    raise _error(fault, text, source, base)


def _first(text: str) -> int:
    return len(text) - len(text.lstrip())


def _error(fault: Fault, text: str, source: Source | None, base: int) -> ParseError:
    where, base = (source, base) if source is not None else (Source(text), 0)
    notes: tuple[Diagnostic, ...] = ()
    if fault.related is not None:
        offset, message = fault.related
        notes = (where.diagnostic(base + offset, message, code="syntax", severity="note"),)
    length = max(1, fault.length)
    return ParseError(
        [where.diagnostic(base + fault.offset, fault.message, length=length, hint=fault.hint, notes=notes)]
    )


# ---- the commonest forms

_SCALAR = "|".join(["i(?:1|4|8|16|32|64)", "index", "none", *FLOAT_FORMATS])
_FUNCTION = re.compile(r"\(([^()]*+)\) -> (?:\(([^()]*+)\)|([^(), ][^(),]*+))")
_LOC_ALIAS = re.compile(r"loc\(#([0-9]++|[A-Za-z_$\-][A-Za-z0-9_$\-]*+)\)")
_TYPE = re.compile(
    rf"(?:({_SCALAR})"
    rf"|(tensor|memref)<((?:(?:\?|[0-9]{{1,18}})x)*+)({_SCALAR})>"
    r"|!([A-Za-z_][A-Za-z0-9_$]*+)(\.[A-Za-z_][A-Za-z0-9_$.]*+)?(<[^<>()\[\]{}\"\-]*+>)?)"
)
_ATTRIBUTE = re.compile(
    r"(?:(-?[0-9]{1,18})(?: : (i8|i16|i32|i64|index))?"
    r"|(-?[0-9]++\.[0-9]++(?:[eE][-+]?[0-9]++)?)(?: : (f64|f32|f16|bf16))?"
    r'|"([ !#-\[\]-~]*+)"'
    r"|@([A-Za-z_][A-Za-z0-9_$.]*+)"
    r"|#([A-Za-z_][A-Za-z0-9_$]*+)(\.[A-Za-z_][A-Za-z0-9_$.]*+)?(<[^<>()\[\]{}\"\-]*+>)?"
    r"|(true|false|unit))"
)
_DENSE = re.compile(r'dense<((?:[^<>"/]++|"0x[0-9a-fA-F]*+")?+)> : (tensor<[^<>]*+>)')
_ARRAY = re.compile(
    r"array<(i(?:8|16|32|64))(?:[ ]*+:[ ]*+((?:-?[0-9]{1,18}[ ]*+,[ ]*+)*+-?[0-9]{1,18})[ ]*+)?+>"
)
_WORDS: dict[str, Attribute] = {"true": BoolAttr(True), "false": BoolAttr(False), "unit": UnitAttr()}
_SCALARS: dict[str, Type] = {}


def _scalar(name: str) -> Type:
    found = _SCALARS.get(name)
    if found is None:
        found = _SCALARS[name] = scalar_type(name)
    return found


def _quick_type(text: str) -> Type | None:
    """The type, if its text has one of the commonest forms, character for character."""
    match = _TYPE.fullmatch(text)
    if match is None:
        return _quick_function(text)
    scalar, shaped, dimensions, element, name, rest, body = match.groups()
    if scalar is not None:
        return _scalar(scalar)
    if element is not None:
        if element == "none":
            return None
        shape = (
            [None if size == "?" else int(size) for size in dimensions[:-1].split("x")] if dimensions else []
        )
        return (TensorType if shaped == "tensor" else MemRefType)(tuple(shape), _scalar(element))
    if rest is None and body is None:
        return TypeAlias(name)
    return DialectType(name, (rest[1:] if rest else "") + (body or ""))


def _quick_function(text: str) -> FunctionType | None:
    """The function type, if it has the commonest form and so have the types in it."""
    match = _FUNCTION.fullmatch(text)
    if match is None:
        return None
    inputs = _quick_types(match[1])
    results = _quick_types(match[2] if match[3] is None else match[3])
    return FunctionType(inputs, results) if inputs is not None and results is not None else None


def _quick_types(text: str) -> tuple[Type, ...] | None:
    """Types separated by commas. A comma within a type leaves parts that are none."""
    found = [_quick_type(part) for part in text.split(", ")] if text else []
    return None if None in found else tuple(found)  # type: ignore[arg-type]


def _quick_attribute(text: str) -> Attribute | None:
    """The attribute, if its text has one of the commonest forms, character for character."""
    match = _ATTRIBUTE.fullmatch(text)
    if match is None:
        if text.startswith("array<"):
            return _quick_array(text)
        type = _quick_type(text)
        return TypeAttr(type) if type is not None else _quick_dense(text)
    integer, integer_type, number, float_type, string, symbol, name, rest, body, word = match.groups()
    try:
        if integer is not None:
            return integer_value(int(integer), _scalar(integer_type or "i64"))
        if number is not None:
            return FloatAttr(number, _scalar(float_type or "f64"))
    except InvalidValue:
        # The slow way reports the place as well.
        return None
    if string is not None:
        return StringAttr(string)
    if symbol is not None:
        return SymbolRefAttr(symbol)
    if word is not None:
        return _WORDS[word]
    if rest is None and body is None:
        return AttrAlias(name)
    return OpaqueAttr(name, (rest[1:] if rest else "") + (body or ""))


def _quick_array(text: str) -> Attribute | None:
    """The array of integers, if its text has the commonest form."""
    match = _ARRAY.fullmatch(text)
    if match is None:
        return None
    numbers = match[2]
    try:
        values = () if numbers is None else tuple([int(number) for number in numbers.split(",")])
        return DenseArrayAttr(_scalar(match[1]), values)
    except InvalidValue:
        # The slow way reports the place as well.
        return None


def _quick_dense(text: str) -> Attribute | None:
    match = _DENSE.fullmatch(text)
    type = _quick_type(match[2]) if match else None
    if match is None or type is None:
        return None
    try:
        return DenseElementsAttr(match[1].strip(" \t\r\n\0"), type)
    except InvalidValue:
        # The slow way reports the place as well.
        return None


def _dictionary(text: str, source: Source | None, base: int) -> DictAttr:
    """A dictionary by its entries, each remembered by its own text.

    Whatever is wrong is left to the grammar, which knows what to say about it.
    """
    inner = text.strip(" \t\r\n\0")
    try:
        entries = scan_entries(inner)
        end = entries[-1].end if entries else 1
        if _REST.fullmatch(inner, end):
            values: dict[str, Attribute] = {}
            for entry in entries:
                if entry.key in values or not entry.key:
                    raise Fault("", 0)
                if entry.value_start == entry.value_end:
                    values[entry.key] = _WORDS["unit"]
                else:
                    values[entry.key] = parse_attribute(inner[entry.value_start : entry.value_end])
            return DictAttr(values)
    except (Fault, ParseError, InvalidValue):
        pass
    return _parse(text, "dictionary", source, base)  # type: ignore[no-any-return]


_REST = re.compile(r"(?:[ \t\r\n\0]++|//[^\n]*+\n)*+\}")

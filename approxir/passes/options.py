"""Options of passes as text, the way command lines and textual pipelines spell them.

``live=true array=argument``: names and values separated by white space. A value with white space in it stands
in quotes or braces, a flag may be named without a value, and the items of a list are separated by commas.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from approxir.passes.base import Pass
from approxir.passes.registry import UnknownPassError, passes

_CLOSERS = {'"': '"', "'": "'", "{": "}"}
_TRUE = ("true", "TRUE", "True", "1")
_FALSE = ("false", "FALSE", "False", "0")


class PassOptionError(UnknownPassError):
    """A pass has no option of that name, or the option does not take that value.

    `offset` is where in the text of the options that is.
    """

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def make_pass(name: str, options: str = "") -> Pass:
    """A pass with options given as text.

    Raises `UnknownPassError` for an unknown name and `PassOptionError` for options that do not fit.
    """
    try:
        kind = passes[name]
    except KeyError:
        # The registry knows what to say about it.
        return passes.make(name)
    given: dict[str, Any] = {}
    hints = get_type_hints(kind) if options else {}
    known = {field.name: hints.get(field.name, str) for field in dataclasses.fields(kind)} if options else {}  # type: ignore[arg-type]
    for key, value, offset in _entries(options):
        field = key.replace("-", "_")
        if field not in known:
            raise PassOptionError(f"{name} has no option '{key}'{_hint(field, list(known))}", offset)
        try:
            given[field] = _convert(known[field], value)
        except ValueError as error:
            raise PassOptionError(f"the option '{key}' of {name} is {error}, not '{value}'", offset) from None
    return kind(**given)


def option_lines(kind: type[Pass]) -> list[tuple[str, str]]:
    """The options of a pass as ``name=default``, each with what it takes."""
    hints = get_type_hints(kind)
    found = []
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        default = "" if field.default is dataclasses.MISSING else _spelled(field.default)
        found.append((f"{field.name.replace('_', '-')}={default}", _takes(hints[field.name])))
    return found


def _entries(text: str) -> Iterator[tuple[str, str | None, int]]:
    """Name, value and offset of each option."""
    pos, end = 0, len(text)
    while True:
        while pos < end and text[pos].isspace():
            pos += 1
        if pos == end:
            return
        start = pos
        while pos < end and text[pos] != "=" and not text[pos].isspace():
            pos += 1
        key = text[start:pos]
        if not key:
            raise PassOptionError("expected the name of an option", start)
        value: str | None = None
        if pos < end and text[pos] == "=":
            first = pos + 1
            pos = _value_end(text, first)
            value = text[first:pos]
            if value[:1] in _CLOSERS and len(value) > 1:
                value = value[1:-1]
        yield key, value, start


def _value_end(text: str, pos: int) -> int:
    """Where the value that starts at `pos` ends: at the first white space outside of quotes and braces."""
    open_: list[str] = []
    start = pos
    while pos < len(text):
        char = text[pos]
        if open_ and char == open_[-1]:
            open_.pop()
        elif char in _CLOSERS and (not open_ or open_[-1] == "}"):
            open_.append(_CLOSERS[char])
        elif char.isspace() and not open_:
            break
        pos += 1
    if open_:
        raise PassOptionError(f"the value is not closed: '{open_[-1]}' is missing", start)
    return pos


def _convert(kind: Any, value: str | None) -> Any:
    """A value of a type. Raises `ValueError`, which says what is allowed."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is bool:
        if value is None or value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise ValueError("true or false")
    if value is None:
        raise ValueError(f"followed by a value: {_takes(kind)}")
    if kind is int or kind is float:
        try:
            return kind(value)
        except ValueError:
            raise ValueError(_takes(kind)) from None
    if origin is Literal:
        if value not in arguments:
            raise ValueError(_takes(kind))
        return value
    if origin in (Union, types.UnionType):
        return _convert(next(one for one in arguments if one is not type(None)), value)
    if origin in (tuple, list):
        return origin([_convert(arguments[0], item) for item in value.split(",")] if value else [])
    return value


def _takes(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is bool:
        return "true or false"
    if kind is int:
        return "an integer"
    if kind is float:
        return "a number"
    if origin is Literal:
        return " or ".join(str(one) for one in arguments)
    if origin in (Union, types.UnionType):
        return _takes(next(one for one in arguments if one is not type(None)))
    if origin in (tuple, list):
        return (
            f"a list of {_takes(arguments[0]).removeprefix('an ').removeprefix('a ')}s, separated by commas"
        )
    return "a text"


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _hint(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; it has: {', '.join(known)}" if known else "; it has none"

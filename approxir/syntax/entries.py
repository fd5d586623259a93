"""Where the entries of an attribute dictionary stand in its text, for edits that change no more than one."""

from __future__ import annotations

import re
from typing import NamedTuple

from approxir.syntax.attribute_tokens import (
    NAME,
    SIGIL_NAME,
    SPACE,
    STRING,
    bad_character,
    body_end,
)
from approxir.syntax.faults import Fault
from approxir.values.strings import unquote


class DictEntry(NamedTuple):
    """One entry; all offsets are into the text that was scanned.

    `key` is without quotes. A unit attribute has no value: its `value_start` and `value_end` are equal to
    `key_end`. `end` is where the entry ends, before white space and the comma that may follow.
    """

    key: str
    key_start: int
    key_end: int
    value_start: int
    value_end: int
    end: int


_SPACE = re.compile(SPACE)
_KEY = re.compile(rf"{SPACE}(?:({NAME})|({STRING})){SPACE}(=(?!{SPACE}=){SPACE})?")
# All that cannot end a value: no brackets, commas, strings, comments, or names with a body of their own.
_PLAIN = re.compile(rf'(?:[^,"()\[\]{{}}<>/\-=!#]++|->|-|{STRING}|[!#](?![0-9A-Za-z_$.\-]))*+')
_INNER = re.compile(rf'(?:[^"()\[\]{{}}<>/\-=!#]++|->|-|[<>=]{SPACE}=|=|{STRING}|//[^\n]*+)*+')
_SIGIL = re.compile(SIGIL_NAME)
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


def scan_entries(text: str, start: int = 0, end: int | None = None) -> list[DictEntry]:
    """The entries between the braces of ``text[start:end]``, which begins with ``{`` and ends with ``}``.

    Only brackets, strings, comments and keys are looked at, in time linear in the text. Raises `Fault`
    where the text is no list of entries.
    """
    limit = len(text) if end is None else end
    if not text.startswith("{", start):
        raise Fault("expected '{'", start)
    entries: list[DictEntry] = []
    at = _skip(text, start + 1, limit)
    if text.startswith("}", at) and at < limit:
        return entries
    while True:
        match = _KEY.match(text, at, limit)
        if match is None:
            at = _skip(text, at, limit)
            raise Fault("expected a name or a string as key", at)
        group = 1 if match.group(1) is not None else 2
        key_start, key_end = match.span(group)
        key = match.group(1) or unquote(match.group(2))
        value_start = value_end = key_end
        at = match.end()
        if match.group(3):
            value_start = at
            value_end = _value_end(text, at, limit)
            if value_end == value_start:
                raise Fault(f"the key {key!r} has no value", value_start)
            at = _skip(text, value_end, limit)
        entries.append(DictEntry(key, key_start, key_end, value_start, value_end, value_end))
        if at >= limit:
            raise Fault("this '{' is never closed", start)
        char = text[at]
        if char == "}":
            return entries
        if char != ",":
            raise Fault("expected ',' or '}'", at)
        at += 1


def _skip(text: str, at: int, limit: int) -> int:
    match = _SPACE.match(text, at, limit)
    assert match is not None
    return match.end()


def _value_end(text: str, at: int, limit: int) -> int:
    """Where the value that begins at `at` ends, without white space and comments after it."""
    last = at
    while at < limit:
        match = _PLAIN.match(text, at, limit)
        assert match is not None
        if match.end() > at:
            last = at + len(text[at : match.end()].rstrip(" \t\r\n\0"))
            at = match.end()
            if at >= limit:
                break
        char = text[at]
        if char in ",}":
            break
        if char == "/":
            after = _skip(text, at, limit)
            if after == at:
                raise bad_character(text, at)
            at = after
        elif char in "!#":
            at = last = _sigil_end(text, at)
        elif char in _CLOSING:
            at = last = _closed(text, at, limit)
        elif char == '"':
            raise bad_character(text, at)
        else:
            raise Fault(f"unexpected {char!r}", at)
    return last


def _sigil_end(text: str, at: int) -> int:
    match = _SIGIL.match(text, at)
    if match is None:
        raise bad_character(text, at)
    return body_end(text, match.end()) if text.startswith("<", match.end()) else match.end()


def _closed(text: str, at: int, limit: int) -> int:
    """The offset after the bracket that closes the one at `at`."""
    opened: list[str] = []
    start = at
    while at < limit:
        char = text[at]
        if char in _CLOSING:
            opened.append(_CLOSING[char])
            at += 1
        elif char in ")]}>":
            if opened.pop() != char:
                raise Fault(f"unexpected {char!r}", at)
            at += 1
            if not opened:
                return at
        elif char in "!#" and _SIGIL.match(text, at):
            at = _sigil_end(text, at)
        elif char == '"':
            raise bad_character(text, at)
        else:
            at += 1
        match = _INNER.match(text, at, limit)
        assert match is not None
        at = match.end()
    raise Fault(f"this {text[start]!r} is never closed", start)

"""What can be known about a custom form without its format: characters, literals, types, aliases.

Nothing here depends on the operation. The bodies of dialect attributes and types are the dialect's own
and are not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from approxir.errors import ParseError
from approxir.syntax import lexemes as lx
from approxir.syntax.attributes import parse_attribute, parse_location, parse_type
from approxir.syntax.balance import (
    Unbalanced,
    skip_attribute,
    skip_balanced,
    skip_opaque,
    skip_trivia,
    skip_type,
)
from approxir.syntax.entries import scan_entries
from approxir.syntax.faults import Fault
from approxir.syntax.source import Source


class Mention(NamedTuple):
    """A mention of an alias: where, its name with ``#`` or ``!``, and whether ``loc(#name)`` spells it."""

    offset: int
    name: str
    location: bool


_ALIAS_STEP = re.compile(
    rf"{lx.STRING}|//[^\n]*+|{lx.SSA}(?:{lx.TRIVIA}\#[0-9]++)?+|(loc{lx.TRIVIA}\({lx.TRIVIA})?([\#!]{lx.SUFFIX_ID})"
)


def alias_mentions(text: str, start: int, end: int) -> Iterator[Mention]:
    """The mentions of aliases in a part of a text, outside the bodies of dialect attributes and types."""
    if text.find("#", start, end) < 0 and text.find("!", start, end) < 0:
        return
    pos = start
    search = _ALIAS_STEP.search
    while True:
        match = search(text, pos, end)
        if match is None:
            return
        pos = match.end()
        name = match.group(2)
        if name is None:
            continue
        if text[pos : pos + 1] == "<" and pos < end:
            try:
                pos = skip_opaque(text, pos, end)
            except Unbalanced:
                return
        if "." not in name and text[match.end() : match.end() + 1] != "<":
            yield Mention(match.start(2), name, match.group(1) is not None)


_TYPES = frozenset({"tensor", "memref", "vector", "complex", "tuple"})
_ATTRIBUTES = frozenset({"affine_map", "affine_set", "strided"})
# Some formats leave out the type after these.
_TYPED = frozenset({"dense", "sparse", "dense_resource"})
_LOCATION = re.compile(rf'{lx.TRIVIA}\({lx.TRIVIA}(?:["\#?)]|unknown\b|callsite\b|fused\b)')
_BARE_WORD = re.compile(lx.WORD)
_DICTIONARY = re.compile(rf"\{{{lx.TRIVIA}(?:{lx.WORD}|{lx.STRING}){lx.TRIVIA}[=,}}]")


def sweep(source: Source, start: int, end: int) -> Iterator[ParseError]:
    """The faults in a part of the own text of an operation in its custom form."""
    text = source.text
    pos = start
    match_token = lx.TOKEN.match
    while pos < end:
        match = match_token(text, pos, end)
        if match is None:
            char = text[pos]
            if char == '"':
                message, hint = "string is not closed on its line", "strings cannot span lines"
            else:
                shown = f"'{char}'" if char.isprintable() else f"character U+{ord(char):04X}"
                message, hint = f"unexpected {shown}", "no operation's syntax has it"
            yield ParseError([source.diagnostic(pos, message, hint=hint)])
            return
        group = match.lastgroup
        at = pos
        pos = match.end()
        try:
            if group == "sigil":
                if text[pos : pos + 1] == "<" and pos < end:
                    pos = skip_opaque(text, pos, end)
            elif group == "word":
                found = _word(source, match.group(), at, pos, end)
                if isinstance(found, ParseError):
                    yield found
                    found = skip_balanced(text, skip_trivia(text, pos), end)
                pos = found
            elif group == "open" and text[at] == "{" and _DICTIONARY.match(text, at, end):
                yield from _dictionary(source, at, end)
        except Unbalanced:
            # The rest of the brackets may lie beyond a region of the operation.
            continue


def _word(source: Source, word: str, at: int, pos: int, end: int) -> int | ParseError:
    text = source.text
    if word == "loc":
        if _LOCATION.match(text, pos, end) is None:
            return pos
        close = skip_balanced(text, skip_trivia(text, pos), end)
        return _parsed(source, parse_location, at, close)
    if word in _TYPES or word in _ATTRIBUTES or word in _TYPED:
        opener = skip_trivia(text, pos)
        if text[opener : opener + 1] != "<" or opener >= end:
            return pos
        if word in _TYPES:
            return _parsed(source, parse_type, at, skip_type(text, at))
        close = skip_balanced(text, opener, end)
        if word in _TYPED:
            colon = skip_trivia(text, close)
            if text[colon : colon + 1] != ":" or colon >= end:
                return close
            close = min(end, skip_attribute(text, at))
        return _parsed(source, parse_attribute, at, close)
    return pos


def _parsed(source: Source, parse: object, at: int, close: int) -> int | ParseError:
    try:
        parse(source.text[at:close], source=source, base=at)  # type: ignore[operator]
    except ParseError as error:
        return error
    return close


def _dictionary(source: Source, at: int, end: int) -> Iterator[ParseError]:
    """Faults in the attributes of a dictionary, if the braces at `at` hold one."""
    text = source.text
    try:
        close = skip_balanced(text, at, end)
        entries = scan_entries(text, at, close)
    except (Unbalanced, Fault):
        return
    for entry in entries:
        value = text[entry.value_start : entry.value_end]
        if not value or "%" in value or value.startswith("<") or _BARE_WORD.fullmatch(value):
            # A value of the operation, or a word that its own format gives a meaning.
            continue
        try:
            parse_attribute(value, source=source, base=entry.value_start)
        except ParseError as error:
            yield error

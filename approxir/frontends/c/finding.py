"""Annotations found in comments and pragmas: where each one begins and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from approxir.dialects.approx.payload import TRANSFORM_ALIASES, TRANSFORM_TYPES
from approxir.frontends.c.keys import KEYS
from approxir.frontends.c.reading import Written, read_annotation, short, tokens
from approxir.frontends.c.scanning import SPLICE, Remark, without_comments
from approxir.syntax.faults import Fault

MAX_DEPTH = 50
"""How deep braces may be nested in an annotation."""


class _Line(NamedTuple):
    """A line of a comment or a pragma without what is around it; `text` keeps the offsets from `start` on."""

    text: str
    start: int
    follows: bool
    is_pragma: bool


_MARK = re.compile(r"\s*+@approx\s*+:")
# What was probably meant to be a mark, if a word behind it is one that annotations begin with.
_NEAR_MARK = re.compile(r"\s*+@(?:(approx)[\s:;,.=_-]*+|(\w++)\s*+:\s*+)(\{|[\w$-]++)", re.IGNORECASE)
_LIKENESS = 0.8
_SPLICES = re.compile(SPLICE)
_DOC_LINE = re.compile(r"//[/!]*+<?")
_DOC_BLOCK = re.compile(r"/\*[*!]*+(?!/)<?")
_STARS = re.compile(r"[ \t]*+\*++(?!/)")
_PRAGMA = re.compile(r"\s*+#\s*+pragma")
_BRACES = {"_LBRACE": 1, "_RBRACE": -1}


def find_annotations(source: str, remarks: Sequence[Remark]) -> Iterator[Written | Fault]:
    """The annotations in comments and pragmas, in order; a fault for each that is not well-formed."""
    lines = list(_lines(source, remarks))
    number = 0
    while number < len(lines):
        first = lines[number]
        number += 1
        if first.is_pragma or _MARK.match(first.text):
            extent = _Extent(first)
            while number < len(lines) and extent.goes_on(lines[number]):
                number += 1
            rest = number
            while rest < len(lines) and lines[rest].follows and not _MARK.match(lines[rest].text):
                extent.look_at(lines[rest])
                rest += 1
            try:
                yield extent.parse()
            except Fault as fault:
                yield fault
        elif (near := _near_mark(first)) is not None:
            yield near


def _near_mark(line: _Line) -> Fault | None:
    """What to say of a line that nearly begins an annotation."""
    near = _NEAR_MARK.match(line.text)
    if near is None:
        return None
    mark, other, word = near.groups()
    if other is not None and not get_close_matches(other.lower(), ["approx"], 1, _LIKENESS):
        return None
    if word != "{" and word not in KEYS and word not in TRANSFORM_TYPES and word not in TRANSFORM_ALIASES:
        return None
    start = near.start(1 if mark is not None else 2) - 1
    shown = short(line.text[start : near.end()])
    meant = f"@approx:{' ' if word == '{' else ''}{word}"
    hint = f"write {meant}, or another word in front of it if it is no annotation"
    message = f"'{shown}' is no annotation, but nearly: these begin with '@approx:'"
    return Fault(message, line.start + start, length=near.end() - start, hint=hint)


def _lines(source: str, remarks: Sequence[Remark]) -> Iterator[_Line]:
    """What comments and pragmas say, without their marks, line by line."""
    before: Remark | None = None
    for remark in remarks:
        text = source[remark.start : remark.end]
        if remark.kind == "pragma":
            text = without_comments(text)
            mark = _PRAGMA.match(text)
            assert mark is not None
            yield _Line(text[mark.end() :], remark.start + mark.end(), False, True)
        elif remark.kind == "line":
            beside = before is not None and not source[before.end : remark.start].strip()
            mark = _DOC_LINE.match(text)
            assert mark is not None
            follows = beside and before is not None and before.kind == "line"
            yield _Line(
                _SPLICES.sub(_unjoined, text[mark.end() :]), remark.start + mark.end(), follows, False
            )
        else:
            yield from _block_lines(text.removesuffix("*/"), remark.start)
        before = remark


def _block_lines(text: str, start: int) -> Iterator[_Line]:
    at = 0
    for number, line in enumerate(_joined(text).split("\n")):
        mark = _STARS.match(line) if number else _DOC_BLOCK.match(line)
        skipped = 0 if mark is None else mark.end()
        yield _Line(line[skipped:], start + at + skipped, number > 0, False)
        at += len(line) + 1


def _joined(text: str) -> str:
    """A text with blanks where a backslash joins two lines."""
    return _SPLICES.sub(lambda match: " " * len(match.group()), text)


def _unjoined(splice: re.Match[str]) -> str:
    """A line break without the backslash, and as long."""
    return " " * (len(splice.group()) - 1) + "\n"


class _Extent:
    """The lines of one annotation, as they are gathered.

    An annotation ends with its line, unless it has an open brace there, or the next line begins with one and
    there were no entries yet.
    """

    def __init__(self, first: _Line) -> None:
        self._start = first.start
        self._parts = [first.text]
        self._end = first.start + len(first.text)
        self._open: list[int] = []
        self._behind = 0
        self._bare = True
        self._fault: Fault | None = None
        self._is_pragma = first.is_pragma
        self._take(first)

    def goes_on(self, line: _Line) -> bool:
        """Whether the annotation goes on with a line, which is then part of it."""
        if not line.follows or _MARK.match(line.text) or not (self._open or self._begins(line)):
            return False
        self._parts.append(" " * (line.start - self._end - 1) + "\n" + line.text)
        self._end = line.start + len(line.text)
        self._take(line)
        return True

    def _begins(self, line: _Line) -> bool:
        return self._bare and line.text.lstrip().startswith("{")

    def _take(self, line: _Line) -> None:
        """Follow the braces of a line; what is no token does not hide those behind it."""
        for kind, text, start, _ in tokens(line.text):
            if kind == "WRONG":
                self._fault = self._fault or Fault(_wrong(text), line.start + start)
            elif kind == "_LBRACE":
                self._open.append(line.start + start)
                if len(self._open) > MAX_DEPTH:
                    message = f"more than {MAX_DEPTH} braces inside one another"
                    self._fault = self._fault or Fault(message, line.start + start)
            elif kind == "_RBRACE" and self._open:
                self._open.pop()
            if kind not in ("MARK", "NAME") and not (kind == "_COLON" and self._bare):
                self._bare = False

    def look_at(self, line: _Line) -> None:
        """See whether a line behind the annotation has a brace that was to close it."""
        for kind, _, start, _ in tokens(line.text):
            self._behind += _BRACES.get(kind, 0)
            if self._behind < 0:
                message = "this '}' closes nothing: the annotation ended above"
                self._fault = self._fault or Fault(message, line.start + start)
                self._behind = 0

    def parse(self) -> Written:
        """The annotation. Raises `Fault`, in terms of the source."""
        if self._open:
            raise Fault("this '{' is never closed", self._open[-1], hint="write '}' on the last line")
        if self._fault is not None:
            raise self._fault
        return read_annotation("".join(self._parts), self._start, "pragma" if self._is_pragma else "comment")


def _wrong(text: str) -> str:
    if text in ("'", '"'):
        return "this string is never closed"
    return f"unexpected {short(text)!r}"

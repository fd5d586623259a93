"""C and C++ below the level of syntax: what is a comment, a string, a directive, and what is code.

This is what the first phases of a compiler do to a text: lines that end in a backslash are joined, comments
and literals are told apart, directives end with their (joined) line, and what stands between ``#if 0`` and
its ``#endif`` does not count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["line", "block", "pragma"]

SPLICE = r"\\[ \t]*+\r?\n"
"""A backslash at the end of a line, which joins it with the next one; compilers forgive blanks behind it."""

_RAW = r'(?:u8|[uUL])?+R"(?P<delimiter>[^()\\\s"]{0,16}+)\((?s:.*?)\)(?P=delimiter)"'
_LINE = rf"//(?:[^\n\\]++|{SPLICE}|\\)*+"
_BLOCK = r"/\*(?s:.*?)(?:\*/|\Z)"
_STRING = rf'"(?:[^"\\\n]++|{SPLICE}|\\[^\n]?)*+"?+'
_CHARACTER = rf"'(?:[^'\\\n]++|{SPLICE}|\\[^\n]?)*+'?+"
_WORD = r"[^\W\d][\w$]*+|\$[\w$]*+"
_NUMBER = r"\.?[0-9](?:[eEpP][+-]|'?[\w.])*+"
_TOKEN = re.compile(
    rf"(?P<raw>{_RAW})|(?P<word>{_WORD}|{_NUMBER})|(?P<line>{_LINE})|(?P<block>{_BLOCK})"
    rf"|(?P<string>{_STRING}|{_CHARACTER})|(?P<hash>\#)|(?P<splice>{SPLICE})|(?P<newline>\n)"
    rf"|(?P<blank>[ \t\r\f\v\0\ufeff]++)|(?P<other>.)"
)
# A directive runs to the end of its joined line; block comments in it may go over several lines.
_DIRECTIVE = re.compile(
    rf"(?:{_RAW}|{_WORD}|{_NUMBER}|{_LINE}|{_BLOCK}|{_STRING}|{_CHARACTER}|{SPLICE}|[^\n])*+".replace(
        r"\1", r"\1"
    )
)
_HEAD = re.compile(r"#\s*+(\w*+)\s*+(.*)", re.DOTALL)
_VISIBLE = re.compile(r"[^\n\r]")
_FOREIGN = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment or a pragma: what may hold an annotation. Offsets are those of the source."""

    kind: Kind
    start: int
    end: int


@dataclass(slots=True)
class Scan:
    """What a source consists of."""

    remarks: list[Remark] = field(default_factory=list)
    """Comments, and pragmas whose first word is ``approx``, in order."""
    code: str = ""
    """The source with blanks for comments and directives, with other characters in literals, and with ASCII
    letters for other ones; every offset is that of the source."""


def scan(source: str) -> Scan:
    """Tell comments, literals, directives and code apart."""
    found = Scan()
    code: list[str] = []
    groups: list[_Group] = []
    at = 0
    fresh = True
    while at < len(source):
        match = _TOKEN.match(source, at)
        assert match is not None
        kind = match.lastgroup
        end = match.end()
        dead = not all(group.compiled for group in groups)
        if kind == "hash" and fresh:
            directive = _DIRECTIVE.match(source, at)
            assert directive is not None
            end = directive.end()
            words = _HEAD.match(without_comments(directive.group()))
            assert words is not None
            name, rest = words.groups()
            _follow(groups, name, rest.strip())
            if name == "pragma" and not dead and re.match(r"approx\b", rest):
                found.remarks.append(Remark("pragma", at, end))
            code.append(_blank(directive.group()))
        elif dead or kind in ("line", "block"):
            if kind in ("line", "block") and not dead:
                found.remarks.append(Remark(kind, at, end))  # type: ignore[arg-type]
            code.append(_blank(match.group()))
        elif kind in ("raw", "string"):
            code.append(_filled(match.group()))
        elif kind == "splice":
            code.append(_blank(match.group()).replace("\n", " "))
        else:
            code.append(match.group().replace("\0", " ").replace("\ufeff", " "))
        if kind == "newline":
            fresh = True
        elif kind not in ("blank", "splice", "block"):
            fresh = False
        at = end
    found.code = _FOREIGN.sub("x", "".join(code))
    return found


def without_comments(text: str) -> str:
    """A text with blanks for its comments and for backslashes that join lines; line breaks stay.

    Offsets stay the same. Literals are respected.
    """
    parts = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None
        removed = match.lastgroup in ("line", "block", "splice")
        parts.append(_blank(match.group()) if removed else match.group())
        at = match.end()
    return "".join(parts)


@dataclass(slots=True)
class _Group:
    """A conditional group: whether the branch in hand is compiled, and whether no later one can be."""

    compiled: bool
    decided: bool


def _follow(groups: list[_Group], name: str, rest: str) -> None:
    """Keep track of which conditional groups the text is in.

    Only the conditions ``0`` and ``1`` are decided; all branches count as compiled otherwise.
    """
    if name in ("if", "ifdef", "ifndef"):
        known = name == "if"
        groups.append(_Group(not (known and rest == "0"), known and rest == "1"))
    elif name in ("elif", "else", "elifdef", "elifndef") and groups:
        groups[-1].compiled = not groups[-1].decided
    elif name == "endif" and groups:
        groups.pop()


def _blank(text: str) -> str:
    return _VISIBLE.sub(" ", text)


def _filled(text: str) -> str:
    """A literal of the same length that every parser takes for one string or character."""
    quote = '"' if text.endswith('"') else "'"
    if len(text) < 2:
        return " "
    return quote + "x" * (len(text) - 2) + quote

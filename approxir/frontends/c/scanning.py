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

_LINE = rf"//(?:[^\n\\]++|{SPLICE}|\\)*+"
_BLOCK = r"/\*(?s:.*?)(?:\*/|\Z)"
_STRING = rf'"(?:[^"\\\n]++|{SPLICE}|\\[^\n]?)*+"?+'
_CHARACTER = rf"'(?:[^'\\\n]++|{SPLICE}|\\[^\n]?)*+'?+"
_WORD = r"[^\W\d][\w$]*+|\$[\w$]*+"
_NUMBER = r"\.?[0-9](?:[eEpP][+-]|'?[\w.])*+"
# Most of the code, in long runs: what is before a quote may be a prefix of it.
_PLAIN = rf"(?:(?:{_WORD}|{_NUMBER})(?![\"'])|[^\w$\"'/#\\\n]++|/(?![/*]))++"
_TOKEN = re.compile(
    rf"(?P<blank>[ \t\r\f\v\0\ufeff]++)|(?P<plain>{_PLAIN})"
    rf"|(?P<word>{_WORD}|{_NUMBER})|(?P<line>{_LINE})|(?P<block>{_BLOCK})"
    rf"|(?P<string>{_STRING}|{_CHARACTER})|(?P<hash>\#)|(?P<splice>{SPLICE})|(?P<newline>\n)"
    r"|(?P<other>.)"
)
_RAW = re.compile(r'(?:u8|[uUL])?+R"([^()\\\s"]{0,16}+)\(')
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


class _Tokens:
    """The tokens of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        # Delimiters of raw strings that occur no more.
        self._never_closed: set[str] = set()
        # A word right behind a literal is its suffix, not a prefix of the next one.
        self._suffix_at = -1

    def at(self, at: int) -> tuple[str, int]:
        """The kind of the token that begins at an offset, and where it ends."""
        match = _TOKEN.match(self.text, at)
        assert match is not None
        assert match.lastgroup is not None
        if match.lastgroup == "string" or (match.lastgroup == "splice" and self._joins(at)):
            self._suffix_at = match.end()
        elif (
            match.lastgroup == "word"
            and at != self._suffix_at
            and (raw := _RAW.match(self.text, at)) is not None
        ):
            closing = f'){raw[1]}"'
            if closing not in self._never_closed:
                end = self.text.find(closing, raw.end())
                if end >= 0:
                    self._suffix_at = end + len(closing)
                    return "string", self._suffix_at
                self._never_closed.add(closing)
        return match.lastgroup, match.end()

    def _joins(self, at: int) -> bool:
        """Whether what is behind a joint of lines goes on with a word, or may be the suffix of a literal."""
        before = self.text[at - 1 : at]
        return at == self._suffix_at or before.isalnum() or before in ("_", "$")

    def directive_end(self, at: int) -> int:
        """Where a directive ends: with its line, which block comments and raw strings in it may prolong."""
        while at < len(self.text):
            kind, end = self.at(at)
            if kind == "newline":
                break
            at = end
        return at


def scan(source: str) -> Scan:
    """Tell comments, literals, directives and code apart."""
    found = Scan()
    tokens = _Tokens(source)
    code: list[str] = []
    groups: list[_Group] = []
    at = 0
    fresh = True
    while at < len(source):
        kind, end = tokens.at(at)
        dead = not all(group.compiled for group in groups)
        if kind == "hash" and fresh:
            end = tokens.directive_end(at)
            directive = source[at:end]
            words = _HEAD.match(without_comments(directive))
            assert words is not None
            name, rest = words.groups()
            _follow(groups, name, rest.strip())
            if name == "pragma" and not dead and re.match(r"approx\b", rest):
                found.remarks.append(Remark("pragma", at, end))
            code.append(_blank(directive))
        elif dead or kind in ("line", "block"):
            if kind in ("line", "block") and not dead:
                found.remarks.append(Remark(kind, at, end))  # type: ignore[arg-type]
            code.append(_blank(source[at:end]))
        elif kind == "string":
            code.append(_filled(source[at:end]))
        elif kind == "splice":
            code.append(" " * (end - at))
        else:
            code.append(source[at:end].replace("\0", " ").replace("\ufeff", " "))
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
    tokens = _Tokens(text)
    parts = []
    at = 0
    while at < len(text):
        kind, end = tokens.at(at)
        part = text[at:end]
        parts.append(_blank(part) if kind in ("line", "block", "splice") else part)
        at = end
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

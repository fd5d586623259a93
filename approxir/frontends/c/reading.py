"""The text of one annotation taken apart, by `grammar/c_annotations.lark`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from approxir.syntax.faults import Fault

if TYPE_CHECKING:
    from lark.exceptions import UnexpectedToken

Number = int | float


class Name(NamedTuple):
    """A word of an annotation, quoted or not, and where it stands in the source."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written; `value` holds literals again for a list, entries for what is in braces."""

    value: str | Number | tuple[Literal, ...] | tuple[Entry, ...]
    start: int
    end: int
    is_entries: bool = False


class Entry(NamedTuple):
    """A key and its value."""

    key: Name
    value: Literal


@dataclass(frozen=True, slots=True)
class Written:
    """One annotation: the words before its entries, and these; offsets are those of the source."""

    words: tuple[Name, ...]
    entries: tuple[Entry, ...]
    start: int
    end: int


_TOKEN = re.compile(
    r"(?P<MARK>@approx(?![\w$]))"
    r"|(?P<FLOAT>[-+]?[0-9]++(?:\.[0-9]*+(?:[eE][-+]?[0-9]++)?+|[eE][-+]?[0-9]++)(?![\w$.]))"
    r"|(?P<INTEGER>[-+]?(?:0[xX][0-9a-fA-F]++|[0-9]++)(?![\w$.]))"
    r"|(?P<NAME>@?+(?:[^\W\d]|\$)[\w$]*+(?:(?:::|[.\-])[\w$]++)*+)"
    r"""|(?P<STRING>"(?:[^"\\\n]++|\\[^\n])*+"|'(?:[^'\\\n]++|\\[^\n])*+')"""
    r"|(?P<_COMMA>,)|(?P<_SEMICOLON>;)|(?P<_COLON>:)|(?P<_EQUAL>=)"
    r"|(?P<_LSQB>\[)|(?P<_RSQB>\])|(?P<_LBRACE>\{)|(?P<_RBRACE>\})"
    r"|(?P<WRONG>[-+]?[\w.$]++|.)"
)
# A remark inside of a comment ends with its line.
_SKIPPED = re.compile(r"(?:\s++|//[^\n]*+)*+")


def tokens(text: str) -> Iterator[tuple[str, str, int, int]]:
    """The tokens of an annotation: kind, text, start and end. ``WRONG`` stands for what is none."""
    at = _skip(text, 0)
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None
        assert match.lastgroup is not None
        yield match.lastgroup, match.group(), at, match.end()
        at = _skip(text, match.end())


def _skip(text: str, at: int) -> int:
    match = _SKIPPED.match(text, at)
    assert match is not None
    return match.end()


def short(text: str) -> str:
    """A text for a message, cut where it is long."""
    return text if len(text) <= 40 else text[:40] + "..."


_WORDS = {
    "MARK": "@approx", "NAME": "a name", "INTEGER": "an integer", "FLOAT": "a number", "STRING": "a string",
    "_COMMA": "','", "_SEMICOLON": "';'", "_COLON": "':'", "_EQUAL": "'='", "_LSQB": "'['", "_RSQB": "']'",
    "_LBRACE": "'{'", "_RBRACE": "'}'", "$END": "the end",
}  # fmt: skip


def read_annotation(text: str, start: int, form: str) -> Written:
    """The annotation that a text spells, which begins at an offset `start` of the source.

    `form` is ``"comment"`` or ``"pragma"``. Raises `Fault`, in terms of the source.
    """
    from lark.exceptions import UnexpectedToken

    from approxir.frontends.c.grammar import annotation_parser

    try:
        tree = annotation_parser().parse(text, start=form)
    except UnexpectedToken as error:
        fault = _unexpected(text, error)
        fault.offset += start
        raise fault from None
    try:
        return _Built(text, start).annotation(tree)
    except Fault as fault:
        fault.offset += start
        raise


def _unexpected(text: str, error: UnexpectedToken) -> Fault:
    """Where the grammar does not allow a token: there, or at the end of the line before, where one lacks."""
    accepts = error.accepts or error.expected
    wanted = " or ".join(sorted(_WORDS[kind] for kind in accepts if kind in _WORDS))
    held = list(tokens(text))
    number = len(held)
    if error.token.type != "$END":
        number = next(n for n, token in enumerate(held) if token[2] == error.token.start_pos)
    if number < len(held) and held[number][0] in ("_COLON", "_EQUAL"):
        bracket = _open_bracket(held[:number])
        if bracket is not None and "\n" in text[bracket : held[number][2]]:
            # What was taken for an item is the next key.
            return Fault("this '[' is never closed", bracket)
    kinds = [kind for kind, *_ in held[:number]]
    if kinds[-3:] in (["NAME", "_COLON", "NAME"], ["NAME", "_EQUAL", "NAME"]):
        key, sign, value = held[number - 3 : number]
        if "\n" in text[sign[3] : value[2]]:
            # What was taken for its value is the next key.
            message = f"expected the value of '{short(key[1])}', found the end of the line"
            return Fault(message, sign[3])
    closes = number < len(held) and held[number][0] == "_RBRACE"
    if closes and kinds.count("_LBRACE") == kinds.count("_RBRACE"):
        return Fault("this '}' closes nothing", held[number][2])
    before = held[number - 1][3] if number else 0
    if number == len(held) or "\n" in text[before : held[number][2]]:
        found = "the end" if number == len(held) else "the end of the line"
        return Fault(f"expected {wanted}, found {found}", before)
    _, found, at, end = held[number]
    return Fault(f"expected {wanted}, found '{short(found)}'", at, length=end - at)


def _open_bracket(held: Sequence[tuple[str, str, int, int]]) -> int | None:
    """Where the list begins that these tokens leave open."""
    found = None
    for kind, _, start, _ in held:
        if kind in ("_LSQB", "_RSQB"):
            found = start if kind == "_LSQB" else None
    return found


class _Built:
    """Trees of the grammar as values, offsets those of the source."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start

    def annotation(self, tree: Any) -> Written:
        mark = tree.children[0]
        words: list[Name] = []
        entries: tuple[Entry, ...] = ()
        for child in tree.children[1].children:
            if getattr(child, "data", None) == "entries":
                entries = self.entries(child)
            else:
                words.append(self.name(child))
        return Written(
            tuple(words), entries, self.start + mark.start_pos, self.start + len(self.text.rstrip())
        )

    def entries(self, tree: Any) -> tuple[Entry, ...]:
        found: dict[str, Entry] = {}
        for child in tree.children:
            key_tree, value = child.children
            key = self.name(key_tree.children[0])
            if key.text in found:
                message = f"the key '{short(key.text)}' occurs twice"
                raise Fault(message, key.start - self.start, length=key.end - key.start)
            found[key.text] = Entry(key, self.value(value, key.end - self.start))
        return tuple(found.values())

    def name(self, token: Any) -> Name:
        return Name(_text(token), self.start + token.start_pos, self.start + token.end_pos)

    def value(self, node: Any, after: int) -> Literal:
        kind = getattr(node, "data", None)
        if kind is None:
            return self.scalar(node)
        opening, closing = "[]" if kind == "list" else "{}"
        start = next(at for _, text, at, _ in self._after(after) if text == opening)
        if kind == "list":
            items = tuple([self.scalar(token) for token in node.children])
            last = items[-1].end - self.start if items else start + 1
            return Literal(items, self.start + start, self._closed(last, closing))
        inner = self.entries(node)
        last = inner[-1].value.end - self.start if inner else start + 1
        return Literal(inner, self.start + start, self._closed(last, closing), is_entries=True)

    def _after(self, at: int) -> Iterator[tuple[str, str, int, int]]:
        return ((kind, text, at + start, at + end) for kind, text, start, end in tokens(self.text[at:]))

    def _closed(self, at: int, closing: str) -> int:
        return self.start + next(end for _, text, _, end in self._after(at) if text == closing)

    def scalar(self, token: Any) -> Literal:
        start, end = self.start + token.start_pos, self.start + token.end_pos
        if token.type == "INTEGER":
            if len(token) > 30:
                message = f"{short(token)} does not fit into 64 bits"
                raise Fault(message, token.start_pos, length=len(token))
            return Literal(int(token, 16 if "x" in token.lower() else 10), start, end)
        if token.type == "FLOAT":
            return Literal(float(token), start, end)
        return Literal(_text(token), start, end)


_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_NAMED = {"'": "'", '"': '"', "\\": "\\", "n": "\n", "t": "\t"}


def _text(token: Any) -> str:
    """What a name or a string says. Raises `Fault` for what no text in UTF-8 can hold."""
    text = _unquoted(token) if token.type == "STRING" else str(token)
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        message = f"{short(str(token))!r} holds what is no character"
        raise Fault(message, token.start_pos, length=len(token)) from None
    return text


def _unquoted(token: Any) -> str:
    def meant(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] not in _NAMED:
            place = token.start_pos + 1 + match.start()
            hint = r"write \\ \" \' \n \t or \xx"
            raise Fault(f"unknown escape \\{match[2]}", place, length=2, hint=hint)
        return _NAMED[match[2]]

    return _ESCAPE.sub(meant, token[1:-1])

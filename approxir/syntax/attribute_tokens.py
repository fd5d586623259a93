"""The coarse tokens of attributes and types, for the grammar in attributes.lark.

A keyword is a token of its own only together with the bracket that follows it, so the same word stays free
for names. What MLIR itself reads by other rules than its tokens is one token here: dimension lists, the
elements of ``dense``, and the bodies of other dialects' types and attributes, which know strings, ``->``
and brackets and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from approxir.syntax.faults import Fault
from approxir.values.affine import AffineExpr
from approxir.values.floats import FLOAT_FORMATS
from approxir.values.strings import ESCAPE_HINT, STRING_BODY

MAX_DEPTH = 1000
"""How deep brackets may be nested in what is turned into objects."""

SPACE = r"(?:[ \t\r\n\0]++|//[^\n]*+)*+"
"""White space and comments."""

STRING = f'"{STRING_BODY}"'
NAME = r"[A-Za-z_][A-Za-z0-9_$.]*+"
_SYMBOL = rf"@(?:{NAME}|{STRING})"
SYMBOL_PATH = rf"{_SYMBOL}(?:{SPACE}:{SPACE}:{SPACE}{_SYMBOL})*+"
SIGIL_NAME = r"[!#](?:[0-9]++|[A-Za-z_$.\-][A-Za-z0-9_$.\-]*+)"

_TOKEN = re.compile(
    SPACE + "(?:"
    rf"(?P<WORD>{NAME})"
    r"|(?P<FLOAT>[0-9]++\.[0-9]*+(?:[eE][-+]?[0-9]++)?)"
    r"|(?P<INTEGER>0x[0-9a-fA-F]++|[0-9]++)"
    rf"|(?P<STRING>{STRING})"
    rf"|(?P<SIGIL>{SIGIL_NAME})"
    rf"|(?P<SYMBOL>{SYMBOL_PATH})"
    rf"|(?P<PAIR>->|[<>=]{SPACE}=)"
    r"|(?P<PUNCT>[:,=<>()\[\]{}+*?\-])"
    ")"
)
# Up to the closing bracket of array<...>; a comment may hold another one.
_ITEMS = r"(?:[^>/]++|//[^\n]*+|/)*+"
_SPACE = re.compile(SPACE)

_PUNCT = {
    ":": "_COLON",
    ",": "_COMMA",
    "=": "_EQUAL",
    "<": "_LESS",
    ">": "_MORE",
    "(": "_LPAR",
    ")": "_RPAR",
    "[": "_LSQB",
    "]": "_RSQB",
    "{": "_LBRACE",
    "}": "_RBRACE",
    "+": "_PLUS",
    "-": "_MINUS",
    "*": "STAR",
    "?": "QUESTION",
}
_PAIRS = {"-": "_ARROW", "<": "_AT_MOST", ">": "_AT_LEAST", "=": "_EQUALS"}
_DEEPER = frozenset("<([{")
_SHALLOWER = frozenset(">)]}")

_KEYWORDS = {
    "true": "TRUE",
    "false": "FALSE",
    "unit": "UNIT",
    "unknown": "UNKNOWN",
    "at": "AT",
    "to": "TO",
    "offset": "OFFSET",
    "mod": "MOD",
    "floordiv": "FLOORDIV",
    "ceildiv": "CEILDIV",
    "index": "SCALAR",
    "none": "SCALAR",
    **dict.fromkeys(FLOAT_FORMATS, "SCALAR"),
}
_INTEGER_TYPE = re.compile(r"[su]?i[0-9]++\Z")

_DIMENSIONS = rf"((?:(?:\?|[0-9]++){SPACE}x{SPACE})*+)"
_SCALABLE = rf"((?:(?:[0-9]++|\[{SPACE}[0-9]++{SPACE}\]){SPACE}x{SPACE})*+)"
_ELEMENTS = rf'((?:[^"<>/]++|{STRING}|//[^\n]*+|/)*+)'
_OPEN = SPACE + "<"


def _tails(*tails: tuple[str, str, bool]) -> list[tuple[str, re.Pattern[str], bool]]:
    return [(kind, re.compile(tail), opens) for kind, tail, opens in tails]


# What may follow a keyword, the token that makes, and whether that leaves a bracket open.
_HEADS: dict[str, list[tuple[str, re.Pattern[str], bool]]] = {
    "tensor": _tails(
        ("UNRANKED_TENSOR", rf"{_OPEN}{SPACE}\*{SPACE}x{SPACE}", True),
        ("TENSOR", rf"{_OPEN}{SPACE}{_DIMENSIONS}", True),
    ),
    "memref": _tails(
        ("UNRANKED_MEMREF", rf"{_OPEN}{SPACE}\*{SPACE}x{SPACE}", True),
        ("MEMREF", rf"{_OPEN}{SPACE}{_DIMENSIONS}", True),
    ),
    "vector": _tails(("VECTOR", rf"{_OPEN}{SPACE}{_SCALABLE}", True)),
    "complex": _tails(("COMPLEX", _OPEN, True)),
    "tuple": _tails(("TUPLE", _OPEN, True)),
    "array": _tails(("DENSE_ARRAY", rf"{_OPEN}{SPACE}(!?[A-Za-z0-9_$\-]++){SPACE}(?::({_ITEMS}))?>", False)),
    "dense": _tails(("DENSE", rf"{_OPEN}{SPACE}{_ELEMENTS}>", False)),
    "sparse": _tails(("SPARSE", rf"{_OPEN}{SPACE}{_ELEMENTS}>", False)),
    "dense_resource": _tails(("DENSE_RESOURCE", rf"{_OPEN}{SPACE}({NAME}|{STRING}){SPACE}>", False)),
    "affine_map": _tails(("AFFINE_MAP", _OPEN, True)),
    "affine_set": _tails(("AFFINE_SET", _OPEN, True)),
    "strided": _tails(("STRIDED", _OPEN, True)),
    "distinct": _tails(("DISTINCT", SPACE + r"\[", True)),
    "loc": _tails(("LOC", SPACE + r"\(", True)),
    "callsite": _tails(("CALLSITE", SPACE + r"\(", True)),
    "fused": _tails(("FUSED_WITH", _OPEN, True), ("FUSED", SPACE + r"\[", True)),
}
BRACKETED = frozenset(_HEADS)
"""The words that mean something only with a bracket after them."""

_WHOLE = {
    "array": ("array<...>", "write array<i32: 1, 2>, or array<i32> for an empty one"),
    "dense": ("dense<...>", None),
    "sparse": ("sparse<...>", None),
    "dense_resource": ("dense_resource<...>", "write dense_resource<key> : type"),
}


class AttributeToken:
    """A token as Lark wants it: its kind, its text, and where it stands.

    `match` is what a coarse token was recognised by; `scope` maps the names of an affine map or set to
    what they stand for.
    """

    __slots__ = ("end_pos", "match", "scope", "start_pos", "type", "value")

    line = column = end_line = end_column = None

    def __init__(
        self,
        type: str,
        value: str,
        start_pos: int,
        end_pos: int,
        match: re.Match[str] | None = None,
        scope: dict[str, AffineExpr] | None = None,
    ) -> None:
        self.type = type
        self.value = value
        self.start_pos = start_pos
        self.end_pos = end_pos
        self.match = match
        self.scope = scope


def tokens(text: str) -> Iterator[AttributeToken]:
    """The tokens of a text; raises `Fault` at what is none, and where brackets nest too deep."""
    match_token = _TOKEN.match
    at = depth = 0
    scope: dict[str, AffineExpr] = {}
    while True:
        match = match_token(text, at)
        if match is None:
            at = _skip(text, at)
            if at == len(text):
                return
            raise bad_character(text, at)
        kind = match.lastgroup
        assert kind is not None
        start, at = match.span(kind)
        value = text[start:at]
        if kind == "PUNCT":
            if value in _DEEPER:
                depth += 1
            elif value in _SHALLOWER:
                depth -= 1
            token = AttributeToken(_PUNCT[value], value, start, at)
        elif kind == "WORD":
            token = AttributeToken(_KEYWORDS.get(value, kind), value, start, at, None, scope)
            if token.type == kind:
                if value in _HEADS:
                    found = _head(text, value, at)
                    if found:
                        token.type, token.match, opens = found
                        at = token.end_pos = token.match.end()
                        depth += opens
                        if token.type in ("AFFINE_MAP", "AFFINE_SET"):
                            scope = {}
                elif _INTEGER_TYPE.match(value):
                    token.type = "SCALAR"
        elif kind == "SIGIL":
            token = _sigil(text, start, at)
            at = token.end_pos
        elif kind == "PAIR":
            token = AttributeToken(_PAIRS[value[0]], value, start, at)
        else:
            token = AttributeToken(kind, value, start, at)
        if depth > MAX_DEPTH:
            raise Fault(f"brackets are nested more than {MAX_DEPTH} deep", start)
        yield token


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


def _head(text: str, word: str, at: int) -> tuple[str, re.Match[str], bool] | None:
    for kind, tail, opens in _HEADS[word]:
        match = tail.match(text, at)
        if match:
            return kind, match, opens
    bracket = _skip(text, at)
    if word in _WHOLE and text.startswith("<", bracket):
        what, hint = _WHOLE[word]
        _check_strings(text, bracket)
        if word in ("dense", "sparse") or ">" not in text[bracket:]:
            raise Fault(f"the '<' of {what} is never closed", bracket)
        raise Fault(f"malformed {what}", bracket, hint=hint)
    return None


def _check_strings(text: str, at: int) -> None:
    """Raise the fault of the first string after `at` that is not one."""
    quote = text.find('"', at)
    while quote >= 0:
        match = _STRING.match(text, quote)
        if not match:
            raise bad_character(text, quote)
        quote = text.find('"', match.end())


_STRING = re.compile(STRING)


def _sigil(text: str, start: int, end: int) -> AttributeToken:
    is_type = text[start] == "!"
    if text.startswith("<", end):
        stop = body_end(text, end)
        return AttributeToken("DIALECT_TYPE" if is_type else "DIALECT_ATTR", text[start:stop], start, stop)
    if "." in text[start:end]:
        return AttributeToken("DIALECT_TYPE" if is_type else "DIALECT_ATTR", text[start:end], start, end)
    return AttributeToken("TYPE_ALIAS" if is_type else "ATTR_ALIAS", text[start:end], start, end)


_SIMPLE_BODY = re.compile(r"<[^<>()\[\]{}\"\-]*+>")
_BODY_PART = re.compile(rf'{STRING}|->|[<>()\[\]{{}}"]')
_CLOSING = {"<": ">", "(": ")", "[": "]", "{": "}"}


def body_end(text: str, start: int) -> int:
    """The offset after the ``>`` that closes the body of a dialect's type or attribute at `start`."""
    simple = _SIMPLE_BODY.match(text, start)
    if simple:
        return simple.end()
    opened: list[tuple[str, int]] = []
    for match in _BODY_PART.finditer(text, start):
        part = match.group()
        if part in _CLOSING:
            opened.append((_CLOSING[part], match.start()))
        elif part == '"':
            raise bad_character(text, match.start())
        elif len(part) == 1:
            wanted, where = opened.pop()
            if part != wanted:
                raise Fault(
                    f"expected {wanted!r} inside this dialect's body, found {part!r}",
                    match.start(),
                    related=(where, f"to close this {text[where]!r}"),
                )
            if not opened:
                return match.end()
    _, where = opened[-1]
    raise Fault(f"the {text[where]!r} of this dialect's body is never closed", where)


_BAD_ESCAPE = re.compile(r'"(?:[^"\\\n\v\f]++|\\(?:["\\nt]|[0-9a-fA-F]{2}))*+(\\[^\n]?)')
_PREFIXES = {
    "!": "a type name is expected right after '!'",
    "#": "an attribute name is expected right after '#'",
    "@": "a symbol name, which begins with a letter or '_', is expected right after '@'",
}


_CHARACTER_HINTS = {
    "'": 'strings are written with double quotes, "..."',
    ";": "entries are separated by commas",
    "@": 'quote other names: @"..."',
}


def bad_character(text: str, at: int) -> Fault:
    """The fault for a place where no token begins."""
    char = text[at]
    if char == '"' or text.startswith('@"', at):
        escape = _BAD_ESCAPE.match(text, at + (char == "@"))
        if escape:
            message = f"unknown escape {escape.group(1)} in a string"
            return Fault(message, escape.start(1), length=2, hint=ESCAPE_HINT)
        return Fault("this string is not closed on its line", at, hint=r"write \n for a line break")
    if char in _PREFIXES:
        return Fault(_PREFIXES[char], at, hint=_CHARACTER_HINTS.get(char))
    if char == "%":
        return Fault("an SSA value cannot stand in an attribute or a type", at)
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return Fault(f"unexpected character {shown!r}", at, hint=_CHARACTER_HINTS.get(char))

"""Where types, attributes, dictionaries and locations end, without building their values.

Each function takes an offset where the thing begins (trivia skipped) and returns the offset after it,
or raises `Mismatch`. Nesting is counted on an explicit stack.
"""

from __future__ import annotations

import re

from approxir.syntax.lexemes import SUFFIX_ID, TRIVIA, TRIVIA_RE

STRING = r'"(?:[^"\\\n]++|\\.)*+"'
SYMBOL = rf"@(?:[A-Za-z_][A-Za-z0-9_$.]*+|{STRING})"
SYMBOL_REF = rf"{SYMBOL}(?:{TRIVIA}::{TRIVIA}{SYMBOL})*+"
NUMBER = r"-?(?:0x[0-9A-Fa-f]++|[0-9]++(?:\.[0-9]*+(?:[eE][+\-]?[0-9]++)?+)?+)"

_BRACKET = re.compile(rf"{STRING}|//[^\n]*+|->|=>|[<>]=|[()\[\]{{}}<>]")
_OPAQUE_BRACKET = re.compile(rf"{STRING}|->|=>|[()\[\]{{}}<>]")
# MLIR lexes the bodies of dialects that it has loaded, comments and all; those of others it skips raw.
_PARSED_BODY = re.compile(
    r"[!#](?:acc|affine|approx|arith|async|bufferization|builtin|chlo|emitc|gpu|index|linalg|llvm|memref|ml_program"
    r"|nvgpu|nvvm|omp|pdl|ptr|quant|rocdl|shape|shard|smt|sparse_tensor|spirv|stablehlo|torch|tosa|transform|tt|ttg"
    r"|ttng|vector|vhlo|xegpu)(?![\w$\-])"
)
_SIMPLE_TYPE = re.compile(
    r"(?:[A-Za-z_]\w*+|!(?:[A-Za-z_$.][\w$.\-]*+|[0-9]++))(?:<[^<>()\[\]{}\"/=\-]*+>)?+(?!<)"
)
_TYPE_NAME = re.compile(rf"!{SUFFIX_ID}|[A-Za-z_]\w*+")
_BUILTIN_BODY = re.compile(rf"(?:tensor|vector|memref|tuple|complex){TRIVIA}<")
_ATTRIBUTE_NAME = re.compile(rf"#{SUFFIX_ID}")
_WORD = re.compile(r"[A-Za-z_][\w$.]*+")
_STRING = re.compile(STRING)
_SYMBOL_REF = re.compile(SYMBOL_REF)
_NUMBER = re.compile(rf"{NUMBER}(?!x)|-{TRIVIA}{NUMBER}")
_ARROW = re.compile(rf"{TRIVIA}->{TRIVIA}")
_COLON_TYPE = re.compile(rf"{TRIVIA}:(?!:){TRIVIA}(?=[A-Za-z_!(])")
_LOC = re.compile(rf"{TRIVIA}(loc){TRIVIA}(?=\()")
_CLOSER = {"(": ")", "[": "]", "{": "}", "<": ">"}

_TYPED_WORDS = frozenset({"dense", "sparse", "dense_resource", "opaque"})
_BODY_WORDS = frozenset(
    {"dense", "sparse", "dense_resource", "opaque", "array", "affine_map", "affine_set", "strided"}
)


class Mismatch(Exception):
    """The text at an offset is not what a format asks for. Never leaves the package: see `reader`."""

    def __init__(self, offset: int, expected: str) -> None:
        super().__init__(offset, expected)
        self.offset = offset
        self.expected = expected


def skip_trivia(text: str, pos: int, end: int) -> int:
    """The offset of the next character that is neither white space nor in a comment."""
    match = TRIVIA_RE.match(text, pos, end)
    return pos if match is None else match.end()


def balanced_end(text: str, pos: int, end: int, opaque: bool = False) -> int:
    """The offset after the bracket that closes the one at `pos`; an `opaque` body has no comments."""
    stack: list[str] = []
    for match in (_OPAQUE_BRACKET if opaque else _BRACKET).finditer(text, pos, end):
        token = match.group()
        closer = _CLOSER.get(token)
        if closer is not None:
            stack.append(closer)
        elif token in ")]}>":
            if not stack or stack[-1] != token:
                raise Mismatch(match.start(), f"`{stack[-1]}`" if stack else "an opening bracket")
            stack.pop()
            if not stack:
                return match.end()
        elif token in (">=", "<=") and stack and stack[-1] != ")":
            # Outside parentheses these are no comparisons: `<a = <b>=...` closes and opens brackets.
            if token == "<=":
                stack.append(">")
            elif stack[-1] == ">":
                stack.pop()
                if not stack:
                    return match.start() + 1
    raise Mismatch(pos, f"`{stack[0]}` to close this bracket" if stack else "a bracket")


def type_end(text: str, pos: int, end: int) -> int:
    """The offset after the type that begins at `pos`."""
    match = _SIMPLE_TYPE.match(text, pos, end)
    if match is not None:
        after = match.end()
        if text[after : after + 1] in (" ", "\n", "\t", "\r") and text[after - 1] != ">":
            body = _BUILTIN_BODY.match(text, pos, end)
            if body is not None:
                return balanced_end(text, body.end() - 1, end)
        return after
    if text[pos : pos + 1] == "(":
        return _function_type_end(text, pos, end)
    match = _TYPE_NAME.match(text, pos, end)
    if match is None:
        raise Mismatch(pos, "a type")
    after = match.end()
    if text[after : after + 1] == "<" and after < end:
        return balanced_end(text, after, end, opaque=text[pos] == "!" and not _PARSED_BODY.match(text, pos))
    return after


def _function_type_end(text: str, pos: int, end: int) -> int:
    while True:
        after = balanced_end(text, pos, end)
        arrow = _ARROW.match(text, after, end)
        if arrow is None:
            raise Mismatch(after, "`->` of a function type")
        pos = arrow.end()
        if text[pos : pos + 1] != "(":
            return type_end(text, pos, end)
        after = balanced_end(text, pos, end)
        # `() -> () -> ()` is not a type, so the parenthesis just read is the list of results.
        return after


def type_list(text: str, pos: int, end: int) -> list[tuple[int, int]]:
    """The spans of the types between the parentheses that begin at `pos`; empty spans never occur."""
    close = balanced_end(text, pos, end) - 1
    spans: list[tuple[int, int]] = []
    at = skip_trivia(text, pos + 1, close)
    while at < close:
        after = type_end(text, at, close)
        spans.append((at, after))
        at = skip_trivia(text, after, close)
        if at < close:
            if text[at] != ",":
                raise Mismatch(at, "`,` or `)`")
            at = skip_trivia(text, at + 1, close)
            if at == close:
                raise Mismatch(at, "a type")
    return spans


def attribute_end(text: str, pos: int, end: int, typed: bool = True) -> int:
    """The offset after the attribute at `pos`; `typed` says whether `: type` may belong to it."""
    first = text[pos : pos + 1] if pos < end else ""
    if first == "@":
        match = _SYMBOL_REF.match(text, pos, end)
        if match is None:
            raise Mismatch(pos, "a symbol")
        return match.end()
    if first in ("[", "{") and first:
        return balanced_end(text, pos, end)
    if first == '"':
        match = _STRING.match(text, pos, end)
        if match is None:
            raise Mismatch(pos, "the end of this string on its line")
        return _colon_type_end(text, match.end(), end) if typed else match.end()
    if first == "#":
        match = _ATTRIBUTE_NAME.match(text, pos, end)
        if match is None:
            raise Mismatch(pos, "an attribute")
        after = match.end()
        if text[after : after + 1] == "<" and after < end:
            after = balanced_end(text, after, end, opaque=not _PARSED_BODY.match(text, pos))
        return _colon_type_end(text, after, end) if typed else after
    match = _NUMBER.match(text, pos, end)
    if match is not None:
        return _colon_type_end(text, match.end(), end) if typed else match.end()
    match = _WORD.match(text, pos, end)
    if match is not None:
        return _word_attribute_end(text, pos, match, end, typed)
    if first in ("!", "(") and first:
        return type_end(text, pos, end)
    raise Mismatch(pos, "an attribute")


def _word_attribute_end(text: str, pos: int, match: re.Match[str], end: int, typed: bool) -> int:
    word = match.group()
    after = match.end()
    if word in ("true", "false", "unit"):
        return after
    if word == "distinct":
        after = balanced_end(text, skip_trivia(text, after, end), end)
        return balanced_end(text, skip_trivia(text, after, end), end)
    if word in _BODY_WORDS:
        body = skip_trivia(text, after, end)
        if text[body : body + 1] != "<":
            raise Mismatch(body, f"`<` after `{word}`")
        after = balanced_end(text, body, end)
        return _colon_type_end(text, after, end) if word in _TYPED_WORDS else after
    if word == "loc":
        return balanced_end(text, skip_trivia(text, after, end), end)
    return type_end(text, pos, end)


def _colon_type_end(text: str, pos: int, end: int) -> int:
    match = _COLON_TYPE.match(text, pos, end)
    return pos if match is None else type_end(text, match.end(), end)


def location_end(text: str, pos: int, end: int) -> int:
    """The offset after a trailing `loc(...)`, or `pos` when there is none."""
    match = _LOC.match(text, pos, end)
    return pos if match is None else balanced_end(text, match.end(), end)


def location_start(text: str, pos: int, end: int) -> int:
    """The offset of the `loc` that comes next, or -1."""
    match = _LOC.match(text, pos, end)
    return -1 if match is None else match.start(1)

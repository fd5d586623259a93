"""The coarse tokens of the generic form, for the grammar in structure.lark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lark import Token
from lark.lexer import Lexer

from approxir.syntax import lexemes as lx
from approxir.syntax.balance import Unbalanced, skip_attribute, skip_balanced, skip_trivia, skip_type
from approxir.syntax.reading import show

_METADATA_END = re.compile(rf'(?:[^"#]++|{lx.STRING}|#(?!-\}}))*+#-\}}')
_SSA = re.compile(rf"{lx.SSA}(?:[ ]*+\#[0-9]++)?+")
_LABEL = re.compile(rf"\^{lx.SUFFIX_ID}")
_LOCATION = re.compile(rf"loc{lx.TRIVIA}\(")
_PUNCTUATION = {"(": "_LPAR", ")": "_RPAR", "[": "_LSQB", "]": "_RSQB", ",": "_COMMA", ":": "_COLON"}


class StructureLexer(Lexer):
    """Yields the tokens of a text; raises `Unbalanced` where none begins or a bracket is not closed."""

    __future_interface__ = 1

    def __init__(self, _conf: Any) -> None:
        pass

    def lex(self, lexer_state: Any, _parser_state: Any) -> Iterator[Token]:
        """The tokens of the text that is to be parsed."""
        source = lexer_state.text
        # Before 1.3, Lark gives the text itself and not a part of one.
        if isinstance(source, str):
            return structure_tokens(source, 0, len(source))
        return structure_tokens(source.text, source.start, source.end)


def structure_tokens(text: str, start: int, end: int) -> Iterator[Token]:
    """The tokens of text[start:end] with their offsets."""
    pos = skip_trivia(text, start)
    previous = before = ""
    while pos < end:
        kind, stop = _token(text, pos, previous, before)
        yield Token(kind, text[pos:stop], start_pos=pos, end_pos=stop)
        previous, before = kind, previous
        pos = skip_trivia(text, stop)


def _token(text: str, pos: int, previous: str, before: str) -> tuple[str, int]:
    char = text[pos]
    if previous == "_COLON" and char == "(":
        return "FUNCTION_TYPE", skip_type(text, pos)
    if previous == "_COLON" and before == "SSA":
        return "TYPE", skip_type(text, pos)
    if char == "%":
        results = lx.RESULTS_RE.match(text, pos)
        if results is not None:
            return "RESULTS", results.end()
        return "SSA", _end(_SSA.match(text, pos), pos)
    if char == '"':
        return "NAME", _end(lx.STRING_RE.match(text, pos), pos)
    if char == "^":
        return "LABEL", _end(_LABEL.match(text, pos), pos)
    if char == "<" and text.startswith("{", skip_trivia(text, pos + 1)):
        return "PROPERTIES", skip_balanced(text, pos)
    if char == "{":
        if text.startswith("{-#", pos):
            return "METADATA", _end(_METADATA_END.match(text, pos + 3), pos)
        if previous == "_LPAR" or (previous == "_COMMA" and before == "_CLOSE_REGION"):
            return "_OPEN_REGION", pos + 1
        return "DICTIONARY", skip_balanced(text, pos)
    if char == "}":
        return "_CLOSE_REGION", pos + 1
    alias = lx.ALIAS_AHEAD.match(text, pos)
    if alias is not None:
        skip = skip_attribute if char == "#" else skip_type
        return "DEFINITION", skip(text, alias.end())
    location = _LOCATION.match(text, pos)
    if location is not None:
        return "LOCATION", skip_balanced(text, location.end() - 1)
    kind = _PUNCTUATION.get(char)
    if kind is None:
        raise Unbalanced(pos, "unexpected " + show(char))
    return kind, pos + 1


def _end(match: re.Match[str] | None, pos: int) -> int:
    if match is None:
        raise Unbalanced(pos, "an unfinished token begins here")
    return match.end()

"""The Lark parser of params strings. Importing this module imports Lark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from lark import Token
from lark.lexer import Lexer

from approxir.dialects.approx.params_text import MAX_DEPTH
from approxir.syntax.faults import Fault
from approxir.syntax.grammars import load_lark

_TOKEN = re.compile(
    r"(?P<_ATTR>attr[ \t\r\n]*+\()"
    r"|(?P<FLOAT>-?[0-9]++\.[0-9]*+(?:[eE][-+]?[0-9]++)?)"
    r"|(?P<INTEGER>-?[0-9]++)"
    r"|(?P<NAME>[A-Za-z_][A-Za-z0-9_.$\-]*+)"
    r"|(?P<STRING>'(?:[^'\\]++|\\.)*+')"
    r"|(?P<_SEMICOLON>;)|(?P<_COMMA>,)|(?P<_EQUAL>=)"
    r"|(?P<_LSQB>\[)|(?P<_RSQB>\])|(?P<_LBRACE>\{)|(?P<_RBRACE>\})|(?P<_RPAR>\))"
)
_SPACE = re.compile(r"[ \t\r\n]*+")


class ParamsLexer(Lexer):
    """Yields the tokens of a params string; raises `Fault` where none begins."""

    __future_interface__ = 2

    def __init__(self, conf: Any) -> None:
        """Lark hands its configuration to a lexer; this one needs none of it."""

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        source = lexer_state.text
        text = source if isinstance(source, str) else source.text
        at = _skip(text, 0)
        depth = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                what = "this string is never closed" if text[at] == "'" else f"unexpected {text[at]!r}"
                raise Fault(what, at)
            assert match.lastgroup is not None
            if match.lastgroup == "_LBRACE":
                depth += 1
                if depth > MAX_DEPTH:
                    raise Fault(f"more than {MAX_DEPTH} dictionaries inside one another", at)
            elif match.lastgroup == "_RBRACE":
                depth -= 1
            yield Token(match.lastgroup, match.group(), start_pos=at, end_pos=match.end())
            at = _skip(text, match.end())


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


@cache
def params_parser() -> Any:
    """The parser, made once per process."""
    return load_lark("params.lark", start=["start"], transformer=None, lexer=ParamsLexer)

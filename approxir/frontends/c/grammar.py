"""The Lark parser of annotations. Importing this module imports Lark."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from lark import Token
from lark.lexer import Lexer

from approxir.frontends.c.reading import tokens
from approxir.syntax.grammars import load_lark


class AnnotationLexer(Lexer):
    """Yields the tokens of an annotation, in which nothing else was found."""

    __future_interface__ = 2

    def __init__(self, conf: Any) -> None:
        """Lark hands its configuration to a lexer; this one needs none of it."""

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        source = lexer_state.text
        text = source if isinstance(source, str) else source.text
        # In a pragma the mark is the word approx itself.
        is_mark = not text.lstrip().startswith("@")
        for kind, value, start, end in tokens(text):
            yield Token("MARK" if is_mark else kind, value, start_pos=start, end_pos=end)
            is_mark = False


@cache
def annotation_parser() -> Any:
    """The parser, made once per process; its start symbols are ``comment`` and ``pragma``."""
    return load_lark(
        "c_annotations.lark", start=["comment", "pragma"], transformer=None, lexer=AnnotationLexer
    )

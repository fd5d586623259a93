"""The Lark parser for attributes and types. Importing this module imports Lark."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from lark.lexer import Lexer

from approxir.syntax.attribute_builder import AttributeBuilder
from approxir.syntax.attribute_tokens import AttributeToken, tokens
from approxir.syntax.grammars import load_lark

START = [
    "attribute",
    "type",
    "dictionary",
    "location",
    "function_type",
    "type_list",
    "affine_map",
    "affine_set",
]


class AttributeLexer(Lexer):
    """Feeds the tokens of `attribute_tokens` to Lark."""

    __future_interface__ = 2

    def __init__(self, conf: Any) -> None:
        """Lark hands its configuration to a lexer; this one needs none of it."""

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[AttributeToken]:  # type: ignore[override]
        text = lexer_state.text
        return tokens(text if isinstance(text, str) else text.text)


@cache
def attribute_parser() -> Any:
    """The parser, made once per process."""
    return load_lark("attributes.lark", start=START, transformer=AttributeBuilder(), lexer=AttributeLexer)

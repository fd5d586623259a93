"""Signatures of the functions of an artifact, from the declarations that IREE writes into it.

A declaration reads ``sync func @f(%input0: i32, %input1: tensor<?x4xf32>) -> (%output0: tensor<4xf32>)``.
"""

from __future__ import annotations

from approxir.codegen.signature import Signature
from approxir.errors import ParseError
from approxir.syntax.attributes import parse_type
from approxir.syntax.balance import Unbalanced, skip_attribute, skip_trivia, skip_type
from approxir.syntax.lexemes import WORD_RE
from approxir.values import Type

_SYNC = "sync func @"


class DeclarationError(Exception):
    """The declaration is not one that is understood."""


def signature_from(declaration: str, name: str) -> Signature:
    """The signature of a function. Raises `DeclarationError`."""
    head = _SYNC + name
    if not declaration.startswith(head + "("):
        raise DeclarationError(f"the function is declared as {declaration!r}")
    try:
        inputs, at = _types(declaration, len(head))
        at = _expect(declaration, skip_trivia(declaration, at), "->")
        results, at = _types(declaration, skip_trivia(declaration, at))
    except (Unbalanced, ParseError) as error:
        raise DeclarationError(f"the function is declared as {declaration!r}: {error}") from None
    if skip_trivia(declaration, at) != len(declaration):
        raise DeclarationError(f"the function is declared as {declaration!r}")
    return Signature(name, inputs, results)


def _types(text: str, at: int) -> tuple[tuple[Type, ...], int]:
    """The types in a parenthesis that begins at an offset, and the offset behind it."""
    found: list[Type] = []
    at = skip_trivia(text, _expect(text, at, "("))
    while not text.startswith(")", at):
        if found:
            at = skip_trivia(text, _expect(text, at, ","))
        at = _expect(text, at, "%")
        word = WORD_RE.match(text, at)
        at = skip_trivia(text, at if word is None else word.end())
        start = skip_trivia(text, _expect(text, at, ":"))
        at = skip_type(text, start)
        found.append(parse_type(text[start:at]))
        at = skip_trivia(text, at)
        if text.startswith("{", at):
            at = skip_trivia(text, skip_attribute(text, at))
    return tuple(found), at + 1


def _expect(text: str, at: int, token: str) -> int:
    if not text.startswith(token, at):
        raise DeclarationError(f"{token!r} is missing in the declaration {text!r}")
    return at + len(token)

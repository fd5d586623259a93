"""Where a bracketed text, a type or an attribute ends, without reading what it says."""

from __future__ import annotations

import re

from approxir.syntax.lexemes import (
    CLOSER,
    INNER_STEP,
    OPAQUE_STEP,
    OPENER,
    STRING_RE,
    SUFFIX_ID,
    TRIVIA_RE,
    WORD_RE,
)

_SIGIL = re.compile(rf"[#!](?!-\}}){SUFFIX_ID}")
_PARAMETRIC = frozenset({"tensor", "vector", "memref", "complex", "tuple"})


class Unbalanced(Exception):
    """A bracket that is never closed, or a closer that matches nothing; `offset` points at it."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


def skip_trivia(text: str, pos: int) -> int:
    """The offset of the first character at or after `pos` that is neither white space nor comment."""
    match = TRIVIA_RE.match(text, pos)
    assert match is not None
    return match.end()


def skip_opaque(text: str, pos: int, end: int | None = None) -> int:
    """One past the bracket that closes the opaque body opening at `pos` (a ``<``)."""
    limit = len(text) if end is None else end
    stack = [pos]
    at = pos + 1
    while True:
        step = OPAQUE_STEP.match(text, at, limit)
        assert step is not None
        at = step.end()
        if at >= limit:
            raise Unbalanced(pos, "'<' is never closed")
        char = text[at]
        if char in "([{<":
            stack.append(at)
        elif char in ")]}>":
            if CLOSER[text[stack[-1]]] != char:
                opener = stack[-1]
                raise Unbalanced(opener, f"'{text[opener]}' is closed by '{char}'")
            stack.pop()
            if not stack:
                return at + 1
        else:
            raise Unbalanced(at, "string is not closed on its line")
        at += 1


def skip_balanced(text: str, pos: int, end: int | None = None) -> int:
    """One past the bracket that closes the one at `pos`.

    Strings, comments and the bodies of dialect attributes and types count as a whole.
    """
    limit = len(text) if end is None else end
    stack: list[int] = []
    at = pos
    while True:
        if at >= limit:
            raise Unbalanced(stack[-1], f"'{text[stack[-1]]}' is never closed")
        char = text[at]
        if char in "([{<":
            stack.append(at)
            at += 1
        elif char == ">":
            if text[stack[-1]] == "<":
                stack.pop()
            at += 1
        elif char in ")]}":
            opener = OPENER[char]
            while stack and text[stack[-1]] == "<" and opener != "<":
                stack.pop()
            if not stack or text[stack[-1]] != opener:
                where = stack[-1] if stack else at
                raise Unbalanced(where, f"'{text[where]}' is closed by '{char}'")
            stack.pop()
            at += 1
        elif char == "/":
            if text.startswith("//", at):
                newline = text.find("\n", at, limit)
                at = limit if newline < 0 else newline
            else:
                at += 1
        elif char in "#!":
            sigil = _SIGIL.match(text, at, limit)
            assert sigil is not None
            at = skip_opaque(text, sigil.end(), limit)
        elif char == '"':
            raise Unbalanced(at, "string is not closed on its line")
        else:
            at += 1
        if not stack:
            return at
        step = INNER_STEP.match(text, at, limit)
        assert step is not None
        at = step.end()


def skip_type(text: str, pos: int) -> int:
    """One past the type that begins at `pos`.

    Raises `Unbalanced` where no type begins at `pos`.
    """
    char = text[pos : pos + 1]
    if char == "(":
        arrow = skip_trivia(text, skip_balanced(text, pos))
        if not text.startswith("->", arrow):
            raise Unbalanced(arrow, "expected '->' in a function type")
        result = skip_trivia(text, arrow + 2)
        if text[result : result + 1] == "(":
            return skip_balanced(text, result)
        return skip_type(text, result)
    if char == "!":
        sigil = _SIGIL.match(text, pos)
        if sigil is None:
            raise Unbalanced(pos, "expected a type")
        end = sigil.end()
        return skip_opaque(text, end) if text[end : end + 1] == "<" else end
    word = WORD_RE.match(text, pos)
    if word is None:
        raise Unbalanced(pos, "expected a type")
    end = word.end()
    if word.group() in _PARAMETRIC:
        opener = skip_trivia(text, end)
        if text[opener : opener + 1] == "<":
            return skip_balanced(text, opener)
    return end


_LITERAL = re.compile(r"-?(?:0x[0-9A-Fa-f]++|[0-9]++(?:\.[0-9]*+(?:[eE][+\-]?[0-9]++)?+)?+)")
_SYMBOL = re.compile(r'@(?:[A-Za-z_$.][\w$.]*+|"[^"\n]*+")(?:::@(?:[A-Za-z_$.][\w$.]*+|"[^"\n]*+"))*+')


def skip_attribute(text: str, pos: int) -> int:
    """One past the attribute that begins at `pos`, its ``: type`` included.

    Raises `Unbalanced` where no attribute begins at `pos`.
    """
    char = text[pos : pos + 1]
    if char in ("[", "{"):
        return skip_balanced(text, pos)
    if char == "(" or char == "!":
        return skip_type(text, pos)
    typed = True
    if char == "#":
        sigil = _SIGIL.match(text, pos)
        if sigil is None:
            raise Unbalanced(pos, "expected an attribute")
        end = sigil.end()
        if text[end : end + 1] == "<":
            end = skip_opaque(text, end)
    elif char == '"':
        string = STRING_RE.match(text, pos)
        if string is None:
            raise Unbalanced(pos, "string is not closed on its line")
        end = string.end()
    elif char == "@":
        symbol = _SYMBOL.match(text, pos)
        if symbol is None:
            raise Unbalanced(pos, "expected a symbol name")
        return symbol.end()
    elif char and (char.isdigit() or char == "-"):
        literal = _LITERAL.match(text, pos)
        if literal is None:
            raise Unbalanced(pos, "expected a number")
        end = literal.end()
    else:
        word = WORD_RE.match(text, pos)
        if word is None:
            raise Unbalanced(pos, "expected an attribute")
        end = word.end()
        opener = skip_trivia(text, end)
        follow = text[opener : opener + 1]
        if word.group() == "loc" and follow == "(":
            return skip_balanced(text, opener)
        if word.group() == "distinct" and follow == "[":
            end = skip_balanced(text, opener)
            follow = text[end : end + 1]
            return skip_balanced(text, end) if follow == "<" else end
        typed = word.group() in ("dense", "sparse", "dense_resource")
        if follow == "<":
            end = skip_balanced(text, opener)
    if typed:
        colon = skip_trivia(text, end)
        if text.startswith(":", colon) and not text.startswith("::", colon):
            return skip_type(text, skip_trivia(text, colon + 1))
    return end

"""Where the elements of arrays stand in the text that spells them; nothing here reads what they say."""

from __future__ import annotations

import re
from typing import NamedTuple

from approxir.syntax import lexemes as lx
from approxir.syntax.balance import Unbalanced, skip_balanced, skip_opaque, skip_trivia
from approxir.syntax.generic import Span

_BLANKS = " \t\r\n\0"
_DENSE_ARRAY = re.compile(
    rf"array{lx.TRIVIA}<{lx.TRIVIA}(!?[A-Za-z0-9_$\-]++){lx.TRIVIA}(?:(:)((?:[^>/]++|//[^\n]*+|/)*+))?>"
)
_ARRAY_ITEM = re.compile(rf"{lx.TRIVIA}(-?{lx.TRIVIA}[^{_BLANKS},/]++){lx.TRIVIA}(?:,|\Z)")
# What holds neither brackets, commas, comments, nor names with a body of their own.
_PLAIN = re.compile(
    rf'(?:[^,"()\[\]{{}}<>/\-!#]++|->|-|{lx.STRING}|[!#]{lx.SUFFIX_ID}(?!<)|[!#](?!{lx.SUFFIX_ID}))*+'
)
_SIGIL = re.compile(rf"[!#]{lx.SUFFIX_ID}")


class DenseArraySpans(NamedTuple):
    """The parts of ``array<type: numbers>``; an empty one has no colon (-1)."""

    type_end: int
    colon: int
    items: list[Span]


def dense_array_spans(text: str, start: int, end: int) -> DenseArraySpans | None:
    """Where ``text[start:end]`` spells the numbers of a dense array; None where it spells something else."""
    match = _DENSE_ARRAY.match(text, start, end)
    if match is None or match.end() != end:
        return None
    items: list[Span] = []
    colon = match.start(2)
    if colon >= 0:
        at, stop = match.span(3)
        while True:
            item = _ARRAY_ITEM.match(text, at, stop)
            if item is None:
                return None
            items.append(item.span(1))
            at = item.end()
            if text[at - 1] != ",":
                break
    return DenseArraySpans(match.end(1), colon, items)


def array_spans(text: str, start: int, end: int) -> list[Span] | None:
    """Where ``text[start:end]`` spells the elements of ``[...]``; None where it spells something else."""
    stop = end - 1
    if stop <= start or text[start] != "[" or text[stop] != "]":
        return None
    at = skip_trivia(text, start + 1)
    if at == stop:
        return []
    items: list[Span] = []
    begin = last = at
    try:
        while True:
            step = _PLAIN.match(text, at, stop)
            assert step is not None
            length = len(step.group().rstrip(_BLANKS))
            if length:
                last = at + length
            at = step.end()
            if at >= stop:
                break
            char = text[at]
            if char == ",":
                if begin == last:
                    return None
                items.append((begin, last))
                begin = last = at = skip_trivia(text, at + 1)
            elif char == "/":
                after = skip_trivia(text, at)
                if after == at:
                    return None
                at = after
            elif char in "([{<":
                at = last = skip_balanced(text, at, stop)
            elif (sigil := _SIGIL.match(text, at, stop)) is not None:
                at = last = skip_opaque(text, sigil.end(), stop)
            else:
                return None
    except Unbalanced:
        return None
    if begin == last:
        return None
    items.append((begin, last))
    return items

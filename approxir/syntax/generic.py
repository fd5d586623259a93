"""The parts of an operation's own text: exact for the generic form, for others as far as text tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from approxir.syntax import lexemes as lx
from approxir.syntax.balance import Unbalanced, skip_balanced, skip_opaque, skip_trivia, skip_type
from approxir.syntax.reading import show

Span = tuple[int, int]

REFERENCE = re.compile(
    rf'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|//[^\n]*+|%({lx.SUFFIX_ID})(?:[ ]*+\#([0-9]++))?+|\^({lx.SUFFIX_ID})'
    rf"|[\#!]{lx.SUFFIX_ID}"
)
"""A string or comment (to skip), an SSA name (group 1) with its number (group 2), a block name (group 3)."""

DEFINITION_CUE = re.compile(rf"{lx.TRIVIA}(?::(?!:)|=(?!=)|loc{lx.TRIVIA}\()")


class GenericParts(NamedTuple):
    """The spans of a generic operation: brackets included, None for what is not there."""

    operands: Span
    successors: Span | None
    properties: Span | None
    attributes: Span | None
    colon: int
    type: Span
    location: Span | None


_DICT = rf'\{{(?:[^{{}}"/]++|{lx.STRING}|\{{(?:[^{{}}"/]++|{lx.STRING})*+\}})*+\}}'
_SIMPLE = re.compile(
    rf'"[^"\\\n]++"(\([^()"/]*+\)) ?+(\[[^\[\]]*+\])? ?+(?:<({_DICT})>)? ?+({_DICT})? ?+(:) ?+'
    r'(\([^()"/]*+\) ?+-> ?+(?:\([^()"/]*+\)|[^()"/\s][^()"/\n]*+))'
)
_ABSENT = (-1, -1)


def generic_parts(text: str, name_start: int, end: int, regions: Sequence[Span]) -> GenericParts:
    """The parts of the generic operation whose quoted name stands at `name_start`.

    Raises `Unbalanced` where the text is not in the generic form.
    """
    if not regions:
        simple = _SIMPLE.match(text, name_start, end)
        if simple is not None and simple.end() == end:
            _, inputs, blocks, inherent, others, mark, types = simple.regs
            return GenericParts(
                inputs,
                None if blocks == _ABSENT else blocks,
                None if inherent == _ABSENT else inherent,
                None if others == _ABSENT else others,
                mark[0],
                types,
                None,
            )
    name = lx.STRING_RE.match(text, name_start)
    if name is None:
        raise Unbalanced(name_start, "expected the quoted name of a generic operation")
    pos = skip_trivia(text, name.end())
    close = skip_balanced(text, pos)
    operands = (pos, close)
    pos = skip_trivia(text, close)
    successors = properties = attributes = location = None
    if text[pos : pos + 1] == "[":
        close = skip_balanced(text, pos)
        successors = (pos, close)
        pos = skip_trivia(text, close)
    if text[pos : pos + 1] == "<":
        brace = skip_trivia(text, pos + 1)
        properties = (brace, skip_balanced(text, brace))
        pos = skip_trivia(text, skip_balanced(text, pos))
    if text[pos : pos + 1] == "(" and regions:
        # One past the last region comes the parenthesis that closes the list.
        pos = skip_trivia(text, skip_trivia(text, regions[-1][1]) + 1)
    if text[pos : pos + 1] == "{":
        close = skip_balanced(text, pos)
        attributes = (pos, close)
        pos = skip_trivia(text, close)
    if text[pos : pos + 1] != ":":
        raise Unbalanced(pos, "expected ':' and the type of a generic operation")
    colon = pos
    kind = skip_trivia(text, pos + 1)
    last = stop = skip_type(text, kind)
    where = lx.LOCATION_AHEAD.match(text, stop, end)
    if where is not None:
        begin = skip_trivia(text, stop)
        location = (begin, skip_balanced(text, where.end() - 1))
        last = location[1]
    rest = skip_trivia(text, last)
    if rest < end:
        raise Unbalanced(rest, f"expected the end of the operation, found {show(text[rest])}")
    return GenericParts(operands, successors, properties, attributes, colon, (kind, stop), location)


def own_segments(start: int, end: int, regions: Sequence[Span]) -> Iterator[Span]:
    """The spans of `start:end` outside the given regions."""
    for opened, closed in regions:
        yield start, opened
        start = closed
    yield start, end


def custom_dictionaries(text: str, start: int, end: int, regions: Sequence[Span]) -> list[Span]:
    """The spans of the braces outside all other brackets of a custom form, its regions left out.

    The angle brackets of properties, ``<{...}>``, do not count.
    """
    found: list[Span] = []
    for begin, stop in own_segments(start, end, regions):
        pos = begin
        # The brackets that are open, and the braces that were closed with what was open around them.
        stack: list[int] = []
        braces: list[tuple[int, int, int]] = []
        while pos < stop:
            token = lx.TOKEN.match(text, pos, stop)
            if token is None:
                break
            at, pos = token.span()
            group = token.lastgroup
            if group == "sigil" and text[pos : pos + 1] == "<":
                try:
                    pos = skip_opaque(text, pos, stop)
                except Unbalanced:
                    break
            elif group == "open":
                stack.append(at)
            elif group == "close":
                opener = lx.OPENER[text[at]]
                if opener == "<":
                    if stack and text[stack[-1]] == "<":
                        stack.pop()
                    continue
                while stack and text[stack[-1]] == "<":
                    stack.pop()
                if stack and text[stack[-1]] == opener:
                    begun = stack.pop()
                    if opener == "{":
                        outer = stack[:-1] if _are_properties(text, stack, begun, pos) else stack
                        braces.append((outer[-1] if outer else -1, begun, pos))
        # A bracket that stays open is a parenthesis around a region, or no bracket at all.
        around = {-1, *stack}
        found.extend((begun, closed) for outer, begun, closed in braces if outer in around)
    found.sort()
    return found


def _are_properties(text: str, stack: list[int], start: int, end: int) -> bool:
    """Whether the braces stand in angle brackets, the last that are open, with nothing else."""
    if not stack or text[stack[-1]] != "<" or skip_trivia(text, stack[-1] + 1) != start:
        return False
    return text.startswith(">", skip_trivia(text, end))

"""Which function an operation stands in, told from the text before it where that was not parsed.

A function is an operation called ``<dialect>.func``. Its name is found without parsing when the last one that
begins before the operation surely has its body open there; otherwise the whole text is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from approxir.ir.islands import operation_start
from approxir.ir.operation import Operation
from approxir.syntax import lexemes as lx
from approxir.syntax.balance import Unbalanced, skip_balanced, skip_trivia, skip_type
from approxir.syntax.entries import scan_entries
from approxir.syntax.faults import Fault
from approxir.values import InvalidValue
from approxir.values.strings import unquote

if TYPE_CHECKING:
    from approxir.ir.module import Module

_SUFFIX = ".func"
_WORD_BEFORE = re.compile(r"[A-Za-z_][\w$.]*+\Z")
_GOES_ON = re.compile(r"[\w$.]")
_LONGEST_DIALECT = 100
_SYMBOL = re.compile(rf"{lx.TRIVIA}(?:[a-z_]++{lx.TRIVIA})*+@([A-Za-z_$.][\w$.]*+|{lx.STRING}){lx.TRIVIA}")
_GENERIC = re.compile(rf'"{lx.TRIVIA}\({lx.TRIVIA}\){lx.TRIVIA}<{lx.TRIVIA}(?=\{{)')
_GENERIC_BODY = re.compile(rf"{lx.TRIVIA}>{lx.TRIVIA}\({lx.TRIVIA}\{{")
_BRACE = re.compile(rf"[{{}}]|{lx.STRING}|//[^\n]*+")


def enclosing_symbols(module: Module, operations: Iterable[Operation]) -> list[str | None]:
    """The name of the function around each operation, or of the innermost symbol around it, if any.

    The operations are in the order of the text. Nothing is parsed where the text tells the functions.
    """
    scan = _Scan(module.source.text)
    return [_enclosing(module, op, scan) for op in operations]


def _enclosing(module: Module, op: Operation, scan: _Scan) -> str | None:
    from approxir.ir.symbols import own_symbol

    symbol: str | None = None
    inner = op
    while module._region is None and not inner._floating and inner.parent is not None:
        inner = inner.parent
    if module._region is None and inner._floating:
        # What is inside an island is parsed, and an island is no function.
        name = scan.function_at(inner.start)
        if name is not None:
            return name
    for outer in op.ancestors():
        found = own_symbol(outer)
        if found is not None:
            if outer.name.endswith(_SUFFIX):
                return found.name
            symbol = found.name if symbol is None else symbol
    return symbol


class _Function(NamedTuple):
    """A function whose body was found to open: its name, and where the body begins."""

    name: str
    body: int


class _Scan:
    """Reads a text once, from one operation to the next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.function: _Function | None = None

    def function_at(self, offset: int) -> str | None:
        """The function whose body is open at an offset, which is not before the last one; None if unsure."""
        begun = self._last_function(offset)
        if begun is None:
            return None
        if begun >= 0:
            self.function = _read_function(self.text, begun, offset)
            self.at, self.depth = (offset, 0) if self.function is None else (self.function.body, 1)
        if self.depth:
            self.depth = _depth(self.text, self.at, offset, self.depth)
        self.at = offset
        return self.function.name if self.function is not None and self.depth else None

    def _last_function(self, offset: int) -> int | None:
        """Where the name of the last function since the last offset ends; -1 for none, None if unsure."""
        text = self.text
        stop = offset
        while True:
            at = text.rfind(_SUFFIX, self.at, stop)
            if at < 0:
                return -1
            stop = at
            end = at + len(_SUFFIX)
            word = _WORD_BEFORE.search(text, max(0, at - _LONGEST_DIALECT), at)
            if word is None or _GOES_ON.match(text, end) is not None:
                continue
            start = operation_start(text, word.start(), text[word.start() : end])
            if start is None:
                return None
            if start >= 0:
                return end


def _read_function(text: str, name_end: int, limit: int) -> _Function | None:
    """The function whose operation's name ends at `name_end`; None for a declaration or an unusual header."""
    try:
        if text.startswith('"', name_end):
            return _read_generic(text, name_end, limit)
        match = _SYMBOL.match(text, name_end, limit)
        if match is None or not text.startswith("(", match.end()):
            return None
        name = unquote(match[1]) if match[1].startswith('"') else match[1]
        at = skip_trivia(text, skip_balanced(text, match.end(), limit))
        if text.startswith("->", at):
            at = skip_trivia(text, at + 2)
            at = skip_balanced(text, at, limit) if text.startswith("(", at) else skip_type(text, at)
            at = skip_trivia(text, at)
        if text.startswith("attributes", at):
            at = skip_trivia(text, skip_balanced(text, skip_trivia(text, at + len("attributes")), limit))
        return _Function(name, at + 1) if text.startswith("{", at) and at < limit else None
    except (Unbalanced, Fault, InvalidValue, IndexError):
        return None


def _read_generic(text: str, name_end: int, limit: int) -> _Function | None:
    match = _GENERIC.match(text, name_end, limit)
    if match is None:
        return None
    close = skip_balanced(text, match.end(), limit)
    body = _GENERIC_BODY.match(text, close, limit)
    for entry in scan_entries(text, match.end(), close):
        value = text[entry.value_start : entry.value_end]
        if body is not None and entry.key == "sym_name" and value.startswith('"') and value.endswith('"'):
            return _Function(unquote(value), body.end())
    return None


def _depth(text: str, start: int, end: int, depth: int) -> int:
    """How many braces are open at `end` if `depth` are at `start`; 0 once the outermost is closed."""
    at = start
    opening = closing = -1
    while at < end:
        # Only lines with braces are looked at: neither strings nor comments go beyond a line.
        if opening < at:
            opening = _find(text, "{", at, end)
        if closing < at:
            closing = _find(text, "}", at, end)
        brace = min(opening, closing)
        if brace == end:
            break
        stop = _find(text, "\n", brace, end)
        for match in _BRACE.finditer(text, max(at, text.rfind("\n", at, brace)), stop):
            token = match.group()
            if token == "{":
                depth += 1
            elif token == "}":
                depth -= 1
                if not depth:
                    return 0
        at = stop
    return depth


def _find(text: str, what: str, start: int, end: int) -> int:
    at = text.find(what, start, end)
    return end if at < 0 else at

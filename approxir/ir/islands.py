"""Operations that are parsed by themselves, before anybody has looked at the whole text.

`Module.find` on an unparsed text looks for the names only. What it finds are islands: their attributes can
be read and edited and their regions walked at once. Whoever asks for what is around one, such as its block
or the values it uses, has the whole text parsed, and the island takes its place in the tree.
"""

from __future__ import annotations

import re
from bisect import bisect
from typing import TYPE_CHECKING, Any

from approxir.errors import ParseError
from approxir.ir.blocks import Block, Region, mark_above
from approxir.ir.operation import Operation
from approxir.syntax import lexemes as lx
from approxir.syntax.formats.traits import ELIDED
from approxir.syntax.nodes import OperationNode
from approxir.syntax.pausing import collector_paused
from approxir.syntax.source import Source
from approxir.syntax.structure import parse_operation

if TYPE_CHECKING:
    from approxir.ir.module import Module

_BLOCK: Any = vars(OperationNode)["block"]
_PREV: Any = vars(OperationNode)["prev"]
_NEXT: Any = vars(OperationNode)["next"]


class Island(Operation):
    """An operation whose surroundings are parsed when somebody asks for them."""

    __slots__ = ("_owner",)

    def __init__(self, *args: Any) -> None:
        self._owner: Module | None = None
        super().__init__(*args)

    def _settle(self) -> None:
        owner = self._owner
        if owner is not None:
            self._owner = None
            # Parsing the whole text puts every island into the tree.
            _ = owner.region

    @property
    def _floating(self) -> bool:  # type: ignore[override]
        return self._owner is not None

    @property
    def block(self) -> Any:
        self._settle()
        return _BLOCK.__get__(self)

    @block.setter
    def block(self, block: Any) -> None:
        _BLOCK.__set__(self, block)

    @property
    def prev(self) -> Any:
        self._settle()
        return _PREV.__get__(self)

    @prev.setter
    def prev(self, op: Any) -> None:
        _PREV.__set__(self, op)

    @property
    def next(self) -> Any:
        self._settle()
        return _NEXT.__get__(self)

    @next.setter
    def next(self, op: Any) -> None:
        _NEXT.__set__(self, op)


class _IslandNodes:
    """The classes to build: the first operation is an island, those in it are ordinary."""

    block = Block
    region = Region

    def __init__(self) -> None:
        self._first = True

    def operation(self, *args: Any) -> Operation:
        if self._first:
            self._first = False
            return Island(*args)
        return Operation(*args)


def find_islands(module: Module, names: tuple[str, ...]) -> list[Operation] | None:
    """The operations with these names, without parsing the rest; None where that cannot be decided."""
    if names not in module._occurrences:
        module._occurrences[names] = _operations_named(module.source.text, names)
    offsets = module._occurrences[names]
    if offsets is None:
        return None
    with collector_paused():
        return _islands_at(module, offsets, names)


def _operations_named(text: str, names: tuple[str, ...]) -> list[int] | None:
    """Where the operations with these names begin, sorted; None where that cannot be decided."""
    offsets: set[int] = set()
    metadata = text.find("{-#")
    for name in names:
        dialect, _, short = name.partition(".")
        if "." not in name or (dialect in ELIDED and (not short or _spelled_short(text, short))):
            # The text may leave out the dialect; whether it does here depends on what is around.
            return None
        at = text.find(name)
        while at >= 0:
            offset = operation_start(text, at, name)
            if offset is None or 0 <= metadata < at:
                # What is in metadata is no operation; it comes last, nearly always.
                return None
            if offset >= 0:
                offsets.add(offset)
            at = text.find(name, at + len(name))
    return sorted(offsets)


def _islands_at(module: Module, offsets: list[int], names: tuple[str, ...]) -> list[Operation] | None:
    """The operations of these names among those that begin at the offsets, and inside of them."""
    found: list[Operation] = []
    starts = sorted(module._islands)
    end = -1
    for offset in offsets:
        if offset < end:
            continue
        island = _island_at(module, offset, starts)
        if island is None:
            return None
        end = island.end
        for op in island.walk():
            if any(op.name == name or (name.endswith(".") and op.name.startswith(name)) for name in names):
                found.append(op)
    return found


def _island_at(module: Module, offset: int, starts: list[int]) -> Operation | None:
    """The operation that begins at `offset`, parsed by itself or as a part of an island.

    `starts` are the sorted offsets of the islands, which lie side by side.
    """
    islands = module._islands
    known = islands.get(offset)
    if known is not None:
        return known
    place = bisect(starts, offset)
    if place and offset < (around := islands[starts[place - 1]]).end:
        return next((op for op in around.walk() if op.start == offset and op.source is module.source), None)
    made = _parse(module.source, offset)
    if made is None:
        return None
    after = bisect(starts, made.end)
    if place < after:
        inside = {at: islands[at] for at in starts[place:after]}
        for op in list(made.walk()):
            inner = inside.pop(op.start, None)
            if inner is not None:
                _replace_twin(op, inner)
                del islands[inner.start]
        if inside:
            return None
    made._owner = module
    islands[offset] = made
    starts[place:after] = [offset]
    return made


def _spelled_short(text: str, short: str) -> bool:
    """Whether a name occurs without the dialect before it."""
    return re.search(rf"(?<![\w$.#!@%^\-]){re.escape(short)}(?![\w$.])", text) is not None


def _parse(source: Source, offset: int) -> Island | None:
    try:
        island = parse_operation(source, _IslandNodes(), offset)
    except ParseError:
        return None
    assert isinstance(island, Island)
    return island


def text_with_islands(module: Module) -> str:
    """The text of a module of which nothing but islands was parsed, their edits applied."""
    from approxir.ir.printer import operation_text

    text = module.source.text
    pieces = []
    done = 0
    for offset, op in sorted(module._islands.items()):
        if op._flags:
            pieces.append(text[done:offset])
            pieces.append(operation_text(op))
            done = op.end
    pieces.append(text[done:])
    return "".join(pieces)


def adopt_islands(module: Module, region: Region) -> None:
    """Put the islands in the place of their twins in the tree of the whole text."""
    pending = dict(module._islands)
    for op in region.walk():
        island = pending.pop(op.start, None)
        if island is not None:
            _replace_twin(op, island)
        if not pending:
            return


def _replace_twin(twin: Operation, island: Island) -> None:
    block = twin.block
    assert block is not None
    island._owner = None
    island.lead, island.block, island.prev, island.next = twin.lead, block, twin.prev, twin.next
    if twin.prev is None:
        block.first = island
    else:
        twin.prev.next = island
    if twin.next is None:
        block.last = island
    else:
        twin.next.prev = island
    if island._flags:
        mark_above(island)
    twin.block = None
    twin.regions = ()  # type: ignore[assignment]


_LINE_LEAD = re.compile(rf"[ \t]*+(?:{lx.RESULTS}[ \t]*+)?\"?\Z")
# The line above ends (but for a comment) in what the results of an operation may end in.
_CONTINUES = re.compile(r"[=,](?:[ \t\r\0]*+(?://[^\n]*+)?+\n)++\Z")
_LOOK_BACK = 1000
_STRING_OR_COMMENT = re.compile(rf"{lx.STRING}|//[^\n]*+")


def operation_start(text: str, at: int, name: str) -> int | None:
    """Where the operation begins whose name stands at `at`.

    -1 when the occurrence is surely no operation's name (a comment, a string, part of a longer word),
    None when its line does not decide.
    """
    line = text.rfind("\n", 0, at) + 1
    before = text[line:at]
    end = at + len(name)
    follow = text[end : end + 1]
    if not name.endswith("."):
        if follow and (follow.isalnum() or follow in "_$."):
            return -1
    elif not (follow.isalnum() or follow in ("_", "$", ".")):
        # Between quotes, a name may go on with anything, or end here.
        return None if before.endswith('"') else -1
    if before and (before[-1].isalnum() or before[-1] in "_$.#!@%^-"):
        return -1
    start = line + len(before) - len(before.lstrip(" \t"))
    if line and _CONTINUES.search(text, max(0, line - _LOOK_BACK), line) is not None:
        return None
    if "//" in before or '"' in before:
        newline = text.find("\n", at)
        stop = len(text) if newline < 0 else newline
        for match in _STRING_OR_COMMENT.finditer(text, line, stop):
            begin, close = match.span()
            if begin > at:
                break
            if close <= at:
                continue
            if text[begin] == "/" or begin + 1 != at:
                return -1
            word = text[at : close - 1]
            if word != name and not (name.endswith(".") and word.startswith(name)):
                return -1
            if text[close : close + 1] != "(":
                # White space before the parenthesis is legal, and rare.
                return None if text[close : close + 1].isspace() else -1
            return start if _LINE_LEAD.match(text[line : begin + 1]) else None
    if _LINE_LEAD.match(before) is None:
        return None
    word_end = lx.WORD_RE.match(text, at)
    assert word_end is not None
    after = text[word_end.end() : word_end.end() + 2].lstrip(" ")
    return None if after[:1] in ("=", ",", ":", "}", "]", ")", ">", "\n", "\r", "") else start

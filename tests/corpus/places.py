"""Where a real MLIR parser sees operations, results and block arguments in a text.

The tool's generic form with debug locations says for each operation a line and a column; `reading` joins
that with the text. Lines and columns are 1-based, and columns count characters of the `str`, not bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .tools import Tool

_STRING = r'"(?:[^"\\]|\\.)*"'

_MASKED = re.compile(rf"{_STRING}|//[^\n]*")


def mask(text: str) -> str:
    """The text with the inside of strings and comments replaced by spaces; nothing moves."""
    return _MASKED.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def blank_locations(text: str) -> str:
    """The text with its trailing `loc(...)` replaced by spaces, so that the parser tells the places itself.

    Locations that are attribute values (`key = loc(...)`, or in brackets) and alias definitions stay.
    """
    if "loc(" not in text:
        return text
    masked = mask(text)
    pieces: list[str] = []
    done = 0
    for m in re.finditer(r"(?<![\w.$%#!@^-])loc\s*\(", masked):
        if m.start() < done or masked[: m.start()].rstrip()[-1:] in ("", "=", ",", "[", "(", "<", ":"):
            continue
        depth, end = 1, m.end()
        while depth and end < len(masked):
            depth += {"(": 1, ")": -1}.get(masked[end], 0)
            end += 1
        pieces += (text[done : m.start()], re.sub(r"[^\r\n]", " ", text[m.start() : end]))
        done = end
    return "".join((*pieces, text[done:]))


class Place(NamedTuple):
    """A 1-based line and column."""

    line: int
    column: int


@dataclass(slots=True)
class Seen:
    """An operation that the real parser saw, in the order of the generic form (parents first)."""

    name: str
    parent: int | None
    """Index of the enclosing operation in the list."""
    results: int
    place: Place | None = None
    """Where its location points, the column counted in bytes; None when not a place in this text."""
    arguments: list[Place | None] = field(default_factory=list)
    """The places of the arguments of all its blocks, in order."""


class Written(NamedTuple):
    """An operation that stands in the text; the place is that of its name (or of the quote before it)."""

    name: str
    line: int
    column: int
    parent: Place | None
    """Where the closest enclosing operation that stands in the text begins; None at the top level."""


class Definition(NamedTuple):
    """A name that the text defines: `%x` of a result (or pack of results) or of a block argument."""

    name: str
    line: int
    column: int


_STARTS = re.compile(rf'\s*(?:(%[^"=]*?) = )?({_STRING})\(')
_LOCATED_END = re.compile(rf" loc\((#[\w.$-]+|{_STRING}:\d+:\d+|.*)\)$")
_BLOCK = re.compile(r"\s*\^bb\d+\((.*)\):")
_LOCATION_ALIAS = re.compile(r"(#[\w.$-]+) = loc\((.*)\)$")
_ARGUMENT = re.compile(rf"{_STRING}|(%\w+):|\bloc\((#[\w.$-]+|{_STRING}:\d+:\d+|)")
_FILE_PLACE = re.compile(r'"(?:<stdin>|-)":(\d+):(\d+)$')


def operation_tree(text: str, using: Tool) -> list[Seen] | None:
    """Every operation of the text as the tool sees it, or None when the tool refuses the text.

    Explicit locations in the text would hide the places, so they are blanked out first where the tool still
    accepts the text then.
    """
    for version in dict.fromkeys((blank_locations(text), text)):
        if (form := using.ask(version, located=True).output) is not None:
            return _read_tree(form)
    return None


def _read_tree(form: str) -> list[Seen]:
    """Read MLIR's generic form with locations: one line for each start and end of an operation."""
    lines = form.split("\n")
    aliases = {m[1]: m[2] for line in lines if line.startswith("#") and (m := _LOCATION_ALIAS.match(line))}

    def place(location: str) -> Place | None:
        m = _FILE_PLACE.match(aliases.get(location, location))
        return Place(int(m[1]), int(m[2])) if m and m[1] != "0" else None

    seen: list[Seen] = []
    open_operations: list[int] = []

    continued = False

    def ends_here(line: str) -> bool:
        """Whether the start or end of an operation ends on this line; some attributes print line breaks."""
        if line.endswith("({"):
            return True
        if m := _LOCATED_END.search(line):
            seen[open_operations.pop()].place = place(m[1])
        return m is not None

    for line in lines:
        if continued:
            continued = not ends_here(line)
        elif m := _STARTS.match(line):
            results = sum(int(([*group.split(":"), "1"])[1]) for group in m[1].split(",")) if m[1] else 0
            name = _unescaped(m[2][1:-1])
            seen.append(Seen(name, open_operations[-1] if open_operations else None, results))
            open_operations.append(len(seen) - 1)
            continued = not ends_here(line)
        elif open_operations and line.lstrip().startswith("})"):
            continued = not ends_here(line)
        elif open_operations and (m := _BLOCK.match(line)):
            arguments = seen[open_operations[-1]].arguments
            for token in _ARGUMENT.finditer(m[1]):
                if token[1]:
                    arguments.append(None)
                elif token[2] and arguments:
                    arguments[-1] = place(token[2])
    if open_operations:
        raise ValueError(f"the generic form does not close {seen[open_operations[-1]].name}")
    return seen


def _unescaped(name: str) -> str:
    """The name as the text has it; MLIR prints bytes beyond ASCII as a backslash and two digits."""
    data = re.sub(
        rb"\\([0-9A-F]{2})", lambda m: bytes.fromhex(m[1].decode()), name.encode("utf-8", "surrogateescape")
    )
    return data.decode("utf-8", "surrogateescape")


def operations_by_location(text: str, using: Tool) -> list[tuple[str, int, int]]:
    """The (name, line, column) of every operation whose location the tool knows, implicit ones too, as the
    tool says it.

    The column counts bytes, as MLIR's do. `written_operations` is the list to compare with a parser's.
    """
    return [(seen.name, *seen.place) for seen in operation_tree(text, using) or () if seen.place]


class _Lines:
    """The lines of a text, and MLIR's byte columns as offsets into it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(m.end() for m in re.finditer("\n", text))]

    def offset(self, place: Place) -> int:
        start = self.starts[min(place.line, len(self.starts)) - 1]
        end = self.starts[place.line] if place.line < len(self.starts) else len(self.text)
        line = self.text[start:end]
        if line.isascii():
            return start + place.column - 1
        data = line.encode("utf-8", "surrogateescape")[: place.column - 1]
        return start + len(data.decode("utf-8", "surrogateescape"))

    def place(self, offset: int) -> Place:
        line = bisect_right(self.starts, offset)
        return Place(line, offset - self.starts[line - 1] + 1)


_WORD_END = re.compile(r"[\w.$-]")
_WORD = re.compile(rf"{_STRING}|[A-Za-z_][\w.$]*")
_RESULT_GROUP = re.compile(r"(%[\w.$-]+)\s*(?::\s*\d+)?")


def _name_at(text: str, offset: int, name: str) -> int | None:
    """Where the name of an operation located at `offset` begins, if the text spells it there or just before.

    The dialect may be left out (`return` is `func.return`), and some custom parsers take the location after
    the name.
    """
    spellings = [f'"{name}"', name, *(name[m.end() :] for m in re.finditer(r"\.", name))]
    for spelling in spellings:
        end = offset + len(spelling)
        if text.startswith(spelling, offset) and not _WORD_END.match(text, end):
            return offset
    before = text[:offset].rstrip() if offset <= 200 else text[offset - 200 : offset].rstrip()
    shift = offset - 200 if offset > 200 else 0
    for spelling in spellings:
        start = len(before) - len(spelling)
        if before.endswith(spelling) and (start == 0 or not _WORD_END.match(before, start - 1)):
            return shift + start
    return None


@dataclass(slots=True)
class Reading:
    """What the real parser found in a text, joined with the text itself."""

    operations: list[Written]
    unplaced: list[str]
    """Names of operations without a place of their own in the text, such as implicit terminators."""
    definitions: list[Definition]


def reading(text: str, using: Tool) -> Reading | None:
    """Join the operations that the tool sees with the text, or None when the tool refuses the text."""
    tree = operation_tree(text, using)
    if tree is None:
        return None
    lines = _Lines(text)
    begins = _written_places(text, lines, tree)
    operations: list[Written] = []
    unplaced: list[str] = []
    definitions: list[Definition] = []
    masked = mask(text)
    for index, seen in enumerate(tree):
        begin = begins.get(index)
        if begin is None:
            unplaced.append(seen.name)
        else:
            above = seen.parent
            while above is not None and above not in begins:
                above = tree[above].parent
            parent = lines.place(begins[above]) if above is not None else None
            operations.append(Written(seen.name, *lines.place(begin), parent))
            if seen.results:
                definitions += _results_before(masked, begin, lines)
        for argument in seen.arguments:
            if argument and (m := _RESULT_GROUP.match(text, lines.offset(argument))):
                definitions.append(Definition(m[1], *lines.place(m.start())))
    return Reading(operations, unplaced, definitions)


def _written_places(text: str, lines: _Lines, tree: Sequence[Seen]) -> dict[int, int]:
    """For the operations that the text spells out, the offset of the name.

    An implicit operation carries its parent's location, so several may share a place. The one whose name
    stands there is the one written; where none does (the custom form of some operations parses as another),
    it is the outermost.
    """
    sharing: dict[int, list[int]] = {}
    for index, seen in enumerate(tree):
        if seen.place:
            sharing.setdefault(lines.offset(seen.place), []).append(index)
    begins: dict[int, int] = {}
    taken: set[int] = set()
    leftover: list[tuple[int, int]] = []
    for offset, indices in sharing.items():
        for index in indices:
            at = _name_at(text, offset, tree[index].name)
            if at is not None and at not in taken:
                begins[index] = at
                taken.add(at)
                break
        else:
            leftover.append((offset, indices[0]))
    for offset, index in leftover:
        if offset not in taken and _WORD.match(text, offset):
            begins[index] = offset
            taken.add(offset)
    return begins


def _results_before(masked: str, begin: int, lines: _Lines) -> Iterator[Definition]:
    """The result names written before an operation's name: `%a, %b:2 = `."""
    start = max(0, begin - 20_000)
    head = masked[start:begin]
    m = re.search(r"((?:%[\w.$-]+\s*(?::\s*\d+\s*)?,?\s*)+)=\s*$", head)
    for group in _RESULT_GROUP.finditer(m[1]) if m else ():
        yield Definition(group[1], *lines.place(start + m.start() + group.start() if m else 0))


def written_operations(text: str, using: Tool) -> list[Written]:
    """The operations that stand in the text according to the tool; none when it refuses the text."""
    found = reading(text, using)
    return found.operations if found else []


def definitions(text: str, using: Tool) -> list[Definition]:
    """The names that the text defines according to the tool; none when it refuses the text."""
    found = reading(text, using)
    return found.definitions if found else []

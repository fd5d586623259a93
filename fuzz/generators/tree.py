"""Modules as typed trees, and how to spell them: in the generic or the custom form, in many layouts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LAYOUTS = ("lines", "one line", "vertical", "crlf", "tabs", "littered")
"""How `Tree.text` places words: an operation a line, all on one line, each word on a line of its own, with
the ends of lines of Windows, with tabs, and with comments and blank lines wherever MLIR takes them."""
SPELLINGS = ("mixed", "custom", "generic")
"""How `Tree.text` spells operations: each as it was drawn, or all of them in one form where they have it."""


@dataclass(frozen=True)
class Val:
    """A use of a value: ``%x`` or ``%x#1``, and its type."""

    ref: str
    type: str


@dataclass(frozen=True)
class Op:
    """An operation. `custom` is its custom form, in which numbers stand for regions; None: it has none."""

    name: str
    operands: tuple[Val, ...] = ()
    result_types: tuple[str, ...] = ()
    groups: tuple[tuple[str, int], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    successors: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    custom: tuple[str | int, ...] | None = None
    generic: bool = False
    short: bool = False  # without the dialect's name, where MLIR lets one leave it out
    location: str | None = None
    above: str | None = None
    beside: str | None = None

    def walk(self) -> Iterator[Op]:
        yield self
        for region in self.regions:
            for block in region.blocks:
                for op in block.ops:
                    yield from op.walk()


@dataclass(frozen=True)
class Block:
    """A block: its label, its arguments and its operations."""

    label: str
    arguments: tuple[Val, ...]
    ops: tuple[Op, ...]


@dataclass(frozen=True)
class Region:
    """The blocks of a region; none, when it is empty."""

    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Tree:
    """A module: definitions and top-level operations.

    Attributes:
        definitions: aliases of attributes and types: their names, with ``#`` or ``!``, and what they mean.
        ops: the operations at the top.
        metadata: the dictionary of resources behind them, ``{-# ... #-}``, if there is one.
        final_newline: whether the text ends with the end of a line.
    """

    definitions: tuple[tuple[str, str], ...]
    ops: tuple[Op, ...]
    metadata: str | None = None
    final_newline: bool = True

    def walk(self) -> Iterator[Op]:
        """All operations, each before those in its regions."""
        for op in self.ops:
            yield from op.walk()

    def text(self, layout: str = "lines", spelling: str = "mixed") -> str:
        """The text of the module, in one of `LAYOUTS` and of `SPELLINGS`. All mean the same module."""
        tokens: list[Any] = []
        for name, value in self.definitions:
            tokens += [*_words(f"{name} ="), SPACE, *_words(value), Break(0)]
        for op in self.ops:
            tokens += [*_spell(op, spelling, 0), Break(0)]
        if self.metadata is not None:
            tokens += [self.metadata, Break(0)]
        if tokens and not self.final_newline:
            tokens.pop()
        return _lay_out(tokens, layout)

    def __repr__(self) -> str:
        return f"Tree(\n{self.text()})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis shows a failing example: not field by field."""
        printer.text(repr(self))


# --- spelling ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Break:
    """A place where the line may end, and how deep what follows stands."""

    depth: int


@dataclass(frozen=True)
class Comment:
    """A comment, on a line of its own or at the end of one."""

    text: str
    alone: bool
    depth: int


SPACE = Break(-1)


def _words(text: str) -> list[Any]:
    """The words of a text and the places between them, where any white space may stand."""
    if '"' in text or ";" in text:
        return [text]
    words: list[Any] = []
    for word in text.split(" "):
        words += [word, SPACE] if word else [SPACE]
    return words[:-1]


def _entries(entries: tuple[tuple[str, str], ...]) -> list[Any]:
    tokens: list[Any] = ["{"]
    for number, (key, value) in enumerate(entries):
        tokens += [*([",", SPACE] if number else []), key]
        if value != "unit":
            tokens += [SPACE, "=", SPACE, *_words(value)]
    return [*tokens, "}"]


def _spell(op: Op, spelling: str, depth: int, around: str = "") -> Iterator[Any]:
    if op.above is not None:
        yield Comment(op.above, True, depth)
    if op.groups:
        groups = ", ".join(name if size == 1 else f"{name}:{size}" for name, size in op.groups)
        yield from _words(f"{groups} = ")
    generic = op.custom is None or spelling == "generic" or (spelling == "mixed" and op.generic)
    if generic:
        yield from _spell_generic(op, spelling, depth)
    else:
        assert op.custom is not None
        for number, piece in enumerate(op.custom):
            if isinstance(piece, int):
                header = piece == 0 or op.name != "scf.while"
                yield from _spell_region(op.regions[piece], spelling, depth, header=header, around=op.name)
            elif piece == "attr-dict":
                if op.attributes:
                    yield SPACE
                    yield from _entries(op.attributes)
            else:
                short = op.short and number == 0 and around == "func.func"
                yield from _words(piece.removeprefix("func.") if short else piece)
    if op.location is not None:
        yield SPACE
        yield op.location
    if op.beside is not None:
        yield Comment(op.beside, False, depth)


def _spell_generic(op: Op, spelling: str, depth: int) -> Iterator[Any]:
    yield f'"{op.name}"'
    yield from _words(f"({', '.join(v.ref for v in op.operands)})")
    if op.successors:
        yield from _words(f"[{', '.join(op.successors)}]")
    if op.properties:
        yield from (SPACE, "<", *_entries(op.properties), ">")
    if op.regions:
        yield from (SPACE, "(")
        for number, region in enumerate(op.regions):
            if number:
                yield from (",", SPACE)
            yield from _spell_region(region, spelling, depth, header=False)
        yield ")"
    if op.attributes:
        yield from (SPACE, *_entries(op.attributes))
    outputs = ", ".join(op.result_types)
    yield from _words(f" : ({', '.join(v.type for v in op.operands)}) -> ")
    yield from _words(
        outputs if len(op.result_types) == 1 and not outputs.startswith("(") else f"({outputs})"
    )


def _spell_region(
    region: Region, spelling: str, depth: int, *, header: bool, around: str = ""
) -> Iterator[Any]:
    yield "{"
    for number, block in enumerate(region.blocks):
        if number or (block.arguments and not header):
            yield Break(depth)
            arguments = ", ".join(f"{v.ref}: {v.type}" for v in block.arguments)
            yield from _words(f"{block.label}({arguments}):" if arguments else f"{block.label}:")
        for op in block.ops:
            yield Break(depth + 1)
            yield from _spell(op, spelling, depth + 1, around)
    yield Break(depth)
    yield "}"


def _lay_out(tokens: list[Any], layout: str) -> str:
    newline = "\r\n" if layout == "crlf" else "\n"
    unit = "\t" if layout == "tabs" else "  "
    space = {"vertical": "\n", "tabs": "\t"}.get(layout, " ")
    out: list[str] = []
    spaces = 0
    for token in tokens:
        if isinstance(token, str):
            out.append(token)
        elif isinstance(token, Comment):
            if layout == "one line":
                continue
            if token.alone:
                out += [f"//{token.text}", newline, unit * token.depth]
            else:
                out.append(f"  //{token.text}")
                if layout == "vertical":
                    out.append("\n")
        elif token is SPACE:
            spaces += 1
            out.append(
                f" // it's \"open {{ ( %x = {spaces}{newline}"
                if layout == "littered" and spaces % 5 == 3
                else space
            )
        elif layout == "one line":
            out.append(" ")
        else:
            blank = " \t" + newline if layout == "littered" and spaces % 3 == 0 else ""
            out += [blank, newline, unit * token.depth]
    return "".join(out)

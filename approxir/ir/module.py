"""A module: a text, and the tree that it spells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from approxir.errors import ParseError
from approxir.ir.blocks import Block, Region, mark_above
from approxir.ir.operation import Operation
from approxir.syntax import lexemes as lx
from approxir.syntax.nodes import Definition
from approxir.syntax.pausing import collector_paused
from approxir.syntax.source import Source
from approxir.syntax.structure import parse_operation, parse_structure

if TYPE_CHECKING:
    from approxir.errors import Diagnostic
    from approxir.ir.symbols import SymbolTable

EAGER_LIMIT = 1 << 20
"""Texts up to this many characters are parsed by `parse` at once; longer ones when somebody looks."""


class _Nodes:
    operation = Operation
    block = Block
    region = Region


NODES = _Nodes()


class Module:
    """A whole MLIR text: any number of operations at the top level, alias definitions and metadata.

    ``str(module)`` gives the text back byte for byte, with edits applied and nothing else changed.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._region: Region | None = None
        self._definitions: list[Definition] = []
        self._changed = False
        # Operations parsed by themselves, before the whole text was, by offset.
        self._islands: dict[int, Operation] = {}

    @property
    def file(self) -> str:
        """The name of the file that the text came from."""
        return self.source.file

    @property
    def region(self) -> Region:
        """The region that holds the top-level operations."""
        region = self._region
        if region is None:
            with collector_paused():
                structure = parse_structure(self.source, NODES)
            region = structure.region
            assert isinstance(region, Region)
            self._region = region
            region._module = self
            self._definitions = structure.definitions
            if self._islands:
                self._adopt_islands(region)
        return region

    @property
    def body(self) -> Block:
        """The block of top-level operations."""
        block: Block = self.region.blocks[0]
        return block

    @property
    def operations(self) -> list[Operation]:
        """The top-level operations."""
        return self.body.operations

    @property
    def definitions(self) -> list[Definition]:
        """The alias definitions and file metadata, in the order of the text."""
        if self._region is None:
            _ = self.region
        return self._definitions

    @property
    def aliases(self) -> dict[str, str]:
        """Alias definitions: ``#map`` or ``!t`` to the text that it stands for."""
        text = self.source.text
        return {
            d.kind + d.name: text[d.value_start : d.end] for d in self.definitions if d.kind != "metadata"
        }

    def walk(self) -> Iterator[Operation]:
        """Every operation, outermost first, in the order of the text."""
        return self.region.walk()

    def find(self, *names: str) -> list[Operation]:
        """The operations with one of these names; a name that ends in ``.`` stands for a whole dialect.

        On a text that was not parsed yet this costs little more than one search for the names: only
        the operations that are found are parsed. Where the text around an occurrence does not decide
        whether it is an operation, the whole text is parsed.
        """
        if self._region is None:
            found = self._find_islands(names)
            if found is not None:
                return found
        prefixes = tuple(name for name in names if name.endswith("."))
        exact = frozenset(names).difference(prefixes)
        return [op for op in self.walk() if op.name in exact or (prefixes and op.name.startswith(prefixes))]

    @property
    def symbols(self) -> SymbolTable:
        """The symbols defined at the top level or, where the file is one module, directly in it."""
        from approxir.ir.symbols import SymbolTable

        return SymbolTable(self.symbol_holder)

    @property
    def symbol_holder(self) -> Region:
        """The region whose symbols are the module's: that of its only ``module``, else the top level."""
        first = self.body.first
        if (
            first is not None
            and first.next is None
            and first.name in ("builtin.module", "module")
            and first.regions
        ):
            region: Region = first.region
            return region
        return self.region

    # Forcing and checking.

    def parse_all(self) -> Module:
        """Parse everything now: names, attributes and types of every operation.

        Raises `ParseError` with every fault of syntax found.
        """
        from approxir.ir.checks import parse_everything

        parse_everything(self)
        return self

    def verify(self, *, using: str | None = None) -> None:
        """Check the module: syntax, SSA names and dominance, terminators, symbols, known signatures.

        With ``using="mlir"`` whichever real MLIR is installed is asked as well; one can be named
        instead (see ``approxir info``). Raises `VerifyError` with every finding.
        """
        from approxir.ir.verifier import verify_module

        verify_module(self, using)

    def diagnostics(self) -> list[Diagnostic]:
        """What `verify` would complain about, as a list; empty for a sound module."""
        from approxir.ir.verifier import module_diagnostics

        return module_diagnostics(self)

    # Printing.

    def __str__(self) -> str:
        if not self._changed:
            if any(op._flags for op in self._islands.values()) and self._region is None:
                return self._with_islands()
            return self.source.text
        from approxir.ir.printer import module_text

        return module_text(self)

    def print(self, *, rename_ssa: bool = False, generic: bool = False, using: str | None = None) -> str:
        """The module in canonical layout: one operation a line, two spaces a level, comments kept.

        `rename_ssa` renumbers all values and blocks; `generic` prints every operation in the generic
        form (`PrintError` where one's custom form is not understood; ``using="mlir"`` lets a real MLIR
        print it instead, without comments). Printing the result again gives the same text.
        """
        from approxir.ir.layout import print_module

        return print_module(self, rename_ssa=rename_ssa, generic=generic, using=using)

    def save(self, path: str | Path) -> None:
        """Write ``str(self)`` to a file: to a temporary name first, which then replaces the file."""
        from approxir.files import write_text_atomic

        write_text_atomic(path, str(self))

    def clone(self) -> Module:
        """An independent copy."""
        return parse(str(self), file=self.file)

    def __repr__(self) -> str:
        return f"<Module {self.file}, {len(self.source.text)} characters>"

    def _repr_html_(self) -> str:
        from html import escape

        text = str(self)
        shown = text if len(text) <= 20_000 else text[:20_000] + "\n..."
        return f"<pre><code>{escape(shown)}</code></pre>"

    # Islands.

    def _find_islands(self, names: tuple[str, ...]) -> list[Operation] | None:
        text = self.source.text
        offsets: set[int] = set()
        for name in names:
            at = text.find(name)
            while at >= 0:
                offset = _operation_start(text, at, name)
                if offset is None:
                    return None
                if offset >= 0:
                    offsets.add(offset)
                at = text.find(name, at + len(name))
        found: list[Operation] = []
        end = -1
        for offset in sorted(offsets):
            if offset < end:
                continue
            op = self._islands.get(offset)
            if op is None:
                try:
                    op = parse_operation(self.source, NODES, offset)
                except ParseError:
                    return None
                self._islands[offset] = op
            end = op.end
            for inner in op.walk():
                if any(
                    inner.name == name or (name.endswith(".") and inner.name.startswith(name))
                    for name in names
                ):
                    found.append(inner)
        return found

    def _with_islands(self) -> str:
        from approxir.ir.printer import operation_text

        text = self.source.text
        pieces = []
        done = 0
        for offset, op in sorted(self._islands.items()):
            if op._flags:
                pieces.append(text[done:offset])
                pieces.append(operation_text(op))
                done = op.end
        pieces.append(text[done:])
        return "".join(pieces)

    def _adopt_islands(self, region: Region) -> None:
        """Put the operations that were parsed by themselves in the place of their new twins."""
        pending = dict(self._islands)
        for op in region.walk():
            island = pending.pop(op.start, None)
            if island is not None and island is not op:
                _replace_node(op, island)
            if not pending:
                return


def _replace_node(old: Operation, new: Operation) -> None:
    block = old.block
    assert block is not None
    new.lead, new.block, new.prev, new.next = old.lead, block, old.prev, old.next
    if old.prev is None:
        block.first = new
    else:
        old.prev.next = new
    if old.next is None:
        block.last = new
    else:
        old.next.prev = new
    if new._flags:
        # What was resolved was resolved without the surroundings.
        mark_above(new)
    old.block = None
    old.regions = ()  # type: ignore[assignment]


_LINE_LEAD = re.compile(rf"[ \t]*+(?:{lx.RESULTS}[ \t]*+)?\"?\Z")
_STRING_OR_COMMENT = re.compile(rf"{lx.STRING}|//[^\n]*+")


def _operation_start(text: str, at: int, name: str) -> int | None:
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
    elif not (follow.isalpha() or follow == "_"):
        return -1
    if before and (before[-1].isalnum() or before[-1] in "_$.#!@%^-"):
        return -1
    if "//" in before or '"' in before:
        newline = text.find("\n", at)
        stop = len(text) if newline < 0 else newline
        for match in _STRING_OR_COMMENT.finditer(text, line, stop):
            begin, close = match.span()
            if begin < at < close:
                word = text[begin + 1 : close - 1]
                if (
                    text[begin] == '"'
                    and begin + 1 == at
                    and (word == name or (name.endswith(".") and word.startswith(name)))
                ):
                    if not _LINE_LEAD.match(text[line : begin + 1]):
                        return None if text[close : close + 1] == "(" else -1
                    if text[close : close + 1] != "(":
                        return -1
                    return line + len(before) - len(before.lstrip(" \t"))
                return -1
            if begin > at:
                break
    if _LINE_LEAD.match(before) is None:
        return None
    word_end = lx.WORD_RE.match(text, at)
    assert word_end is not None
    after = text[word_end.end() : word_end.end() + 2].lstrip(" ")
    if after[:1] in ("=", ",", ":", "}", "]", ")", ">") or "\n" in after[:1]:
        return None
    return line + len(before) - len(before.lstrip(" \t"))


def parse(text: str, file: str = "<string>", *, lazy: bool | None = None) -> Module:
    """Parse MLIR text.

    The structure (operations, blocks, regions) of texts up to `EAGER_LIMIT` characters is parsed at
    once; that of longer ones when somebody looks, so that opening a big file to change one knob costs
    no more than a search. `lazy` overrides that choice. Attributes, types and names are always read
    on demand; `Module.parse_all` forces everything.

    Raises `ParseError` for a text that is not MLIR, and `TypeError` when `text` is not a string.
    """
    if not isinstance(text, str):
        raise TypeError(f"parse() takes a string of MLIR text, not {type(text).__name__}")
    module = Module(Source(text, file))
    if not (len(text) > EAGER_LIMIT if lazy is None else lazy):
        _ = module.region
    return module


def load(path: str | Path, *, lazy: bool | None = None) -> Module:
    """Parse a file, as `parse` does.

    Raises `ParseError` for a text that is not MLIR or not UTF-8, and `OSError` when the file cannot be
    read.
    """
    from approxir.files import read_text

    return parse(read_text(path), file=str(path), lazy=lazy)

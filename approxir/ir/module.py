"""A module: a text, and the tree that it spells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from approxir.ir.blocks import Block, Region
from approxir.ir.finding import named_operations
from approxir.ir.islands import Island, adopt_islands, find_islands, text_with_islands
from approxir.ir.operation import Operation
from approxir.syntax.nodes import Definition
from approxir.syntax.pausing import collector_paused
from approxir.syntax.source import Source
from approxir.syntax.structure import parse_structure

if TYPE_CHECKING:
    from approxir.errors import Diagnostic
    from approxir.ir.symbols import SymbolTable
    from approxir.knobs.view import KnobView
    from approxir.lint.rule import Finding
    from approxir.lint.settings import LintSettings

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
        self._open(source)

    def _open(self, source: Source) -> None:
        self.source = source
        self._region: Region | None = None
        self._definitions: list[Definition] = []
        self._changed = False
        self._aliases: dict[str, str] | None = None
        # Operations parsed by themselves, before the whole text was, by offset.
        self._islands: dict[int, Island] = {}
        # Where the text has operations of these names, as far as the text alone tells.
        self._occurrences: dict[tuple[str, ...], list[int] | None] = {}
        # Where the text mentions these names at all (`approxir.ir.finding`).
        self._mentions: dict[tuple[str, ...], list[int] | None] = {}

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
                adopt_islands(self, region)
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
        return dict(self._alias_texts())

    def _alias_texts(self) -> dict[str, str]:
        """The same dictionary each time, which nobody may change."""
        found = self._aliases
        if found is None:
            text = self.source.text
            found = self._aliases = {
                d.kind + d.name: text[d.value_start : d.end] for d in self.definitions if d.kind != "metadata"
            }
        return found

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
            found = find_islands(self, names)
            if found is not None:
                return found
        return named_operations(self, names)

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

    # Knobs.

    def knobs(self) -> list[KnobView]:
        """The knobs with their params: annotations of functions, and ``approx.knob`` operations.

        On a text that was not parsed yet, only they are parsed.
        """
        from approxir.knobs.finding import find_knobs

        return find_knobs(self)

    def knob(self, name: str) -> KnobView:
        """The knob of that name, which is its function's. Raises `ConfigError` when there is none."""
        from approxir.knobs.finding import find_knob

        return find_knob(self, name)

    def config(self) -> dict[str, int]:
        """The value of every tunable number, by name: ``{"my_kernel_threshold_0": 100, ...}``."""
        from approxir.knobs.config import read_config

        return read_config(self)

    def apply(self, config: Mapping[str, int], *, complete: bool = False) -> dict[str, int]:
        """Set tunable numbers by name, all or none, and return the values that were replaced.

        Applying what is returned undoes it. With `complete`, no parameter may be left out. Raises
        `ConfigError` with everything that is wrong: unknown names (and the nearest known ones), values that
        are no integers or not allowed, thresholds that would not ascend. Raises `TypeError` for what is no
        mapping.
        """
        from approxir.knobs.config import apply_config

        return apply_config(self, config, complete=complete)

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

    def lint(self, settings: LintSettings | None = None) -> list[Finding]:
        """What is legal but not meant, and what the passes would refuse: the findings of the lint rules.

        `settings` choose rules and severities (`approxir.lint.settings`); by default every rule that is on
        by default runs. Findings come in the order of the text; ``finding.diagnostic()`` gives the place.
        """
        from approxir.lint.runner import lint_module

        return lint_module(self, settings)

    def diagnostics(self) -> list[Diagnostic]:
        """What `verify` would complain about, as a list; empty for a sound module."""
        from approxir.ir.verifier import module_diagnostics

        return module_diagnostics(self)

    # Printing.

    def __str__(self) -> str:
        if not self._changed:
            if any(op._flags for op in self._islands.values()) and self._region is None:
                return text_with_islands(self)
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

    def _reset(self, text: str) -> None:
        """Go back to a text; what was looked up before does not belong to the module any more."""
        if self._region is not None:
            self._region._module = None
        self._open(Source(text, self.file))

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

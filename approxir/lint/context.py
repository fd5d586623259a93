"""What rules share about the module that they look at, found once, when the first of them asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from approxir.errors import Diagnostic, ParseError
from approxir.ir.symbols import SymbolTable
from approxir.ir.verify.approx import PREFIXES, local_name
from approxir.ir.verify.types import TypeComparer
from approxir.lint.approximations import Approximation, find_approximations
from approxir.lint.facts import by_transform, copied_functions
from approxir.lint.payloads import Payloads
from approxir.lint.suppress import Suppression, find_suppressions
from approxir.nearest import nearest
from approxir.syntax import lexemes as lx
from approxir.syntax.formats.traits import traits
from approxir.values import InvalidValue
from approxir.values.strings import unquote

if TYPE_CHECKING:
    from approxir.ir.blocks import Region
    from approxir.ir.module import Module
    from approxir.ir.operation import Operation
    from approxir.lint.settings import LintSettings
    from approxir.syntax.source import Source

ANNOTATION = "util.annotation."

_SYMBOL = re.compile(rf"{lx.STRING}|//[^\n]*+|\bsym_name{lx.TRIVIA}={lx.TRIVIA}({lx.STRING})")

# Comparing names takes long; where many are unknown among many, the first few get a hint.
_MOST_COMPARISONS = 20_000


class Context:
    """A module under lint, which must not have been edited since it was parsed, and facts about it."""

    def __init__(self, module: Module, settings: LintSettings) -> None:
        self.module = module
        self.settings = settings
        self._tables: dict[Region, dict[str, Operation]] = {}
        self._looked_at: set[Operation] = set()
        self._names: dict[Region | None, tuple[str, ...]] = {}
        self._comparisons = 0
        self._faults: dict[tuple[int, str], Diagnostic] = {}

    @property
    def source(self) -> Source:
        """The text under lint."""
        return self.module.source

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, outermost first, in the order of the text."""
        return tuple(self.module.walk())

    @property
    def approx(self) -> tuple[Operation, ...]:
        """The operations of the approx dialect in both spellings whose attributes can be read, in order."""
        return self._approx[0]

    @property
    def unreadable(self) -> tuple[Diagnostic, ...]:
        """Why the attributes of the others cannot be read."""
        return self._approx[1]

    @cached_property
    def _approx(self) -> tuple[tuple[Operation, ...], tuple[Diagnostic, ...]]:
        readable: list[Operation] = []
        faults: list[Diagnostic] = []
        for op in self.operations:
            if op.name.startswith(PREFIXES):
                try:
                    len(op.attributes)
                except ParseError as error:
                    faults.extend(error.diagnostics)
                else:
                    readable.append(op)
        return tuple(readable), tuple(faults)

    def named(self, *names: str) -> Iterator[Operation]:
        """Those of `approx` with one of these names, the dialect's prefix left out: ``"knob"``."""
        return (op for op in self.approx if local_name(op) in names)

    @cached_property
    def annotations(self) -> tuple[Operation, ...]:
        """The ``approx.util.annotation.*`` operations."""
        return tuple(op for op in self.approx if local_name(op).startswith(ANNOTATION))

    @cached_property
    def suppressions(self) -> tuple[Suppression, ...]:
        """What comments silence, in the order of the text."""
        return tuple(find_suppressions(self.source))

    @cached_property
    def approximations(self) -> tuple[Approximation, ...]:
        """Which code is to be approximated how, as far as the params can be read."""
        return tuple(find_approximations(self))

    @cached_property
    def by_transform(self) -> dict[str, list[Approximation]]:
        """The approximations whose code is there, by the transform that they are for."""
        return by_transform(self)

    @cached_property
    def payloads(self) -> Payloads:
        """The loops, branches and calls of every function and knob."""
        return Payloads(self.module.region)

    @cached_property
    def types(self) -> TypeComparer:
        """Compares types of the module."""
        return TypeComparer(self.module.aliases)

    # What cannot be read.

    @property
    def faults(self) -> tuple[Diagnostic, ...]:
        """What could not be read of the text so far, each fault once."""
        return tuple(self._faults.values())

    def note_faults(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Have faults of the text reported, whichever rule comes upon them."""
        for diagnostic in diagnostics:
            self._faults.setdefault((diagnostic.offset, diagnostic.message), diagnostic)

    # Functions.

    @cached_property
    def copied(self) -> frozenset[Operation]:
        """The functions of which the passes make a copy ``__internal_F``."""
        return frozenset(copied_functions(self))

    def function(self, name: str, near: Operation) -> Operation | None:
        """The function that a string attribute of `near` names; None where there is none.

        It is looked for in the region in which `near` stands and then in each symbol table around it. A
        leading ``@`` is no part of the name.
        """
        name = name.removeprefix("@")
        for table in self._visible(near):
            found = table.get(name)
            if found is not None and self._is_function(found):
                self._note_type(found)
                return found
        return None

    def nearest_function(self, name: str, near: Operation) -> str | None:
        """The function that a name which `function` does not find was probably meant to be."""
        region = None if near.block is None else near.block.region
        names = self._names.get(region)
        if names is None:
            tables = self._visible(near)
            names = tuple(symbol for table in tables for symbol in table if self._is_function(table[symbol]))
            self._names[region] = names
        self._comparisons += len(names)
        return None if self._comparisons > _MOST_COMPARISONS else nearest(name.removeprefix("@"), names)

    def _is_function(self, op: Operation) -> bool:
        try:
            return is_function(op)
        except ParseError as error:
            # What cannot be read is reported, and is there all the same.
            self.note_faults(error.diagnostics)
            return True

    def _note_type(self, function: Operation) -> None:
        """Have it reported if the type of a function that somebody names cannot be read."""
        if function not in self._looked_at:
            self._looked_at.add(function)
            try:
                function.attributes.get("function_type")
            except ParseError as error:
                self.note_faults(error.diagnostics)

    def _visible(self, near: Operation) -> Iterator[dict[str, Operation]]:
        op: Operation | None = near
        while op is not None and op.block is not None:
            region: Region = op.block.region
            around: Operation | None = region.operation
            if op is near or around is None or "symbol-table" in traits(around.name):
                table = self._tables.get(region)
                if table is None:
                    table = self._tables[region] = _symbols(region)
                yield table
            op = around


def _symbols(region: Region) -> dict[str, Operation]:
    """The operations that define symbols in a region, functions that cannot be read among them."""
    found = SymbolTable(region).definitions
    known = frozenset(found.values())
    for op in region.operations:
        if op not in known and op.is_generic and "function" in traits(op.name):
            name = _spelled_symbol(op)
            if name is not None:
                found.setdefault(name, op)
    return found


def _spelled_symbol(op: Operation) -> str | None:
    """What the text of a generic operation has as its ``sym_name``, whatever else stands there."""
    assert op.source is not None, "rules see operations that were parsed"
    end = op.regions[0].start if op.regions else op.end
    for match in _SYMBOL.finditer(op.source.text, op.name_end, end):
        if match[1] is not None:
            try:
                return unquote(match[1])
            except InvalidValue:
                return None
    return None


def is_function(op: Operation) -> bool:
    """Whether an operation that defines a symbol is a function, as far as its name or its parts tell."""
    known = traits(op.name)
    if known:
        return "function" in known
    return bool(op.regions) or "function_type" in op.attributes

"""Symbols: named operations such as functions, the references to them, and renaming both.

A symbol belongs to the region it stands in, and is known there as ``@name``; from outside, through the
symbol of the operation around that region, as ``@outer::@name``. Symbols are what MLIR calls so: an operation
with an attribute ``sym_name``, however its custom form spells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from approxir.errors import IRError, ParseError
from approxir.ir.blocks import Region
from approxir.ir.forms import form_of, parts_of
from approxir.ir.operation import Operation
from approxir.syntax import lexemes as lx
from approxir.syntax.entries import scan_entries
from approxir.syntax.faults import Fault
from approxir.syntax.formats.traits import traits
from approxir.syntax.generic import Span, own_segments
from approxir.values import Attribute, InvalidValue, StringAttr, SymbolRefAttr, quote, symbol_text
from approxir.values.base import Value, rewrite, walk
from approxir.values.strings import unquote

_NAME = rf"@(?:[A-Za-z_$.][A-Za-z0-9_$.]*+|{lx.STRING})"
_REFERENCE = re.compile(rf"{lx.STRING}|//[^\n]*+|({_NAME}(?:{lx.TRIVIA}::{lx.TRIVIA}{_NAME})*+)")
_COMPONENT = re.compile(_NAME)
_HEADER = re.compile(
    rf"{lx.TRIVIA}((?:{lx.WORD}{lx.TRIVIA})*+)({_NAME})(?!{lx.TRIVIA}::){lx.TRIVIA}(\({lx.TRIVIA}%)?"
)
# The header of a function, whose arguments need not be read to know its name.
_FUNCTION = re.compile(rf"{lx.TRIVIA}(?:(public|private|nested){lx.TRIVIA})?+({_NAME}){lx.TRIVIA}\(")
_SYMBOLS = ("symbol", "optional-symbol")
_VISIBILITY = re.compile(r"\b(public|private|nested|internal|external)\b")


class Symbol(NamedTuple):
    """The symbol that an operation defines: its name, and where the text spells it (None: nowhere)."""

    name: str
    span: Span | None
    visibility: str

    @property
    def is_quoted(self) -> bool:
        """Whether the name must be written in quotes after the ``@``."""
        return symbol_text(self.name).startswith('@"')


class SymbolUse(NamedTuple):
    """A reference: the operation whose text has it, the whole reference, and which of its names is meant."""

    operation: Operation
    reference: SymbolRefAttr
    position: int
    span: Span | None


def own_symbol(op: Operation) -> Symbol | None:
    """The symbol that an operation defines, if it does."""
    made, overlay = op._made, op._overlay
    if made is not None or (overlay is not None and "sym_name" in overlay):
        name = op.attributes.get("sym_name")
        kind = op.attributes.get("sym_visibility")
        visibility = kind.value if isinstance(kind, StringAttr) else "public"
        return Symbol(name.value, None, visibility) if isinstance(name, StringAttr) else None
    found = _generic_symbol(op) if op.is_generic else _custom_symbol(op)
    if found is not None and found.span is not None and op._patches:
        patch = op._patches.get(found.span)
        if patch is not None:
            found = found._replace(name=unquote(patch) if patch.startswith('"') else _bare(patch))
    if found is not None and overlay is not None and "sym_visibility" in overlay:
        kind = overlay["sym_visibility"]
        found = found._replace(visibility=kind.value if isinstance(kind, StringAttr) else "public")
    return found


def _generic_symbol(op: Operation) -> Symbol | None:
    assert op.source is not None
    text = op.source.text
    if not op.regions and text.find("sym_name", op.name_end, op.end) < 0:
        return None
    try:
        parts = parts_of(op)
        name: tuple[str, Span] | None = None
        visibility = "public"
        for span in (parts.properties, parts.attributes):
            if span is None or text.find("sym_name", *span) < 0:
                continue
            for entry in scan_entries(text, *span):
                value = text[entry.value_start : entry.value_end]
                if entry.key == "sym_name" and value.startswith('"'):
                    name = unquote(value), (entry.value_start, entry.value_end)
                elif entry.key == "sym_visibility" and value.startswith('"'):
                    visibility = unquote(value)
    except (ParseError, Fault, InvalidValue):
        return None
    return None if name is None else Symbol(*name, visibility)


def _custom_symbol(op: Operation) -> Symbol | None:
    assert op.source is not None
    text = op.source.text
    if op.name == "func.func":
        quick = _FUNCTION.match(text, op.name_end, op.end)
        if quick is not None:
            return Symbol(_bare(quick[2]), quick.span(2), quick[1] or "public")
    if text.find("@", op.name_end, op.regions[0].start if op.regions else op.end) < 0:
        return None
    try:
        form = form_of(op)
    except ParseError:
        form = None
    if form is not None:
        if form.symbol is None:
            return None
        span = (form.symbol.start, form.symbol.end)
        return Symbol(form.symbol.name, span, form.symbol.visibility or "public")
    match = _HEADER.match(text, op.name_end, op.end)
    if match is None or op.results:
        return None
    words, name, arguments = match.groups()
    known = traits(op.name)
    visible = _VISIBILITY.search(words)
    if "call" in known:
        return None
    if op.regions or visible is not None or arguments is not None or not known.isdisjoint(_SYMBOLS):
        kind = visible[1] if visible is not None and visible[1] in ("private", "nested") else "public"
        return Symbol(_bare(name), match.span(2), kind)
    return None


def _bare(reference: str) -> str:
    """The name that ``@name`` or ``@"name"`` spells."""
    return unquote(reference[1:]) if reference.startswith('@"') else reference[1:]


class SymbolTable:
    """The symbols of one region, in order, as they were when the table was made, and its own changes.

    Regions nested inside may have tables of their own, which do not see this one's symbols, nor this one
    theirs.
    """

    def __init__(self, region: Region) -> None:
        self.region = region
        self._symbols: dict[str, Operation] = {}
        for op in region.operations:
            found = own_symbol(op)
            if found is not None:
                # Of two with one name the first counts; the verifier reports the second.
                self._symbols.setdefault(found.name, op)

    @property
    def names(self) -> list[str]:
        """The names, without ``@`` and quotes, in the order of the definitions."""
        return list(self._symbols)

    @property
    def definitions(self) -> dict[str, Operation]:
        """The operations that define the symbols, by name, in order."""
        return dict(self._symbols)

    def __contains__(self, name: object) -> bool:
        return name in self._symbols

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self._symbols)

    def __getitem__(self, name: str) -> Operation:
        return self._symbols[name]

    def lookup(self, name: str | SymbolRefAttr) -> Operation | None:
        """The operation that a name, or a reference such as ``@a::@b``, means; None when there is none."""
        if isinstance(name, str):
            return self._symbols.get(name)
        op = self._symbols.get(name.root)
        for inner in name.nested:
            if op is None or not op.regions:
                return None
            op = SymbolTable(op.regions[0]).lookup(inner)
        return op

    def visibility(self, symbol: str | Operation) -> str:
        """``"public"``, ``"private"`` or ``"nested"``."""
        return self._symbol(self._operation(symbol)).visibility

    def uses(self, symbol: str | Operation) -> list[SymbolUse]:
        """The references to a symbol of this table, those from outside (``@outer::@name``) included."""
        name = self._symbol(self._operation(symbol)).name
        found: list[SymbolUse] = []
        for region, path in self._scopes(name):
            for op in _scope_operations(region):
                for use in references(op):
                    if use.position == len(path) - 1 and _matches(use.reference, path):
                        found.append(use)
        return found

    def fresh_name(self, wish: str) -> str:
        """The name wished for, or, where that is taken, one made from it."""
        if wish not in self._symbols:
            return wish
        number = 0
        while f"{wish}_{number}" in self._symbols:
            number += 1
        return f"{wish}_{number}"

    def insert(self, op: Operation, *, before: Operation | None = None) -> str:
        """Put a symbol that stands nowhere into the region, under a name that is free, which is returned.

        It goes to the end of the first block, or before another operation. What refers to it is up to the
        caller.
        """
        name = self._symbol(op).name
        fresh = self.fresh_name(name)
        if fresh != name:
            _set_name(op, fresh)
        self.region.blocks[0].insert(op, before=before)
        self._symbols[fresh] = op
        return fresh

    def rename(self, symbol: str | Operation, new: str) -> None:
        """Give a symbol another name, and every reference to it.

        Raises `IRError` when the name is taken, or when an alias definition refers to the symbol.
        """
        op = self._operation(symbol)
        old = self._symbol(op).name
        if new == old:
            return
        if new in self._symbols:
            raise IRError(f"cannot rename @{old}: @{new} is defined already; fresh_name() gives a free name")
        self._refuse_aliases(old)
        for use in self.uses(op):
            _redirect(use, new)
        _set_name(op, new)
        self._symbols = {new if name == old else name: found for name, found in self._symbols.items()}

    # Parts.

    def _operation(self, symbol: str | Operation) -> Operation:
        if isinstance(symbol, Operation):
            return symbol
        op = self._symbols.get(symbol)
        if op is None:
            raise IRError(f"no symbol @{symbol} is defined here")
        return op

    def _symbol(self, op: Operation) -> Symbol:
        found = own_symbol(op)
        if found is None:
            raise IRError(f"{op.name} defines no symbol")
        return found

    def _scopes(self, name: str) -> Iterator[tuple[Region, tuple[str, ...]]]:
        """Every region from which the symbol can be named, and how it is named there."""
        region = self.region
        path: tuple[str, ...] = (name,)
        while True:
            yield region, path
            op = region.operation
            around = own_symbol(op) if op is not None else None
            if op is None or around is None or op.block is None:
                return
            path = (around.name, *path)
            region = op.block.region
            while region is not None and region.operation is not None and not _is_table(region.operation):
                region = region.operation.block.region
            if region is None:
                return

    def _refuse_aliases(self, name: str) -> None:
        region: Region | None = self.region
        while region is not None and region.operation is not None:
            block = region.operation.block
            region = None if block is None else block.region
        module = None if region is None else region._module
        if module is None:
            return
        text = module.source.text
        for definition in module.definitions:
            for match in _REFERENCE.finditer(text, definition.value_start, definition.end):
                if match[1] is not None and name in _spelled(match[1]):
                    where = "{}:{}".format(*module.source.position(definition.start))
                    alias = definition.kind + definition.name
                    raise IRError(f"cannot rename @{name}: the alias {alias} at {where} refers to it")


def _is_table(op: Operation) -> bool:
    return "symbol-table" in traits(op.name)


def _scope_operations(region: Region) -> Iterator[Operation]:
    """The operations in a region, without those in symbol tables of their own."""
    pending = [region]
    while pending:
        for op in pending.pop().operations:
            yield op
            if op.regions and not _is_table(op):
                pending.extend(op.regions)


def _matches(reference: SymbolRefAttr, path: tuple[str, ...]) -> bool:
    return (reference.root, *reference.nested)[: len(path)] == path


def _spelled(reference: str) -> tuple[str, ...]:
    return tuple([_bare(match.group()) for match in _COMPONENT.finditer(reference)])


def references(op: Operation) -> Iterator[SymbolUse]:
    """The symbol references in an operation's own text and attributes: one for each name in each of them."""
    changed: list[Attribute] = []
    if op._made is not None:
        changed = [*op._made.properties.values(), *op._made.attributes.values()]
    if op._overlay:
        changed += [value for value in op._overlay.values() if value is not None]
    for attribute in changed:
        for part in walk(attribute):
            if isinstance(part, SymbolRefAttr):
                for index in range(1 + len(part.nested)):
                    yield SymbolUse(op, part, index, None)
    source = op.source
    if source is None:
        return
    text = source.text
    if text.find("@", op.name_end, op.end) < 0:
        return
    symbol = own_symbol(op)
    replaced: list[Span] = []
    if op._overlay:
        from approxir.ir.attributes import attribute_edits

        replaced = [(start, end) for start, end, _ in attribute_edits(op)]
    patches = op._patches or {}
    for begin, stop in own_segments(op.name_end, op.end, op._region_spans()):
        for match in _REFERENCE.finditer(text, begin, stop):
            if match[1] is None or any(start <= match.start() < end for start, end in replaced):
                continue
            spans = [found.span() for found in _COMPONENT.finditer(text, *match.span())]
            if symbol is not None and symbol.span == spans[0]:
                continue
            names = [_bare(patches.get(span, text[span[0] : span[1]])) for span in spans]
            reference = SymbolRefAttr(names[0], tuple(names[1:]))
            for index, span in enumerate(spans):
                yield SymbolUse(op, reference, index, span)


def _redirect(use: SymbolUse, new: str) -> None:
    op = use.operation
    if use.span is not None:
        _patch(op, use.span, symbol_text(new))
        return
    names = [use.reference.root, *use.reference.nested]
    names[use.position] = new
    replacement = SymbolRefAttr(names[0], tuple(names[1:]))

    def change(value: Value) -> Value:
        return replacement if value == use.reference else value

    if op._made is not None:
        for entries in (op._made.properties, op._made.attributes):
            for key, attribute in entries.items():
                entries[key] = _changed(attribute, change)
    if op._overlay:
        op._overlay = {k: None if v is None else _changed(v, change) for k, v in op._overlay.items()}
    op._touch()


def _changed(attribute: Attribute, change: object) -> Attribute:
    return rewrite(attribute, change)  # type: ignore[arg-type]


def _set_name(op: Operation, new: str) -> None:
    found = own_symbol(op)
    assert found is not None
    if found.span is None:
        op.attributes["sym_name"] = StringAttr(new)
        return
    assert op.source is not None
    generic = op.source.text[found.span[0]] == '"'
    _patch(
        op,
        found.span,
        quote(new) if generic else lx.set_apart(op.source.text, found.span[1], symbol_text(new)),
    )


def _patch(op: Operation, span: Span, text: str) -> None:
    if op._patches is None:
        op._patches = {}
    op._patches[span] = text
    op._touch()

"""Putting annotations of functions into the module that holds the functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from approxir.dialects.approx.errors import diagnostic
from approxir.dialects.approx.function_names import function_named_by
from approxir.dialects.approx.ops import AnnotationOp, ConvertToCallAnnotation, view
from approxir.errors import Diagnostic, DiagnosticError
from approxir.ir.blocks import Region
from approxir.ir.module import Module, parse
from approxir.ir.operation import Operation
from approxir.ir.symbols import SymbolTable, own_symbol
from approxir.ir.verify.approx import local_name
from approxir.lint.approximations import annotated_name, signature
from approxir.lint.facts import INTERNAL, has_body, state_indices
from approxir.nearest import did_you_mean
from approxir.passes.functions import Functions, find_annotations
from approxir.syntax.formats.traits import traits

HELPERS = ("state_function", "runtime", "checker", "recover")
"""The attributes with which annotations name functions that are called beside the annotated one."""

_CALL = "convert_to_call"


class AnnotationError(DiagnosticError, ValueError):
    """Annotations mean nothing, or do not fit the module that they are for."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """One way in which an annotation does not fit a module: which attribute of it is wrong, and why."""

    operation: Operation
    key: str
    message: str
    hint: str | None = None

    def diagnostic(self) -> Diagnostic:
        """The same at the attribute, in the text of the annotations."""
        return diagnostic(self.operation, self.key, self.message, code="annotation", hint=self.hint)


def inject_annotations_text(base_mlir: str, annotations_text: str) -> str:
    """A module with annotations put into it, at the start of the module that holds the annotated functions.

    `annotations_text` holds operations, not in a module of their own or in one: annotations, and functions
    that they name. `base_mlir` is given back otherwise byte for byte, and unchanged where there is nothing to
    put in.

    Raises `AnnotationError` with everything that does not fit: an annotated function, a state function, a
    checker or a recovering function that the module does not have, an annotation that excludes another one of
    the same function, a name that is defined in both with another body, or an operation that is neither an
    annotation nor a function. Raises `ParseError` where one of the texts is not MLIR.
    """
    if isinstance(annotations_text, str) and not annotations_text.strip():
        return base_mlir
    base = parse(base_mlir)
    annotations = parse(with_line_ends_of(base_mlir, annotations_text), file="<annotations>")
    inject(base, annotations)
    return str(base)


def with_line_ends_of(base_mlir: str, text: str) -> str:
    """MLIR with the line ends that a module has, by its first one; strings in MLIR hold none."""
    line, end, _ = base_mlir.partition("\n")
    plain = text.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if end and line.endswith("\r") else plain


def inject(base: Module, annotations: Module) -> None:
    """Move the operations of `annotations` into `base`, as `inject_annotations_text` does; all or none."""
    if annotations.definitions:
        message = "annotations go into another module, where aliases of their own mean nothing"
        place = annotations.definitions[0]
        hint = "write out what the alias stands for"
        found = annotations.source.diagnostic(place.start, message, code="annotation", hint=hint)
        raise AnnotationError((found,))
    annotations.parse_all()
    plan = Plan(base, annotations)
    misfits = list(plan.misfits())
    if misfits:
        raise AnnotationError(tuple(misfit.diagnostic() for misfit in misfits))
    plan.carry_out()


def function_names(module: Module) -> list[str]:
    """The symbols of all functions of a module, those of the modules in it included, each once."""
    tables = [SymbolTable(region) for region in _symbol_regions(module.region)]
    return list(dict.fromkeys(name for table in tables for name in table if _is_function(table[name])))


def function_of(module: Module, name: str) -> Operation | None:
    """The function that an annotation names, one with its body if there is one; None if there is none."""
    table = _table_with([SymbolTable(region) for region in _symbol_regions(module.region)], name)
    return None if table is None else table[name]


class Plan:
    """Which operations of `annotations` go into which region of `base`."""

    def __init__(self, base: Module, annotations: Module) -> None:
        self._base = base
        self._tables = [SymbolTable(region) for region in _symbol_regions(base.region)]
        self._holder = base.symbol_holder
        self._operations = list(annotations.symbol_holder.operations)
        self._own = {symbol.name: op for op in self._operations if (symbol := own_symbol(op)) is not None}

    @property
    def annotation_operations(self) -> list[Operation]:
        """Those of the operations that annotate functions, in order."""
        return [op for op in self._operations if isinstance(view(op), AnnotationOp)]

    def misfits(self) -> Iterator[Misfit]:
        """Everything that does not fit."""
        there = self._annotations_there()
        for op in self._operations:
            held = view(op)
            if isinstance(held, AnnotationOp):
                name = held.func_name
                if name is None:
                    yield Misfit(op, "func_name", f"{op.name} does not name a function")
                    continue
                yield from self._annotation_misfits(op, name)
                yield from self._exclusions(op, name, there)
            elif own_symbol(op) is None:
                yield Misfit(op, "", f"{op.name} is neither an annotation nor a function")
        for name, op in self._own.items():
            region = self._region_of_helper(op)
            other = next(
                (table[name] for table in self._tables if table.region is region and name in table), None
            )
            if other is not None and _shape(other) != _shape(op):
                message = f"the module has another function '{name}' already"
                yield Misfit(op, "sym_name", message, "give one of them another name")

    def _annotation_misfits(self, op: Operation, name: str) -> Iterator[Misfit]:
        table = self._table_with(name)
        if table is None:
            known = [symbol for each in self._tables for symbol in each if _is_function(each[symbol])]
            yield Misfit(op, "func_name", f"the module has no function '{name}'", did_you_mean(name, known))
            return
        for key in HELPERS:
            helper = function_named_by(op.attributes.get(key))
            if helper is None or helper in table or helper in self._own:
                continue
            if helper.startswith(INTERNAL) and helper.removeprefix(INTERNAL) in table:
                # The copy that function substitution makes.
                continue
            beside = [*self._own, *(symbol for symbol in table if _is_function(table[symbol]))]
            hint = did_you_mean(helper, beside)
            yield Misfit(op, key, f"there is no function '{helper}' beside '{name}'", hint)
        yield from self._state_misfits(op, table[name])

    def _state_misfits(self, op: Operation, function: Operation) -> Iterator[Misfit]:
        """A state function that comes with the annotations and gets something else than it takes."""
        helper = self._own.get(function_named_by(op.attributes.get("state_function")) or "")
        takes, has = None if helper is None else signature(helper), signature(function)
        indices = state_indices(op)
        if takes is None or has is None or indices is None:
            return
        if all(-len(has.inputs) <= index < len(has.inputs) for index in indices):
            gets = tuple([has.inputs[index] for index in indices])
            if takes.inputs != gets:
                shown = [", ".join(map(str, kinds)) or "nothing" for kinds in (takes.inputs, gets)]
                message = f"the state function takes {shown[0]}, but state_indices gives it {shown[1]}"
                yield Misfit(op, "state_function", message, "write a state function for that")

    def _annotations_there(self) -> dict[tuple[Operation, str], Operation]:
        """The annotations that the functions of the module have already, by what each kind settles."""
        functions = Functions()
        found: dict[tuple[Operation, str], Operation] = {}
        for each in find_annotations(self._base):
            op = each.operation
            name = annotated_name(op)
            function = None if name is None else functions.find_outwards(name, op)
            if function is not None:
                found.setdefault((function, _settles(op)), op)
        return found

    def _exclusions(
        self, op: Operation, name: str, there: dict[tuple[Operation, str], Operation]
    ) -> Iterator[Misfit]:
        """Another annotation of the function that settles the same; `there` is added to."""
        table = self._table_with(name)
        if table is None:
            return
        other = there.setdefault((table[name], _settles(op)), op)
        if other is not op and _settles(op) != _CALL:
            message = f"'{name}' has an annotation {other.name} already"
            if other.name != op.name:
                message += f", which excludes {op.name}"
            yield Misfit(op, "func_name", message, "keep one of them")

    def carry_out(self) -> None:
        """Move the operations."""
        there = self._annotations_there()
        starts: dict[Region, Operation | None] = {}
        for op in self._operations:
            region = self._region_of(op)
            symbol = own_symbol(op)
            if symbol is not None and symbol.name in SymbolTable(region):
                continue
            if isinstance(held := view(op), ConvertToCallAnnotation) and held.func_name is not None:
                # Saying it once more would be an error.
                table = self._table_with(held.func_name)
                if table is not None and there.setdefault((table[held.func_name], _CALL), op) is not op:
                    continue
            block = region.blocks[0]
            before = starts.setdefault(region, block.first)
            op.detach()
            block.insert(op, before=before)

    def _region_of(self, op: Operation) -> Region:
        held = view(op)
        if isinstance(held, AnnotationOp) and held.func_name is not None:
            table = self._table_with(held.func_name)
            return self._holder if table is None else table.region
        return self._region_of_helper(op)

    def _region_of_helper(self, op: Operation) -> Region:
        """Where a function goes that stands among the annotations: beside the function that needs it."""
        symbol = own_symbol(op)
        for other in self._operations:
            if symbol is not None and isinstance(view(other), AnnotationOp):
                named = [function_named_by(other.attributes.get(key)) for key in HELPERS]
                if symbol.name in named:
                    return self._region_of(other)
        return self._holder

    def _table_with(self, name: str) -> SymbolTable | None:
        return _table_with(self._tables, name)


def _table_with(tables: Sequence[SymbolTable], name: str) -> SymbolTable | None:
    """The table that has a function, one with its body rather than a declaration."""
    found = [table for table in tables if name in table and _is_function(table[name])]
    return next((table for table in found if has_body(table[name])), found[0] if found else None)


def _symbol_regions(region: Region) -> Iterator[Region]:
    """A region and, outermost first, those of the modules in it."""
    yield region
    for op in region.operations:
        if "symbol-table" in traits(op.name):
            for inner in op.regions:
                yield from _symbol_regions(inner)


def _settles(annotation: Operation) -> str:
    """What no two annotations of a function may both settle."""
    name = local_name(annotation).removeprefix("util.annotation.")
    return "decision_tree" if name == "transform" else name


def _is_function(op: Operation) -> bool:
    known = traits(op.name)
    return "function" in known if known else bool(op.regions)


def _shape(op: Operation) -> str:
    """An operation's text, however it is laid out."""
    return parse(op.text).print(rename_ssa=True)

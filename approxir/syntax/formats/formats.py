"""The compiled format of one operation: made from its table entry on first use and kept."""

from __future__ import annotations

from dataclasses import dataclass

from approxir.syntax.formats import directives
from approxir.syntax.formats.data import PREFIX_ALIASES
from approxir.syntax.formats.elements import Element, Scope, make_elements
from approxir.syntax.formats.forms import (
    ArgRef,
    AttributeEntry,
    AttrRef,
    CustomForm,
    Group,
    NameRef,
    Signature,
    TypeRef,
)
from approxir.syntax.formats.inference import Evaluator, evaluator
from approxir.syntax.formats.state import PendingArgument, State, Types
from approxir.syntax.formats.table import OpEntry, dialect_table
from approxir.syntax.formats.traits import implicit_terminator, traits


@dataclass(slots=True)
class OpFormat:
    """A format ready to run."""

    name: str
    entry: OpEntry
    elements: list[Element]
    operand_rules: list[tuple[str, Evaluator | None, str | None]]
    result_rules: list[tuple[str, Evaluator]]
    defaults: list[tuple[str, Evaluator]]
    printed: frozenset[str]
    inherent: frozenset[str]
    terminator: str | None

    def read(self, state: State, pos: int) -> CustomForm:
        """Runs the format at the offset after the operation's name."""
        for element in self.elements:
            pos = element.read(state, pos)
        pos = state.trailing_location(pos)
        return self._finish(state, pos)

    def _finish(self, state: State, pos: int) -> CustomForm:
        types = state.types
        for defaulted, default in self.defaults:
            if types.get(defaulted) is None:
                types[defaulted] = default(state)
        operands: list[NameRef] = []
        operand_types: list[TypeRef | None] = []
        for refs, (kind, rule, variable) in zip(state.groups, self.operand_rules, strict=True):
            if not refs:
                continue
            value = rule(state) if rule is not None else None
            if value is None and state.context is not None:
                value = tuple([state.type_of(ref) for ref in refs])
                if variable is not None and types.get(variable) is None:
                    types[variable] = value if kind == "many" else value[0]
            operands.extend(refs)
            if isinstance(value, tuple):
                if len(value) != len(refs):
                    raise state.fail(refs[0].start, f"as many operands as types ({len(value)})")
                operand_types.extend(value)
            else:
                operand_types.extend([value] * len(refs))
        results = state.result_types
        if results is None:
            results = self._results(state)
        if self.entry.segments:
            sizes = ", ".join([str(len(refs)) for refs in state.groups])
            state.properties["operandSegmentSizes"] = AttrRef(f"array<i32: {sizes}>")
        attributes = state.attributes
        if attributes:
            attributes = self._split(state)
        form = CustomForm(
            self.name,
            tuple(operands),
            tuple(operand_types),
            results,
            state.properties,
            tuple(attributes),
            tuple(state.successors),
        )
        form.symbol = state.symbol
        form.symbol_uses = tuple(state.symbol_uses)
        form.location = state.location
        form.end = pos
        if state.region_spans:
            self._regions(state, form)
        return form

    def _results(self, state: State) -> tuple[TypeRef | None, ...]:
        found: list[TypeRef | None] = []
        for kind, rule in self.result_rules:
            value = rule(state)
            if isinstance(value, tuple):
                found.extend(value)
            elif value is not None or kind == "one":
                found.append(value)
        return tuple(found)

    def _split(self, state: State) -> list[AttributeEntry]:
        """Moves the inherent entries of the attribute dictionary to the properties."""
        inherent = self.inherent
        kept: list[AttributeEntry] = []
        for entry in state.attributes:
            if entry.key in inherent:
                value = entry.value or AttrRef("unit", entry.key_start, entry.key_end)
                state.properties[entry.key] = value
            else:
                kept.append(entry)
        return kept

    def _regions(self, state: State, form: CustomForm) -> None:
        count = len(state.region_spans)
        if self.entry.regions and self.entry.regions[-1][1] == "many":
            declared = len(self.entry.regions) - 1
            while (
                count > declared and state.region_spans[count - 1] is None and count - 1 not in state.bodies
            ):
                count -= 1
        form.regions = tuple(state.region_spans[:count])
        form.region_arguments = tuple(
            [tuple([_argument(state, a) for a in pending]) for pending in state.region_arguments[:count]]
        )
        form.implicit_bodies = tuple([state.bodies.get(i) for i in range(count)])
        terminator = self.terminator
        form.implicit_terminators = tuple([state.terminators.get(i, terminator) for i in range(count)])


def _argument(state: State, pending: PendingArgument) -> ArgRef:
    type_ = pending.type
    if type_ is None and pending.variable is not None:
        value: Types = state.types.get(pending.variable)
        if isinstance(value, tuple):
            value = value[pending.index] if 0 <= pending.index < len(value) else None
        type_ = value
    return ArgRef(pending.name, pending.start, pending.end, type_, pending.location)


_formats: dict[str, OpFormat | None] = {}
_MOST_REMEMBERED = 20_000


def op_format(name: str) -> OpFormat | None:
    """The compiled format of an operation, or None when the tables have none."""
    try:
        return _formats[name]
    except KeyError:
        pass
    found = _compile(name)
    if len(_formats) < _MOST_REMEMBERED:
        _formats[name] = found
    return found


def _entry(name: str) -> tuple[OpEntry | None, str]:
    dialect, _, rest = name.partition(".")
    dialect = PREFIX_ALIASES.get(dialect, dialect)
    table = dialect_table(dialect)
    return (None if table is None else table.operations.get(rest)), dialect


def _compile(name: str) -> OpFormat | None:
    entry, dialect = _entry(name)
    if entry is None or entry.format is None:
        return None
    directives.load()
    table = dialect_table(dialect)
    assert table is not None
    elements = make_elements(entry.format, Scope(name, entry, table))
    printed = frozenset(p for element in elements for p in element.printed)
    printed |= {"operandSegmentSizes", "resultSegmentSizes"}
    return OpFormat(
        name=name,
        entry=entry,
        elements=elements,
        operand_rules=[
            (
                kind,
                None if rule is None else evaluator(rule),
                rule[1] if rule is not None and rule[0] == "var" else None,
            )
            for _, kind, rule in entry.operands
        ],
        result_rules=[(kind, evaluator(rule)) for rule, kind in entry.results],
        defaults=[(variable, evaluator(rule)) for variable, rule in entry.defaults],
        printed=printed,
        inherent=printed | frozenset(entry.inherent),
        terminator=implicit_terminator(name),
    )


def signature(name: str) -> Signature | None:
    """Operands, results, regions, successors and traits of a known operation; None for an unknown one."""
    found = traits(name)
    entry, _ = _entry(name)
    if entry is None:
        return Signature(name, found, (), (), (), (), frozenset(), False) if found else None
    compiled = op_format(name)
    return Signature(
        name,
        found,
        tuple(Group(group, kind) for group, kind, _ in entry.operands),
        tuple(Group("", kind) for _, kind in entry.results),
        tuple(Group(group, kind) for group, kind in entry.regions),
        tuple(Group(group, kind) for group, kind in entry.successors),
        frozenset(entry.inherent) if compiled is None else compiled.inherent,
        compiled is not None,
    )

"""The elements of a format, each of which reads its piece of text and writes it back."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from approxir.syntax.formats.forms import AttrRef, SuccessorRef
from approxir.syntax.formats.inference import Evaluator, evaluator
from approxir.syntax.formats.kinds import Kind, make_kind
from approxir.syntax.formats.output import CannotWrite, WriteState, dictionary_text
from approxir.syntax.formats.state import LABEL_RE, OPERAND_RE, State, literal_re
from approxir.syntax.formats.table import DialectTable, Node, OpEntry
from approxir.syntax.lexemes import TRIVIA

_BRACE = re.compile(rf"{TRIVIA}\{{")
_ATTRIBUTES = re.compile(rf"{TRIVIA}attributes{TRIVIA}(?=\{{)")
_PROPERTIES = re.compile(rf"{TRIVIA}<(?={TRIVIA}\{{)")
_TYPE_START = re.compile(rf"{TRIVIA}(?:[A-Za-z_!]|\()")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the elements of one format may refer to: the declarations of the operation."""

    name: str
    entry: OpEntry
    table: DialectTable

    def operand_index(self, name: str) -> int:
        """The index of an operand group by its name."""
        for index, (group, _, _) in enumerate(self.entry.operands):
            if group == name:
                return index
        raise KeyError(f"{self.name}: no operand group {name}")

    def region_index(self, name: str) -> int:
        """The index of a region by its name."""
        for index, (group, _) in enumerate(self.entry.regions):
            if group == name:
                return index
        raise KeyError(f"{self.name}: no region {name}")


class Element(ABC):
    """One element of a format."""

    printed: tuple[str, ...] = ()
    """The properties that the element spells, which the attribute dictionary therefore leaves out."""

    @abstractmethod
    def read(self, state: State, pos: int) -> int:
        """Reads the element at an offset and returns the offset after it."""

    def starts(self, state: State, pos: int) -> bool:
        """Whether the element begins here; asked of the first element of an optional group."""
        return True

    def prepare(self, out: WriteState) -> None:
        """Hides properties that the format implies; called on the top elements before anything is written."""
        return

    def present(self, out: WriteState) -> bool:
        """Whether the operation has something for this element to write."""
        return False

    def write(self, out: WriteState) -> None:
        """Writes the element."""
        raise CannotWrite(type(self).__name__)


class Literal(Element):
    """A keyword or punctuation."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.match = literal_re(text).match

    def read(self, state: State, pos: int) -> int:
        match = self.match(state.text, pos, state.end)
        if match is None:
            raise state.fail(pos, f"`{self.text}`")
        return match.end()

    def starts(self, state: State, pos: int) -> bool:
        return self.match(state.text, pos, state.end) is not None

    def write(self, out: WriteState) -> None:
        out.literal(self.text)


class Glue(Element):
    """No blank in the printed form; nothing to read."""

    def read(self, state: State, pos: int) -> int:
        return pos

    def write(self, out: WriteState) -> None:
        out.glue()


class Blank(Element):
    """A blank in the printed form; nothing to read."""

    def read(self, state: State, pos: int) -> int:
        return pos

    def write(self, out: WriteState) -> None:
        out.blank()


class Operand(Element):
    """One required operand."""

    def __init__(self, index: int, name: str) -> None:
        self.index = index
        self.name = name

    def read(self, state: State, pos: int) -> int:
        ref, pos = state.operand(pos)
        state.groups[self.index].append(ref)
        return pos

    def starts(self, state: State, pos: int) -> bool:
        return OPERAND_RE.match(state.text, pos, state.end) is not None

    def present(self, out: WriteState) -> bool:
        return bool(out.groups[self.name])

    def write(self, out: WriteState) -> None:
        out.item(", ".join(out.groups[self.name]))


class Operands(Operand):
    """An optional operand or a list of operands."""

    def __init__(self, index: int, name: str, many: bool) -> None:
        super().__init__(index, name)
        self.many = many

    def read(self, state: State, pos: int) -> int:
        if OPERAND_RE.match(state.text, pos, state.end) is None:
            return pos
        if not self.many:
            return super().read(state, pos)
        refs, pos = state.operand_list(pos)
        state.groups[self.index].extend(refs)
        return pos

    def write(self, out: WriteState) -> None:
        if out.groups[self.name]:
            super().write(out)


class OneType(Element):
    """A type, bound to a type variable."""

    def __init__(self, variable: str, default: str | None = None) -> None:
        self.variable = variable
        self.default = default

    def read(self, state: State, pos: int) -> int:
        ref, pos = state.type(pos)
        state.types[self.variable] = ref
        return pos

    def starts(self, state: State, pos: int) -> bool:
        return _TYPE_START.match(state.text, pos, state.end) is not None

    def present(self, out: WriteState) -> bool:
        return out.types.get(self.variable) not in (None, [], self.default)

    def write(self, out: WriteState) -> None:
        found = out.types.get(self.variable)
        if isinstance(found, list):
            found = found[0] if found else None
        if found is None:
            raise CannotWrite(self.variable)
        out.item(found)


class ManyTypes(Element):
    """A comma-separated list of types, possibly empty, bound to a type variable."""

    def __init__(self, variable: str) -> None:
        self.variable = variable

    def read(self, state: State, pos: int) -> int:
        if _TYPE_START.match(state.text, pos, state.end) is None:
            state.types[self.variable] = ()
            return pos
        refs, pos = state.type_list(pos)
        state.types[self.variable] = tuple(refs)
        return pos

    def starts(self, state: State, pos: int) -> bool:
        return _TYPE_START.match(state.text, pos, state.end) is not None

    def present(self, out: WriteState) -> bool:
        return bool(out.types.get(self.variable))

    def write(self, out: WriteState) -> None:
        found = out.types.get(self.variable, [])
        if found:
            out.item(", ".join([found] if isinstance(found, str) else found))


class Property(Element):
    """An inherent attribute in its own spelling."""

    def __init__(self, name: str, kind: Kind) -> None:
        self.name = name
        self.kind = kind
        self.printed = (name,)

    def read(self, state: State, pos: int) -> int:
        value, pos = self.kind.read(state, pos)
        state.properties[self.name] = value
        return pos

    def starts(self, state: State, pos: int) -> bool:
        return self.kind.starts(state, pos)

    def present(self, out: WriteState) -> bool:
        value = out.properties.get(self.name)
        return value is not None and self.name not in out.hidden and not self.kind.is_default(value)

    def write(self, out: WriteState) -> None:
        value = out.properties.get(self.name)
        text = None if value is None else self.kind.write(value)
        if text is None:
            raise CannotWrite(self.name)
        out.item(text)


class Flag(Element):
    """A keyword that stands for a unit attribute (or another fixed value)."""

    def __init__(self, name: str, keyword: str, value: str = "unit") -> None:
        self.name = name
        self.keyword = keyword
        self.value = value
        self.match = literal_re(keyword).match
        self.printed = (name,)

    def read(self, state: State, pos: int) -> int:
        match = self.match(state.text, pos, state.end)
        if match is None:
            return pos
        state.properties[self.name] = AttrRef(self.value, match.end() - len(self.keyword), match.end())
        return match.end()

    def starts(self, state: State, pos: int) -> bool:
        return self.match(state.text, pos, state.end) is not None

    def present(self, out: WriteState) -> bool:
        return out.properties.get(self.name) == self.value

    def write(self, out: WriteState) -> None:
        if self.present(out):
            out.literal(self.keyword)


class Attributes(Element):
    """The attribute dictionary, possibly absent, possibly behind the keyword ``attributes``."""

    def __init__(self, keyword: bool) -> None:
        self.keyword = keyword

    def starts(self, state: State, pos: int) -> bool:
        pattern = _ATTRIBUTES if self.keyword else _BRACE
        return pattern.match(state.text, pos, state.end) is not None

    def read(self, state: State, pos: int) -> int:
        if self.keyword:
            match = _ATTRIBUTES.match(state.text, pos, state.end)
            if match is None:
                return pos
            pos = match.end()
        elif _BRACE.match(state.text, pos, state.end) is None:
            return pos
        entries, pos = state.dictionary(pos)
        state.attributes.extend(entries)
        return pos

    def present(self, out: WriteState) -> bool:
        return bool(out.remaining())

    def write(self, out: WriteState) -> None:
        entries = out.remaining()
        if entries:
            if self.keyword:
                out.literal("attributes")
            out.item(dictionary_text(entries))
        out.attributes_written = True


class PropertyDictionary(Element):
    """``<{...}>``, possibly absent."""

    def starts(self, state: State, pos: int) -> bool:
        return _PROPERTIES.match(state.text, pos, state.end) is not None

    def read(self, state: State, pos: int) -> int:
        match = _PROPERTIES.match(state.text, pos, state.end)
        if match is None:
            return pos
        entries, pos = state.dictionary(match.end())
        for entry in entries:
            state.properties[entry.key] = entry.value or AttrRef("unit", entry.key_start, entry.key_end)
        return state.expect(pos, ">")

    def present(self, out: WriteState) -> bool:
        return any(key not in out.printed for key in out.properties)

    def write(self, out: WriteState) -> None:
        entries = {k: v for k, v in sorted(out.properties.items()) if k not in out.printed}
        out.properties_written = True
        if entries:
            out.item(f"<{dictionary_text(entries)}>")


class RegionElement(Element):
    """A nested region; an optional one is read when a brace comes next."""

    def __init__(self, index: int, kind: str) -> None:
        self.index = index
        self.kind = kind

    def starts(self, state: State, pos: int) -> bool:
        return _BRACE.match(state.text, pos, state.end) is not None

    def read(self, state: State, pos: int) -> int:
        if self.kind == "one":
            return state.region(pos, self.index)
        if self.kind == "optional":
            return state.region(pos, self.index) if self.starts(state, pos) else pos
        index = self.index
        while self.starts(state, pos):
            pos = state.region(pos, index)
            index += 1
            comma = state.accept(pos, ",")
            if comma < 0:
                break
            pos = comma
        return pos

    def present(self, out: WriteState) -> bool:
        return self.index < len(out.region_texts) and out.region_texts[self.index] is not None

    def write(self, out: WriteState) -> None:
        texts = (
            out.region_texts[self.index :]
            if self.kind == "many"
            else out.region_texts[self.index : self.index + 1]
        )
        found = [text for text in texts if text is not None]
        if found:
            out.item(", ".join(found))


class Successor(Element):
    """A successor block, with the operands and types in parentheses that it may take."""

    def __init__(self, name: str, group: int, group_name: str, variable: str) -> None:
        self.name = name
        self.group = group
        self.group_name = group_name
        self.variable = variable

    def read(self, state: State, pos: int) -> int:
        match = LABEL_RE.match(state.text, pos, state.end)
        if match is None:
            raise state.fail(pos, "a block such as ^bb1")
        pos = match.end()
        operands: tuple[Any, ...] = ()
        paren = state.accept(pos, "(")
        if paren >= 0 and self.group >= 0:
            refs, pos = state.operand_list(paren)
            if refs:
                pos = state.expect(pos, ":")
                types, pos = state.type_list(pos)
                state.types[self.variable] = tuple(types)
            pos = state.expect(pos, ")")
            state.groups[self.group].extend(refs)
            operands = tuple(refs)
        state.successors.append(SuccessorRef(match.group(1), match.start(1), match.end(), operands))
        return pos

    def write(self, out: WriteState) -> None:
        label, _ = out.successors[self.name][0]
        out.item(label)
        values = out.groups[self.group_name] if self.group >= 0 else []
        if values:
            out.literal("(")
            out.item(", ".join(values))
            out.literal(":")
            out.item(", ".join(out.group_types[self.group_name]))
            out.literal(")")


class Optional(Element):
    """A group of elements that is there when its first element begins."""

    def __init__(self, elements: Sequence[Element]) -> None:
        self.elements = elements
        first = next((e for e in elements if not isinstance(e, Glue | Blank)), elements[0])
        self.first_starts = first.starts
        self.printed = tuple(name for element in elements for name in element.printed)

    def read(self, state: State, pos: int) -> int:
        if not self.first_starts(state, pos):
            return pos
        for element in self.elements:
            pos = element.read(state, pos)
        return pos

    def starts(self, state: State, pos: int) -> bool:
        return self.first_starts(state, pos)

    def present(self, out: WriteState) -> bool:
        return any(element.present(out) for element in self.elements)

    def write(self, out: WriteState) -> None:
        if self.present(out):
            for element in self.elements:
                element.write(out)


class Alternatives(Element):
    """The first sequence whose first element begins here."""

    def __init__(self, sequences: Sequence[Sequence[Element]]) -> None:
        self.sequences = sequences
        self.printed = tuple(
            name for sequence in sequences for element in sequence for name in element.printed
        )

    def read(self, state: State, pos: int) -> int:
        for sequence in self.sequences[:-1]:
            if sequence[0].starts(state, pos):
                break
        else:
            sequence = self.sequences[-1]
        for element in sequence:
            pos = element.read(state, pos)
        return pos

    def starts(self, state: State, pos: int) -> bool:
        return any(sequence[0].starts(state, pos) for sequence in self.sequences)

    def present(self, out: WriteState) -> bool:
        return any(element.present(out) for sequence in self.sequences for element in sequence)

    def write(self, out: WriteState) -> None:
        chosen = self.sequences[-1]
        for sequence in self.sequences[:-1]:
            if any(element.present(out) for element in sequence):
                chosen = sequence
                break
        for element in chosen:
            element.write(out)


Directive = Callable[..., Element]
_DIRECTIVES: dict[str, Directive] = {}


def directive(name: str) -> Callable[[Directive], Directive]:
    """Registers an element that tables call by name; it is given the scope and the arguments' values."""

    def add(factory: Directive) -> Directive:
        _DIRECTIVES[name] = factory
        return factory

    return add


def make_elements(nodes: Sequence[Node], scope: Scope) -> list[Element]:
    """The elements that the nodes of a table stand for."""
    return [_make(node, scope) for node in nodes]


def _make(node: Node, scope: Scope) -> Element:
    tag = node[0]
    if tag == "lit":
        return Blank() if node[1] == " " else Literal(node[1])
    if tag == "glue":
        return Glue()
    if tag == "type":
        default = next((rule[1] for name, rule in scope.entry.defaults if name == node[1]), None)
        return OneType(node[1], default)
    if tag == "types":
        return ManyTypes(node[1])
    if tag == "opt":
        return Optional(make_elements(node[1], scope))
    if tag == "alt":
        return Alternatives([make_elements(sequence, scope) for sequence in node[1]])
    if tag == "prop":
        if node[2] == "flag":
            return Flag(node[1], *[argument[1] for argument in node[3]])
        return Property(node[1], make_kind(node[2], node[3], scope.table.enums))
    if tag == "ref":
        return _reference(node[1], scope)
    return _DIRECTIVES[node[1]](scope, *[argument[1] for argument in node[2]])


def _reference(name: str, scope: Scope) -> Element:
    if name in ("attrs", "attributes"):
        return Attributes(name == "attributes")
    if name == "propdict":
        return PropertyDictionary()
    for index, (group, kind, _) in enumerate(scope.entry.operands):
        if group == name:
            return Operand(index, name) if kind == "one" else Operands(index, name, kind == "many")
    for index, (group, kind) in enumerate(scope.entry.regions):
        if group == name:
            return RegionElement(index, kind)
    for index, (group, _) in enumerate(scope.entry.successors):
        if group == name:
            return _successor(name, index, scope)
    raise KeyError(f"{scope.name}: {name} is not declared")


def _successor(name: str, index: int, scope: Scope) -> Element:
    for position, (group, _, type_) in enumerate(scope.entry.operands):
        if group == f"{name}_operands":
            if type_ is None or type_[0] != "var":
                raise KeyError(f"{scope.name}: {group} needs a type variable")
            return Successor(name, position, group, type_[1])
    return Successor(name, -1, "", "")


__all__ = ["Element", "Evaluator", "Scope", "directive", "evaluator", "make_elements"]

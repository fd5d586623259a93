"""What the custom form of one operation says, as spans of its text: the result of `reader.read_custom`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from approxir.values import Attribute, Type


class NameRef:
    """A mention of an SSA value: its name (``%a`` or ``%a#1``, without blanks) and its span."""

    __slots__ = ("end", "name", "start")

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"NameRef({self.name!r}, {self.start}, {self.end})"


class Text:
    """A piece of text with its span; the span is (-1, -1) where the text was inferred, not read."""

    __slots__ = ("end", "start", "text")

    def __init__(self, text: str, start: int = -1, end: int = -1) -> None:
        self.text = text
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r}, {self.start}, {self.end})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and type(self) is type(other) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


class TypeRef(Text):
    """The text of a type."""

    __slots__ = ()

    @property
    def value(self) -> Type:
        """The type that the text means; aliases stay names."""
        from approxir.syntax.attributes import parse_type

        return parse_type(self.text)


class AttrRef(Text):
    """The text of an attribute, in the spelling that the generic form needs.

    `start` and `end` span what the custom form spells, which may differ (``slt`` for ``2 : i64``).
    """

    __slots__ = ()

    @property
    def value(self) -> Attribute:
        """The attribute that the text means; aliases stay names."""
        from approxir.syntax.attributes import parse_attribute

        return parse_attribute(self.text)


@dataclass(frozen=True, slots=True)
class AttributeEntry:
    """One entry of an attribute dictionary; `value` is None for a unit attribute written as a bare key."""

    key: str
    key_start: int
    key_end: int
    value: AttrRef | None


@dataclass(frozen=True, slots=True)
class SuccessorRef:
    """A successor: its label with ``^``, the span of the label, and the operands passed to the block."""

    label: str
    start: int
    end: int
    operands: tuple[NameRef, ...] = ()


@dataclass(frozen=True, slots=True)
class ArgRef:
    """A block argument that the header of an operation defines; `type` is None when it is not known."""

    name: str
    start: int
    end: int
    type: TypeRef | None
    location: AttrRef | None = None


@dataclass(frozen=True, slots=True)
class SymbolDefinition:
    """The symbol that an operation defines: its name without ``@`` and quotes, and the span of ``@name``."""

    name: str
    start: int
    end: int
    visibility: str | None = None


@dataclass(slots=True)
class CustomForm:
    """Everything that the generic form of an operation would spell, read from its custom form.

    `operands` are in the order of the generic form. `regions` gives, for each region of the generic
    form, the span that the text has for it (None where the text leaves the region out, as the else
    branch of ``scf.if``); `region_arguments` the arguments that the header defines for it, and
    `implicit_terminators` the operation to append when the region's text ends without a terminator.
    `implicit_bodies` gives the generic text of a region the custom form implies, as those of named
    linalg operations. `attributes` are the discardable ones, `properties` the inherent ones,
    including ``operandSegmentSizes``, wherever the custom form spells them.
    """

    name: str
    operands: tuple[NameRef, ...] = ()
    operand_types: tuple[TypeRef | None, ...] = ()
    result_types: tuple[TypeRef | None, ...] | None = ()
    properties: dict[str, AttrRef] = field(default_factory=dict)
    attributes: tuple[AttributeEntry, ...] = ()
    successors: tuple[SuccessorRef, ...] = ()
    regions: tuple[tuple[int, int] | None, ...] = ()
    region_arguments: tuple[tuple[ArgRef, ...], ...] = ()
    implicit_terminators: tuple[str | None, ...] = ()
    implicit_bodies: tuple[str | None, ...] = ()
    symbol: SymbolDefinition | None = None
    symbol_uses: tuple[AttrRef, ...] = ()
    location: AttrRef | None = None
    end: int = -1


@dataclass(frozen=True, slots=True)
class Context:
    """What the reader may ask about the surroundings of an operation.

    `type_of` gives the type of a visible value as text; `alias` the text behind an alias such as
    ``!t`` or ``#map``. Both answer None for what they do not know. `result_count` is how many results
    the operation's left-hand side names, -1 if unknown.
    """

    type_of: Callable[[NameRef], str | None] | None = None
    alias: Callable[[str], str | None] | None = None
    result_count: int = -1


@dataclass(frozen=True, slots=True)
class Group:
    """A declared group of operands or results; `kind` is ``one``, ``optional`` or ``many``."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Signature:
    """The shape of a known operation."""

    name: str
    traits: frozenset[str]
    operands: tuple[Group, ...]
    results: tuple[Group, ...]
    regions: tuple[Group, ...]
    successors: tuple[Group, ...]
    inherent: frozenset[str]
    has_format: bool


Properties = Mapping[str, str]

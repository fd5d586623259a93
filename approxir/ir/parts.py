"""What operations are made of besides their links: flags, locations, and what their text refers to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from approxir.ir.ssa import BlockArgument, Value
    from approxir.syntax.generic import Span
    from approxir.values import Attribute, Type

# What has changed since the text was parsed.
OWN = 1  # the operation's own text: names, operands, attributes
BELOW = 2  # something inside its regions
FOREIGN = 4  # it does not stand where its text stood
RESOLVED = 8  # the names inside its regions are resolved (isolated operations only)


class SourceLocation(NamedTuple):
    """Where something stands in a text: 1-based line and column, and the span of offsets."""

    file: str
    line: int
    column: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(slots=True)
class Detail:
    """What an operation's own text refers to, in the order of the text."""

    operands: list[Value] = field(default_factory=list)
    operand_spans: list[Span] = field(default_factory=list)
    arguments: list[BlockArgument] = field(default_factory=list)
    successors: list[Any] = field(default_factory=list)
    successor_spans: list[Span] = field(default_factory=list)


@dataclass(slots=True)
class Made:
    """The parts of an operation that has no text: what the generic form spells."""

    result_types: tuple[Type, ...] = ()
    properties: dict[str, Attribute] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)
    location: Attribute | None = None

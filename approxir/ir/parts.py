"""What operations are made of besides their links: flags, locations, and what their text refers to."""

from __future__ import annotations

from collections.abc import Sequence
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
ERASED = 16  # it was erased, or something around it was


class SourceLocation(NamedTuple):
    """Where something stands in a text: 1-based line and column, and the span of offsets."""

    file: str
    line: int
    column: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Detail:
    """What an operation's own text refers to, in the order of the text.

    There is one for each operation, so that it is kept small: spans are counted from the operation's
    name, where Python has small numbers ready.
    """

    __slots__ = ("_base", "_spans", "arguments", "operands", "successor_spans", "successors")

    def __init__(self, operands: list[Value] | None = None, successors: Sequence[Any] = ()) -> None:
        self.operands: list[Value] = [] if operands is None else operands
        self.arguments: Sequence[BlockArgument] = ()
        self.successors: Sequence[Any] = successors
        self.successor_spans: Sequence[Span] = ()
        self._base = 0
        self._spans: Sequence[int] = ()

    @property
    def operand_spans(self) -> list[Span]:
        """Where each operand's name stands; made anew each time."""
        base = self._base
        numbers = iter(self._spans)
        return [(base + start, base + end) for start, end in zip(numbers, numbers, strict=True)]

    def operand_span(self, slot: int) -> Span:
        """Where one operand's name stands."""
        return self._base + self._spans[2 * slot], self._base + self._spans[2 * slot + 1]

    def same_places(self) -> Detail:
        """A detail of the same text that refers to nothing yet."""
        twin = Detail()
        twin.successor_spans = self.successor_spans
        twin._base, twin._spans = self._base, self._spans
        return twin


@dataclass(slots=True)
class Made:
    """The parts of an operation that has no text: what the generic form spells."""

    result_types: tuple[Type, ...] = ()
    properties: dict[str, Attribute] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)
    location: Attribute | None = None
    # The operation that asked for this one: errors about this one point there.
    origin: Any = None

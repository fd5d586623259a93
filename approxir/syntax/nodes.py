"""The concrete skeleton of a module: which text belongs to which operation, block and region.

These classes hold spans and links only. `approxir.ir` derives the tree that users see from them; the
structural parser is given the classes to build, so that nothing here depends on that tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from approxir.syntax.source import Source


class OperationNode:
    """One operation in a text.

    `start` is the offset of its first result's name, or of its own name where it has no results;
    `name_start` that of its name; `end` is one past its last character. The text from `lead` to `start`
    is the white space and comments before it. `results_` is the text before ``=`` until somebody asks
    for the values.
    """

    __slots__ = (
        "block",
        "end",
        "lead",
        "name",
        "name_start",
        "next",
        "prev",
        "regions",
        "results_",
        "source",
        "start",
    )

    source: Source | None
    name: str
    lead: int
    start: int
    name_start: int
    end: int
    results_: Any
    regions: list[Any]
    block: Any
    prev: Any
    next: Any


class BlockNode:
    """A block: its label's span (empty for an entry block without a label) and its operations.

    `args_` is the span of the parenthesised arguments in the label until somebody asks for the values.
    """

    __slots__ = ("args_", "end", "first", "label", "last", "lead", "region", "source", "start")

    source: Source | None
    label: str | None
    lead: int
    start: int
    end: int
    args_: Any
    first: Any
    last: Any
    region: Any


class RegionNode:
    """A region: the offsets of its opening brace and one past its closing brace, and its blocks."""

    __slots__ = ("blocks", "end", "operation", "source", "start")

    source: Source | None
    start: int
    end: int
    blocks: list[Any]
    operation: Any


class NodeClasses(Protocol):
    """The classes that a parse builds."""

    def operation(
        self,
        source: Source,
        name: str,
        lead: int,
        start: int,
        name_start: int,
        end: int,
        results: str | None,
        block: Any,
    ) -> Any: ...

    def block(
        self, source: Source, region: Any, label: str | None, lead: int, start: int, end: int
    ) -> Any: ...

    def region(self, source: Source, operation: Any, start: int) -> Any: ...


@dataclass(frozen=True, slots=True)
class Definition:
    """An alias definition or a block of file metadata at the top level.

    `kind` is ``"#"``, ``"!"`` or ``"metadata"``; `value_start` is where the aliased value begins.
    """

    kind: str
    name: str
    start: int
    value_start: int
    end: int

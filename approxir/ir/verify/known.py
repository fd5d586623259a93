"""What the tables know about an operation by its name, in the terms of the checks."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from approxir.syntax.formats.data import PREFIX_ALIASES
from approxir.syntax.formats.table import OpEntry, dialect_table
from approxir.syntax.formats.traits import implicit_terminator, traits


class Shape(NamedTuple):
    """How many of something an operation has: at least `least`, at most `most` (None: any number)."""

    least: int
    most: int | None

    def fits(self, count: int) -> bool:
        """Whether an operation may have `count` of them."""
        return count >= self.least and (self.most is None or count <= self.most)

    def __str__(self) -> str:
        if self.most is None:
            return f"{self.least} or more"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


class Known(NamedTuple):
    """The facts about one operation. `listed`: its dialect's table has it, so that nothing is missing."""

    listed: bool
    traits: frozenset[str]
    terminator: bool
    graph: bool
    symbol_table: bool
    implicit_terminator: str | None
    needs_terminator: bool
    operands: Shape | None
    results: Shape | None
    regions: Shape | None
    successors: Shape | None


_WHOLE = {"optional": "one"}


def _shape(kinds: list[str]) -> Shape:
    least = sum(1 for kind in kinds if kind == "one")
    return Shape(least, None if "many" in kinds else len(kinds))


@lru_cache(maxsize=10_000)
def known(name: str) -> Known:
    """What is known about the operations of a name; all that is unknown is None or false."""
    found = traits(name)
    dialect, _, rest = name.partition(".")
    table = dialect_table(PREFIX_ALIASES.get(dialect, dialect)) if dialect != "other" else None
    entry: OpEntry | None = None if table is None else table.operations.get(rest)
    terminator = "terminator" in found
    # The generic form has every region, one that the custom form may leave out included.
    regions = None if entry is None else _shape([_WHOLE.get(kind, kind) for _, kind in entry.regions])
    needs = "no-terminator" not in found and "graph" not in found and "implicit-body" not in found
    return Known(
        listed=entry is not None,
        traits=found,
        terminator=terminator,
        graph="graph" in found,
        symbol_table="symbol-table" in found,
        implicit_terminator=implicit_terminator(name),
        needs_terminator=entry is not None and needs,
        operands=None if entry is None else _shape([kind for _, kind, _ in entry.operands]),
        results=None if entry is None else _shape([kind for _, kind in entry.results]),
        regions=regions,
        successors=None if entry is None else _shape([kind for _, kind in entry.successors]),
    )

"""Ask the real MLIR parsers that are installed what a text means.

Three questions, from weak to strong:

* `generic_form`: does a real parser accept the text, and what is its generic form?
* `same_module`: do two texts have the same generic form? A parser numbers values afresh, so a consistent
  renaming does not show, and a blind regular expression that renames every `%name` passes this question
  too.
* `operations_by_location`, `reading`, `compare_operations`, `global_unique_check`: which operations,
  results and block arguments does the parser see, and where in the text? Only a reader that understood the
  text finds the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .places import Definition, Place, Reading, Written, operations_by_location, reading
from .tools import Tool, accepting_tool, generic_form, tool, tools

__all__ = [
    "Comparison",
    "Place",
    "Reading",
    "Tool",
    "Verdict",
    "Written",
    "accepting_tool",
    "compare_operations",
    "first_difference",
    "generic_form",
    "global_unique_check",
    "operations_by_location",
    "reading",
    "same_module",
    "tool",
    "tools",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two texts mean the same, and the first difference where they do not."""

    same: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.same


def same_module(original: str, renamed: str, using: Tool | None = None) -> Verdict:
    """Whether a real parser gives both texts the same generic form. Necessary, not sufficient."""
    using = using or accepting_tool(original)
    if using is None:
        return Verdict(False, "no tool accepts the original")
    before = generic_form(original, using)
    if before is None:
        return Verdict(False, f"{using.name} refuses the original: {using.ask(original).errors.strip()}")
    after = generic_form(renamed, using)
    if after is None:
        return Verdict(False, f"{using.name} refuses the new text: {using.ask(renamed).errors.strip()}")
    if before == after:
        return Verdict(True)
    return Verdict(False, first_difference(before, after))


def first_difference(expected: str, found: str) -> str:
    """The first line that differs, and the two versions of it around the difference."""
    at = next((i for i, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b), None)
    if at is None:
        if len(expected) == len(found):
            return "no difference"
        at = min(len(expected), len(found))
    line = expected.count("\n", 0, at) + 1
    window = slice(max(0, at - 30), at + 50)
    return f"line {line}: expected {expected[window]!r}, found {found[window]!r}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Operations that only one side found. All empty: the reader understood as the real parser did."""

    missing: list[Written]
    """Seen by the real parser and not by the reader."""
    extra: list[tuple[str, int, int]]
    """Seen by the reader and not by the real parser."""
    misplaced: list[tuple[str, int, int]] = field(default_factory=list)
    """Found by both, below different parents."""

    def __bool__(self) -> bool:
        return not (self.missing or self.extra or self.misplaced)


def compare_operations(
    found: Iterable[tuple[str, int, int]],
    expected: Reading,
    parents: Callable[[tuple[str, int, int]], Place | None] | None = None,
) -> Comparison:
    """Compare (name, line, column of the name) as a reader found them with what the real parser saw.

    An extra operation is forgiven once for each operation of that name whose place the real parser does not
    tell. `parents`, when given, says where the enclosing operation's name begins, and nesting is compared
    too.
    """
    by_place = {Place(w.line, w.column): w for w in expected.operations}
    unplaced = list(expected.unplaced)
    extra: list[tuple[str, int, int]] = []
    misplaced: list[tuple[str, int, int]] = []
    for operation in found:
        written = by_place.pop(Place(operation[1], operation[2]), None)
        if written is not None:
            if parents is not None and parents(operation) != written.parent:
                misplaced.append(operation)
        elif (twin := next((u for u in unplaced if _same_name(operation[0], u)), None)) is not None:
            unplaced.remove(twin)
        else:
            extra.append(operation)
    return Comparison(sorted(by_place.values(), key=lambda w: (w.line, w.column)), extra, misplaced)


def _same_name(short: str, full: str) -> bool:
    return short == full or full.endswith("." + short)


def global_unique_check(text: str, using: Tool) -> str | None:
    """Complain unless every definition in the text has a name of its own in the whole file.

    Meant for the output of a renaming that gives out globally unique names. Together with `same_module`
    this is a strong judge: a reader that missed a definition leaves its old name in place, and one that
    took two variables for one gives them the same name.
    """
    found = reading(text, using)
    if found is None:
        return f"{using.name} cannot place the definitions of this text"
    first: dict[str, Definition] = {}
    for definition in found.definitions:
        earlier = first.setdefault(definition.name, definition)
        if earlier is not definition:
            return f"{definition.name} is defined at {earlier[1:]} and at {definition[1:]}"
    return None

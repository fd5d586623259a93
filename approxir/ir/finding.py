"""Finding operations by name in a tree that has been parsed.

Whole functions are left out where their text holds none of the names and nothing in them was changed.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from approxir.ir.parts import BELOW
from approxir.syntax.formats.traits import ELIDED

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.ir.operation import Operation


def named_operations(module: Module, names: tuple[str, ...]) -> list[Operation]:
    """What `Module.find` finds, in the order of the text."""
    prefixes = tuple(name for name in names if name.endswith("."))
    exact = frozenset(names).difference(prefixes)
    source = module.source
    mentions = _mentions(module, names)
    found: list[Operation] = []
    known: dict[str, bool] = {}
    pending: list[Any] = [block.first for block in reversed(module.region.blocks)]
    while pending:
        op = pending.pop()
        while op is not None:
            name = op.name
            wanted = known.get(name)
            if wanted is None:
                wanted = known[name] = name in exact or name.startswith(prefixes)
            if wanted:
                found.append(op)
            following = op.next
            if op.regions and (
                mentions is None
                or op._flags & BELOW
                or op.source is not source
                or _any_between(mentions, op.start, op.end)
            ):
                if following is not None:
                    pending.append(following)
                for region in reversed(op.regions):
                    for block in reversed(region.blocks):
                        pending.append(block.first)
                break
            op = following
    return found


def _any_between(offsets: list[int], start: int, end: int) -> bool:
    place = bisect_left(offsets, start)
    return place < len(offsets) and offsets[place] < end


def _mentions(module: Module, names: tuple[str, ...]) -> list[int] | None:
    """Where the text mentions one of the names, whatever for; None where it may leave out the dialect."""
    known = module._mentions
    if names not in known:
        known[names] = _offsets(module.source.text, names)
    return known[names]


def _offsets(text: str, names: tuple[str, ...]) -> list[int] | None:
    offsets: list[int] = []
    for name in names:
        if "." not in name or name.partition(".")[0] in ELIDED:
            return None
        at = text.find(name)
        while at >= 0:
            offsets.append(at)
            at = text.find(name, at + len(name))
    offsets.sort()
    return offsets

"""Names for values and blocks that were made, moved or renamed: no name shadows or collides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.ir.parts import BELOW, FOREIGN, OWN
from approxir.ir.scopes import is_isolated
from approxir.ir.ssa import BlockArgument, Value


def settle_names(root: Operation | Region) -> None:
    """Give every fresh value below `root` a name of its own within its scope, and every block its label.

    A fresh value keeps its name where nothing else in the scope has it. Everything that mentions a
    value whose name changes is marked for printing.
    """
    pending: list[Operation | Region] = [root]
    while pending:
        scope = pending.pop()
        values: list[Value] = []
        regions: list[Region] = []
        for item in _scope_items(scope, pending):
            if isinstance(item, Region):
                regions.append(item)
            else:
                values.append(item)
        _settle_values(values)
        for region in regions:
            if region._changed or region.source is None:
                _settle_labels(region)


def _scope_items(scope: Operation | Region, pending: list[Any]) -> Iterator[Any]:
    """The values and regions of one scope; scopes inside that changed are added to `pending`."""
    if isinstance(scope, Operation):
        yield from scope.results
        if not _changed(scope):
            return
        regions: list[Region] = list(scope.regions)
        if scope._detail is not None:
            yield from scope._detail.arguments
    else:
        regions = [scope]
    while regions:
        region = regions.pop()
        yield region
        for block in region.blocks:
            yield from block._label_arguments()
            for op in block:
                yield from op.results
                if op._detail is not None:
                    yield from op._detail.arguments
                if not op.regions:
                    continue
                if is_isolated(op.name):
                    if _changed(op):
                        pending.append(op)
                else:
                    regions.extend(op.regions)


def _changed(op: Operation) -> bool:
    return bool(op._flags & (OWN | BELOW | FOREIGN)) or op.source is None


def _settle_values(values: list[Value]) -> None:
    fresh = [value for value in values if value._fresh or value._name is None]
    if not fresh:
        return
    taken = {value._name for value in values if not (value._fresh or value._name is None)}
    counters = {"": 0, "arg": 0}
    done: set[int] = set()
    for value in fresh:
        if id(value) in done:
            continue
        group = value._namesakes()
        done.update(map(id, group))
        wish = value._name
        if wish is None or wish in taken:
            stem = "arg" if isinstance(value, BlockArgument) else ""
            if wish is not None and not wish.isdigit():
                stem = wish + "_"
            number = counters.get(stem, 0)
            while f"{stem}{number}" in taken:
                number += 1
            counters[stem] = number + 1
            wish = f"{stem}{number}"
        taken.add(wish)
        for member in group:
            if member._name != wish:
                member._name = wish
                member._touch_definition()
                for user in member.users:
                    user._touch()
            member._fresh = False


def _settle_labels(region: Region) -> None:
    labels = {block.label for block in region.blocks if block.label is not None}
    seen: set[str | None] = set()
    number = 0
    renamed: set[Block] = set()
    for block in region.blocks:
        if block.label is None or block.label in seen:
            while f"bb{number}" in labels:
                number += 1
            block.label = f"bb{number}"
            labels.add(block.label)
            renamed.add(block)
        seen.add(block.label)
    if renamed:
        for op in region.operations:
            if any(target in renamed for target in op._resolved().successors):
                op._touch()

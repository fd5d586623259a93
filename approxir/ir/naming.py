"""Names for values and blocks that were made, moved or renamed: no name shadows or collides.

A name may be defined where neither a region around, nor the same region, nor one inside it defines it;
regions beside each other may use the same names. Isolation from above makes no difference to that: MLIR
refuses a function inside a module whose values have the function's names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.ir.parts import BELOW, FOREIGN, OWN
from approxir.ir.scopes import is_isolated
from approxir.ir.ssa import BlockArgument, Unresolved, Value


def settle_names(root: Operation | Region) -> None:
    """Give every fresh value below `root` a name that is free where it stands, and every block its label.

    A fresh value keeps its name where that is free. Everything that mentions a value whose name changes is
    marked for printing.
    """
    scopes: dict[Operation | Region, None] = {}
    for scope, region in _changed_regions(root):
        if region is not None and (region._changed or region.source is None):
            _settle_labels(region)
        scopes[scope] = None
    done: set[Region] = set()
    defined: dict[Region, set[str]] = {}
    for scope in scopes:
        regions = [scope] if isinstance(scope, Region) else list(scope.regions)
        if not any(region in done for region in regions):
            _Scope(scope, regions, _names_around(scope, defined)).settle(done)


def _changed_regions(root: Operation | Region) -> Iterator[tuple[Operation | Region, Region | None]]:
    """Where names or labels may have to be found: (isolated scope, region).

    A scope comes before those inside it, and only regions in which something changed are looked into.
    """
    # Scopes with the regions to look into; True where everything inside has come from elsewhere.
    pending: list[tuple[Operation | Region, list[tuple[Region, bool]]]] = []
    if isinstance(root, Region):
        pending.append((root, [(root, False)]))
    else:
        if _fresh(root.results):
            yield root, None
        moved = not root._floating and root.block is None
        pending.append((root, [(region, moved) for region in root.regions]))
    while pending:
        scope, regions = pending.pop()
        while regions:
            region, moved = regions.pop()
            fresh = region._changed or region.source is None
            for block in region.blocks:
                fresh = fresh or (type(block.args_) is list and _fresh(block.args_))
                op = block.first
                while op is not None:
                    if moved or op._flags & (OWN | BELOW | FOREIGN) or op.source is None:
                        fresh = fresh or (type(op.results_) is tuple and _fresh(op.results_))
                        fresh = fresh or (op._detail is not None and _fresh(op._detail.arguments))
                        if op.regions:
                            foreign = moved or bool(op._flags & FOREIGN)
                            inner = [(nested, foreign) for nested in op.regions]
                            if is_isolated(op.name):
                                pending.append((op, inner))
                            else:
                                regions.extend(inner)
                    op = op.next
            if fresh:
                yield scope, region


def _fresh(values: Any) -> bool:
    return any(value._fresh or value._name is None for value in values)


class _Scope:
    """Everything inside one scope: names that stay, by place, and values that may have to be renamed."""

    def __init__(self, scope: Operation | Region, regions: list[Region], visible: set[str]) -> None:
        self.regions = regions
        # Regions are numbered in the order of the text; the last number inside each.
        self.last: dict[int, int] = {}
        # For each region, by number: the values that may be renamed, and the names that stay.
        self.wishes: list[list[Value]] = []
        self.kept: list[list[str]] = []
        # The numbers of the regions that define a name that stays.
        self.places: dict[str, list[int]] = {}
        self.counters: dict[str, int] = {}
        self.visible = visible
        if isinstance(scope, Operation) and scope.block is None:
            self._add(self._enter(), scope.results)
            self.last[0] = 0

    def settle(self, done: set[Region]) -> None:
        order = self._read(done)
        taken: dict[str, int] = dict.fromkeys(self.visible, 1)
        added: list[list[str]] = []
        for number, leaving in order:
            if leaving:
                for name in added.pop():
                    taken[name] -= 1
                continue
            names = list(self.kept[number])
            for name in names:
                taken[name] = taken.get(name, 0) + 1
            settled: set[int] = set()
            for value in self.wishes[number]:
                if id(value) in settled:
                    continue
                group = value._namesakes()
                settled.update(map(id, group))
                name = self._free(value, number, taken)
                names.append(name)
                taken[name] = taken.get(name, 0) + 1
                _rename(group, name)
            added.append(names)

    def _read(self, done: set[Region]) -> list[tuple[int, bool]]:
        """Look at every region; the result lists their numbers, on entering and (True) on leaving each."""
        order = [(number, leaving) for number in range(len(self.wishes)) for leaving in (False, True)]
        work: list[Any] = list(reversed(self.regions))
        while work:
            item = work.pop()
            if isinstance(item, int):
                self.last[item] = len(self.wishes) - 1
                order.append((item, True))
                continue
            number = self._enter()
            order.append((number, False))
            work.append(number)
            if isinstance(item, Operation):
                # Arguments that the header names belong to all regions, or, in a declaration, to none.
                self._add(number, item._resolved().arguments)
                work.extend(reversed(item.regions))
                continue
            done.add(item)
            inner: list[Any] = []
            holder = item.operation
            if holder is not None and not _shares_arguments(holder):
                self._add(number, [a for a in holder._resolved().arguments if _home(a, holder) is item])
            for block in item.blocks:
                self._add(number, block._label_arguments())
                for op in block:
                    self._add(number, op.results)
                    detail = op._resolved()
                    for operand in detail.operands:
                        if operand.__class__ is Unresolved and operand._name is not None:
                            self._keep(number, operand._name)
                    if op.regions and not _shares_arguments(op):
                        inner.extend(op.regions)
                    elif detail.arguments:
                        inner.append(op)
            work.extend(reversed(inner))
        return order

    def _enter(self) -> int:
        self.wishes.append([])
        self.kept.append([])
        return len(self.wishes) - 1

    def _add(self, number: int, values: Any) -> None:
        for value in values:
            if value._fresh or value._name is None:
                self.wishes[number].append(value)
            else:
                self._keep(number, value._name)

    def _keep(self, number: int, name: str) -> None:
        self.kept[number].append(name)
        places = self.places.setdefault(name, [])
        if not places or places[-1] != number:
            places.append(number)

    def _free(self, value: Value, number: int, taken: dict[str, int]) -> str:
        wish = value._name
        if wish is not None and self._is_free(wish, number, taken):
            return wish
        stem = "arg" if isinstance(value, BlockArgument) else ""
        if wish is not None and not wish.isdigit():
            stem = wish + "_"
        count = self.counters.get(stem, 0)
        while not self._is_free(f"{stem}{count}", number, taken):
            count += 1
        self.counters[stem] = count + 1
        return f"{stem}{count}"

    def _is_free(self, name: str, number: int, taken: dict[str, int]) -> bool:
        if taken.get(name):
            return False
        places = self.places.get(name)
        if places is None:
            return True
        at = bisect_left(places, number)
        return at == len(places) or places[at] > self.last[number]


def _names_around(scope: Operation | Region, known: dict[Region, set[str]]) -> set[str]:
    """The names that are visible where a scope begins; `known` remembers those that a region defines."""
    names: set[str] = set()
    if isinstance(scope, Region):
        return names
    op: Operation | None = scope
    while op is not None:
        region = op.block.region if op.block is not None else None
        if region is not None:
            found = known.get(region)
            if found is None:
                found = known[region] = _names_in(region)
            names |= found
        op = op.parent
    return names


def _names_in(region: Region) -> set[str]:
    names: set[str | None] = set()
    if region.operation is not None:
        names.update(argument._name for argument in region.operation._resolved().arguments)
    for block in region.blocks:
        names.update(argument._name for argument in block._label_arguments())
        for op in block:
            if op.results_ is not None:
                names.update(result._name for result in op.results)
    return {name for name in names if name is not None}


def _shares_arguments(op: Operation) -> bool:
    """Whether the header of an operation names arguments for several regions, as ``stablehlo.while`` does."""
    return len(op.regions) > 1 and not is_isolated(op.name) and bool(op._resolved().arguments)


def _home(argument: BlockArgument, holder: Operation) -> Region:
    """The region that an argument named in a header belongs to."""
    region: Region = holder.regions[0] if argument.block is None else argument.block.region
    return region


def _rename(group: tuple[Value, ...], name: str) -> None:
    for member in group:
        if member._name != name:
            users = member.users
            member._name = name
            member._touch_definition()
            for user in users:
                user._touch()
        member._fresh = False


def _settle_labels(region: Region) -> None:
    labels = {block.label for block in region.blocks if block.label is not None}
    seen: set[str | None] = set()
    number = 0
    renamed: set[Block] = set()
    # The labels that the text of the region spells stay as they are.
    for block in sorted(region.blocks, key=lambda block: not _is_native(block, region)):
        if block.label is None and block is region.blocks[0] and _is_native(block, region):
            continue
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


def _is_native(block: Block, region: Region) -> bool:
    return block.source is region.source is not None and region.start < block.start < region.end

"""What a tree says, independent of names and text: to compare a tree that was edited with what it prints."""

from __future__ import annotations

from typing import Any

import approxir as ax
from approxir.ir.ssa import Unresolved


def shape(module: ax.Module) -> list[Any]:
    """One entry for each operation: name, operands, results, successors and regions.

    Values and blocks are numbers in the order of the walk, so that two trees have equal shapes if and only
    if they are the same up to names and attributes.
    """
    values: dict[ax.Value, int] = {}
    blocks: dict[ax.Block, int] = {}
    operations = list(module.walk())
    for op in operations:
        for value in (*op.results, *(() if op.regions else op.header_arguments)):
            values[value] = len(values)
        for region in op.regions:
            for block in region.blocks:
                blocks[block] = len(blocks)
                for argument in block.arguments:
                    values[argument] = len(values)
    return [_entry(op, values, blocks) for op in operations]


def _entry(op: ax.Operation, values: dict[ax.Value, int], blocks: dict[ax.Block, int]) -> Any:
    operands = [
        f"?{v.name}" if isinstance(v, Unresolved) else values.get(v, f"lost {v!r}") for v in op.operands
    ]
    regions = [[(len(b.arguments), len(b.operations)) for b in region.blocks] for region in op.regions]
    successors = [blocks.get(block, "lost") for block in op.successors]
    return op.name, operands, [values[r] for r in op.results], successors, regions


def same_tree(edited: ax.Module, parsed: ax.Module) -> None:
    """Assert that two trees are the same up to names, spelling, and attributes that the text implies."""
    for ours, theirs in zip(shape(edited), shape(parsed), strict=True):
        assert ours == theirs, (ours, theirs)
    for op, twin in zip(edited.walk(), parsed.walk(), strict=True):
        expected, found = dict(op.attributes), dict(twin.attributes)
        if op.source is not None:
            assert expected == found, op
        else:
            assert {key: found.get(key) for key in expected} == expected, op


def def_use(module: ax.Module) -> None:
    """Assert that the uses of every value are exactly the operands that name it, and the links hold."""
    for op in module.walk():
        for operand in op.operands:
            if not isinstance(operand, Unresolved):
                assert op in operand.users, (op, operand)
        for result in op.results:
            assert result.owner is op
            for use in result.uses:
                assert use.operation._resolved().operands[use.index] is result
        for region in op.regions:
            assert region.operation is op
            for block in region.blocks:
                assert block.region is region
                assert [o.block for o in block] == [block] * len(block.operations)
                assert list(reversed(block.operations)) == list(reversed(block))


def unique_in_scopes(module: ax.Module) -> None:
    """Assert that no name is defined where the same name is visible."""
    stack: list[tuple[Any, set[str]]] = [(module.region, set())]
    while stack:
        region, visible = stack.pop()
        inner = set(visible)
        for block in region.blocks:
            names = [a.name for a in block.arguments]
            for op in block:
                names += [r.name for r in op.results if r.pack is None or r.pack[0] == 0]
            for name in names:
                assert name not in inner, name
                inner.add(name)
        for block in region.blocks:
            for op in block:
                # The names of the operation itself and of those behind it are not yet known inside.
                for nested in op.regions:
                    stack.append((nested, _before(op, inner, region)))


def _before(op: ax.Operation, inner: set[str], region: ax.Region) -> set[str]:
    later: set[str] = set()
    seen = False
    for block in region.blocks:
        if seen:
            later |= {a.name for a in block.arguments if a.name is not None}
        for other in block:
            seen = seen or other is op
            if seen:
                later |= {r.name for r in other.results if r.name is not None}
    return inner - later

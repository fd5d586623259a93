"""Copies of operations and regions, and inlining."""

from __future__ import annotations

from typing import Any

from approxir.errors import IRError
from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.ir.parts import BELOW, FOREIGN, OWN, RESOLVED, Made
from approxir.ir.ssa import BlockArgument, OpResult, Value


def clone_operation(op: Operation, mapping: dict[Any, Any]) -> Operation:
    """A detached copy of `op`; see `Operation.clone`."""
    for inner in op.walk():
        inner._resolved()
    root = _shell(op, mapping)
    made: list[tuple[Operation, Operation]] = [(op, root)]
    # First every definition, then every use, so that forward references find the copies.
    at = 0
    while at < len(made):
        old, new = made[at]
        at += 1
        if not old.regions:
            continue
        new.regions = []
        for region in old.regions:
            copy = Region(region.source, new, region.start)
            copy.end = region.end
            copy._changed = region._changed
            new.regions.append(copy)
            for block in region.blocks:
                twin = _block_shell(block, copy, mapping)
                for child in block:
                    shell = _shell(child, mapping)
                    _link(twin, shell)
                    shell._flags |= child._flags & FOREIGN
                    made.append((child, shell))
    for old, new in made:
        _connect(old, new, mapping)
    for old, new in made:
        _connect_operands(old, new, mapping)
    return root


def _shell(op: Operation, mapping: dict[Any, Any]) -> Operation:
    copy = Operation(op.source, op.name, op.lead, op.start, op.name_start, op.end, None, None)
    results = []
    for result in op.results:
        twin = OpResult(copy, result.index, result.name, result.pack)
        twin._type = result._type
        twin._fresh = True
        mapping[result] = twin
        results.append(twin)
    copy.results_ = tuple(results)
    copy._flags = OWN | BELOW | (op._flags & RESOLVED)
    return copy


def _block_shell(block: Block, region: Region, mapping: dict[Any, Any]) -> Block:
    twin = Block(block.source, region, block.label, block.lead, block.start, block.end)
    twin._changed = block._changed
    twin.original_start, twin.original_end = block.original_start, block.original_end
    arguments = []
    for argument in block._label_arguments():
        copy = _copy_argument(argument, twin, None)
        mapping[argument] = copy
        arguments.append(copy)
    twin.args_ = arguments or None
    region.blocks.append(twin)
    mapping[block] = twin
    return twin


def _copy_argument(argument: BlockArgument, block: Block | None, holder: Operation | None) -> BlockArgument:
    copy = BlockArgument(block, argument.index, argument.name, argument.span, holder, argument.type_span)
    copy._type = argument._type
    copy._fresh = True
    return copy


def _link(block: Block, op: Operation) -> None:
    op.block = block
    op.prev = block.last
    if block.last is None:
        block.first = op
    else:
        block.last.next = op
    block.last = op


def _connect(old: Operation, new: Operation, mapping: dict[Any, Any]) -> None:
    detail = old._detail
    assert detail is not None
    copy = detail.same_places()
    arguments = []
    for argument in detail.arguments:
        twin = mapping.get(argument)
        if twin is None:
            block = mapping.get(argument.block) if argument.block is not None else None
            twin = mapping[argument] = _copy_argument(argument, block, new)
        arguments.append(twin)
    copy.arguments = arguments
    new._detail = copy
    new._patches = dict(old._patches) if old._patches else None
    new._overlay = dict(old._overlay) if old._overlay else None
    new._facts = old._facts
    if old._made is not None:
        made = old._made
        new._made = Made(
            made.result_types, dict(made.properties), dict(made.attributes), made.location, made.origin
        )
    copy.successors = [mapping.get(target, target) for target in detail.successors]


def _connect_operands(old: Operation, new: Operation, mapping: dict[Any, Any]) -> None:
    assert old._detail is not None
    assert new._detail is not None
    for operand in old._detail.operands:
        value = mapping.get(operand, operand)
        new._detail.operands.append(value)
        value._add_use(new)


def inline_block(
    block: Block, before: Operation, arguments: list[Value] | tuple[Value, ...] = ()
) -> list[Value]:
    """Move the operations of `block` to stand before another one; its terminator is erased.

    `arguments` take the place of the block's arguments. The result is the list of the terminator's
    operands: what the inlined code computes. Raises `IRError` when the numbers do not match.
    """
    if len(arguments) != len(block.arguments):
        raise IRError(f"the block has {len(block.arguments)} arguments, not {len(arguments)}")
    for argument, value in zip(block.arguments, arguments, strict=True):
        argument.replace_all_uses_with(value)
    terminator = block.last
    if terminator is None:
        return []
    values = list(terminator.operands)
    if before.block is None or before.block.region is None:
        raise IRError(f"{before.name} stands in no block")
    if block.first is not terminator:
        before.block.take(block.first, terminator.prev, before=before)
    terminator.erase()
    return values

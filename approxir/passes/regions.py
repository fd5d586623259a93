"""Code of regions, moved: inlined, put into a knob of its own, or copied into the cases of a switch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from approxir.dialects.approx.ops import KnobOp, YieldOp
from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.cloning import inline_block
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.ir.verify.approx import local_name
from approxir.passes.base import PassError
from approxir.passes.functions import ensure_yield, move_operations, tell_type
from approxir.values import DenseArrayAttr, IntegerType, Type

_I64 = IntegerType(64)

HANDED = "approx.handed"
"""The mark on a call in a try whose first operands are all that the knob yields, one of it several times."""
LOWERED = "approx.lowered"
"""The mark on knobs inside of other knobs whose decisions have become control flow."""


def known_type(value: Value, op: Operation) -> Type:
    """The type of a value. Raises `PassError`, placed at `op`, where the text does not tell it."""
    if value.type is None:
        message = f"the type of %{value.name} is not known"
        raise PassError.at(op, message, hint="print the module in the generic form first")
    return value.type


def knob_block(op: Operation) -> Block:
    """The only block of a knob, which ends in a yield of the knob's results. Raises `PassError`."""
    if len(op.regions) != 1 or len(op.regions[0].blocks) > 1:
        hint = "put code with several blocks into a function of its own" if op.regions else None
        raise PassError.at(op, f"{op.name} has one region of one block", hint=hint)
    last = ensure_yield(op.regions[0])
    if len(last.operands) != len(op.results):
        message = (
            f"{op.name} has {len(op.results)} results, but its region yields {len(last.operands)} values"
        )
        raise PassError.at(op, message)
    block: Block = op.regions[0].blocks[0]
    return block


def inline_approx_region(op: Operation, arguments: Sequence[Value]) -> list[Value]:
    """Put the code of the region of a decision tree or a try before it; the values that it yields."""
    if len(op.regions) != 1 or not op.regions[0].blocks:
        raise PassError.at(op, f"{op.name} has one region, which yields a value")
    region: Region = op.regions[0]
    if len(region.blocks[0].arguments) != len(arguments):
        has, given = len(region.blocks[0].arguments), len(arguments)
        raise PassError.at(op, f"the region of {op.name} has {has} arguments for {given} operands")
    ends = [block.last for block in region.blocks]
    if not any(last is not None and local_name(last) == "yield" for last in ends) or (
        len(ends) == 1 and local_name(ends[0]) != "yield"
    ):
        raise PassError.at(op, f"the region of {op.name} ends in no yield")
    return inline_region(region, op, arguments)


def inline_region(region: Region, before: Operation, arguments: Sequence[Value]) -> list[Value]:
    """Put the code of a region before an operation; the values that it yields."""
    if len(region.blocks) == 1:
        return inline_block(region.blocks[0], before, list(arguments))
    first = region.blocks[0]
    for argument, value in zip(first.arguments, arguments, strict=True):
        argument.replace_all_uses_with(value)
    types: list[Type] = []
    body = Region.create()
    entry = Block.create()
    move_operations(first, entry)
    body.append(entry)
    for block in list(region.blocks[1:]):
        region.remove(block)
        body.append(block)
    for block in body.blocks:
        last = block.last
        if last is not None and local_name(last) == "yield":
            values = list(last.operands)
            types = [known_type(value, before) for value in values]
            last.erase()
            block.append(Operation.create("scf.yield", values))
    made = Builder.before(before).create("scf.execute_region", [], types, regions=[body])
    return list(made.results)


@dataclass(frozen=True)
class Payload:
    """Operations of a knob's block that a decision governs, and what they hand on.

    That is first everything that the knob yields, in its order, computed by the payload or not, and then
    what a try uses besides.
    """

    operations: list[Operation]
    last: Operation
    """The terminator of the block."""
    values: list[Value]
    types: list[Type]

    @classmethod
    def behind(cls, op: Operation) -> Payload:
        """What stands behind an operation, up to the try or the terminator."""
        assert op.block is not None
        found: list[Operation] = []
        after = op.next
        while after is not None and after.next is not None and local_name(after) != "try":
            found.append(after)
            after = after.next
        return cls._of(found, op.block, op)

    @classmethod
    def around(cls, op: Operation) -> Payload:
        """What stands before and behind an operation, up to the try or the terminator."""
        assert op.block is not None
        found: list[Operation] = []
        for other in op.block:
            if other.next is None or local_name(other) == "try":
                break
            if other is not op:
                found.append(other)
        return cls._of(found, op.block, op)

    @classmethod
    def _of(cls, operations: list[Operation], block: Block, op: Operation) -> Payload:
        last = block.last
        assert last is not None
        inside = set(operations)
        values = list(last.operands)
        around = block.region.operation
        for value, result in zip(values, around.results, strict=False):
            tell_type(value, result.type)
        known = set(values)
        for result in [result for one in operations for result in one.results]:
            if result not in known and any(not _stands_in(user, inside) for user in result.users):
                values.append(result)
        return cls(operations, last, values, [known_type(value, op) for value in values])

    def move_to(self, block: Block) -> None:
        """Move the operations to the end of a block."""
        for run in _runs(self.operations):
            block.take(run[0], run[-1])

    def replace_outside(self, results: Sequence[Value]) -> None:
        """Let what stands behind the payload use these instead of what the payload handed on."""
        inside = set(self.operations)
        # A try sees what the knob is going to yield, even where the payload does not compute it.
        checks = [op for op in _following(self.last) if local_name(op) == "try"]
        done: set[Value] = set()
        count = len(self.last.operands)
        for call in [op for check in checks for op in check.walk() if HANDED in op.attributes]:
            # One value may become several, each in the place of a result.
            for index in range(count):
                call.set_operand(index, results[index])
        for old, new in zip(self.values, results, strict=True):
            if old in done:
                continue
            done.add(old)
            for user in list(old.users):
                if user is self.last or _stands_in(user, inside):
                    continue
                computed = old.owner in inside
                if computed or any(check.is_ancestor_of(user) for check in checks):
                    user._replace_operand(old, new)
        for index in range(count):
            self.last.set_operand(index, results[index])


def _runs(operations: list[Operation]) -> list[list[Operation]]:
    """The operations, in lists of those that stand directly one behind the other."""
    found: list[list[Operation]] = []
    for op in operations:
        if found and found[-1][-1].next is op:
            found[-1].append(op)
        else:
            found.append([op])
    return found


def _following(last: Operation) -> list[Operation]:
    return [] if last.prev is None else [last.prev]


def _stands_in(op: Operation, inside: set[Operation]) -> bool:
    return op in inside or any(outer in inside for outer in op.ancestors())


def enclose(payload: Payload, first: Operation | None, before: Operation) -> KnobOp:
    """Put a payload, with an operation in front of it, into a knob of its own that stands before `before`."""
    block = Block.create()
    inner = KnobOp.create([], payload.types, Region.create([block]))
    Builder.before(before).insert(inner.operation)
    payload.replace_outside(inner.results)
    if first is not None:
        block.append(first)
    payload.move_to(block)
    block.append(YieldOp.create(payload.values).operation)
    return inner


def switch_on(
    build: Builder, index: Value, payload: Payload, cases: Sequence[tuple[int, Operation]]
) -> Operation:
    """Replace a payload by a switch with a copy of it for each case; the last one is the default.

    Each case is the value of the index that it is for, and the transform that stands in front of the copy.
    """
    regions: list[Region] = []
    for _, transform in cases[:-1]:
        block = Block.create()
        block.append(transform)
        mapping: dict[object, object] = {}
        for op in payload.operations:
            block.append(op.clone(mapping))
        values = [mapping.get(value, value) for value in payload.values]
        block.append(Operation.create("scf.yield", values))  # type: ignore[arg-type]
        regions.append(Region.create([block]))
    block = Block.create()
    block.append(cases[-1][1])
    # The generic form has the default first.
    switch = build.create(
        "scf.index_switch",
        [index],
        payload.types,
        properties={"cases": DenseArrayAttr(_I64, tuple([value for value, _ in cases[:-1]]))},
        regions=[Region.create([block]), *regions],
    )
    payload.replace_outside(switch.results)
    payload.move_to(block)
    block.append(Operation.create("scf.yield", payload.values))
    return switch

"""Blocks: their labels, their terminators, and the operands that branches pass to them."""

from __future__ import annotations

from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.ir.parts import Detail
from approxir.ir.verify.approx import PREFIXES
from approxir.ir.verify.facts import Facts
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.known import known
from approxir.ir.verify.types import TypeComparer
from approxir.values import DenseArrayAttr


def check_labels(region: Region, op: Operation | None, facts: Facts | None, findings: Findings) -> None:
    """No label twice in a region, no label where the header names the arguments, no branch to the entry."""
    seen: dict[str, Block] = {}
    for number, block in enumerate(region.blocks):
        if block.label is None or block.start == block.end:
            continue
        first = seen.setdefault(block.label, block)
        length = len(block.label) + 1
        if first is not block:
            findings.add(
                block.start,
                f"redefinition of block ^{block.label}",
                code="redefinition",
                length=length,
                hint="give one of the two blocks another name",
                related=(first.start, f"^{block.label} is defined here first"),
            )
        if number == 0 and op is not None and facts is not None and facts.form is not None:
            position = op.regions.index(region)
            arguments = facts.form.region_arguments
            if position < len(arguments) and arguments[position]:
                findings.add(
                    block.start,
                    f"the first block of {op.name} cannot have a label: the header names its arguments",
                    code="structure",
                    length=length,
                    hint="remove the label",
                )


def check_successors(op: Operation, detail: Detail, facts: Facts | None, findings: Findings) -> None:
    """Successors exist, are no entry blocks, and only the last operation of a block has some."""
    following = op.next
    sure = facts is None or facts.understood
    for target, span in zip(detail.successors, detail.successor_spans, strict=True):
        length = span[1] - span[0]
        if isinstance(target, str):
            findings.add(
                span[0],
                f"branch to ^{target}, which is no block of this region",
                code="undefined",
                length=length,
                hint="labels are visible in their own region only",
            )
        elif target.region is not None and target.region.blocks[0] is target and sure:
            findings.add(
                span[0],
                f"branch to ^{target.label}, the first block of its region",
                code="structure",
                length=length,
                hint="put another block before it: the entry block cannot have predecessors",
                related=(target.start, f"^{target.label} is defined here"),
            )
    if following is not None and ((detail.successors and sure) or known(op.name).terminator):
        findings.add(
            op.name_start,
            f"{op.name} must be the last operation of its block",
            code="structure",
            length=len(op.name),
            hint="begin a new block after it with a label such as ^bb1:",
            related=(following.start, "this operation stands after it"),
        )


def check_branch(
    op: Operation, detail: Detail, facts: Facts, findings: Findings, types: TypeComparer
) -> None:
    """The operands that a branch passes to a block are those that the block asks for."""
    passed = facts.successor_operands
    if passed is None:
        passed = _generic_branch(op, detail, facts)
    if passed is None or len(passed) != len(detail.successors):
        return
    for number, (target, slots) in enumerate(zip(detail.successors, passed, strict=True)):
        if not isinstance(target, Block):
            continue
        arguments = target.arguments
        at = detail.successor_spans[number][0]
        related = (target.start, f"^{target.label} is defined here")
        if len(arguments) != len(slots):
            counts = f"{len(slots)} operands to ^{target.label}, which has {len(arguments)} arguments"
            message = f"{op.name} passes {counts}"
            findings.add(at, message, code="branch", related=related)
            continue
        for argument, slot in zip(arguments, slots, strict=True):
            if not 0 <= slot < len(detail.operands):
                continue
            value = detail.operands[slot]
            has, needs = value._type, argument.type
            if has is not None and needs is not None and types.differ(has, needs):
                wanted = f"the argument %{argument.name} of ^{target.label} is {needs}"
                message = f"%{value.name} is {has}, but {wanted}"
                findings.add(detail.operand_span(slot)[0], message, code="branch", related=related)


def _generic_branch(op: Operation, detail: Detail, facts: Facts) -> tuple[tuple[int, ...], ...] | None:
    count = len(detail.operands)
    if op.name in ("cf.br", "llvm.br"):
        return (tuple(range(count)),)
    if op.name == "cf.cond_br":
        sizes = facts.attributes.get("operandSegmentSizes")
        if isinstance(sizes, DenseArrayAttr) and len(sizes.values) == 3:
            first, second, third = (int(size) for size in sizes.values)
            if first + second + third == count:
                return tuple(range(first, first + second)), tuple(range(first + second, count))
    return None


def check_terminators(region: Region, op: Operation | None, findings: Findings) -> None:
    """Blocks end in terminators where the operation around them asks for that."""
    if op is None or op.name.startswith(PREFIXES):
        # The approx dialect has rules of its own, which say more.
        return
    around = known(op.name)
    blocks = region.blocks
    implied = not op.is_generic and around.implicit_terminator is not None and op.name not in _WRITTEN
    for block in blocks:
        last = block.last
        if last is None:
            needed = len(blocks) > 1 or (around.needs_terminator and not implied)
            if block.label is not None and needed:
                findings.add(
                    block.start,
                    f"block ^{block.label} is empty",
                    code="structure",
                    length=len(block.label or "") + 1,
                    hint="a block ends in a terminator" + _suggestion(op),
                )
            elif op.name == "func.func" and len(blocks) == 1 and not op.is_generic:
                findings.add(
                    region.start,
                    "the body of a function is empty",
                    code="structure",
                    hint="write func.return into it, or leave the braces out to declare the function",
                )
            continue
        facts = known(last.name)
        if not facts.listed or facts.terminator or (implied and len(blocks) == 1):
            continue
        if around.needs_terminator or len(blocks) > 1:
            findings.add(
                last.name_start,
                f"a block of {op.name} ends in {last.name}, which is no terminator",
                code="structure",
                length=len(last.name),
                hint="a block ends in a terminator" + _suggestion(op),
            )


# Their custom form supplies a terminator to an empty region only.
_WRITTEN = frozenset({"linalg.generic"})
_TERMINATORS = {"func": "func.return", "scf": "scf.yield", "affine": "affine.yield", "linalg": "linalg.yield"}


def _suggestion(op: Operation) -> str:
    found = known(op.name).implicit_terminator or _TERMINATORS.get(op.dialect)
    return "" if found is None else f" such as {found}"

"""Fusing operations that work element by element, where that computes nothing more often than before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from approxir.codegen.llvm.contractions import is_contraction
from approxir.codegen.llvm.structured import Structured, ir, operations, structured

FUSE = ("linalg-fuse-elementwise-ops", "canonicalize", "cse")
"""Fuses whatever is computed element by element into the only operation that uses it."""

# No dialect has it: MLIR does not know what it does, and fuses nothing across it.
_BARRIER = "approxir.barrier"
# Cheaper to compute again than to write to memory and read back.
_CHEAP = frozenset(
    f"arith.{name}"
    for name in (
        "addf", "subf", "mulf", "negf", "maximumf", "minimumf", "addi", "subi", "muli", "andi", "ori", "xori",
        "maxsi", "minsi", "maxui", "minui", "cmpf", "cmpi", "select", "extf", "truncf", "extsi", "extui",
        "trunci", "sitofp", "uitofp", "index_cast", "constant",
    )
) | {"math.absf", "linalg.index"}  # fmt: skip
_CHEAP_OPERATIONS = 2


def fuse_elementwise(module: Any, run: Callable[[Any, tuple[str, ...]], None]) -> None:
    """Fuse inside a module; `run` runs passes over it.

    The pass fuses an operation even into one that needs each of its elements many times, as a matrix product
    does, which would compute them as often. Barriers keep it from that.
    """
    context = module.context
    allowed = context.allow_unregistered_dialects
    context.allow_unregistered_dialects = True
    for consumer in structured(module):
        for number in range(consumer.inputs):
            if _repeats(consumer, number):
                _separate(consumer, number)
    run(module, FUSE)
    for op in [op for op in operations(module) if op.name == _BARRIER]:
        op.results[0].replace_all_uses_with(op.operands[0])
        op.erase()
    context.allow_unregistered_dialects = allowed


def _repeats(consumer: Structured, number: int) -> bool:
    """Whether fusing the operation that computes an operand would do much of its work repeatedly."""
    owner = consumer.op.operands[number].owner
    op = owner.operation if hasattr(owner, "operation") else None
    if op is None or op.name != "linalg.generic":
        return False
    *computed, _ = Structured(op).body
    if not computed:
        # It only says where the elements lie.
        return False
    if is_contraction(consumer):
        return True
    if len(computed) <= _CHEAP_OPERATIONS and _CHEAP.issuperset(computed):
        return False
    others = set(range(consumer.loops)) - consumer.used(number)
    return any(consumer.sizes[loop] != 1 for loop in others)


def _separate(consumer: Structured, number: int) -> None:
    value = consumer.op.operands[number]
    with ir.InsertionPoint(consumer.op), consumer.op.location:
        barrier = ir.Operation.create(_BARRIER, results=[value.type], operands=[value])
    consumer.op.operands[number] = barrier.results[0]

"""Whose memory a function returns, and which of its arguments it may write to.

Both are read off the operations of the module. What cannot be followed counts as the worst case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from approxir.dialects.memory import ASKS, READS, STORES, VIEWS
from approxir.ir.ssa import BlockArgument, OpResult, Value
from approxir.passes.functions import FUNCTION, RETURN, Functions, block_of, is_declaration
from approxir.values import MemRefType, SymbolRefAttr, UnrankedMemRefType

if TYPE_CHECKING:
    from approxir.ir.blocks import Block
    from approxir.ir.operation import Operation

ALLOCATED = "allocated"
GIVEN = "given"
GLOBAL = "global"
EXTERNAL = "external"
STACK = "stack"
UNKNOWN = "unknown"

_ALLOCATES = frozenset({"memref.alloc", "memref.realloc"})
_FREES = frozenset({"memref.dealloc", "memref.realloc"})
_ONLY_READS = READS - {"memref.generic_atomic_rmw"}
# What hands the memrefs that it is given on to its regions, and those that these yield to its results.
_STRUCTURED = frozenset({
    "affine.for", "affine.if", "affine.parallel", "scf.execute_region", "scf.for", "scf.forall", "scf.if",
    "scf.index_switch", "scf.parallel", "scf.while",
})  # fmt: skip
_YIELDS = frozenset({"affine.yield", "scf.condition", "scf.yield"})
_BRANCHES = frozenset({"cf.br", "cf.cond_br", "cf.switch"})


class Ownership:
    """Answers for the functions of one module."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    # Where memory comes from.

    def origins(self, function: Operation, result: int) -> set[str]:
        """Where the memory of a result can come from: some of the constants of this module."""
        return self._returned(function, result, set())

    def _returned(self, function: Operation, result: int, seen: set[object]) -> set[str]:
        found: set[str] = set()
        if (function, result) in seen:
            return found
        seen.add((function, result))
        if is_declaration(function):
            return {EXTERNAL}
        for op in function.walk():
            if op.name == RETURN and op.parent is function:
                found |= self._origins(op.operands[result], seen)
        return found

    def _origins(self, value: Value, seen: set[object]) -> set[str]:
        found: set[str] = set()
        pending = [value]
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            if isinstance(one, BlockArgument):
                block = one.block
                around = block.region.operation if block is not None else None
                if block is None or around is None:
                    found.add(UNKNOWN)
                elif around.name == FUNCTION:
                    if block is block_of(around):
                        found.add(GIVEN)
                    else:
                        pending += _branched(block)
                elif around.name in _STRUCTURED:
                    pending += _passed(around)
                else:
                    found.add(UNKNOWN)
                continue
            assert isinstance(one, OpResult)
            op = one.operation
            if op.name in _ALLOCATES:
                found.add(UNKNOWN if _is_stored(one) or self._is_freed(one) else ALLOCATED)
            elif op.name in ("memref.alloca", "memref.alloca_scope"):
                found.add(STACK)
            elif op.name == "memref.get_global":
                found.add(GLOBAL)
            elif op.name in VIEWS:
                pending.append(op.operands[0])
            elif op.name == "arith.select":
                pending += op.operands[1:]
            elif op.name in _STRUCTURED:
                pending += _passed(op)
            elif op.name == "func.call":
                callee = self._callee(op)
                if callee is None:
                    found.add(UNKNOWN)
                else:
                    inner = self._returned(callee, one.index, seen)
                    found |= inner - {GIVEN}
                    # A callee that was looked at before may have returned what it was given.
                    pending += _memrefs(op.operands)
            else:
                found.add(UNKNOWN)
        return found

    def _callee(self, call: Operation) -> Operation | None:
        callee = call.attributes.get("callee")
        found = self._functions.find(callee.root, call) if isinstance(callee, SymbolRefAttr) else None
        return found if found is not None and found.name == FUNCTION else None

    # What memory is written to.

    def writes(self, function: Operation, argument: int) -> bool:
        """Whether a function may write to the memory of one of its arguments."""
        start = _argument(function, argument)
        return start is None or any(more is None for _, more in self._uses(start))

    def frees(self, function: Operation, argument: int) -> bool:
        """Whether a function frees the memory of one of its arguments, as far as that can be seen."""
        start = _argument(function, argument)
        return start is not None and self._is_freed(start)

    def _is_freed(self, value: Value) -> bool:
        return any(op.name in _FREES for op, _ in self._uses(value))

    def _uses(self, start: Value) -> Iterator[tuple[Operation, list[Value] | None]]:
        """Every use of a memory, with the other values that are the same memory then (None: it may write)."""
        seen: set[Value] = set()
        pending = [start]
        while pending:
            value = pending.pop()
            if value in seen:
                continue
            seen.add(value)
            for use in value.uses:
                more = self._through(use.operation, value)
                yield use.operation, more
                pending += more or ()

    def _through(self, op: Operation, value: Value) -> list[Value] | None:
        """Other values that are the same memory after this use; None if it may write."""
        name = op.name
        if name in _ONLY_READS or name in ASKS or name == RETURN:
            return []
        if name in VIEWS:
            return list(op.results)
        if name in STORES or name == "memref.generic_atomic_rmw" or name == "memref.atomic_rmw":
            return None
        if name == "memref.copy":
            return [] if op.operands[1] is not value else None
        if name == "arith.select":
            return list(op.results)
        if name == "func.call":
            callee = self._callee(op)
            if callee is None:
                return None
            found = [_argument(callee, n) for n, operand in enumerate(op.operands) if operand is value]
            if None in found:
                return None
            return [*_memrefs(op.results), *(one for one in found if one is not None)]
        if name in _STRUCTURED or name in _YIELDS or name in _BRANCHES:
            return self._onward(op)
        return None

    def _onward(self, op: Operation) -> list[Value]:
        """All memrefs that can be what control flow hands on."""
        if op.name in _BRANCHES:
            region = op.block.region if op.block is not None else None
            blocks = region.blocks if region is not None else []
            return _memrefs([argument for block in blocks for argument in block.arguments])
        around = op.parent if op.name in _YIELDS else op
        if around is None or around.name not in _STRUCTURED:
            return []
        inner = [a for region in around.regions for block in region.blocks for a in block.arguments]
        return _memrefs([*inner, *around.header_arguments, *around.results])


def _argument(function: Operation, number: int) -> Value | None:
    """An argument of a function as its body sees it; None where there is no body to look at."""
    if is_declaration(function):
        return None
    held = list(block_of(function).arguments) or list(function.header_arguments)
    return held[number] if number < len(held) else None


def _passed(op: Operation) -> list[Value]:
    """The memrefs that an operation of structured control flow is given and that its regions yield."""
    found = _memrefs(op.operands)
    for region in op.regions:
        for block in region.blocks:
            last = block.last
            if last is not None and last.name in _YIELDS:
                found += _memrefs(last.operands)
    return found


def _branched(block: Block) -> list[Value]:
    """The memrefs that branches of the region of a block hand on."""
    return [
        value
        for other in block.region.blocks
        if other.last is not None and other.last.name in _BRANCHES
        for value in _memrefs(other.last.operands)
    ]


def _memrefs(values: Iterable[Value]) -> list[Value]:
    # A value whose type the text does not tell may be a memref.
    return [v for v in values if v.type is None or isinstance(v.type, MemRefType | UnrankedMemRefType)]


def _is_stored(value: Value) -> bool:
    """Whether a memref is itself put into memory, from where anybody may take it."""
    return any(
        use.operation.name in STORES and use.operation.operands[STORES[use.operation.name][0]] is value
        for use in value.uses
    )

"""What loops store to memory, and what reads it afterwards."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from approxir.dialects.memory import READS, STORES, VIEWS
from approxir.ir.ssa import BlockArgument, OpResult
from approxir.ir.verify.approx import local_name
from approxir.lint.payloads import induction_variables
from approxir.syntax.formats.traits import traits
from approxir.values import (
    AffineDim,
    AffineExpr,
    AffineMapAttr,
    AffineSymbol,
    IndexType,
    TensorType,
    UnrankedTensorType,
    walk,
)

if TYPE_CHECKING:
    from approxir.ir.blocks import Block
    from approxir.ir.operation import Operation
    from approxir.ir.ssa import Value


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that happens to a memory as a whole, or a reading of it."""

    op: Operation
    is_read: bool


@dataclass(frozen=True, slots=True)
class LostStore:
    """A store that perforation leaves out, and what reads the memory: None for code that cannot be seen."""

    store: Operation
    reader: Operation | None


class Memory:
    """The stores of loops and the readings of memory in one module; the text's order is that of control."""

    def __init__(self) -> None:
        self._roots: dict[Value, Value] = {}
        self._events: dict[Value, tuple[list[int], list[_Event]]] = {}
        self._stores: dict[Operation, list[Operation]] = {}

    def lost_stores(self, loop: Operation) -> Iterator[LostStore]:
        """One store for each memory of which the loop writes another part in each iteration, if that is read.

        What the loop itself reads does not count, nor what is read after the memory may have been overwritten
        as a whole.
        """
        seen: set[Value] = set()
        for store in self._varying_stores(loop):
            root = self._root(store.operands[STORES[store.name][1]])
            if root in seen:
                continue
            seen.add(root)
            if _is_inside(root, loop):
                continue
            event = self._next_event(root, loop)
            if event is not None:
                if event.is_read:
                    yield LostStore(store, event.op)
            elif _outlives_function(root):
                yield LostStore(store, None)

    # Stores.

    def _varying_stores(self, loop: Operation) -> list[Operation]:
        found = self._stores.get(loop)
        if found is None:
            found = self._stores[loop] = []
            varying = _varying_values(loop)
            if varying:
                stores = (op for op in loop.walk() if op.name in STORES)
                found += [op for op in stores if any(value in varying for value in _address(op))]
        return found

    def _root(self, value: Value) -> Value:
        """The memory that a value is, or is a part of."""
        chain: list[Value] = []
        while value not in self._roots:
            source = _viewed(value)
            if source is None:
                self._roots[value] = value
                break
            chain.append(value)
            value = source
        root = self._roots[value]
        self._roots.update((link, root) for link in chain)
        return root

    # What follows.

    def _next_event(self, root: Value, loop: Operation) -> _Event | None:
        known = self._events.get(root)
        if known is None:
            events = sorted(_events(root), key=lambda event: (event.op.start, not event.is_read))
            known = self._events[root] = ([event.op.start for event in events], events)
        starts, events = known
        for number in range(bisect_left(starts, loop.end), len(events)):
            if _follows(loop, events[number].op):
                return events[number]
        return None


def _viewed(value: Value) -> Value | None:
    """The memory that a value is a view of."""
    if isinstance(value, OpResult) and value.operation.name in VIEWS and value.operation.operands:
        source: Value = value.operation.operands[0]
        return source
    return None


def _address(store: Operation) -> list[Value]:
    """The values that decide where something is stored, the memory included; none for stores to tensors."""
    operands = list(store.operands)
    stored, memory = STORES[store.name]
    if len(operands) <= max(stored, memory):
        return []
    if isinstance(operands[memory].type, TensorType | UnrankedTensorType):
        return []
    places = [number for number in range(len(operands)) if number not in (stored, memory)]
    if store.name == "affine.store":
        map_ = store.attributes.get("map")
        if isinstance(map_, AffineMapAttr):
            used = _used(map_)
            places = [number for number in places if number - 2 in used]
    found = [operands[number] for number in places if isinstance(operands[number].type, IndexType | None)]
    return [operands[memory], *found]


def _used(map_: AffineMapAttr) -> set[int]:
    """Which operands of a map its results depend on."""
    found: set[int] = set()
    for result in map_.results:
        assert isinstance(result, AffineExpr)
        for part in walk(result):
            if isinstance(part, AffineDim):
                found.add(part.index)
            elif isinstance(part, AffineSymbol):
                found.add(map_.num_dims + part.index)
    return found


def _varying_values(loop: Operation) -> set[Value]:
    """The values in a loop that depend on which iteration it is."""
    found: set[Value] = set()
    pending: list[Value] = list(induction_variables(loop))
    while pending:
        value = pending.pop()
        if value in found:
            continue
        found.add(value)
        for user in value.users:
            pending.extend(user.results)
            for region in user.regions:
                for block in region.blocks[:1]:
                    pending.extend(block.arguments)
            if "return-like" in traits(user.name):
                pending.extend(_yielded_to(user, value, loop))
    return found


def _yielded_to(last: Operation, value: Value, loop: Operation) -> list[Value]:
    """What becomes of a value that a terminator hands on."""
    around = last.parent
    if around is None or not loop.is_ancestor_of(last):
        return []
    if around is not loop:
        targets: list[Value] = list(around.results)
        for region in around.regions:
            for block in region.blocks[:1]:
                targets.extend(block.arguments)
        return targets
    shift, region_number = {
        "scf.for": (1, 0), "affine.for": (1, 0), "scf.yield": (0, 0), "scf.condition": (-1, 1),
    }.get(last.name if loop.name == "scf.while" else loop.name, (0, -1))  # fmt: skip
    if not 0 <= region_number < len(loop.regions) or not loop.regions[region_number].blocks:
        return []
    arguments = loop.regions[region_number].blocks[0].arguments
    places = [number + shift for number, operand in enumerate(last.operands) if operand is value]
    return [arguments[place] for place in places if 0 <= place < len(arguments)]


# ---- what happens to a memory


def _events(root: Value) -> Iterator[_Event]:
    pending, seen = [root], {root}
    while pending:
        value = pending.pop()
        for user in value.users:
            if user.name in VIEWS and user.operands[0] is value:
                for result in user.results:
                    if result not in seen:
                        seen.add(result)
                        pending.append(result)
            else:
                is_read = _is_read(user, value)
                if is_read is not None:
                    yield _Event(user, is_read)


def _is_read(op: Operation, value: Value) -> bool | None:
    """True where an operation reads a memory, False where it may overwrite all of it, else None."""
    name = op.name
    if name in READS:
        return True if op.operands[0] is value else None
    if name == "memref.copy":
        return bool(op.operands[0] is value)
    if name == "memref.atomic_rmw":
        return True
    if name in STORES:
        return False if _is_in_varying_loop(op) else None
    known = traits(name)
    if "call" in known or ("return-like" in known and "pure" not in known) or name in _LEAVES:
        return True
    if local_name(op) == "yield":
        return True
    # What writes to its operands in a way that is not known here, such as linalg.fill, may write everything.
    return False if op.dialect == "linalg" else None


_LEAVES = frozenset({"scf.yield", "affine.yield"})


def _is_in_varying_loop(store: Operation) -> bool:
    """Whether a store stands in a loop in which its address is computed."""
    address = _address(store)[1:]
    for around in store.ancestors():
        if "loop" in traits(around.name):
            return any(_is_inside(value, around) for value in address)
    return False


def _is_inside(value: Value, op: Operation) -> bool:
    """Whether a value is defined in the regions of an operation."""
    around = _definer(value)
    while around is not None and around.start > op.start:
        around = around.parent
    if around is not op:
        return False
    return not (isinstance(value, OpResult) and value.operation is op)


def _definer(value: Value) -> Operation | None:
    """The operation that a result is of, or in whose regions a block has the argument."""
    if isinstance(value, OpResult):
        return value.operation
    if isinstance(value, BlockArgument) and value.block is not None:
        return value.block.parent
    return None


def _outlives_function(root: Value) -> bool:
    """Whether a memory can be read by others when the function has returned."""
    if isinstance(root, OpResult):
        return root.operation.name == "memref.get_global"
    around = _definer(root)
    return around is not None and "function" in traits(around.name)


# ---- control


def _follows(before: Operation, after: Operation) -> bool:
    """Whether control may get from the end of one operation to another that stands later in the text."""
    blocks: dict[Block, Operation] = {}
    regions: dict[object, Block] = {}
    around: Operation | None = before
    while around is not None and around.block is not None:
        blocks[around.block] = around
        regions[around.block.region] = around.block
        around = around.parent
    around = after
    while around is not None and around.block is not None:
        if around.block in blocks:
            # The branches of one operation exclude each other.
            return blocks[around.block] is not around
        start = regions.get(around.block.region)
        if start is not None:
            return _reaches(start, around.block)
        around = around.parent
    return False


def _reaches(start: Block, end: Block) -> bool:
    pending, seen = [start], {start}
    while pending:
        last = pending.pop().last
        for block in () if last is None else last.successors:
            if block is end:
                return True
            if block not in seen:
                seen.add(block)
                pending.append(block)
    return False

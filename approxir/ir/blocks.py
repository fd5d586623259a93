"""Blocks and regions, and walking through them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from approxir.errors import IRError
from approxir.ir.parts import BELOW, FOREIGN
from approxir.ir.ssa import BlockArgument, check_name
from approxir.syntax.nodes import BlockNode, RegionNode
from approxir.syntax.source import Source

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.values import Type


_index = attrgetter("index")


class Block(BlockNode):
    """A list of operations with arguments. Iterating yields the operations."""

    __slots__ = ("_changed", "original_end", "original_start")

    def __init__(
        self, source: Source | None, region: Any, label: str | None, lead: int, start: int, end: int
    ) -> None:
        self.source = source
        self.region = region
        self.label = label
        self.lead = lead
        self.start = start
        self.end = end
        self.args_ = None
        self.first = self.last = None
        self._changed = False
        # The span of the operations that were parsed, once the list of operations has changed.
        self.original_start: int | None = None
        self.original_end: int | None = None

    @classmethod
    def create(
        cls,
        argument_types: Sequence[Type] = (),
        *,
        label: str | None = None,
        names: Sequence[str | None] | None = None,
    ) -> Block:
        """Make a block that belongs to no region yet."""
        block = cls(None, None, label, 0, 0, 0)
        wishes = names or [None] * len(argument_types)
        args = []
        for index, (kind, name) in enumerate(zip(argument_types, wishes, strict=True)):
            check_name(name)
            argument = BlockArgument(block, index, name)
            argument._type = kind
            argument._fresh = True
            args.append(argument)
        block.args_ = args
        block._changed = True
        return block

    @property
    def arguments(self) -> tuple[BlockArgument, ...]:
        """The block's arguments: those of its label, or those that the operation's header names."""
        own = self._label_arguments()
        operation = self.region.operation if self.region is not None else None
        if not own and operation is not None and self.region.blocks[0] is self:
            found = [a for a in operation.header_arguments if a.block is self]
            # The text may name them in another order, as that of ``stablehlo.reduce`` does.
            return tuple(sorted(found, key=_index))
        return tuple(own)

    def _label_arguments(self) -> list[BlockArgument]:
        args = self.args_
        if args is None:
            return []
        if type(args) is not list:
            from approxir.ir.scopes import label_arguments

            self.args_ = args = label_arguments(self, args)
        return args  # type: ignore[no-any-return]

    @property
    def operations(self) -> list[Operation]:
        """The operations, as a new list."""
        return list(self)

    def __iter__(self) -> Iterator[Operation]:
        op = self.first
        while op is not None:
            # Read first, so that the operation may be moved or erased by the loop's body.
            following = op.next
            yield op
            op = following

    def __reversed__(self) -> Iterator[Operation]:
        op = self.last
        while op is not None:
            previous = op.prev
            yield op
            op = previous

    @property
    def terminator(self) -> Operation | None:
        """The last operation, or None in an empty block."""
        return self.last  # type: ignore[no-any-return]

    @property
    def parent(self) -> Operation | None:
        """The operation whose region the block is in; None if it is in none."""
        return None if self.region is None else self.region.operation

    def insert(self, op: Operation, *, before: Operation | None = None) -> Operation:
        """Put an operation that stands nowhere before another one, or at the end."""
        if op.block is not None:
            raise IRError(f"{op.name} stands in a block already; detach it first")
        if before is not None and before.block is not self:
            raise IRError(f"{before.name} is not in this block")
        if self.region is not None and self.region.operation is not None:
            around = self.region.operation
            if around is op or any(outer is op for outer in around.ancestors()):
                raise IRError(f"cannot put {op.name} inside itself")
        self._resolve_scope()
        _make_fresh(op)
        self._remember_extent()
        op.block = self
        previous = self.last if before is None else before.prev
        op.prev, op.next = previous, before
        if previous is None:
            self.first = op
        else:
            previous.next = op
        if before is None:
            self.last = op
        else:
            before.prev = op
        op._flags |= FOREIGN
        self._mark_changed()
        return op

    def append(self, op: Operation) -> Operation:
        """Put an operation that stands nowhere at the end."""
        return self.insert(op)

    def take(self, first: Operation, last: Operation, *, before: Operation | None = None) -> None:
        """Move operations of one block, from `first` to `last`, before another one here, or to the end.

        The same as moving each of them, but faster.
        """
        source = first.block
        if source is None or last.block is not source:
            raise IRError("the operations do not stand in one block")
        if before is not None and before.block is not self:
            raise IRError(f"{before.name} is not in this block")
        moved = [first]
        while moved[-1] is not last:
            following = moved[-1].next
            if following is None:
                raise IRError(f"{last.name} does not stand behind {first.name}")
            moved.append(following)
        inside = set(moved)
        around = self.region.operation if self.region is not None else None
        if before in inside or (
            around is not None and (around in inside or any(op in inside for op in around.ancestors()))
        ):
            raise IRError("cannot put operations inside themselves")
        source._resolve_scope()
        self._resolve_scope()
        source._remember_extent()
        previous, following = first.prev, last.next
        if previous is None:
            source.first = following
        else:
            previous.next = following
        if following is None:
            source.last = previous
        else:
            following.prev = previous
        source._mark_changed()
        self._remember_extent()
        previous = self.last if before is None else before.prev
        first.prev, last.next = previous, before
        if previous is None:
            self.first = first
        else:
            previous.next = first
        if before is None:
            self.last = last
        else:
            before.prev = last
        for op in moved:
            op.block = self
            op._flags |= FOREIGN
            if op.regions:
                _make_fresh(op)
            else:
                for value in op.results:
                    value._fresh = True
                for argument in op._detail.arguments if op._detail is not None else ():
                    argument._fresh = True
        self._mark_changed()

    def _remember_extent(self) -> None:
        if not self._changed and self.source is not None and self.first is not None:
            self.original_start, self.original_end = self.first.start, self.last.end

    def _unlink(self, op: Operation) -> None:
        self._remember_extent()
        if op.prev is None:
            self.first = op.next
        else:
            op.prev.next = op.next
        if op.next is None:
            self.last = op.prev
        else:
            op.next.prev = op.prev
        # `next` stays, so that a walk that yielded the operation can go on.
        op.prev = None
        op.block = None
        op.next = None
        self._mark_changed()

    def _mark_changed(self) -> None:
        self._changed = True
        if self.region is not None:
            self.region._mark()

    def _touch_label(self) -> None:
        self._remember_extent()
        self._remember_extent()
        self._mark_changed()

    def _resolve_scope(self) -> None:
        """Find out what every name around here means, before names change their meaning."""
        from approxir.ir.scopes import resolve_region

        if self.region is not None:
            resolve_region(self.region)

    def __repr__(self) -> str:
        return f"<Block ^{self.label or '?'}>"


class Region(RegionNode):
    """A list of blocks."""

    __slots__ = ("_changed", "_flags", "_module")

    def __init__(self, source: Source | None, operation: Operation | None, start: int) -> None:
        self.source = source
        self.operation = operation
        self.start = self.end = start
        self.blocks = []
        self._changed = False
        self._flags = 0
        self._module: Any = None

    @classmethod
    def create(cls, blocks: Sequence[Block] = ()) -> Region:
        """Make a region that belongs to no operation yet."""
        region = cls(None, None, 0)
        for block in blocks:
            region.append(block)
        return region

    def append(self, block: Block) -> Block:
        """Add a block that belongs to no region at the end."""
        return self.insert(len(self.blocks), block)

    def insert(self, index: int, block: Block) -> Block:
        """Add a block that belongs to no region before block number `index`."""
        if block.region is not None:
            raise IRError("the block belongs to a region already; remove it there first")
        around = self.operation
        while around is not None:
            if around.block is block:
                raise IRError("cannot put a block inside itself")
            around = around.parent
        from approxir.ir.scopes import resolve_region

        resolve_region(self)
        for argument in block._label_arguments():
            argument._fresh = True
        for op in block:
            _make_fresh(op)
            op._flags |= FOREIGN
        block.region = self
        self.blocks.insert(index, block)
        self._changed = True
        self._mark()
        return block

    def remove(self, block: Block) -> Block:
        """Take a block out of the region, with its operations."""
        if block.region is not self:
            raise IRError("the block is not in this region")
        block._resolve_scope()
        self.blocks.remove(block)
        block.region = None
        self._changed = True
        self._mark()
        return block

    def __iter__(self) -> Iterator[Block]:
        return iter(self.blocks)

    @property
    def operations(self) -> Iterator[Operation]:
        """The operations directly in this region, block after block."""
        for block in self.blocks:
            yield from block

    def walk(self) -> Iterator[Operation]:
        """Every operation inside, in the order of the text."""
        return walk_regions((self,))

    def _mark(self) -> None:
        if self.operation is not None:
            self.operation._flags |= BELOW
            mark_above(self.operation)
        elif self._module is not None:
            self._module._changed = True


def _make_fresh(op: Operation) -> None:
    """The names of what `op` defines, itself and inside, are wishes at the place that it comes to."""
    for inner in op.walk():
        for value in inner.results:
            value._fresh = True
        for argument in inner._detail.arguments if inner._detail is not None else ():
            argument._fresh = True
        for region in inner.regions:
            for block in region.blocks:
                for argument in block._label_arguments():
                    argument._fresh = True


def walk_regions(regions: Iterable[Region]) -> Iterator[Operation]:
    """Preorder without recursion: a stack of the blocks and the operation to go on with."""
    blocks = iter([block for region in regions for block in region.blocks])
    op: Any = None
    stack: list[tuple[Iterator[Block], Any]] = []
    while True:
        while op is None:
            block = next(blocks, None)
            if block is not None:
                op = block.first
            elif stack:
                blocks, op = stack.pop()
            else:
                return
        # Read first, so that the operation may be moved or erased by whoever is walking.
        following = op.next
        yield op
        if op.regions and op.block is not None:
            stack.append((blocks, following))
            blocks = iter([block for region in op.regions for block in region.blocks])
            op = None
        else:
            op = following


def mark_above(op: Operation) -> None:
    """Tell everything around `op` that something inside has changed."""
    while not op._floating:
        block = op.block
        if block is None:
            return
        region = block.region
        if region is None:
            return
        parent = region.operation
        if parent is None:
            if region._module is not None:
                region._module._changed = True
            return
        if parent._flags & BELOW:
            return
        parent._flags |= BELOW
        op = parent

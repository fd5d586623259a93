"""Operations, blocks and regions: the tree that users read and edit.

An operation that was parsed keeps its text; edits are remembered as replacements of parts of that text,
so that printing changes nothing else. An operation that was made has no text and is printed in a
canonical style. What an operation's text refers to (operands, header arguments, successors) is found
when somebody asks, one isolated scope at a time (`approxir.ir.scopes`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from approxir.errors import IRError
from approxir.ir.ssa import BlockArgument, OpResult, Value
from approxir.syntax.generic import Span
from approxir.syntax.lexemes import RESULT_GROUP
from approxir.syntax.nodes import BlockNode, OperationNode, RegionNode
from approxir.syntax.source import Source

if TYPE_CHECKING:
    from approxir.ir.attributes import AttributeView
    from approxir.values import Attribute, FunctionType, Type

# What has changed since the text was parsed.
OWN = 1  # the operation's own text: names, operands, attributes
BELOW = 2  # something inside its regions
FOREIGN = 4  # it does not stand where its text stood
RESOLVED = 8  # the names inside its regions are resolved (isolated operations only)

_EMPTY: tuple[Any, ...] = ()


class SourceLocation(NamedTuple):
    """Where something stands in a text: 1-based line and column, and the span of offsets."""

    file: str
    line: int
    column: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(slots=True)
class Detail:
    """What an operation's own text refers to, in the order of the text."""

    operands: list[Value] = field(default_factory=list)
    operand_spans: list[Span] = field(default_factory=list)
    arguments: list[BlockArgument] = field(default_factory=list)
    successors: list[Any] = field(default_factory=list)
    successor_spans: list[Span] = field(default_factory=list)


@dataclass(slots=True)
class Made:
    """The parts of an operation that has no text: what the generic form spells."""

    result_types: tuple[Type, ...] = ()
    properties: dict[str, Attribute] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)
    location: Attribute | None = None


class Operation(OperationNode):
    """An operation: a name, operands, results, attributes, successors and regions.

    Operations are compared by identity. Get them by parsing (`approxir.parse`), by walking, or make
    them with `Operation.create`.
    """

    __slots__ = ("_detail", "_flags", "_form", "_made", "_order", "_overlay", "_patches")

    _detail: Detail | None
    # Replacements of parts of the own text, by span, and changed attributes (None: removed), by name.
    _patches: dict[Span, str] | None
    _overlay: dict[str, Attribute | None] | None

    def __init__(
        self,
        source: Source | None,
        name: str,
        lead: int,
        start: int,
        name_start: int,
        end: int,
        results: str | None,
        block: Block | None,
    ) -> None:
        self.source = source
        self.name = name
        self.lead = lead
        self.start = start
        self.name_start = name_start
        self.end = end
        self.results_ = results
        self.block = block
        self.prev = self.next = None
        self.regions = _EMPTY  # type: ignore[assignment]
        self._detail = self._patches = self._overlay = self._form = self._made = self._order = None
        self._flags = 0

    @classmethod
    def create(
        cls,
        name: str,
        operands: Sequence[Value] = (),
        result_types: Sequence[Type] = (),
        *,
        properties: Mapping[str, Attribute] | None = None,
        attributes: Mapping[str, Attribute] | None = None,
        successors: Sequence[Block] = (),
        regions: Sequence[Region] = (),
        result_names: Sequence[str | None] | None = None,
        location: Attribute | None = None,
    ) -> Operation:
        """Make an operation that stands nowhere yet.

        `properties` are the attributes that belong to the operation itself, `attributes` the others;
        `result_names` are wishes, which the printer changes where they are taken.
        """
        op = cls(None, name, 0, 0, 0, 0, None, None)
        names = result_names or [None] * len(result_types)
        results = tuple(OpResult(op, index, name) for index, name in enumerate(names))
        if len(results) != len(result_types):
            raise IRError(f"{name}: {len(result_types)} result types but {len(results)} result names")
        for result, kind in zip(results, result_types, strict=True):
            result._type = kind
            result._fresh = True
        op.results_ = results
        op._made = Made(tuple(result_types), dict(properties or {}), dict(attributes or {}), location)
        detail = op._detail = Detail(operands=list(operands), successors=list(successors))
        for operand in detail.operands:
            operand._add_use(op)
        if regions:
            op.regions = []
            for region in regions:
                op.add_region(region)
        return op

    # Where it stands.

    @property
    def parent(self) -> Operation | None:
        """The operation around this one, or None at the top level."""
        block = self.block
        return None if block is None or block.region is None else block.region.operation

    @property
    def text(self) -> str:
        """The operation's text as it stands now, edits included."""
        from approxir.ir.printer import operation_text

        return operation_text(self)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        where = f" at {self.location}" if self.source is not None else ""
        return f"<Operation {self.name}{where}>"

    @property
    def location(self) -> SourceLocation | None:
        """Where the operation stands in the text it was parsed from; None for one that was made."""
        return self._locate(self.start)

    @property
    def name_location(self) -> SourceLocation | None:
        """Where the operation's name stands, which is what MLIR calls the operation's location."""
        return self._locate(self.name_start)

    def _locate(self, offset: int) -> SourceLocation | None:
        if self.source is None:
            return None
        line, column = self.source.position(offset)
        return SourceLocation(self.source.file, line, column, offset, self.end)

    @property
    def is_generic(self) -> bool:
        """Whether the operation is spelled in the generic form (as is every one that was made)."""
        return self.source is None or self.source.text.startswith('"', self.name_start)

    @property
    def name_end(self) -> int:
        """One past the operation's name in its text, which may leave out the dialect's prefix."""
        assert self.source is not None
        if self.source.text.startswith(self.name, self.name_start):
            return self.name_start + len(self.name)
        if self.is_generic:
            return self.name_start + len(self.name) + 2
        return self.name_start + len(self.name) - len(self.dialect) - 1

    @property
    def dialect(self) -> str:
        """The part of the name before the first dot, or "" for a name without one."""
        return self.name.partition(".")[0] if "." in self.name else ""

    def walk(self) -> Iterator[Operation]:
        """This operation and every one inside it, in the order of the text.

        The operation that was yielded last may be erased or replaced while walking.
        """
        yield self
        stack = [iter(self.regions)]
        blocks: list[Iterator[Block]] = []
        yield from _walk(stack, blocks)

    def ancestors(self) -> Iterator[Operation]:
        """The operations around this one, innermost first."""
        op = self.parent
        while op is not None:
            yield op
            op = op.parent

    def is_ancestor_of(self, other: Operation) -> bool:
        return any(op is self for op in other.ancestors())

    # Its parts.

    @property
    def results(self) -> tuple[OpResult, ...]:
        results = self.results_
        if type(results) is tuple:
            return results
        if results is None:
            self.results_ = _EMPTY
            return _EMPTY
        values: list[OpResult] = []
        for match in RESULT_GROUP.finditer(results):
            name, count = match.groups()
            if count is None:
                values.append(OpResult(self, len(values), name))
            else:
                base, size = len(values), int(count)
                values.extend(OpResult(self, base + i, name, (i, size)) for i in _bounded(size, self))
        self.results_ = tuple(values)
        return self.results_

    @property
    def result(self) -> OpResult:
        """The only result; `IRError` when there are none or several."""
        results = self.results
        if len(results) != 1:
            raise IRError(f"{self.name} has {len(results)} results, not one")
        return results[0]

    @property
    def operands(self) -> Operands:
        """The operands, in the order of the generic form where the operation is understood."""
        return Operands(self)

    @property
    def successors(self) -> tuple[Block, ...]:
        """The blocks that the operation may branch to."""
        from approxir.ir.scopes import find_successors

        return find_successors(self)

    @property
    def attributes(self) -> AttributeView:
        """The operation's attributes and properties, by name; a mutable mapping."""
        from approxir.ir.attributes import AttributeView

        return AttributeView(self)

    @property
    def region(self) -> Region:
        """The only region; `IRError` when there are none or several."""
        if len(self.regions) != 1:
            raise IRError(f"{self.name} has {len(self.regions)} regions, not one")
        region: Region = self.regions[0]
        return region

    @property
    def body(self) -> Block:
        """The first block of the first region; `IRError` when there is none."""
        if not self.regions or not self.regions[0].blocks:
            raise IRError(f"{self.name} has no block")
        block: Block = self.regions[0].blocks[0]
        return block

    @property
    def header_arguments(self) -> tuple[BlockArgument, ...]:
        """The block arguments that the operation's header names, such as a loop's induction variable."""
        return tuple(self._resolved().arguments)

    @property
    def function_type(self) -> FunctionType | None:
        """Operand types to result types, where every one is known."""
        from approxir.values import FunctionType

        inputs = [operand.type for operand in self.operands]
        outputs = [result.type for result in self.results]
        if any(kind is None for kind in (*inputs, *outputs)):
            return None
        return FunctionType(tuple(inputs), tuple(outputs))  # type: ignore[arg-type]

    # Editing.

    def set_operand(self, index: int, value: Value) -> None:
        """Replace operand number `index` (in the order of `operands`)."""
        slot = self._operand_order()[index]
        detail = self._resolved()
        old = detail.operands[slot]
        if old is value:
            return
        old._remove_use(self)
        detail.operands[slot] = value
        value._add_use(self)
        self._touch()

    def _replace_operand(self, old: Value, new: Value) -> None:
        operands = self._resolved().operands
        for slot, operand in enumerate(operands):
            if operand is old:
                old._remove_use(self)
                operands[slot] = new
                new._add_use(self)
        self._touch()

    def add_region(self, region: Region) -> Region:
        """Append a region that belongs to no operation."""
        if region.operation is not None:
            raise IRError("the region belongs to an operation already; detach its blocks first")
        if self.source is not None:
            raise IRError(f"{self.name} was parsed: the number of its regions is fixed")
        region.operation = self
        if not isinstance(self.regions, list):
            self.regions = []
        self.regions.append(region)
        self._touch()
        return region

    def detach(self) -> Operation:
        """Take the operation out of its block; it keeps its operands, results and uses."""
        block = self.block
        if block is None:
            return self
        self._resolve_scope()
        block._unlink(self)
        return self

    def erase(self, *, force: bool = False) -> None:
        """Remove the operation and everything in it.

        Raises `IRError` when a result is still in use, unless `force`.
        """
        self._resolve_scope()
        if not force:
            for result in self.results:
                if result.has_uses:
                    user = result.users[0]
                    raise IRError(
                        f"cannot erase {self.name}: its result %{result.name} is used by {user.name}"
                    )
        for op in list(self.walk()):
            detail = op._detail
            if detail is not None:
                for operand in detail.operands:
                    operand._remove_use(op)
                detail.operands = []
        self.detach()

    def move_before(self, other: Operation) -> Operation:
        """Move the operation to stand just before `other`, which may be in another region or module."""
        self.detach()
        _block_of(other).insert(self, before=other)
        return self

    def move_after(self, other: Operation) -> Operation:
        """Move the operation to stand just after `other`."""
        self.detach()
        _block_of(other).insert(self, before=other.next)
        return self

    def replace_with(self, *values: Value) -> None:
        """Let every use of the results use `values` instead, one each, and erase the operation."""
        results = self.results
        if len(values) != len(results):
            raise IRError(f"{self.name} has {len(results)} results but {len(values)} values replace them")
        for result, value in zip(results, values, strict=True):
            result.replace_all_uses_with(value)
        self.erase()

    def clone(self, mapping: dict[Any, Any] | None = None) -> Operation:
        """A copy that stands nowhere, with copies of its regions.

        `mapping` gives the values (and blocks) to use in place of others; the copies of results, block
        arguments and blocks are added to it. Names that would collide where the copy is put are
        changed when it is printed.
        """
        from approxir.ir.cloning import clone_operation

        return clone_operation(self, {} if mapping is None else mapping)

    # The machinery.

    def _touch(self) -> None:
        self._flags |= OWN
        _mark_above(self)

    def _resolved(self) -> Detail:
        detail = self._detail
        if detail is None:
            from approxir.ir.scopes import resolve_for

            resolve_for(self)
            detail = self._detail
            assert detail is not None
        return detail

    def _resolve_scope(self) -> None:
        if self._detail is None:
            self._resolved()

    def _resolve_inside(self) -> None:
        """Resolve the names in this operation's own regions."""
        from approxir.ir.scopes import resolve_inside

        resolve_inside(self)

    def _region_spans(self) -> list[Span]:
        return [(region.start, region.end) for region in self.regions]

    def _operand_order(self) -> Sequence[int]:
        """Slot numbers (order of the text) in the order of the generic form."""
        from approxir.ir.forms import operand_order

        return operand_order(self)

    def _result_types(self) -> tuple[Type | None, ...] | None:
        if self._made is not None:
            return tuple(self._made.result_types)
        from approxir.ir.forms import result_types

        return result_types(self)

    def _header_argument_type(self, argument: BlockArgument) -> Type | None:
        from approxir.ir.forms import header_argument_type

        return header_argument_type(self, argument)


class Operands(Sequence[Value]):
    """The operands of an operation, as a sequence whose items can be replaced."""

    __slots__ = ("_operation",)

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    def _values(self) -> list[Value]:
        operands = self._operation._resolved().operands
        if len(operands) < 2 or self._operation.source is None:
            return operands
        return [operands[slot] for slot in self._operation._operand_order()]

    def __len__(self) -> int:
        return len(self._values())

    def __getitem__(self, index: Any) -> Any:
        return self._values()[index]

    def __iter__(self) -> Iterator[Value]:
        return iter(self._values())

    def __setitem__(self, index: int, value: Value) -> None:
        self._operation.set_operand(range(len(self))[index], value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))


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
            return tuple(a for a in operation.header_arguments if a.block is self)
        return tuple(own)

    def _label_arguments(self) -> list[BlockArgument]:
        args = self.args_
        if args is None:
            return []
        if type(args) is not list:
            from approxir.ir.scopes import label_arguments

            self.args_ = args = label_arguments(self, args)
        return args

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
        for inner in op.walk():
            for value in inner.results:
                value._fresh = True
            for value in inner._detail.arguments if inner._detail is not None else ():
                value._fresh = True
        self._mark_changed()

    def _mark_changed(self) -> None:
        self._changed = True
        if self.region is not None:
            self.region._mark()

    def _touch_label(self) -> None:
        self._mark_changed()

    def _resolve_scope(self) -> None:
        operation = self.region.operation if self.region is not None else None
        if operation is not None:
            operation._resolve_inside()
        elif self.first is not None:
            self.first._resolve_scope()

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
        yield from _walk([iter((self,))], [])

    def _mark(self) -> None:
        if self.operation is not None:
            self.operation._flags |= BELOW
            _mark_above(self.operation)
        elif self._module is not None:
            self._module._changed = True


def _walk(regions: list[Iterator[Any]], _unused: list[Any]) -> Iterator[Operation]:
    """Preorder without recursion: a stack of iterators over regions, blocks and operations."""
    stack: list[Iterator[Any]] = list(regions)
    while stack:
        item = next(stack[-1], None)
        if item is None:
            stack.pop()
        elif isinstance(item, Operation):
            yield item
            if item.regions:
                stack.append(iter(item.regions))
        elif isinstance(item, Region):
            stack.append(iter(item.blocks))
        else:
            stack.append(iter(item))


def _mark_above(op: Operation) -> None:
    """Tell everything around `op` that something inside has changed."""
    while True:
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


def _block_of(op: Operation) -> Block:
    if op.block is None:
        raise IRError(f"{op.name} stands in no block")
    block: Block = op.block
    return block


_MAX_PACK = 1_000_000


def _bounded(size: int, op: Operation) -> range:
    if size > _MAX_PACK:
        raise IRError(f"{op.name}: a pack of {size} results is more than the {_MAX_PACK} that are supported")
    return range(size)


Rewriter = Callable[[Operation], bool]

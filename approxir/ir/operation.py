"""Operations: the tree that users read and edit.

An operation that was parsed keeps its text; edits are remembered as replacements of parts of that text,
so that printing changes nothing else. An operation that was made has no text and is printed in a
canonical style. What an operation's text refers to (operands, header arguments, successors) is found
when somebody asks, one isolated scope at a time (`approxir.ir.scopes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from approxir.errors import IRError, ParseError
from approxir.ir.blocks import Block, Region, mark_above, walk_regions
from approxir.ir.parts import ERASED, OWN, Detail, Made, SourceLocation
from approxir.ir.ssa import BlockArgument, OpResult, Value, check_name
from approxir.syntax.generic import Span
from approxir.syntax.lexemes import STRING_RE, WORD_RE, result_groups
from approxir.syntax.nodes import OperationNode
from approxir.syntax.pausing import collector_paused
from approxir.syntax.source import Source

if TYPE_CHECKING:
    from approxir.ir.attributes import AttributeView
    from approxir.values import Attribute, FunctionType, Type

_EMPTY: tuple[Any, ...] = ()


class Operation(OperationNode):
    """An operation: a name, operands, results, attributes, successors and regions.

    Operations are compared by identity. Get them by parsing (`approxir.parse`), by walking, or make
    them with `Operation.create`.
    """

    __slots__ = ("_detail", "_facts", "_flags", "_form", "_made", "_order", "_overlay", "_patches")

    _detail: Detail | None
    # Replacements of parts of the own text, by span, and changed attributes (None: removed), by name.
    _patches: dict[Span, str] | None
    _overlay: dict[str, Attribute | None] | None
    _made: Made | None
    _form: Any
    # What `parse_all` read, shared by all operations whose texts say the same (`approxir.ir.verify.facts`).
    _facts: Any
    _order: Sequence[int] | None
    # Whether what is around the operation has not been parsed yet (`approxir.ir.islands`).
    _floating = False

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
        self._detail = self._patches = self._overlay = self._made = self._form = self._facts = self._order = (
            None
        )
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
        origin: Operation | None = None,
    ) -> Operation:
        """Make an operation that stands nowhere yet.

        `properties` are the attributes that belong to the operation itself, `attributes` the others;
        `result_names` are wishes, which the printer changes where they are taken. `origin` is the operation
        that this one is made for, to which errors about it will point.
        """
        op = cls(None, name, 0, 0, 0, 0, None, None)
        names = result_names or [None] * len(result_types)
        results = tuple(OpResult(op, index, name) for index, name in enumerate(names))
        if len(results) != len(result_types):
            raise IRError(f"{name}: {len(result_types)} result types but {len(results)} result names")
        for result, kind in zip(results, result_types, strict=True):
            check_name(result._name)
            result._type = kind
            result._fresh = True
        op.results_ = results
        op._made = Made(tuple(result_types), dict(properties or {}), dict(attributes or {}), location, origin)
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
        text, start = self.source.text, self.name_start
        # An operation that was renamed has another name than its text spells.
        if self._patches is None and text.startswith(self.name, start):
            return start + len(self.name)
        word = (STRING_RE if text[start] == '"' else WORD_RE).match(text, start)
        assert word is not None
        return word.end()

    @property
    def dialect(self) -> str:
        """The part of the name before the first dot, or "" for a name without one."""
        return self.name.partition(".")[0] if "." in self.name else ""

    def walk(self) -> Iterator[Operation]:
        """This operation and every one inside it, in the order of the text.

        The operation that was yielded last may be erased or replaced while walking.
        """
        yield self
        yield from walk_regions(self.regions)

    def ancestors(self) -> Iterator[Operation]:
        """The operations around this one, innermost first."""
        op = self.parent
        while op is not None:
            yield op
            op = op.parent

    def is_ancestor_of(self, other: Operation) -> bool:
        """Whether another operation stands in a region of this one, however deep."""
        return any(op is self for op in other.ancestors())

    # Its parts.

    @property
    def results(self) -> tuple[OpResult, ...]:
        """The values that it defines."""
        results: Any = self.results_
        if type(results) is tuple:
            return results
        if results is None:
            self.results_ = _EMPTY
            return _EMPTY
        if self._floating or self.next is None:
            single = _single_result(self, results)
            if single is not None:
                return single
        else:
            _make_results(self)
            if type(self.results_) is tuple:
                return self.results_
        values: list[OpResult] = []
        for match in result_groups(results):
            name, count = match.groups()
            if count is None:
                values.append(OpResult(self, len(values), name))
            else:
                base, size = len(values), int(count)
                values.extend(OpResult(self, base + i, name, (i, size)) for i in _bounded(size, self))
        made: tuple[OpResult, ...] = tuple(values)
        self.results_ = made
        return made

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

    def rename(self, name: str) -> None:
        """Give the operation another name, such as ``arith.subi``; its text is the same but for that.

        The name is spelled with its dialect, even where the text left the dialect out. Raises
        `InvalidValue`, a `ValueError`, for what is no name, and `IRError` where the custom form that the
        text has does not suit the new name, or an edited attribute has no place in it any more.
        """
        from approxir.ir.renaming import rename_operation

        rename_operation(self, name)

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
            op._flags |= ERASED
        self.detach()

    def move_before(self, other: Operation) -> Operation:
        """Move the operation to stand just before `other`, which may be in another region or module."""
        if other is not self:
            block = self._target(other)
            self.detach()
            block.insert(self, before=other)
        return self

    def move_after(self, other: Operation) -> Operation:
        """Move the operation to stand just after `other`."""
        if other is not self:
            block = self._target(other)
            self.detach()
            block.insert(self, before=other.next)
        return self

    def _target(self, other: Operation) -> Block:
        """The block of `other`, to which this is to be moved. Raises `IRError` where it cannot be."""
        if self.is_ancestor_of(other):
            raise IRError(f"cannot put {self.name} inside itself")
        return _block_of(other)

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
        mark_above(self)

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


def _block_of(op: Operation) -> Block:
    if op.block is None:
        raise IRError(f"{op.name} stands in no block")
    block: Block = op.block
    return block


def _single_result(op: Operation, text: str) -> tuple[OpResult] | None:
    """Make the result of an operation whose text names just one; None where it may name several."""
    name = text[1:].rstrip(" ")
    if not (name.isalnum() or name.isidentifier()):
        return None
    op.results_ = single = (OpResult(op, 0, name),)
    return single


_BATCH = 4096


def _make_results(op: Operation) -> None:
    """Make the results of `op` and of operations behind it, which are mostly asked for next.

    One by one, they would have the garbage collector walk the whole tree again and again.
    """
    with collector_paused(keep=False):
        following: Any = op
        for _ in range(_BATCH):
            text = following.results_
            if type(text) is str:
                _single_result(following, text)
            following = following.next
            if following is None:
                return


_MAX_PACK = 1_000_000


def _bounded(size: int, op: Operation) -> range:
    if size > _MAX_PACK:
        assert op.source is not None
        message = f"a pack of {size} results is more than the {_MAX_PACK} that are supported"
        raise ParseError((op.source.diagnostic(op.start, message),))
    return range(size)

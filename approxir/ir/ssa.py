"""Values: results of operations and arguments of blocks, and who uses them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from approxir.errors import IRError
from approxir.syntax.lexemes import SUFFIX_ID

if TYPE_CHECKING:
    from approxir.ir.blocks import Block
    from approxir.ir.operation import Operation
    from approxir.values import Type


_NAME = re.compile(SUFFIX_ID)


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a value: operand number `index` of `operation`, in the order of its text."""

    operation: Operation
    index: int


def check_name(name: str | None) -> None:
    """Raise `IRError` for what cannot stand after the ``%`` of a value."""
    if name is not None and _NAME.fullmatch(name) is None:
        hint = " (without the '%')" if name.startswith("%") else ""
        raise IRError(f"'{name}' is no name of a value{hint}")


class Value(ABC):
    """An SSA value: an `OpResult` or a `BlockArgument`.

    Compared by identity. `name` is the name in the text without ``%`` (the name of the whole pack for
    ``%x:2``), or None for a value that was made without one; the printer then finds a free name.
    """

    __slots__ = ("_fresh", "_name", "_type", "_uses", "index")

    index: int

    def __init__(self, name: str | None, index: int) -> None:
        self._name = name
        self.index = index
        self._type: Type | None = None
        # None, the only operation that uses the value, or {operation: how many of its operands}.
        self._uses: Operation | dict[Operation, int] | None = None
        # A fresh value's name is a wish: the printer changes it where it is taken.
        self._fresh = False

    @property
    def name(self) -> str | None:
        """The name without its `%`; None if it has none yet. Printing may number what is set."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        if self._fresh and name == self._name:
            return
        check_name(name)
        for value in self._namesakes():
            value._fresh = True
            if name != value._name:
                # Uses are found by the name that the text has, so that they come first.
                users = value.users
                value._name = name
                value._touch_definition()
                for operation in users:
                    operation._touch()

    def _namesakes(self) -> tuple[Value, ...]:
        """The values that share this one's name in the text: the results of one pack."""
        return (self,)

    @abstractmethod
    def _touch_definition(self) -> None: ...

    @property
    @abstractmethod
    def owner(self) -> Operation | Block:
        """The operation that defines a result, or the block of an argument."""

    @property
    @abstractmethod
    def type(self) -> Type | None:
        """The value's type, or None where its operation's custom form does not say and is not understood."""

    @abstractmethod
    def _resolve_uses(self) -> None: ...

    @property
    def users(self) -> tuple[Operation, ...]:
        """The operations that use this value, each once, in no particular order."""
        self._resolve_uses()
        uses = self._uses
        if uses is None:
            return ()
        return tuple(uses) if isinstance(uses, dict) else (uses,)

    @property
    def uses(self) -> Iterator[Use]:
        """Every use: (operation, operand index)."""
        for operation in self.users:
            for index, operand in enumerate(operation._resolved().operands):
                if operand is self:
                    yield Use(operation, index)

    @property
    def has_uses(self) -> bool:
        """Whether any operation uses it."""
        return bool(self.users)

    def replace_all_uses_with(self, other: Value) -> None:
        """Make every operation that uses this value use `other` instead."""
        if other is self:
            return
        for operation in self.users:
            operation._replace_operand(self, other)

    def _add_use(self, operation: Operation) -> None:
        uses = self._uses
        if uses is None:
            self._uses = operation
        elif isinstance(uses, dict):
            uses[operation] = uses.get(operation, 0) + 1
        elif uses is operation:
            self._uses = {operation: 2}
        else:
            self._uses = {uses: 1, operation: 1}

    def _remove_use(self, operation: Operation) -> None:
        uses = self._uses
        if uses is operation:
            self._uses = None
        elif isinstance(uses, dict) and operation in uses:
            if uses[operation] > 1:
                uses[operation] -= 1
            else:
                del uses[operation]
                if not uses:
                    self._uses = None

    def _reference(self, name: str) -> str:
        """How a use of this value is spelled when the value (or its pack) is called `name`."""
        return "%" + name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} %{self._name or '?'}>"


class OpResult(Value):
    """Result number `index` of an operation; `pack` is (index, size) within ``%x:n``, or None."""

    __slots__ = ("operation", "pack")

    def __init__(
        self, operation: Operation, index: int, name: str | None, pack: tuple[int, int] | None = None
    ) -> None:
        # As the base class does; millions of results are made.
        self._name = name
        self.index = index
        self._type = self._uses = None
        self._fresh = False
        self.operation = operation
        self.pack = pack

    @property
    def owner(self) -> Operation:
        return self.operation

    @property
    def type(self) -> Type | None:
        if self._type is None:
            types = self.operation._result_types()
            if types is not None and self.index < len(types):
                self._type = types[self.index]
        return self._type

    def _namesakes(self) -> tuple[Value, ...]:
        if self.pack is None:
            return (self,)
        first = self.index - self.pack[0]
        return self.operation.results[first : first + self.pack[1]]

    def _touch_definition(self) -> None:
        self.operation._touch()

    def _resolve_uses(self) -> None:
        self.operation._resolve_scope()

    def _reference(self, name: str) -> str:
        if self.pack is not None and self.pack[1] > 1:
            return f"%{name}#{self.pack[0]}"
        return "%" + name


class BlockArgument(Value):
    """Argument number `index` of a block.

    `span` is where the name stands in the text, in the block's label or in the header of the
    operation around it (``scf.for %i = ...``); `holder` is that operation in the latter case.
    """

    __slots__ = ("block", "holder", "span", "type_span")

    def __init__(
        self,
        block: Block | None,
        index: int,
        name: str | None,
        span: tuple[int, int] | None = None,
        holder: Operation | None = None,
        type_span: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(name, index)
        self.block = block
        self.holder = holder
        self.span = span
        self.type_span = type_span

    @property
    def owner(self) -> Block:
        assert self.block is not None
        return self.block

    @property
    def type(self) -> Type | None:
        if self._type is None:
            if self.type_span is not None:
                from approxir.syntax.attributes import parse_type

                source = self._source_text()
                self._type = parse_type(source[self.type_span[0] : self.type_span[1]])
            elif self.holder is not None:
                self._type = self.holder._header_argument_type(self)
        return self._type

    def _source_text(self) -> str:
        source = self.holder.source if self.holder is not None else self.owner.source
        assert source is not None
        return source.text

    def _touch_definition(self) -> None:
        if self.holder is not None:
            self.holder._touch()
        elif self.block is not None:
            self.block._touch_label()

    def _resolve_uses(self) -> None:
        if self.holder is not None:
            self.holder._resolve_inside()
        elif self.block is not None:
            self.block._resolve_scope()


class Unresolved(Value):
    """A name that no definition visible at its use explains."""

    __slots__ = ("offset",)

    def __init__(self, name: str, offset: int) -> None:
        super().__init__(name, 0)
        self.offset = offset

    @property
    def owner(self) -> Operation:
        raise ValueError(f"%{self._name} is not defined")

    @property
    def type(self) -> None:
        return None

    def _touch_definition(self) -> None:
        pass

    def _resolve_uses(self) -> None:
        pass

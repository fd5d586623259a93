"""What typed views of operations are made of: the base class, and attributes as Python values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, Literal, Self, TypeVar, overload

from approxir.dialects.approx.codec import I32, read_params, resolved, write_params
from approxir.dialects.approx.errors import ParamsError
from approxir.dialects.approx.function_names import function_named_by
from approxir.dialects.approx.params import KnobParams
from approxir.errors import IRError
from approxir.ir.blocks import Region
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.ir.verify.approx import local_name
from approxir.values import (
    ArrayAttr,
    Attribute,
    DenseArrayAttr,
    DictAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    SymbolRefAttr,
    Type,
)
from approxir.values.strings import symbol_text

Spelling = Literal["approxir", "approxmlir"]
"""How new operations are spelled: ``approxmlir`` is for the public C++ implementation."""

_NAMES = {"approxmlir": {"decision_tree": "decide"}}


class OpView:
    """An approx operation, typed. `IRError` for an operation of another kind."""

    __slots__ = ("operation",)

    names: ClassVar[tuple[str, ...]] = ()
    """Its names without the dialect's prefix; new operations get the first one."""

    def __init__(self, operation: Operation) -> None:
        if local_name(operation) not in self.names:
            raise IRError(f"{operation.name} is no approx.{self.names[0] if self.names else '*'}")
        self.operation = operation

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpView) and other.operation is self.operation

    def __hash__(self) -> int:
        return hash(self.operation)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.operation!r}>"

    @classmethod
    def _create(
        cls,
        spelling: Spelling,
        operands: Sequence[Value] = (),
        result_types: Sequence[Type] = (),
        regions: Sequence[Region] = (),
        properties: Mapping[str, Attribute | None] | None = None,
    ) -> Self:
        name = _NAMES.get(spelling, {}).get(cls.names[0], cls.names[0])
        held = {key: value for key, value in (properties or {}).items() if value is not None}
        return cls(
            Operation.create("approx." + name, operands, result_types, properties=held, regions=regions)
        )


class TunableOpView(OpView):
    """An operation that may spell params."""

    __slots__ = ()

    @property
    def params(self) -> KnobParams | None:
        """What is tunable, as the operation spells it; None where it does not. See `write_params`."""
        return read_params(self.operation)

    @params.setter
    def params(self, params: KnobParams) -> None:
        write_params(self.operation, params)


Read = TypeVar("Read", covariant=True)
Written = TypeVar("Written", contravariant=True)


class Field(ABC, Generic[Read, Written]):
    """An attribute of a view's operation, as a Python value.

    Reading raises `ParamsError` where the attribute is of another type. Writing changes no more of the text
    than it must; None removes the attribute.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    @overload
    def __get__(self, view: None, owner: type[OpView]) -> Self: ...
    @overload
    def __get__(self, view: OpView, owner: type[OpView]) -> Read: ...
    def __get__(self, view: OpView | None, owner: type[OpView]) -> Self | Read:
        return self if view is None else self.read(view.operation)

    def __set__(self, view: OpView, value: Written | None) -> None:
        op = view.operation
        if value is not None:
            op.attributes[self.key] = self.attribute(value, self._get(op))
        elif self.key in op.attributes:
            del op.attributes[self.key]

    @abstractmethod
    def read(self, op: Operation) -> Read:
        """The value on an operation."""

    @abstractmethod
    def attribute(self, value: Written, old: Attribute | None) -> Attribute:
        """The attribute for a value that replaces `old`."""

    def _get(self, op: Operation) -> Attribute | None:
        value = op.attributes.get(self.key)
        return None if value is None else resolved(op, value, self.key)

    def _wrong(self, op: Operation, value: Attribute, wanted: str) -> ParamsError:
        return ParamsError.at(op, self.key, f"{self.key} is {wanted}, not {value}")


class Text(Field[str | None, str]):
    """A string, or a symbol's name."""

    def read(self, op: Operation) -> str | None:
        value = self._get(op)
        if value is None:
            return None
        if isinstance(value, StringAttr):
            return value.value
        if isinstance(value, SymbolRefAttr):
            return value.leaf
        raise self._wrong(op, value, "a string")

    def attribute(self, value: str, old: Attribute | None) -> Attribute:
        return SymbolRefAttr(value) if isinstance(old, SymbolRefAttr) else StringAttr(value)


class FunctionName(Text):
    """The name of a function, without the ``@`` that it may be spelled with."""

    def read(self, op: Operation) -> str | None:
        name = function_named_by(self._get(op))
        return super().read(op) if name is None else name

    def attribute(self, value: str, old: Attribute | None) -> Attribute:
        if isinstance(old, StringAttr) and old.value.startswith("@"):
            return StringAttr(symbol_text(value))
        return super().attribute(value, old)


class Number(Field[int | None, int]):
    """An integer, written as ``i32``."""

    def read(self, op: Operation) -> int | None:
        value = self._get(op)
        if value is None or isinstance(value, IntegerAttr):
            return None if value is None else value.value
        raise self._wrong(op, value, "an integer")

    def attribute(self, value: int, old: Attribute | None) -> Attribute:
        return IntegerAttr(value, I32)


class Numbers(Field[tuple[int, ...], Sequence[int]]):
    """A list of integers, written as a dense array; empty where there is none."""

    def __init__(self, key: str, kind: IntegerType = I32) -> None:
        super().__init__(key)
        self.kind = kind

    def read(self, op: Operation) -> tuple[int, ...]:
        value = self._get(op)
        if value is None:
            return ()
        if isinstance(value, DenseArrayAttr) and isinstance(value.element_type, IntegerType):
            if not value.element_type.is_bool:
                return tuple([int(item) for item in value.values])
        elif isinstance(value, ArrayAttr):
            numbers = [item.value for item in value if isinstance(item, IntegerAttr)]
            if len(numbers) == len(value.elements):
                return tuple(numbers)
        raise self._wrong(op, value, "a list of integers")

    def attribute(self, value: Sequence[int], old: Attribute | None) -> Attribute:
        return DenseArrayAttr(self.kind, tuple(value))


class Strings(Field[tuple[str, ...] | None, Sequence[str]]):
    """An array of strings; one string by itself, as in the paper, is read too."""

    def read(self, op: Operation) -> tuple[str, ...] | None:
        value = self._get(op)
        if value is None:
            return None
        if isinstance(value, StringAttr):
            return (value.value,)
        if isinstance(value, ArrayAttr):
            strings = [item.value for item in value if isinstance(item, StringAttr)]
            if len(strings) == len(value.elements):
                return tuple(strings)
        raise self._wrong(op, value, "a list of strings")

    def attribute(self, value: Sequence[str], old: Attribute | None) -> Attribute:
        if isinstance(old, StringAttr) and len(value) == 1:
            return StringAttr(value[0])
        return ArrayAttr(tuple([StringAttr(item) for item in value]))


class Options(Field[DictAttr, DictAttr]):
    """A dictionary; empty where there is none."""

    def read(self, op: Operation) -> DictAttr:
        value = self._get(op)
        if value is None or isinstance(value, DictAttr):
            return value or DictAttr()
        raise self._wrong(op, value, "a dictionary")

    def attribute(self, value: DictAttr, old: Attribute | None) -> Attribute:
        return value

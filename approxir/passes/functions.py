"""Functions and the annotations of them, as the passes look them up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from approxir.dialects.approx.ops import AnnotationOp, YieldOp, view
from approxir.ir.blocks import Block, Region
from approxir.ir.forms import aliases_of
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.ir.symbols import SymbolTable, own_symbol
from approxir.ir.verify.approx import PREFIXES, local_name
from approxir.ir.verify.types import TypeComparer
from approxir.passes.base import PassError
from approxir.syntax.formats.traits import traits
from approxir.values import FunctionType, StringAttr, Type, TypeAlias, TypeAttr

if TYPE_CHECKING:
    from approxir.ir.module import Module

FUNCTION = "func.func"
RETURN = "func.return"


class Functions:
    """The functions of a module by name, as seen from any of its operations, with those that passes add."""

    def __init__(self) -> None:
        self._tables: dict[Region, SymbolTable] = {}
        self._comparer: TypeComparer | None = None

    def table(self, region: Region) -> SymbolTable:
        """The symbol table of a region, made once."""
        found = self._tables.get(region)
        if found is None:
            found = self._tables[region] = SymbolTable(region)
        return found

    def visible(self, near: Operation) -> Iterator[SymbolTable]:
        """The symbol tables around an operation, innermost first."""
        op: Operation | None = near
        while op is not None and op.block is not None:
            region: Region = op.block.region
            around: Operation | None = region.operation
            if around is None or "symbol-table" in traits(around.name):
                yield self.table(region)
            op = around

    def find(self, name: str, near: Operation) -> Operation | None:
        """The symbol of that name, as a reference in `near` means it: one of the innermost symbol table."""
        table = next(self.visible(near), None)
        return table[name] if table is not None and name in table else None

    def find_outwards(self, name: str, near: Operation) -> Operation | None:
        """The symbol of that name in the innermost symbol table around `near` that has it."""
        return next((table[name] for table in self.visible(near) if name in table), None)

    def add(self, function: Operation, after: Operation) -> str:
        """Put a new function behind another one, and return its name, which is made unique."""
        assert after.block is not None
        table = self.table(after.block.region)
        return table.insert(function, before=after.next)

    def forget(self, function: Operation) -> None:
        """A function was erased, or one was put in without `add`: look again."""
        if function.block is not None:
            self._tables.pop(function.block.region, None)

    def resolved(self, kind: Type, near: Operation) -> Type:
        """A type with the aliases of its module replaced by what they stand for."""
        if "!" not in (text := str(kind)) and "#" not in text:
            return kind
        if self._comparer is None:
            self._comparer = TypeComparer(aliases_of(near))
        return self._comparer.resolved(kind)

    def same_types(self, left: Sequence[Type | None], right: Sequence[Type], near: Operation) -> bool:
        """Whether two lists of types are the same, however they are spelled."""
        if len(left) != len(right):
            return False
        return all(
            one is not None and (one == other or self.resolved(one, near) == self.resolved(other, near))
            for one, other in zip(left, right, strict=True)
        )


def find_annotations(module: Module) -> list[AnnotationOp]:
    """The annotations of functions, in the order of the text."""
    found = []
    for op in module.find(*(prefix + "util.annotation." for prefix in PREFIXES)):
        held = view(op)
        if isinstance(held, AnnotationOp):
            found.append(held)
    return found


def annotated_function(annotation: AnnotationOp, functions: Functions) -> Operation:
    """The function that an annotation is about: a ``func.func`` with a body. Raises `PassError`."""
    op = annotation.operation
    name = annotation.func_name
    if name is None:
        raise PassError.at(op, f"{op.name} does not name a function", hint='add func_name = "name"')
    function = functions.find_outwards(name, op)
    if function is None:
        raise PassError.at(op, f"no function '{name}' can be seen from here", key="func_name")
    if function.name != FUNCTION:
        message = f"'{name}' is a {function.name}; only functions of the func dialect can be approximated"
        raise PassError.at(op, message, key="func_name", notes=((function, "defined here"),))
    if is_declaration(function):
        message = f"the function '{name}' is only declared"
        raise PassError.at(op, message, key="func_name", notes=((function, "declared here"),))
    return function


def is_declaration(function: Operation) -> bool:
    """Whether a function has no body."""
    return not function.regions or not function.regions[0].blocks


def symbol_name(function: Operation) -> str:
    """The name of a function."""
    symbol = own_symbol(function)
    assert symbol is not None
    return symbol.name


def function_type(function: Operation) -> FunctionType:
    """The type of a function. Raises `PassError` where the text does not tell it."""
    held = function.attributes.get("function_type")
    kind = held.value if isinstance(held, TypeAttr) else None
    if isinstance(kind, TypeAlias):
        kind = TypeComparer(aliases_of(function)).resolved(kind)
    if not isinstance(kind, FunctionType):
        raise PassError.at(function, "the type of this function is not known", key="function_type")
    return kind


def private_function(name: str, kind: FunctionType, region: Region) -> Operation:
    """A new private function, which stands nowhere yet."""
    return Operation.create(
        FUNCTION,
        properties={
            "sym_name": StringAttr(name),
            "function_type": TypeAttr(kind),
            "sym_visibility": StringAttr("private"),
        },
        regions=[region],
    )


def tell_type(value: Value, kind: Type | None) -> None:
    """Let a value have a type that is known from elsewhere, if its operation's text does not tell it."""
    if value.type is None and kind is not None:
        value._type = kind


def move_operations(source: Block, target: Block) -> None:
    """Move all operations of a block to the end of another one."""
    if source.first is not None:
        target.take(source.first, source.last)


def block_of(function: Operation) -> Block:
    """The entry block of a function with a body."""
    block: Block = function.regions[0].blocks[0]
    return block


def ensure_yield(region: Region) -> Operation:
    """The terminator of a region of one block, spelled out where the text leaves it out."""
    if not region.blocks:
        region.append(Block.create())
    block: Block = region.blocks[0]
    last: Operation | None = block.last
    if last is None or local_name(last) != "yield":
        last = block.append(YieldOp.create([]).operation)
    return last

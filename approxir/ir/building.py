"""Making operations one after another at a place in the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from approxir.errors import IRError
from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.values import Attribute, Type, attribute


class Builder:
    """Makes operations and puts them at an insertion point, which moves on behind each one.

    Types and attributes may be given as MLIR text (``"i32"``, ``"5 : i32"`` after ``ax.parse_attribute``)
    or as values; plain Python values become attributes as by `approxir.attribute`.
    """

    def __init__(self, block: Block, before: Operation | None = None) -> None:
        if before is not None and before.block is not block:
            raise IRError(f"{before.name} is not in the block to build in")
        self.block = block
        self._before = before

    @classmethod
    def before(cls, op: Operation) -> Builder:
        """A builder whose operations stand before `op`."""
        if op.block is None:
            raise IRError(f"{op.name} stands in no block")
        return cls(op.block, op)

    @classmethod
    def after(cls, op: Operation) -> Builder:
        """A builder whose operations stand after `op`, in the order they are made."""
        if op.block is None:
            raise IRError(f"{op.name} stands in no block")
        return cls(op.block, op.next)

    @classmethod
    def at_start(cls, block: Block) -> Builder:
        """A builder at the start of a block."""
        return cls(block, block.first)

    @classmethod
    def at_end(cls, block: Block) -> Builder:
        """A builder at the end of a block."""
        return cls(block)

    def create(
        self,
        name: str,
        operands: Sequence[Value] = (),
        result_types: Sequence[Type | str] = (),
        *,
        properties: Mapping[str, Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
        successors: Sequence[Block] = (),
        regions: Sequence[Region] = (),
        result_names: Sequence[str | None] | None = None,
    ) -> Operation:
        """Make an operation at the insertion point; see `Operation.create`.

        Raises `ParseError` for a type whose text is wrong.
        """
        op = Operation.create(
            name,
            operands,
            [as_type(kind) for kind in result_types],
            properties=_attributes(properties),
            attributes=_attributes(attributes),
            successors=successors,
            regions=regions,
            result_names=result_names,
        )
        return self.insert(op)

    def insert(self, op: Operation) -> Operation:
        """Put a detached operation at the insertion point."""
        return self.block.insert(op, before=self._before)


def as_type(kind: Type | str) -> Type:
    """A type, given as such or as MLIR text."""
    if isinstance(kind, str):
        from approxir.syntax.attributes import parse_type

        return parse_type(kind)
    return kind


def _attributes(given: Mapping[str, Any] | None) -> dict[str, Attribute]:
    return {
        key: value if isinstance(value, Attribute) else attribute(value)
        for key, value in (given or {}).items()
    }

"""What a transform is, and what it works on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from approxir.dialects.approx.payload import nested
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.passes.base import PassError
from approxir.passes.functions import Functions, symbol_name
from approxir.passes.regions import LOWERED
from approxir.passes.wrappers import own_callee
from approxir.values import DictAttr, StringAttr, SymbolRefAttr


@dataclass
class Notes:
    """What inner transforms note for those around them."""

    made: set[Operation] = field(default_factory=set)
    """Loops and branches that transforms made: those around find only what people wrote."""
    perforated: dict[Operation, bool] = field(default_factory=dict)
    """Loops that were perforated, and whether their sums were rescaled."""

    def copied(self, function: Operation, copy: Operation) -> None:
        """Note the same of a copy."""
        if not self.made and not self.perforated:
            return
        for old, new in zip(function.walk(), copy.walk(), strict=True):
            if old in self.made:
                self.made.add(new)
            if old in self.perforated:
                self.perforated[new] = self.perforated[old]


class Scope:
    """What one ``approx.transform`` governs: the operations that stand in one block with it.

    Where the code was put into a function of its own, `code` goes on in a copy of that function, which only
    this transform changes.

    Args:
        transform: the ``approx.transform``.
        functions: the functions of the module.
        notes: what transforms of the same module have noted for one another.
    """

    def __init__(self, transform: Operation, functions: Functions, notes: Notes | None = None) -> None:
        self.transform = transform
        self.functions = functions
        self.notes = Notes() if notes is None else notes
        self._specialised = False

    @property
    def operations(self) -> list[Operation]:
        """The operations beside the transform, without the terminator."""
        last = self.terminator
        assert last.block is not None
        return [op for op in last.block if op is not last and op is not self.transform]

    @property
    def terminator(self) -> Operation:
        """The terminator of the block: what it yields is what the code computes."""
        block = self.transform.block
        assert block is not None
        assert block.last is not None
        last: Operation = block.last
        return last

    def code(self) -> Iterator[Operation]:
        """The operations that may be transformed, nested ones included, outermost first."""
        if not self._specialised:
            self._specialised = True
            for op in self.operations:
                function = own_callee(op, self.functions)
                if function is not None:
                    self._specialise(op, function)
        for op in list(nested(self.operations)):
            if LOWERED in op.attributes and local_name(op) == "knob":
                message = "the code holds another knob, whose decisions are code by now"
                raise self.error(message, hint="put the inner knob into a function of its own")
            if op in self.notes.made:
                continue
            yield op
            function = own_callee(op, self.functions)
            if function is not None:
                body = nested([inner for block in function.regions[0].blocks for inner in block])
                yield from (inner for inner in body if inner not in self.notes.made)

    def _specialise(self, call: Operation, function: Operation) -> None:
        name = symbol_name(function)
        copy = function.clone()
        self.notes.copied(function, copy)
        fresh = self.functions.add(copy, after=function)
        if fresh != name:
            call.attributes["callee"] = SymbolRefAttr(fresh)

    def error(
        self, message: str, *, hint: str | None = None, notes: tuple[tuple[Operation, str], ...] = ()
    ) -> PassError:
        """An error at the transform, or where it comes from."""
        return PassError.at(self.transform, message, hint=hint, notes=notes)


class Transform(ABC):
    """An approximation. It is stateless; what it is told are a knob value and options."""

    name: ClassVar[str]
    """As ``transform_type`` spells it."""
    summary: ClassVar[str]
    """What it does, in one line."""
    options: ClassVar[dict[str, str]] = {}
    """The options that it takes, and what each means."""

    def is_exact(self, value: int) -> bool:
        """Whether the knob value asks for no approximation at all."""
        return value == 0

    def problem(self, options: DictAttr) -> str | None:
        """What is wrong with options, if anything; subclasses look at the values of those that there are."""
        unknown = sorted(set(options).difference(self.options))
        if not unknown:
            return None
        return f"{self.name} has no option '{unknown[0]}'; its options: {', '.join(self.options) or 'none'}"

    @abstractmethod
    def apply(self, scope: Scope, value: int, options: DictAttr) -> None:
        """Rewrite what the transform governs. Raises `PassError`."""


def name_option(options: DictAttr, key: str) -> str | None:
    """A string option."""
    value = options.get(key)
    return value.value if isinstance(value, StringAttr) else None


__all__ = ["Notes", "Scope", "Transform", "name_option"]

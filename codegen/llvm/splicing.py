"""Code that is written as text, parsed, and put in the place of an operation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from approxir.ir.cloning import inline_block
from approxir.ir.module import parse
from approxir.ir.operation import Operation
from approxir.values import IntegerType, TensorType, Type

_BODY = "approxir.body"


class Code:
    """The lines of a function that computes what an operation does.

    Its arguments are ``%in0``, ``%in1``, ... for the operation's operands.
    """

    def __init__(self, operands: Sequence[Type], results: Sequence[Type]) -> None:
        self._operands = operands
        self._results = results
        self._lines: list[str] = []
        self._count = 0

    def name(self) -> str:
        """A new name for a value."""
        self._count += 1
        return f"%v{self._count}"

    def value(self, text: str) -> str:
        """An operation with one result; the name of that."""
        name = self.name()
        self._lines.append(f"{name} = {text}")
        return name

    def line(self, text: str) -> None:
        """Any text."""
        self._lines.append(text)

    def replace(self, op: Operation, values: Sequence[str]) -> None:
        """Put the code in the place of an operation, whose only region goes to where it is used."""
        arguments = ", ".join(f"%in{number}: {kind}" for number, kind in enumerate(self._operands))
        kinds = ", ".join(map(str, self._results))
        lines = "\n".join(self._lines)
        text = (
            f"func.func @loops({arguments}) -> ({kinds}) {{\n{lines}\n"
            f"return {', '.join(values)} : {kinds}\n}}\n"
        )
        function = parse(text).body.first
        assert function is not None
        inside = [inner for inner in function.walk() if inner.name == _BODY]
        results = inline_block(function.regions[0].blocks[0], op, list(op.operands))
        for place in inside:
            place.replace_with(*inline_block(op.regions[0].blocks[0], place, list(place.operands)))
        op.replace_with(*results)


class Loops(Code):
    """Code with loops, and with what the operation's region computes."""

    def __init__(self, operands: Sequence[Type], results: Sequence[Type]) -> None:
        super().__init__(operands, results)
        self.zero = self.value("arith.constant 0 : index")
        self.one = self.value("arith.constant 1 : index")

    def size(self, value: str, kind: TensorType, axis: int) -> str:
        """The size of a tensor along an axis."""
        number = self.value(f"arith.constant {axis} : index")
        return self.value(f"tensor.dim {value}, {number} : {kind}")

    def index(self, value: str, kind: Type) -> str:
        """An integer of a type of StableHLO as an index."""
        assert isinstance(kind, IntegerType)
        cast = "index_castui" if kind.signedness == "unsigned" else "index_cast"
        if kind.signedness != "signless":
            plain = IntegerType(kind.width)
            value = self.value(f"builtin.unrealized_conversion_cast {value} : {kind} to {plain}")
            kind = plain
        return self.value(f"arith.{cast} {value} : {kind} to index")

    @contextmanager
    def loop(
        self, low: str, high: str, step: str, carried: Sequence[tuple[str, Type | str]]
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        """A loop that carries values: its counter, what it carries inside, and what it results in.

        The block ends with `yields`.
        """
        counter = self.name()
        inside = [self.name() for _ in carried]
        results = [self.name() for _ in carried]
        pairs = ", ".join(f"{new} = {old}" for new, (old, _) in zip(inside, carried, strict=True))
        kinds = ", ".join(str(kind) for _, kind in carried)
        self._lines.append(
            f"{', '.join(results)} = scf.for {counter} = {low} to {high} step {step} "
            f"iter_args({pairs}) -> ({kinds}) {{"
        )
        yield counter, inside, results
        self._lines.append("}")

    def yields(self, values: Sequence[str], kinds: Sequence[Type | str]) -> None:
        """Hand on values at the end of a region."""
        self._lines.append(f"scf.yield {', '.join(values)} : {', '.join(map(str, kinds))}")

    def body(self, scalars: Sequence[str], kinds: Sequence[Type], results: Sequence[Type]) -> list[str]:
        """What the operation's region computes of scalars, given and returned as tensors of rank 0."""
        tensors = [TensorType((), kind) for kind in kinds]
        held = [
            self.value(f"tensor.from_elements {value} : {kind}")
            for value, kind in zip(scalars, tensors, strict=True)
        ]
        returned = [TensorType((), kind) for kind in results]
        names = [self.name() for _ in results]
        self._lines.append(
            f'{", ".join(names)} = "{_BODY}"({", ".join(held)}) '
            f": ({', '.join(map(str, tensors))}) -> ({', '.join(map(str, returned))})"
        )
        return [
            self.value(f"tensor.extract {name}[] : {kind}")
            for name, kind in zip(names, returned, strict=True)
        ]

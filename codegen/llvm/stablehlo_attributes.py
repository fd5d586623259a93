"""Attributes, types and regions of StableHLO operations, as the expansions read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.passes.functions import Functions
from approxir.values import Attribute, BoolAttr, IntegerAttr, OpaqueAttr, TensorType, Type


def tensor_types(values: Iterable[Value], op: Operation, functions: Functions) -> list[TensorType] | None:
    """The types of values that are tensors of known rank; None where one is not."""
    found = []
    for value in values:
        kind = None if value.type is None else functions.resolved(value.type, op)
        if not isinstance(kind, TensorType):
            return None
        found.append(kind)
    return found


def scalar_region(
    op: Operation, arguments: Sequence[Type], results: Sequence[Type], functions: Functions
) -> bool:
    """Whether the only region computes scalars of these types, as tensors of rank 0, of others."""
    if len(op.regions) != 1 or len(op.regions[0].blocks) != 1:
        return False
    block = op.regions[0].blocks[0]
    last = block.terminator
    if last is None or last.name != "stablehlo.return":
        return False
    given = tensor_types(block.arguments, op, functions)
    returned = tensor_types(last.operands, op, functions)
    return given == [TensorType((), kind) for kind in arguments] and returned == [
        TensorType((), kind) for kind in results
    ]


def integer(op: Operation, name: str, default: int) -> int:
    """An integer attribute."""
    held = op.attributes.get(name)
    return int(held.value) if isinstance(held, IntegerAttr | BoolAttr) else default


def list_in(attribute: Attribute, name: str) -> list[int]:
    """The integers that an attribute of StableHLO holds under a name; none where it leaves them out."""
    held = _fields(attribute).get(name, "[]")
    return [int(item) for item in held.strip("[]").split(",") if item.strip()]


def number_in(attribute: Attribute, name: str) -> int:
    """The integer that an attribute of StableHLO holds under a name; 0 where it leaves it out."""
    return int(_fields(attribute).get(name, "0"))


def _fields(attribute: Attribute) -> dict[str, str]:
    """The parts of ``#stablehlo.scatter<name = value, ...>`` by name."""
    found: dict[str, str] = {}
    text = attribute.parameters if isinstance(attribute, OpaqueAttr) else ""
    start = depth = 0
    for place, char in enumerate(text + ","):
        if char in "[<({":
            depth += 1
        elif char in "]>)}":
            depth -= 1
        elif char == "," and not depth:
            name, _, value = text[start:place].partition("=")
            found[name.strip()] = value.strip()
            start = place + 1
    return found

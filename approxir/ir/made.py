"""The text of operations that were made: their custom form where it is known, else the generic one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from approxir.errors import Diagnostic, PrintError
from approxir.ir.ssa import Value
from approxir.values import UnitAttr, key_text

if TYPE_CHECKING:
    from approxir.ir.blocks import Block
    from approxir.ir.operation import Operation
    from approxir.values import Attribute


class RegionPiece(NamedTuple):
    """Stands for region number `region`; `header` when the text before it names its arguments."""

    region: int
    header: bool


# Stands for a region in the text of the operation around it; no MLIR text holds this character.
_PLACE = re.compile("\x01(\\d+)\x01")


def made_pieces(
    op: Operation, *, reference: Callable[[Value], str], label: Callable[[Block], str]
) -> list[str | RegionPiece]:
    """The text of an operation, split at its regions. Raises `PrintError` where a type is not known."""
    made = op._made
    detail = op._detail
    assert made is not None
    assert detail is not None
    operands = [reference(value) for value in detail.operands]
    types = []
    for value in detail.operands:
        kind = value.type
        if kind is None:
            raise PrintError(
                (Diagnostic(f"{op.name}: the type of its operand {reference(value)} is not known"),)
            )
        types.append(str(kind))
    text = _custom(op, operands, types, reference)
    header = text is not None
    if text is None:
        text = _generic(op, operands, types, label)
    results = _results(op, reference)
    location = f" {made.location}" if made.location is not None else ""
    pieces: list[str | RegionPiece] = []
    for number, piece in enumerate(_PLACE.split(results + text + location)):
        if number % 2:
            pieces.append(RegionPiece(int(piece), header and _header_names(op, int(piece), text, reference)))
        elif piece:
            pieces.append(piece)
    return pieces


def _results(op: Operation, reference: Callable[[Value], str]) -> str:
    if not op.results:
        return ""
    return ", ".join(reference(result) for result in op.results) + " = "


def _generic(op: Operation, operands: list[str], types: list[str], label: Callable[[Block], str]) -> str:
    made, detail = op._made, op._detail
    assert made is not None
    assert detail is not None
    parts = [f'"{op.name}"({", ".join(operands)})']
    if detail.successors:
        parts.append("[" + ", ".join(map(label, detail.successors)) + "]")
    if made.properties:
        parts.append(" <" + _dictionary(made.properties) + ">")
    if op.regions:
        parts.append(" (" + ", ".join(f"\x01{i}\x01" for i in range(len(op.regions))) + ")")
    if made.attributes:
        parts.append(" " + _dictionary(made.attributes))
    outputs = [str(kind) for kind in made.result_types]
    single = len(outputs) == 1 and not outputs[0].startswith("(")
    parts.append(f" : ({', '.join(types)}) -> " + (outputs[0] if single else f"({', '.join(outputs)})"))
    return "".join(parts)


def _dictionary(entries: dict[str, Attribute]) -> str:
    body = ", ".join(
        key_text(key) if isinstance(value, UnitAttr) else f"{key_text(key)} = {value}"
        for key, value in entries.items()
    )
    return "{" + body + "}"


def _custom(
    op: Operation, operands: list[str], types: list[str], reference: Callable[[Value], str]
) -> str | None:
    """The canonical custom form, or None when it is not known or cannot say everything."""
    from approxir.syntax.formats.writer import custom_text

    made, detail = op._made, op._detail
    assert made is not None
    assert detail is not None
    if detail.successors or not all(region.blocks for region in op.regions):
        # Which operands go to which successor is not recorded outside the generic form.
        return None
    arguments = []
    for region in op.regions:
        pairs = [(reference(a), str(a.type)) for a in region.blocks[0].arguments]
        arguments.append(pairs)
    return custom_text(
        op.name,
        operands,
        types,
        [str(kind) for kind in made.result_types],
        {key: str(value) for key, value in made.properties.items()},
        {key: str(value) for key, value in made.attributes.items()},
        region_texts=[f"\x01{i}\x01" for i in range(len(op.regions))],
        region_arguments=arguments,
    )


def _header_names(op: Operation, region: int, text: str, reference: Callable[[Value], str]) -> bool:
    """Whether `text`, a custom form, names the arguments of a region's first block."""
    arguments = op.regions[region].blocks[0].arguments
    return (
        bool(arguments) and re.search(re.escape(reference(arguments[0])) + r"(?![\w$.\-])", text) is not None
    )

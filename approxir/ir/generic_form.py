"""Printing in the generic form: every operation as ``"name"(operands) ... : types``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from approxir.errors import PrintError
from approxir.ir.blocks import Region
from approxir.ir.forms import form_of
from approxir.ir.layout import Layout
from approxir.ir.operation import Operation
from approxir.ir.printer import Step
from approxir.syntax.formats.forms import CustomForm
from approxir.syntax.formats.traits import is_terminator
from approxir.syntax.generic import own_segments
from approxir.syntax.lexemes import STRING, result_groups

INDENT = "  "
# Stands for the content of a region in the text of the operation around it, with the block names in it.
_PLACE = re.compile("\x01(\\d+)[^\x01]*\x01")


class GenericPrinter(Layout):
    """The canonical layout, with custom forms turned into the generic one.

    It prints text as it was parsed: a module with edits has to be printed and parsed again first.
    """

    def __init__(self, aliases: dict[str, str]) -> None:
        super().__init__(None)
        self.aliases = aliases

    def operation(self, op: Operation) -> Step:
        if op.is_generic:
            yield super().operation(op)
            return
        assert op.source is not None
        form = form_of(op, self.aliases)
        if form is None:
            raise _not_understood(op, f"the custom form of {op.name} is not understood")
        from approxir.syntax.formats.writer import generic_text

        text = op.source.text
        if any("\n" in text[begin:end] for begin, end in own_segments(op.start, op.end, op._region_spans())):
            form = _on_one_line(form)
        by_span = {(region.start, region.end): region for region in op.regions}
        regions: list[Region | None] = [None if span is None else by_span.get(span) for span in form.regions]
        places: list[str | None] = []
        unterminated = []
        for index, region in enumerate(regions):
            if region is None:
                places.append(None)
                continue
            labels = " ".join(f"^{block.label}" for block in region.blocks if block.label)
            places.append("" if _is_blank(region) else f"\x01{index} {labels}\x01")
            last = region.blocks[-1].last if region.blocks else None
            if last is None or not is_terminator(last.name):
                if op.name != "vector.mask" or last is None:
                    if form.implicit_terminators[index] is not None:
                        unterminated.append(index)
                else:
                    # What it yields is the result of the operation inside, which the text does not name.
                    raise _not_understood(op, "the value that the masked operation yields has no name")
        results = [match.group() for match in result_groups(text, op.start, op.name_start)]
        try:
            whole = generic_text(
                op.name,
                form,
                results=results,
                region_texts=places,
                indent=self.indent,
                unterminated=unterminated,
            )
        except PrintError as error:
            raise PrintError((op.source.diagnostic(op.name_start, error.message, code="print"),)) from None
        whole = whole.removeprefix(self.indent)
        for number, piece in enumerate(_PLACE.split(whole)):
            if number % 2:
                region = regions[int(piece)]
                assert region is not None
                yield self.blocks(region)
                if int(piece) in unterminated:
                    # The text goes on with the implied terminator on a line of its own.
                    del self.out[-2:]
            else:
                self.out.append(piece)


_WHITE = re.compile(rf"({STRING})|(?:\s++|//[^\n]*+)++")


def _joined(ref: Any) -> Any:
    """A piece of a form without line breaks and comments."""
    if ref is None or "\n" not in ref.text:
        return ref
    return type(ref)(_WHITE.sub(lambda match: match[1] or " ", ref.text), ref.start, ref.end)


def _on_one_line(form: CustomForm) -> CustomForm:
    return replace(
        form,
        operand_types=tuple(_joined(kind) for kind in form.operand_types),
        result_types=None
        if form.result_types is None
        else tuple(_joined(kind) for kind in form.result_types),
        properties={key: _joined(value) for key, value in form.properties.items()},
        attributes=tuple(replace(entry, value=_joined(entry.value)) for entry in form.attributes),
        region_arguments=tuple(
            tuple(replace(argument, type=_joined(argument.type)) for argument in arguments)
            for arguments in form.region_arguments
        ),
        location=_joined(form.location),
    )


def _is_blank(region: Region) -> bool:
    """Whether nothing but white space stands between a region's braces."""
    assert region.source is not None
    return not region.source.text[region.start + 1 : region.end - 1].strip()


def _not_understood(op: Operation, message: str) -> PrintError:
    assert op.source is not None
    return PrintError(
        (
            op.source.diagnostic(
                op.name_start,
                f"{message}, so it cannot be printed in the generic form",
                length=op.name_end - op.name_start,
                hint='let a real MLIR print it: module.print(generic=True, using="mlir")',
                code="print",
            ),
        )
    )


def print_generic(module: Any) -> str:
    """The text of an unedited module in the generic form, comments kept."""
    from approxir.ir.printer import run

    printer = GenericPrinter(module.aliases)
    run(printer.top_level(module))
    return printer.text()

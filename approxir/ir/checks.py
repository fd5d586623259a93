"""Forces everything that is otherwise read on demand: the names, attributes and types of every operation."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import TYPE_CHECKING

from approxir.errors import ParseError
from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.ir.ssa import BlockArgument
from approxir.ir.verify.facts import Facts, Reader
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.labels import check_label
from approxir.ir.verify.metadata import check_metadata
from approxir.syntax.attributes import parse_attribute, parse_type

if TYPE_CHECKING:
    from approxir.ir.module import Module


def parse_everything(module: Module) -> None:
    """Read every part of every operation that was parsed, and every alias definition.

    Raises `ParseError` with all faults found, at most 50, in the order of the text.
    """
    region = module.region
    findings = Findings(module.source)
    reader = Reader(findings, module.aliases)
    collecting = gc.isenabled()
    # Many small objects that all live on: each collection would walk over them in vain.
    gc.disable()
    try:
        read_definitions(module, findings)
        pending: list[Region] = [region]
        while pending and not findings.full:
            for block in pending.pop().blocks:
                read_block(block, findings)
                op = block.first
                while op is not None:
                    if op.source is module.source:
                        read_operation(reader, op)
                    if op.regions:
                        pending.extend(op.regions)
                    op = op.next
    finally:
        if collecting:
            gc.enable()
    if findings.diagnostics:
        raise ParseError(findings.sorted())


def read_operation(reader: Reader, op: Operation) -> Facts | None:
    """Read one operation and give its results and header arguments their types; None where it is faulty."""
    detail = op._detail
    if detail is None:
        detail = op._resolved()
    facts = reader.read(op)
    if facts is None:
        return None
    if facts.understood:
        op._facts = facts
    types = facts.result_types
    if types is not None and op.results_ is not None:
        results = op.results
        if len(results) == len(types):
            for result, kind in zip(results, types, strict=True):
                if kind is not None:
                    result._type = kind
    if detail.arguments:
        _header_arguments(reader, op, facts, detail.arguments)
    return facts


def _header_arguments(
    reader: Reader, op: Operation, facts: Facts, arguments: Sequence[BlockArgument]
) -> None:
    if facts.form is not None:
        known = {argument.start: argument for region in facts.form.region_arguments for argument in region}
        for argument in arguments:
            found = known.get(argument.span[0]) if argument.span is not None else None
            if found is not None and found.type is not None:
                argument._type = parse_type(found.type.text)


def read_block(block: Block, findings: Findings) -> None:
    """Read the label of a block: the names, types and locations of its arguments."""
    if block.args_ is not None and block.source is findings.source:
        check_label(block, findings)
        for argument in block._label_arguments():
            try:
                _ = argument.type
            except ParseError:
                # Reported with its place by `check_label`.
                continue


def read_definitions(module: Module, findings: Findings) -> None:
    """Read the alias definitions and the file metadata."""
    text = module.source.text
    for definition in module.definitions:
        if definition.kind == "metadata":
            check_metadata(definition, findings)
            continue
        parse = parse_attribute if definition.kind == "#" else parse_type
        try:
            parse(
                text[definition.value_start : definition.end],
                source=module.source,
                base=definition.value_start,
            )
        except ParseError as error:
            findings.take(error)

"""The constraints of the approx dialect alone, without verifying the operations around."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from approxir.errors import Diagnostic, ParseError
from approxir.ir.checks import read_operation
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import check_approx, check_approx_regions, local_name
from approxir.ir.verify.facts import Reader
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.types import TypeComparer

if TYPE_CHECKING:
    from approxir.ir.module import Module


def approx_diagnostics(
    module: Module, operations: Iterable[Operation]
) -> Iterator[tuple[Operation, list[Diagnostic]]]:
    """What is wrong with each of some approx operations of a module that was not edited since it was parsed.

    The diagnostics have the code ``"approx"``, and ``"syntax"`` where an operation cannot be read. Faults of
    other operations, on whose types those of an approx operation may depend, are not reported.
    """
    reader = Reader(Findings(module.source), module.aliases)
    types = TypeComparer(module.aliases)
    for op in operations:
        findings = Findings(module.source)
        reader.findings = findings
        facts = read_operation(reader, op)
        reader.mentions.clear()
        if facts is not None:
            check_approx(op, facts, findings)
            if op.regions:
                _find_types(op)
                check_approx_regions(op, facts, findings, types)
        if findings.diagnostics:
            yield op, findings.sorted()


def _find_types(op: Operation) -> None:
    """Let the values that the operation's regions yield know their types, as they do once all is read."""
    for region in op.regions:
        for block in region.blocks:
            last = block.last
            if last is not None and local_name(last) == "yield":
                for value in last._resolved().operands:
                    try:
                        _ = value.type
                    except ParseError:
                        # The fault is that of another operation.
                        continue

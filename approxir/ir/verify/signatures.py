"""Operands, results and regions: as many as there are types for and as the operation has, of those types."""

from __future__ import annotations

from approxir.ir.operation import Operation
from approxir.ir.parts import Detail
from approxir.ir.ssa import BlockArgument, OpResult, Unresolved, Value
from approxir.ir.verify.approx import PREFIXES
from approxir.ir.verify.facts import Facts
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.known import known
from approxir.ir.verify.types import TypeComparer
from approxir.syntax.lexemes import result_groups
from approxir.values import Type

Pending = tuple[Value, Type, int, int]


class Signatures:
    """Checks operations against their own types and against what is known about their names."""

    def __init__(self, findings: Findings, types: TypeComparer) -> None:
        self.findings = findings
        self.types = types
        # Uses whose definition has not been read yet.
        self.later: list[Pending] = []

    def check(self, op: Operation, detail: Detail, facts: Facts) -> None:
        """Check one operation whose text was read."""
        generic = facts.order is None and facts.understood
        types = facts.operand_types
        if generic and types is not None and len(types) != len(detail.operands):
            self.findings.add(
                op.name_start,
                f"{op.name} has {len(detail.operands)} operands but {len(types)} operand types",
                code="signature",
                length=len(op.name) + 2,
                hint="the types after ':' are one for each operand, in order",
            )
            return
        self._results(op, facts)
        if generic:
            self._counts(op, detail, facts)
        if types is not None:
            self._operand_types(detail, facts, types)

    def _results(self, op: Operation, facts: Facts) -> None:
        types = facts.result_types
        if types is None or op.results_ is None:
            return
        bound = len(op.results)
        if bound and bound != len(types):
            if not op.is_generic and None in types:
                return
            plural = "result" if len(types) == 1 else "results"
            self.findings.add(
                op.start,
                f"{op.name} has {len(types)} {plural} but {bound} are named",
                code="signature",
                length=max(1, op.name_start - op.start),
                hint=f"name all of them, as in %x:{len(types)} = ..."
                if types
                else "leave out the names and '='",
            )

    def _counts(self, op: Operation, detail: Detail, facts: Facts) -> None:
        expected = known(op.name)
        # The approx dialect has rules of its own for this.
        if not expected.listed or op.name.startswith(PREFIXES):
            return
        found = (
            ("operand", expected.operands, len(detail.operands)),
            ("result", expected.results, len(facts.result_types or ())),
            ("region", expected.regions, len(op.regions)),
        )
        for what, shape, count in found:
            if shape is not None and not shape.fits(count):
                self.findings.add(
                    op.name_start,
                    f"{op.name} takes {shape} {what}s, but this one has {count}",
                    code="signature",
                    length=len(op.name) + 2,
                )
                return

    def _operand_types(self, detail: Detail, facts: Facts, types: tuple[Type | None, ...]) -> None:
        operands = detail.operands
        order = facts.order
        for index, kind in enumerate(types):
            if kind is None:
                continue
            slot = index if order is None else order[index]
            if not 0 <= slot < len(operands):
                continue
            value = operands[slot]
            actual = value._type
            if actual is kind:
                continue
            start, end = detail.operand_span(slot)
            if actual is None:
                if isinstance(value, Unresolved):
                    continue
                self.later.append((value, kind, start, end))
            elif actual != kind:
                self._compare(value, actual, kind, start, end)

    def finish(self) -> None:
        """Compare the types of values that were used before they were defined."""
        for value, kind, start, end in self.later:
            actual = value._type
            if (
                actual is None
                and isinstance(value, BlockArgument)
                and value.type_span
                and value.holder is None
            ):
                actual = value.type
            if actual is not None and actual != kind:
                self._compare(value, actual, kind, start, end)
        self.later = []

    def _compare(self, value: Value, actual: Type, kind: Type, start: int, end: int) -> None:
        if not self.types.differ(actual, kind):
            return
        self.findings.add(
            start,
            f"%{value.name} is used as {kind}, but it is {actual}",
            code="type",
            length=end - start,
            related=_definition(value),
        )


def _definition(value: Value) -> tuple[int, str] | None:
    if isinstance(value, OpResult):
        op = value.operation
        if op.source is None:
            return None
        for match in result_groups(op.source.text, op.start, op.name_start):
            if match[1] == value.name:
                return match.start(), f"%{value.name} is defined here"
    if isinstance(value, BlockArgument) and value.span is not None:
        return value.span[0], f"%{value.name} is defined here"
    return None

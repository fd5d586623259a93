"""SSA names and values: defined once, visible, and before their uses in every way control can take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.ir.parts import Detail
from approxir.ir.ssa import BlockArgument, OpResult, Unresolved, Value
from approxir.ir.verify.dominance import Dominance
from approxir.ir.verify.facts import Facts
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.known import known
from approxir.syntax.lexemes import result_groups

if TYPE_CHECKING:
    from approxir.ir.verify.tables import Table


@dataclass(slots=True, eq=False)
class Frame:
    """A region that is being walked: where the walk is, and what its end has to undo."""

    region: Region
    operation: Operation | None
    facts: Facts | None
    ordered: bool
    table: Table | None
    block: Block
    level: int
    dominance: Dominance | None = None
    undo: list[tuple[str, tuple[int, int] | None]] = field(default_factory=list)

    @property
    def flow(self) -> Dominance:
        """Dominance between the region's blocks."""
        if self.dominance is None:
            self.dominance = Dominance(self.region)
        return self.dominance


class Names:
    """Follows a walk in the order of the text, and knows which names are visible at each point."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.text = findings.source.text
        # Visible names: where each was defined, and inside how many regions that may reuse names.
        self.visible: dict[str, tuple[int, int]] = {}
        self.frames: dict[Region, Frame] = {}

    # Regions.

    def enter(self, frame: Frame) -> None:
        self.frames[frame.region] = frame

    def leave(self, frame: Frame) -> None:
        for name, previous in reversed(frame.undo):
            if previous is None:
                self.visible.pop(name, None)
            else:
                self.visible[name] = previous
        del self.frames[frame.region]

    # Definitions.

    def define(self, frame: Frame, name: str, offset: int, *, strict: bool = True) -> None:
        previous = self.visible.get(name)
        if strict and previous is not None and previous[1] == frame.level:
            self.findings.add(
                offset,
                f"redefinition of %{name}",
                code="redefinition",
                length=len(name) + 1,
                hint="give one of the two another name: names inside a region may not hide those around it",
                related=(previous[0], f"%{name} is defined here first"),
            )
        frame.undo.append((name, previous))
        self.visible[name] = (offset, frame.level)

    def define_results(self, frame: Frame, op: Operation) -> None:
        """Make the results of an operation visible, which they are after its regions."""
        if op.results_ is None or not op.results:
            return
        for match in result_groups(self.text, op.start, op.name_start):
            if match[2] is not None and int(match[2]) == 0:
                message = f"%{match[1]}:0 names no result"
                self.findings.add(match.start(), message, code="syntax", length=len(match[0]))
            self.define(frame, match[1], match.start())

    def define_arguments(self, frame: Frame, arguments: list[BlockArgument], *, strict: bool) -> None:
        for argument in arguments:
            if argument._name is not None and argument.span is not None:
                self.define(frame, argument._name, argument.span[0], strict=strict)

    # Uses.

    def check_uses(self, op: Operation, detail: Detail, frame: Frame, facts: Facts | None) -> None:
        """Check every use in the own text of an operation."""
        spans = detail.operand_spans
        start = op.start
        for slot, value in enumerate(detail.operands):
            if isinstance(value, OpResult):
                owner = value.operation
                block = owner.block
                if block is frame.block and owner.end <= start:
                    continue
                self._check_result(op, owner, value, spans[slot], frame)
            elif isinstance(value, BlockArgument):
                if value.block is not None and value.block is not frame.block:
                    self._check_argument(value, spans[slot])
            elif isinstance(value, Unresolved) and _is_use(facts, self.text, spans[slot]):
                self._undefined(value, spans[slot])

    def _check_result(
        self, op: Operation, owner: Operation, value: Value, span: tuple[int, int], frame: Frame
    ) -> None:
        block = owner.block
        home = self.frames.get(block.region) if block is not None else None
        if home is None or block is None:
            return
        if home.block is block:
            if owner.end <= op.start or not home.ordered:
                return
            if len(home.region.blocks) > 1 and not home.flow.is_reachable(block):
                return
            inside = owner.start <= op.start < owner.end
            message = (
                f"%{value.name} is used inside the operation that defines it"
                if inside
                else f"%{value.name} is used before it is defined"
            )
        elif home.flow.dominates(block, home.block):
            return
        else:
            message = f"%{value.name} does not dominate this use: a way here does not pass its definition"
        self._dominance(message, span, owner.start, value)

    def _check_argument(self, value: BlockArgument, span: tuple[int, int]) -> None:
        block = value.block
        assert block is not None
        home = self.frames.get(block.region)
        if home is None or home.block is block or value.span is None:
            return
        if home.flow.dominates(block, home.block):
            return
        message = f"%{value.name} does not dominate this use: a way here does not pass ^{block.label or '?'}"
        self._dominance(message, span, value.span[0], value)

    def _dominance(self, message: str, span: tuple[int, int], where: int, value: Value) -> None:
        self.findings.add(
            span[0],
            message,
            code="dominance",
            length=span[1] - span[0],
            hint="pass the value as a block argument, or move its definition",
            related=(where, f"%{value.name} is defined here"),
        )

    def _undefined(self, value: Unresolved, span: tuple[int, int]) -> None:
        name = value.name or ""
        base, _, number = name.partition("#")
        length = span[1] - span[0]
        before = self.visible.get(base)
        if number and before is not None:
            self.findings.add(
                span[0],
                f"%{base} has no result number {number}",
                code="undefined",
                length=length,
                hint="results count from 0",
                related=(before[0], f"%{base} is defined here"),
            )
        elif before is not None:
            self.findings.add(
                span[0],
                f"%{base} is defined outside of an operation that is isolated from above",
                code="isolation",
                length=length,
                hint="pass the value as an argument",
                related=(before[0], f"%{base} is defined here"),
            )
        else:
            self.undefined(span[0], base, length)

    def undefined(self, offset: int, name: str, length: int) -> None:
        hint = None
        near = self._similar(name)
        if near is not None:
            hint = f"did you mean %{near}?"
        self.findings.add(
            offset, f"use of undefined value %{name}", code="undefined", length=length, hint=hint
        )

    def _similar(self, name: str) -> str | None:
        if len(self.visible) > 2000:
            return None
        import difflib

        found = difflib.get_close_matches(name, self.visible, 1, 0.8)
        return found[0] if found else None


def _is_use(facts: Facts | None, text: str, span: tuple[int, int]) -> bool:
    """Whether a mention of a name is surely a use of a value."""
    # `-> %result as T`, where the format is not known, mentions a value that no parser looks up.
    return facts is None or facts.understood or not text.startswith(" as ", span[1])


def is_ordered(op: Operation | None) -> bool:
    """Whether operations directly in a region of `op` see only what stands before them in their block.

    MLIR asks this of every registered operation that does not have graph regions.
    """
    if op is None:
        return False
    facts = known(op.name)
    return not facts.graph and (facts.listed or "isolated" in facts.traits)

"""The structural verifier: what can be known to be wrong with a module without executing anything.

It reads everything (`approxir.ir.checks`) and walks the operations once in the order of the text. Each
concern is a file of `approxir.ir.verify`: names and dominance, blocks, signatures, functions, symbols,
aliases, and the approx dialect.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from approxir.errors import Diagnostic, ParseError, VerifyError
from approxir.ir.blocks import Block, Region
from approxir.ir.checks import read_block, read_definitions, read_operation
from approxir.ir.operation import Operation
from approxir.ir.verify.aliases import check_aliases
from approxir.ir.verify.approx import PREFIXES, check_approx, check_approx_regions
from approxir.ir.verify.blocks import check_branch, check_labels, check_successors, check_terminators
from approxir.ir.verify.facts import Facts, Reader
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.functions import RETURNS, check_body, check_return
from approxir.ir.verify.known import known
from approxir.ir.verify.names import Frame, Names, is_ordered
from approxir.ir.verify.signatures import Signatures
from approxir.ir.verify.spelled import check_spelled
from approxir.ir.verify.tables import Table
from approxir.ir.verify.types import TypeComparer

if TYPE_CHECKING:
    from approxir.ir.module import Module


def verify_module(module: Module, using: str | None = None) -> None:
    """Check a module; with `using`, ask a real MLIR as well.

    Raises `VerifyError` with every finding.
    """
    findings = module_diagnostics(module)
    if using is not None and not findings:
        from approxir.codegen.upstream import verify_text

        asked = verify_text(str(module), using=using, file=module.file)
        findings = [finding for finding in asked if finding.severity == "error"]
    if findings:
        raise VerifyError(tuple(findings))


def module_diagnostics(module: Module) -> list[Diagnostic]:
    """Every finding about a module, in the order of the text.

    An edited module is checked as it would be printed, so that places are places of ``str(module)``.
    """
    from approxir.ir.module import parse

    try:
        text = str(module)
        if text != module.source.text:
            module = parse(text, file=module.file)
        return _Verifier(module).run()
    except ParseError as error:
        return list(error.diagnostics)


class _Verifier:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.findings = Findings(module.source)
        aliases = module.aliases
        self.reader = Reader(self.findings, aliases)
        self.types = TypeComparer(aliases)
        self.names = Names(self.findings)
        self.signatures = Signatures(self.findings, self.types)
        self.tables: list[Table] = []
        # Branches are looked at when the types of the arguments of all blocks are known.
        self.branches: list[tuple[Operation, Facts]] = []
        self.regions: list[tuple[Operation, Facts]] = []

    def run(self) -> list[Diagnostic]:
        collecting = gc.isenabled()
        gc.disable()
        try:
            read_definitions(self.module, self.findings)
            self.walk()
            self.signatures.finish()
            for op, facts in self.branches:
                check_branch(op, op._resolved(), facts, self.findings, self.types)
            for op, facts in self.regions:
                check_approx_regions(op, facts, self.findings, self.types)
            for table in self.tables:
                table.close(self.findings, self.types)
            check_aliases(self.module, self.reader.mentions, self.findings)
        finally:
            if collecting:
                gc.enable()
        return self.findings.sorted()

    def walk(self) -> None:
        """Visit regions, blocks and operations in the order of the text, with a stack of what is open."""
        frame = self.frame(self.module.region, None, None, None)
        # The frames around, where each one goes on, and the number of its operation's region that is open.
        stack: list[tuple[Frame, int, int]] = []
        number, op = 0, self.enter_block(frame, 0)
        names = self.names
        while not self.findings.full:
            if op is None:
                number += 1
                if number < len(frame.region.blocks):
                    op = self.enter_block(frame, number)
                    continue
                self.leave(frame)
                if not stack:
                    return
                around = frame.operation
                outer, resume, position = stack.pop()
                if around is not None and position + 1 < len(around.regions):
                    stack.append((outer, resume, position + 1))
                    frame = self.frame(around.regions[position + 1], around, frame.facts, outer)
                    number, op = 0, self.enter_block(frame, 0)
                    continue
                frame, number = outer, resume
                assert around is not None
                names.define_results(frame, around)
                op = around.next
                continue
            facts = self.visit(frame, op)
            if op.regions:
                stack.append((frame, number, 0))
                frame = self.frame(op.regions[0], op, facts, frame)
                number, op = 0, self.enter_block(frame, 0)
            else:
                names.define_results(frame, op)
                op = op.next

    def frame(self, region: Region, op: Operation | None, facts: Facts | None, outer: Frame | None) -> Frame:
        level = 0 if outer is None else outer.level
        if op is None:
            table: Table | None = self.table()
        elif known(op.name).symbol_table:
            table = self.table()
        else:
            # An operation that nobody knows may have a symbol table of its own.
            table = outer.table if outer is not None and known(op.name).listed else None
        sure = op is None or op.is_generic or known(op.name).listed
        if not sure:
            level += 1
        frame = Frame(region, op, facts, is_ordered(op), table, region.blocks[0], level)
        self.names.enter(frame)
        if region.blocks[0].label is not None or len(region.blocks) > 1:
            check_labels(region, op, facts, self.findings)
        if op is not None:
            found = op._resolved().arguments
            arguments = [a for a in found if a.block is not None and a.block.region is region]
            strict = facts is not None and facts.form is not None
            self.names.define_arguments(frame, arguments, strict=strict)
        return frame

    def table(self) -> Table:
        table = Table()
        self.tables.append(table)
        return table

    def enter_block(self, frame: Frame, number: int) -> Operation | None:
        block: Block = frame.region.blocks[number]
        frame.block = block
        if block.args_ is not None:
            read_block(block, self.findings)
            # Some formats repeat in the label what the header says.
            around = frame.operation
            known_form = around is None or around.is_generic or known(around.name).listed
            repeated = number == 0 and not known_form
            self.names.define_arguments(frame, block._label_arguments(), strict=not repeated)
        first: Operation | None = block.first
        return first

    def leave(self, frame: Frame) -> None:
        check_terminators(frame.region, frame.operation, self.findings)
        self.names.leave(frame)

    def visit(self, frame: Frame, op: Operation) -> Facts | None:
        findings = self.findings
        if "." not in op.name:
            check_spelled(op, frame.operation, findings)
        facts = read_operation(self.reader, op)
        detail = op._resolved()
        if detail.operands:
            self.names.check_uses(op, detail, frame, facts)
        if detail.successors or op.next is not None:
            check_successors(op, detail, facts, findings)
        if facts is not None:
            self.signatures.check(op, detail, facts)
            if facts.form is not None and op.regions:
                self.header(frame, op, facts)
                check_body(op, facts, findings)
            if op.name in RETURNS:
                check_return(frame.operation, frame.facts, op, facts, findings, self.types)
            if detail.successors:
                self.branches.append((op, facts))
            if op.name.startswith(PREFIXES):
                check_approx(op, facts, findings)
                if op.regions:
                    self.regions.append((op, facts))
        if frame.table is not None:
            region = frame.region.operation
            if region is None or known(region.name).symbol_table:
                frame.table.add(op, facts, findings)
            if facts is not None:
                frame.table.refer(op, facts)
        return facts

    def header(self, frame: Frame, op: Operation, facts: Facts) -> None:
        """Names in the header of a known operation of which the format, not the name, says what they are."""
        assert facts.form is not None
        detail = op._resolved()
        starts = {a.span[0] for a in detail.arguments if a.span is not None}
        # Operands that name nothing were taken for arguments, and arguments whose name is taken for operands.
        for ref in facts.form.operands:
            if ref.start in starts:
                self.names.undefined(ref.start, ref.name[1:], ref.end - ref.start)
        for arguments in facts.form.region_arguments:
            for argument in arguments:
                if argument.start >= 0 and argument.start not in starts:
                    self.names.define(frame, argument.name.lstrip("%"), argument.start)

"""Runs rules over a module, and applies their fixes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from approxir.errors import ApproxIRError, Diagnostic, ParseError
from approxir.ir.module import Module, parse
from approxir.ir.parts import ERASED
from approxir.lint.context import Context
from approxir.lint.rule import SYNTAX, Finding, syntax_finding
from approxir.lint.settings import LintSettings
from approxir.lint.suppress import silence

if TYPE_CHECKING:
    from approxir.lint.rule import Rule

ROUNDS = 20
"""How often the fixes of what is found are applied before giving up."""


class FixError(ApproxIRError):
    """A rule's fix does not do what it should; `codes` are the rules concerned."""

    def __init__(self, message: str, applied: Iterable[Finding]) -> None:
        self.codes = tuple(sorted({finding.code for finding in applied}))
        super().__init__(f"{message} (the fix of {', '.join(self.codes)})")


def lint_module(module: Module, settings: LintSettings | None = None) -> list[Finding]:
    """What the rules find in a module, in the order of the text.

    A module that was edited is looked at as it would be printed; the findings' operations and places are
    then those of that text. Where the module, or an operation in it, cannot be read, that is among the
    findings, with the code ``"syntax"``; the rules look at what can be read.
    """
    settings = settings or LintSettings()
    text = str(module)
    if text != module.source.text:
        module = parse(text, file=module.file, lazy=True)
    try:
        _ = module.region
    except ParseError as error:
        return [syntax_finding(diagnostic, module.source) for diagnostic in error.diagnostics]
    findings = _Run(Context(module, settings)).findings()
    return sorted(findings, key=lambda finding: (finding.offset, finding.code, finding.message))


class _Run:
    """One run over a module."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def findings(self) -> list[Finding]:
        context = self.context
        rules = context.settings.rules_for(context.module.file)
        context.note_faults(context.unreadable)
        found: list[Finding] = []
        for rule in rules:
            if not rule.runs_last:
                found += self._check(rule)
        found = silence(found, context.suppressions)
        for rule in rules:
            if rule.runs_last:
                found += self._check(rule)
        severity = context.settings.severity
        if severity:
            found = [replace(one, severity=severity.get(one.code, one.severity)) for one in found]
        return found + [syntax_finding(fault, context.source) for fault in self._faults()]

    def _faults(self) -> Sequence[Diagnostic]:
        """What cannot be read: of all operations, as the rules ask little of those of other dialects."""
        try:
            self.context.module.parse_all()
        except ParseError as error:
            return error.diagnostics
        return self.context.faults

    def _check(self, rule: Rule) -> list[Finding]:
        found: list[Finding] = []
        try:
            for finding in rule.check(self.context):
                found.append(finding)
        except ParseError as error:
            # Attributes are read on demand, also those of operations of other dialects.
            self.context.note_faults(error.diagnostics)
        return found


def fix_module(
    module: Module, settings: LintSettings | None = None, limit: int = ROUNDS
) -> tuple[Module, list[Finding]]:
    """A new module without what could be fixed, and the findings whose fixes were applied, in order.

    The module that was given is left as it is. What was fixed is parsed and linted again, until there is
    nothing left to fix. Raises `FixError` when that does not happen within `limit` rounds, and when a
    fix changes nothing or leaves something that is not MLIR.
    """
    settings = settings or LintSettings()
    text = str(module)
    fixed: list[Finding] = []
    applied: list[Finding] = []
    faults = 0
    for _ in range(limit + 1):
        module = parse(text, file=module.file, lazy=True)
        findings = lint_module(module, settings)
        broken = [finding for finding in findings if finding.code == SYNTAX]
        if applied and len(broken) > faults:
            raise FixError(f"the fixed text is not MLIR: {broken[0].diagnostic().header()}", applied)
        faults = len(broken)
        candidates = [finding for finding in findings if finding.fix is not None]
        if not candidates:
            return module, fixed
        applied = _apply(candidates)
        before, text = text, str(module)
        if text == before:
            raise FixError(f"nothing was changed: {applied[0].diagnostic().header()}", applied)
        fixed += applied
    raise FixError(f"{module.file} still needs fixing after {limit} rounds", applied)


def _apply(candidates: list[Finding]) -> list[Finding]:
    """Apply fixes, at most one for each operation and none for operations that another fix erased."""
    applied = []
    touched = set()
    for finding in candidates:
        op = finding.operation
        if op is not None:
            if op in touched or op._flags & ERASED:
                continue
            touched.add(op)
        assert finding.fix is not None
        finding.fix.apply()
        applied.append(finding)
    return applied

"""Findings for people: one after the other, with the line and carets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from approxir.errors import Diagnostic
from approxir.lint.output import Report
from approxir.lint.output.texts import printable
from approxir.lint.rule import Finding


def render(report: Report) -> str:
    """The findings as diagnostics that name the rule; failures are left to the caller."""
    return "".join(f"{_text(finding)}\n" for finding in report.findings)


def _text(finding: Finding) -> str:
    diagnostic = _on_lines(finding.diagnostic())
    return replace(diagnostic, message=f"{diagnostic.message} [{finding.code}]").render()


def _on_lines(diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic without characters that a terminal would act upon: names may hold any."""
    return replace(
        diagnostic,
        message=printable(diagnostic.message),
        file=printable(diagnostic.file),
        hint=None if diagnostic.hint is None else printable(diagnostic.hint),
        notes=tuple(_on_lines(note) for note in diagnostic.notes),
    )


def summary(findings: Sequence[Finding]) -> str:
    """How many findings there are, such as ``2 errors, 1 warning (1 fixable with --fix)``."""
    counts = Counter(finding.severity for finding in findings)
    parts = [
        f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}"
        for severity in ("error", "warning", "note")
        if counts[severity]
    ]
    fixable = sum(finding.fix is not None for finding in findings)
    return ", ".join(parts or ["no findings"]) + (f" ({fixable} fixable with --fix)" if fixable else "")

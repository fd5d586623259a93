"""Findings for people: one after the other, with the line and carets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from approxir.lint.output import Report
from approxir.lint.rule import Finding


def render(report: Report) -> str:
    """The findings as diagnostics that name the rule; failures are left to the caller."""
    return "".join(f"{_text(finding)}\n" for finding in report.findings)


def _text(finding: Finding) -> str:
    diagnostic = finding.diagnostic()
    return replace(diagnostic, message=f"{diagnostic.message} [{finding.code}]").render()


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

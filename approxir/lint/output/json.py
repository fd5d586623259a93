"""Findings as one JSON object, ``{"version": 1, "findings": [...]}``.

Lines and columns count from 1 and columns count characters; ``end_line`` and ``end_column`` are those of the
first character behind the place.
"""

from __future__ import annotations

from typing import Any

from approxir.lint.output import Report
from approxir.lint.output.texts import to_json
from approxir.lint.rule import Finding


def render(report: Report) -> str:
    """The findings as JSON, indented by two."""
    held = {"version": 1, "findings": [_entry(finding) for finding in report.findings]}
    return to_json(held)


def _entry(finding: Finding) -> dict[str, Any]:
    diagnostic = finding.diagnostic()
    end_line, end_column = finding.end
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "file": diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "end_line": end_line,
        "end_column": end_column,
        "hint": finding.hint,
        "fixable": finding.fix is not None,
    }

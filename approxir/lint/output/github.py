"""Findings as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from approxir.lint.output import Report
from approxir.lint.output.texts import unicode_only
from approxir.lint.rule import Finding

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: Report) -> str:
    """A command for each finding, and one for each file that could not be linted."""
    lines = [_command(finding) for finding in report.findings]
    lines += [f"::error::{unicode_only(failure).translate(_DATA)}" for failure in report.failures]
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding) -> str:
    diagnostic = finding.diagnostic()
    end_line, end_column = finding.end
    properties = {
        "file": diagnostic.file,
        "line": diagnostic.line,
        "col": diagnostic.column,
        "endLine": end_line,
        "endColumn": end_column,
        "title": finding.code,
    }
    listed = ",".join(
        f"{key}={unicode_only(str(value)).translate(_PROPERTY)}" for key, value in properties.items()
    )
    message = finding.message if finding.hint is None else f"{finding.message}\nhint: {finding.hint}"
    return f"::{_COMMANDS[finding.severity]} {listed}::{unicode_only(message).translate(_DATA)}"

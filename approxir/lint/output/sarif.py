"""Findings as a SARIF 2.1.0 log, which code scanning services read.

Source: OASIS Standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". Columns count
characters, and the end of a region is the first column behind it. Files below the current folder are named
relative to it. Which findings can be fixed is said, but not how: the edits of one fix can only be told by
applying it alone, which for many findings would cost the size of the file for each.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from approxir._version import __version__
from approxir.lint import registry
from approxir.lint.output import Report
from approxir.lint.output.texts import to_json
from approxir.lint.rule import Finding, Rule
from approxir.syntax.source import Source

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_FINGERPRINT = "approxirFinding/v1"


def render(report: Report) -> str:
    """A log with one run, indented by two."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return to_json(log)


def _run(report: Report) -> dict[str, Any]:
    rules = registry.rules()
    indices = {rule.code: index for index, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    return {
        "tool": {
            "driver": {
                "name": "approxir",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": Path.cwd().as_uri().rstrip("/") + "/"}},
        "invocations": [_invocation(report)],
        "results": [_result(finding, indices, seen) for finding in report.findings],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    fix = "" if rule.fix_note is None else f"\n\nFix: {rule.fix_note}"
    examples = f"Bad:\n\n```mlir\n{rule.bad}```\n\nGood:\n\n```mlir\n{rule.good}```"
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": f"{rule.summary[:1].upper()}{rule.summary[1:]}."},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": f"{rule.why}\n\nBad:\n\n{rule.bad}\nGood:\n\n{rule.good}{fix}",
            "markdown": f"{rule.why}\n\n{examples}{fix}",
        },
        "defaultConfiguration": {"level": rule.severity, "enabled": rule.enabled},
        "properties": {"fixable": rule.fix_note is not None, "tags": ["mlir", "approx"]},
    }


def _invocation(report: Report) -> dict[str, Any]:
    invocation: dict[str, Any] = {"executionSuccessful": not report.failures}
    if report.failures:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": failure}} for failure in report.failures
        ]
    return invocation


def _result(finding: Finding, indices: dict[str, int], seen: Counter[str]) -> dict[str, Any]:
    message = finding.message if finding.hint is None else f"{finding.message}\nhint: {finding.hint}"
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": message},
        "locations": [_location(finding.source, finding.offset, finding.length)],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(finding, seen)},
        "properties": {"fixable": finding.fix is not None},
    }
    # What is no rule's, namely syntax, has no index.
    if finding.code in indices:
        result["ruleIndex"] = indices[finding.code]
    if finding.notes:
        result["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": note.message},
                **_location(finding.source, note.offset, note.length),
            }
            for number, note in enumerate(finding.notes)
        ]
    return result


def _location(source: Source, offset: int, length: int) -> dict[str, Any]:
    line, column = source.position(offset)
    end_line, end_column = source.position(offset + length)
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(source.file),
            "region": {
                "startLine": line,
                "startColumn": column,
                "endLine": end_line,
                "endColumn": end_column,
            },
        }
    }


def _artifact(file: str) -> dict[str, Any]:
    path = Path(file).absolute()
    if path.is_relative_to(Path.cwd()):
        return {"uri": quote(os.fsencode(path.relative_to(Path.cwd()).as_posix())), "uriBaseId": _ROOT}
    return {"uri": path.as_uri()}


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """The same for a finding whose line moved: from the rule and the line, and which such finding it is."""
    line = finding.source.line_at(finding.offset).strip()
    key = "\0".join((finding.code, finding.source.file, line))
    seen[key] += 1
    return hashlib.sha256(f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass")).hexdigest()[:32]

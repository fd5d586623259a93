"""Errors that a file says it has: ``// expected-error @+1 {{part of the message}}``, as in MLIR's tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from approxir.errors import Diagnostic
from approxir.syntax.source import Source

_EXPECTED = re.compile(
    r"expected-(?P<severity>error|warning|note|remark)[ ]*+"
    r"(?:@(?:(?P<offset>[+-][0-9]{1,9})|(?P<word>above|below|unknown)))?+[ ]*+\{\{(?P<text>.*?)\}\}"
)


@dataclass(slots=True)
class _Expected:
    severity: str
    line: int | None
    text: str
    offset: int
    met: bool = False


def compare(text: str, file: str, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """What is wrong with the diagnostics of a text: those not expected, and expectations not met."""
    source = Source(text, file)
    expected = _read(source)
    wrong = []
    for diagnostic in [part for one in found for part in (one, *one.notes)]:
        match = next((one for one in expected if not one.met and _meets(diagnostic, one)), None)
        if match is not None:
            match.met = True
        elif diagnostic.severity == "error":
            wrong.append(diagnostic)
    wrong.extend(
        source.diagnostic(
            one.offset, f'expected {one.severity} "{one.text}" was not produced', code="expected"
        )
        for one in expected
        if not one.met
    )
    return wrong


def _meets(diagnostic: Diagnostic, expected: _Expected) -> bool:
    return (
        diagnostic.severity == expected.severity
        and expected.line in (None, diagnostic.line)
        and expected.text in diagnostic.message
    )


def _read(source: Source) -> list[_Expected]:
    found = []
    for match in _EXPECTED.finditer(source.text):
        line: int | None = source.position(match.start())[0]
        assert line is not None
        if match["word"] == "unknown":
            line = None
        elif match["word"] is not None:
            line += 1 if match["word"] == "below" else -1
        elif match["offset"] is not None:
            line += int(match["offset"])
        found.append(_Expected(match["severity"], line, match["text"], match.start()))
    return found

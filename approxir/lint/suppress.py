"""Comments that silence findings.

``// approxir: disable=AX012,AX001 -- why`` silences these rules on its line or, where it stands alone on a
line, on the next line that holds more than a comment; ``disable=all`` silences every rule there.
``// approxir: disable-file=AX012`` anywhere silences a rule in the whole file. An operation that spans lines
is silenced by a comment on the first of them as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from approxir.syntax import lexemes as lx
from approxir.syntax.source import Source

if TYPE_CHECKING:
    from approxir.lint.rule import Finding, Span

ALL = "all"
DIRECTIVES = ("disable", "disable-file")
UNSILENCEABLE = "AX000"
"""The rule about these comments; a comment that silenced it would hide its own faults."""

_COMMENT = re.compile(rf"{lx.STRING}|(//[^\n]*+)")
_DIRECTIVE = re.compile(r"//+[ \t]*+approxir:[ \t]*+([\w-]*+)[ \t]*+(=?)")
_END_OF_CODES = re.compile(r"--|//|\r|$")
_CODE = re.compile(r"[^,]*+")
_NOT_CODE = re.compile(r"[ \t\r]*+(?://|$)")


@dataclass(slots=True, eq=False)
class Suppression:
    """One code in one comment.

    `line` is the line whose findings it silences, None for the whole file. Of a comment that cannot be
    understood, `problem` says why; it silences nothing. `used` is whether a finding was silenced.
    """

    code: str
    span: Span
    line: int | None
    problem: str | None = None
    used: bool = field(default=False)

    def covers(self, code: str) -> bool:
        """Whether it silences a rule where it applies."""
        return self.problem is None and code != UNSILENCEABLE and self.code in (code, ALL)


def find_suppressions(source: Source) -> Iterator[Suppression]:
    """What the comments of a text silence, in the order of the text."""
    text = source.text
    if "approxir:" not in text:
        return
    for match in _COMMENT.finditer(text):
        if match[1] is not None:
            directive = _DIRECTIVE.match(text, *match.span())
            if directive is not None:
                yield from _read(source, directive, match.end())


def _read(source: Source, directive: re.Match[str], end: int) -> Iterator[Suppression]:
    text = source.text
    span = directive.span(1) if directive[1] else directive.span()
    if directive[1] not in DIRECTIVES:
        yield Suppression(directive[1], span, None, f"'{directive[1]}' is no directive for approxir")
        return
    stop = _END_OF_CODES.search(text, directive.end(), end)
    codes_end = end if stop is None else stop.start()
    if not directive[2] or not text[directive.end() : codes_end].strip():
        yield Suppression(directive[1], span, None, f"'{directive[1]}' names no rule")
        return
    line = None if directive[1] == "disable-file" else _target(source, directive.start())
    pos = directive.end()
    while pos <= codes_end:
        match = _CODE.match(text, pos, codes_end)
        assert match is not None
        code = match[0].strip()
        if code:
            start = match.start() + match[0].index(code)
            yield Suppression(code, (start, start + len(code)), line)
        pos = match.end() + 1


def _target(source: Source, comment: int) -> int:
    """The line that a comment is about: its own, or the next that holds more than a comment."""
    text = source.text
    line, column = source.position(comment)
    if text[comment - column + 1 : comment].strip():
        return line
    start = text.find("\n", comment) + 1
    while start > 0:
        line += 1
        end = text.find("\n", start)
        if _NOT_CODE.match(text, start, end if end >= 0 else len(text)) is None:
            return line
        start = end + 1
    return line


def silence(findings: Sequence[Finding], suppressions: Sequence[Suppression]) -> list[Finding]:
    """The findings that no comment silences; notes which of the `suppressions` were of use."""
    by_line: dict[int | None, list[Suppression]] = {}
    for suppression in suppressions:
        by_line.setdefault(suppression.line, []).append(suppression)
    left = []
    for finding in findings:
        matching = [
            suppression
            for line in _lines(finding)
            for suppression in by_line.get(line, ())
            if suppression.covers(finding.code)
        ]
        for suppression in matching:
            suppression.used = True
        if not matching:
            left.append(finding)
    return left


def _lines(finding: Finding) -> set[int | None]:
    position = finding.source.position
    lines: set[int | None] = {None, position(finding.offset)[0]}
    if finding.operation is not None:
        lines.add(position(finding.operation.start)[0])
    return lines

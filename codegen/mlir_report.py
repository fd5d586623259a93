"""What a real MLIR said about a text, from either of its two forms to approxir's diagnostics."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from approxir.errors import Diagnostic, Severity
from approxir.syntax.source import Source


@dataclass(slots=True)
class Entry:
    """One diagnostic of MLIR. `place` is (line, column in bytes) in the text that was asked about.

    `elsewhere` is used when MLIR names another file, which operations with locations make it do.
    """

    severity: Severity
    message: str
    place: tuple[int, int] | None = None
    elsewhere: tuple[str, int, int] | None = None
    notes: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """Whether the text was accepted, what was said about it, and the text printed, if that was asked for."""

    ok: bool
    entries: list[Entry]
    text: str = ""


_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning", "note": "note", "remark": "note"}
_FILE_LOCATION = re.compile(r'"((?:[^"\\]|\\.)*)":(\d+):(\d+)')


def from_bindings(reply: dict[str, Any]) -> Report:
    """A report from the reply of the child process, which names the text ``-``."""
    entries = [_entry(diagnostic) for diagnostic in reply["diagnostics"]]
    return Report(reply["ok"], entries, reply.get("text", ""))


def _entry(diagnostic: dict[str, Any]) -> Entry:
    entry = Entry(_SEVERITIES[diagnostic["severity"]], diagnostic["message"].strip())
    for name, line, column in _FILE_LOCATION.findall(diagnostic["location"]):
        _locate(entry, name, "-", int(line), int(column))
    entry.notes = [_entry(note) for note in diagnostic["notes"]]
    return entry


def _locate(entry: Entry, name: str, text_name: str, line: int, column: int) -> None:
    if name == text_name and line > 0:
        entry.place = entry.place or (line, max(column, 1))
    elif name != text_name:
        entry.elsewhere = entry.elsewhere or (name, line, column)


_HEADER = re.compile(
    r"(?:(?P<file>[^\n]+?):(?P<line>\d+):(?P<column>\d+)|<unknown>:0|loc\(.*\)): "
    r"(?P<severity>error|warning|note|remark): (?P<message>.*)"
)
_CARET = re.compile(r"\s*\^~*\s*")


def from_stderr(stderr: str, ok: bool, text: str) -> Report:
    """A report from what a program wrote on standard error, where it names the text ``<stdin>``.

    Below each message stands the source line with a caret, which is left out here.
    """
    entries: list[Entry] = []
    groups: list[tuple[Entry, list[str]]] = []
    for line in stderr.split("\n"):
        header = _HEADER.fullmatch(line)
        if header is None:
            if groups:
                groups[-1][1].append(line)
            continue
        entry = Entry(_SEVERITIES[header["severity"]], "")
        if header["file"] is not None:
            _locate(entry, header["file"], "<stdin>", int(header["line"]), int(header["column"]))
        groups.append((entry, [header["message"]]))
        (entries[-1].notes if header["severity"] == "note" and entries else entries).append(entry)
    for entry, lines in groups:
        while lines and not lines[-1].strip():
            lines.pop()
        if len(lines) > 2 and _CARET.fullmatch(lines[-1]):
            del lines[-2:]
        elif len(lines) > 1 and not lines[-1].isascii():
            # MLIR draws no caret below a line that is not plain ASCII.
            del lines[-1]
        entry.message = "\n".join(lines).strip()
    return Report(ok, entries, text)


def to_diagnostics(report: Report, source: Source) -> list[Diagnostic]:
    """The report's entries as diagnostics that point into the text."""
    return [_diagnostic(entry, source) for entry in report.entries]


def _diagnostic(entry: Entry, source: Source) -> Diagnostic:
    notes = tuple(_diagnostic(note, source) for note in entry.notes)
    if entry.place is not None:
        offset = _offset(source.text, *entry.place)
        return source.diagnostic(offset, entry.message, code="mlir", severity=entry.severity, notes=notes)
    file, line, column = entry.elsewhere or (source.file, 1, 1)
    return Diagnostic(
        entry.message, file=file, line=line, column=column, code="mlir", severity=entry.severity, notes=notes
    )


def _offset(text: str, line: int, column: int) -> int:
    """The offset in characters of a 1-based line and a 1-based column that counts bytes."""
    start = 0
    for _ in range(line - 1):
        end = text.find("\n", start)
        if end < 0:
            return len(text)
        start = end + 1
    # A character takes at least one byte, so no more than `column` characters matter.
    before = text[start : start + column - 1].encode("utf-8")[: column - 1]
    return start + len(before.decode("utf-8", errors="ignore"))


_LOCATION_TOKEN = re.compile(
    r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|(?P<location>(?:#[\w$.-]+[ \t]*=[ \t]*)?(?<![\w$.%@#!^-])loc[ \t]*\()'
)
_PARENTHESIS = re.compile(r'"(?:[^"\\\n]|\\.)*"|[()]')


def blank_locations(text: str) -> str:
    """The text with every ``loc(...)`` overwritten by spaces, so that all else stays where it is."""
    parts: list[str] = []
    copied = 0
    position = 0
    while (token := _LOCATION_TOKEN.search(text, position)) is not None:
        position = token.end()
        if token["location"] is None:
            continue
        position = _closing(text, position)
        parts.append(text[copied : token.start()])
        parts.append(re.sub(r"[^\r\n]", " ", text[token.start() : position]))
        copied = position
    parts.append(text[copied:])
    return "".join(parts)


def _closing(text: str, position: int) -> int:
    """The end of the parenthesis that was opened just before a position."""
    depth = 1
    for token in _PARENTHESIS.finditer(text, position):
        if token[0] == "(":
            depth += 1
        elif token[0] == ")":
            depth -= 1
            if depth == 0:
                return token.end()
    return len(text)

"""Every error that approxir raises for bad input, rooted at `ApproxIRError`.

A `Diagnostic` is one finding with a place in a text; an error carries one or more of them. Lines and
columns are 1-based and are computed in one place, `approxir.syntax.source.Source`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what is wrong, where, and what to do about it.

    `line` and `column` are 1-based; `offset` counts characters from the start of the text. `source_line`
    is the line of text the finding points into, without its line break; `length` is how many of its
    characters from `column` on are meant (at least 1). `code` is stable, e.g. ``"syntax"``. A finding about
    a file as a whole has the line 0.
    """

    message: str
    file: str = "<string>"
    line: int = 1
    column: int = 1
    offset: int = 0
    length: int = 1
    source_line: str = ""
    code: str = "error"
    severity: Severity = "error"
    hint: str | None = None
    notes: tuple[Diagnostic, ...] = ()

    def header(self) -> str:
        """``file:line:column: severity: message``, the form that editors and CI systems recognise."""
        if not self.line:
            return f"{self.file}: {self.severity}: {self.message}"
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message}"

    def render(self) -> str:
        """The header, the source line with a caret below it, the hint and the notes."""
        parts = [self.header()]
        if self.source_line:
            text, caret = _excerpt(self.source_line, self.column, self.length)
            parts.append(f"  {text}")
            parts.append(f"  {caret}")
        if self.hint:
            parts.append(f"  hint: {self.hint}")
        parts.extend(note.render() for note in self.notes)
        return "\n".join(parts)


_EXCERPT_WIDTH = 120


def _excerpt(line: str, column: int, length: int) -> tuple[str, str]:
    """A window of at most `_EXCERPT_WIDTH` characters around the column, and its caret line."""
    index = column - 1
    start = 0
    if len(line) > _EXCERPT_WIDTH:
        start = max(0, min(index - _EXCERPT_WIDTH // 2, len(line) - _EXCERPT_WIDTH))
    window = line[start : start + _EXCERPT_WIDTH]
    shown = "".join(c if c == "\t" or c.isprintable() else "?" for c in window)
    lead = "".join("\t" if c == "\t" else " " for c in shown[: index - start])
    width = max(1, min(length, len(window) - (index - start)))
    return shown, lead + "^" + "~" * (width - 1)


class ApproxIRError(Exception):
    """Base of all errors for bad input or a missing component."""


@dataclass(eq=False)
class DiagnosticError(ApproxIRError):
    """An error that points into a text; `diagnostics` holds every independent finding, first one first."""

    diagnostics: Sequence[Diagnostic] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(diagnostic.render() for diagnostic in self.diagnostics)

    @property
    def message(self) -> str:
        """The message of the first finding, without its place."""
        return self.diagnostics[0].message

    @property
    def file(self) -> str:
        """The file of the first finding."""
        return self.diagnostics[0].file

    @property
    def line(self) -> int:
        """The line of the first finding, counted from 1."""
        return self.diagnostics[0].line

    @property
    def column(self) -> int:
        """The column of the first finding, counted from 1."""
        return self.diagnostics[0].column


class ParseError(DiagnosticError):
    """The text is not MLIR: a fault of lexing, syntax or structure."""


class VerifyError(DiagnosticError):
    """The text parses, but the module breaks a rule (SSA, symbols, types, the approx dialect)."""


class IRError(ApproxIRError):
    """An edit of the tree that would make it inconsistent, for example erasing an operation still in use."""


class PrintError(DiagnosticError):
    """The tree cannot be printed in the form that was asked for."""


class MissingDependencyError(ApproxIRError):
    """An optional package is not installed; the message names the extra that installs it."""


class CompilationError(ApproxIRError):
    """A module cannot be lowered; `diagnostics` are those of the error that caused it, if it has a place."""

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


class ArgumentError(ApproxIRError, TypeError):
    """A call does not fit the function: the message says which argument, why, and shows the signature."""

"""What a rule is, and what it finds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from approxir.errors import Diagnostic, Severity
from approxir.syntax.source import Source

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.lint.context import Context

Span = tuple[int, int]
"""Where something begins in a text and one past where it ends, as offsets."""

SYNTAX = "syntax"
"""The code of findings that are no rule's: the text, or an attribute in it, cannot be read."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to remove a finding: `apply` edits the tree around the operation (never text)."""

    description: str
    apply: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Note:
    """A second place that has to do with a finding, and what stands there."""

    message: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a rule found: which, what, and the `length` characters from `offset` on that are meant.

    `operation` is the operation that the finding is about and belongs to the module that was linted; it is
    None for what concerns the text alone, such as a comment.
    """

    code: str
    name: str
    severity: Severity
    message: str
    source: Source
    offset: int
    length: int
    operation: Operation | None = None
    hint: str | None = None
    notes: tuple[Note, ...] = ()
    fix: Fix | None = None

    @property
    def end(self) -> tuple[int, int]:
        """The 1-based line and column of the first character after the place."""
        return self.source.position(self.offset + self.length)

    def diagnostic(self) -> Diagnostic:
        """The finding as a diagnostic with its file, line and column."""
        notes = tuple(
            self.source.diagnostic(
                note.offset, note.message, length=note.length, code=self.code, severity="note"
            )
            for note in self.notes
        )
        return self.source.diagnostic(
            self.offset,
            self.message,
            length=max(1, self.length),
            hint=self.hint,
            code=self.code,
            severity=self.severity,
            notes=notes,
        )


class Rule(ABC):
    """One thing to look for. A rule keeps nothing between runs, and reports each fault once.

    The class attributes are what the pages in ``docs/lint`` say of the rule. `bad` and `good` are tests too:
    of the rules with severity error and warning alike, only this one finds anything in the first, and none
    does in the second.
    """

    code: ClassVar[str]
    """Stable, such as ``"AX009"``; the file's name begins with it."""
    name: ClassVar[str]
    """In kebab-case, such as ``"duplicate-knob-id"``."""
    severity: ClassVar[Severity]
    summary: ClassVar[str]
    """What is found, in one line without a full stop."""
    why: ClassVar[str]
    """Why that matters, in one paragraph."""
    bad: ClassVar[str]
    good: ClassVar[str]
    fix_note: ClassVar[str | None] = None
    """What the fix does and why it is safe, in one sentence; None where there is no fix."""
    enabled: ClassVar[bool] = True
    """Whether the rule runs when nobody selects it."""
    example_settings: ClassVar[Mapping[str, Any]] = {}
    """What `LintSettings` has to be given for the examples, such as ``{"lowered": True}``."""
    runs_last: ClassVar[bool] = False
    """Whether the rule looks at what the others found."""

    @abstractmethod
    def check(self, context: Context) -> Iterator[Finding]:
        """Everything in the module that breaks the rule."""

    def finding(
        self,
        op: Operation,
        message: str,
        *,
        at: str | Span | None = None,
        hint: str | None = None,
        fix: Fix | None = None,
        notes: Sequence[tuple[Operation, str]] = (),
    ) -> Finding:
        """A finding about an operation.

        It points at the operation's name; with `at` at a span of the text, or at the value of the attribute
        with that key, where the text spells it. Each of the `notes` points at another operation's name.
        """
        source = op.source
        assert source is not None, "rules see operations that were parsed"
        if isinstance(at, str):
            at = op.attributes.span(at)
        start, end = at if at is not None else name_span(op)
        return Finding(
            self.code,
            self.name,
            self.severity,
            message,
            source,
            start,
            end - start,
            operation=op,
            hint=hint,
            notes=tuple(_note(*note) for note in notes),
            fix=fix,
        )

    def finding_in(self, source: Source, span: Span, message: str, *, hint: str | None = None) -> Finding:
        """A finding about a place that belongs to no operation."""
        start, end = span
        return Finding(self.code, self.name, self.severity, message, source, start, end - start, hint=hint)


def name_span(op: Operation) -> Span:
    """Where the operation's text has its name, quotes included."""
    return op.name_start, op.name_end


def _note(op: Operation, message: str) -> Note:
    start, end = name_span(op)
    return Note(message, start, end - start)


def syntax_finding(diagnostic: Diagnostic, source: Source | None) -> Finding:
    """What a `ParseError` reports, as a finding.

    Without a source, because the file could not even be decoded, all that is known of the text is the line
    that the diagnostic shows.
    """
    if source is None:
        source = Source("\n" * (diagnostic.line - 1) + diagnostic.source_line, diagnostic.file)
        offset = diagnostic.line + diagnostic.column - 2
        notes: tuple[Note, ...] = ()
    else:
        offset = diagnostic.offset
        notes = tuple(Note(note.message, note.offset, note.length) for note in diagnostic.notes)
    return Finding(
        SYNTAX,
        SYNTAX,
        "error",
        diagnostic.message,
        source,
        offset,
        min(diagnostic.length, len(source.text) - offset),
        hint=diagnostic.hint,
        notes=notes,
    )

"""What a pass is, and how it says what it cannot do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from approxir.dialects.approx.errors import diagnostic
from approxir.errors import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.ir.operation import Operation


class PassError(DiagnosticError):
    """A pass cannot do what a module asks for; the error is placed at the operation that asks."""

    @classmethod
    def at(
        cls,
        op: Operation,
        message: str,
        *,
        key: str | None = None,
        hint: str | None = None,
        notes: tuple[tuple[Operation, str], ...] = (),
    ) -> PassError:
        """An error at an operation, or at one of its attributes."""
        found = diagnostic(op, key, message, code="pass", hint=hint)
        related = tuple(_note(*note) for note in notes)
        if related:
            found = Diagnostic(
                found.message, found.file, found.line, found.column, found.offset, found.length,
                found.source_line, found.code, found.severity, found.hint, related,
            )  # fmt: skip
        return cls((found,))


def _note(op: Operation, message: str) -> Diagnostic:
    if op.source is None:
        return Diagnostic(message, code="pass", severity="note")
    return op.source.diagnostic(op.name_start, message, length=len(op.name), code="pass", severity="note")


class Pass(ABC):
    """A function from module to module, in place. Subclasses are dataclasses; their fields are the options.

    Running a pass again on its own result changes nothing. A pass that raises `PassError` may leave the
    module half rewritten; `approxir.passes.pipeline.run_pipeline` goes back to the text before it.
    """

    name: ClassVar[str]
    """As on the command line."""
    summary: ClassVar[str]
    """What it does, in one line."""

    @abstractmethod
    def apply(self, module: Module) -> bool:
        """Rewrite the module, and return whether anything was changed. Raises `PassError`."""


def made_for(op: Operation, origin: Operation) -> Operation:
    """Remember for which operation this one was made: errors about it will point there."""
    assert op._made is not None
    op._made.origin = origin
    return op

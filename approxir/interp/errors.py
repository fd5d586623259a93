"""What goes wrong while a module runs, and where."""

from __future__ import annotations

from collections.abc import Sequence

from approxir.errors import Diagnostic, DiagnosticError
from approxir.ir.operation import Operation


class InterpreterError(DiagnosticError):
    """The module cannot go on: an unknown operation, a wrong argument, undefined behaviour, a limit."""


class Trap(Exception):
    """Raised by a handler for what cannot be executed; the interpreter adds the place.

    `operation` is where the fault lies if that is not the operation that is being executed.
    """

    def __init__(self, message: str, *, operation: Operation | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.hint = hint


def diagnostic_at(
    op: Operation | None,
    message: str,
    *,
    hint: str | None = None,
    notes: Sequence[Diagnostic] = (),
    severity: str = "error",
) -> Diagnostic:
    """A diagnostic at the name of an operation; without a place for one that was made or for none."""
    if op is None or op.source is None:
        prefix = "" if op is None else f"{op.name}: "
        return Diagnostic(prefix + message, code="interp", hint=hint, notes=tuple(notes))
    made = op.source.diagnostic(
        op.name_start,
        message,
        length=op.name_end - op.name_start,
        hint=hint,
        code="interp",
        severity="note" if severity == "note" else "error",
        notes=tuple(notes),
    )
    return made


def error_at(op: Operation | None, message: str, **more: object) -> InterpreterError:
    """An error at an operation; `more` is as for `diagnostic_at`."""
    return InterpreterError((diagnostic_at(op, message, **more),))  # type: ignore[arg-type]

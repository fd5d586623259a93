"""What is wrong with HPVM's files, and with values that are to be written to one."""

from __future__ import annotations

from approxir.errors import Diagnostic, DiagnosticError


class HpvmError(DiagnosticError, ValueError):
    """A text is no HPVM configuration file, or a value cannot be written to one."""


def wrong_value(message: str, hint: str | None = None, file: str = "<hpvm>") -> HpvmError:
    """An error about a value that stands in no text."""
    return HpvmError((Diagnostic(message, file=file, line=0, code="hpvm", hint=hint),))

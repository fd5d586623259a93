"""What is wrong with files of evaluations, and questions to which a frontier has no answer."""

from __future__ import annotations

from approxir.errors import ApproxIRError, DiagnosticError
from approxir.syntax.faults import Fault
from approxir.syntax.source import Source


class RecordError(DiagnosticError, ValueError):
    """A file of evaluations cannot be understood, or evaluations cannot be written to one."""


class NoConfigurationError(ApproxIRError, LookupError):
    """No evaluated configuration is as good or as fast as was asked for."""


def record_error(source: Source, fault: Fault) -> RecordError:
    """The error for a fault in a file of evaluations."""
    found = source.diagnostic(
        fault.offset, fault.message, length=fault.length, code="record", hint=fault.hint
    )
    return RecordError((found,))

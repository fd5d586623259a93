"""What is wrong with files of data, and with what data is to be made of."""

from __future__ import annotations

from approxir.errors import Diagnostic, DiagnosticError


class DatasetError(DiagnosticError, ValueError):
    """A file does not hold the data that it should, or data of that kind cannot be made."""


def dataset_error(message: str, hint: str | None = None, file: str = "<dataset>") -> DatasetError:
    """An error that is about a file as a whole, or about a value that stands in no text."""
    return DatasetError((Diagnostic(message, file=file, line=0, code="dataset", hint=hint),))

"""Collects diagnostics about one text."""

from __future__ import annotations

from collections.abc import Iterable

from approxir.errors import Diagnostic, ParseError
from approxir.syntax.source import Source
from approxir.syntax.structure import MAX_ERRORS


class Findings:
    """What was found wrong with a text so far: at most one finding a place, and no more than a screenful."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self._places: set[int] = set()

    @property
    def full(self) -> bool:
        """Whether there are as many findings as are reported at once."""
        return len(self.diagnostics) >= MAX_ERRORS

    def add(
        self,
        offset: int,
        message: str,
        *,
        code: str,
        length: int = 1,
        hint: str | None = None,
        related: tuple[int, str] | None = None,
    ) -> None:
        """Add an error at `offset`; `related` is a second place and what stands there."""
        if offset in self._places or self.full:
            return
        self._places.add(offset)
        notes: tuple[Diagnostic, ...] = ()
        if related is not None:
            notes = (self.source.diagnostic(*related, code=code, severity="note"),)
        self.diagnostics.append(
            self.source.diagnostic(offset, message, length=max(1, length), hint=hint, code=code, notes=notes)
        )

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add diagnostics made elsewhere."""
        for diagnostic in diagnostics:
            if not self.full and diagnostic.offset not in self._places:
                self._places.add(diagnostic.offset)
                self.diagnostics.append(diagnostic)

    def take(self, error: ParseError) -> None:
        """Add what a `ParseError` reports."""
        self.extend(error.diagnostics)

    def sorted(self) -> list[Diagnostic]:
        """The findings in the order of the text."""
        return sorted(self.diagnostics, key=lambda found: found.offset)

"""A text with a file name, and the one place where offsets become lines and columns."""

from __future__ import annotations

from bisect import bisect_right

from approxir.errors import Diagnostic, Severity


class Source:
    r"""An immutable text and where it came from.

    Offsets count characters (code points) from 0; lines and columns count from 1. Only ``\n`` ends a
    line, so a file with CRLF line ends has the same line numbers in MLIR's own tools.
    """

    __slots__ = ("_line_starts", "file", "text")

    def __init__(self, text: str, file: str = "<string>") -> None:
        self.text = text
        self.file = file
        self._line_starts: list[int] | None = None

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based (line, column) of an offset."""
        starts = self._line_starts
        if starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._line_starts = starts
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line_at(self, offset: int) -> str:
        """The line of text that holds an offset, without its line break."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")

    def diagnostic(
        self,
        offset: int,
        message: str,
        *,
        length: int = 1,
        hint: str | None = None,
        code: str = "syntax",
        severity: Severity = "error",
        notes: tuple[Diagnostic, ...] = (),
    ) -> Diagnostic:
        """A diagnostic that points at `offset`."""
        offset = max(0, min(offset, len(self.text)))
        line, column = self.position(offset)
        return Diagnostic(
            message=message,
            file=self.file,
            line=line,
            column=column,
            offset=offset,
            length=length,
            source_line=self.line_at(offset),
            code=code,
            severity=severity,
            hint=hint,
            notes=notes,
        )

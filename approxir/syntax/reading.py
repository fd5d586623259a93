"""What the parts of the structural parser share: the text, looking ahead, reporting and surviving faults."""

from __future__ import annotations

import re
from typing import NoReturn

from approxir.errors import Diagnostic
from approxir.syntax import lexemes as lx
from approxir.syntax.balance import Unbalanced, skip_opaque, skip_trivia
from approxir.syntax.source import Source

_RESYNC = re.compile(
    rf"\n[ \t]*+(?=\}}|{lx.RESULTS}[ ]*+(?:{lx.DOTTED}|{lx.STRING}\()"
    rf"|{lx.STRING}\(|{lx.DOTTED}[ ]|return\b|\^{lx.SUFFIX_ID}[:(])"
)


class Recover(Exception):
    """Raised after a diagnostic was recorded; `offset` is where parsing may go on."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Reader:
    """A text being read, and the faults found in it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.diagnostics: list[Diagnostic] = []

    def error(self, offset: int, message: str, hint: str | None = None, length: int = 1) -> None:
        self.diagnostics.append(self.source.diagnostic(offset, message, hint=hint, length=length))

    def peek(self, pos: int) -> str:
        at = skip_trivia(self.text, pos)
        return self.text[at : at + 1]

    def opaque(self, pos: int) -> int:
        try:
            return skip_opaque(self.text, pos)
        except Unbalanced as error:
            self.error(error.offset, error.message)
            raise Recover(self.next_item(pos)) from None

    def next_item(self, at: int) -> int:
        """Where to go on after a fault: the next line that surely begins an operation or closes a region."""
        text = self.text
        pattern = _RESYNC
        match = pattern.search(text, at)
        return len(text) if match is None else match.end()

    def unclosed_string(self, at: int) -> NoReturn:
        self.error(
            at,
            "string is not closed on its line",
            hint="strings cannot span lines; write \\0A for a line break",
        )
        raise Recover(self.next_item(at))

    def stray(self, pos: int) -> NoReturn:
        char = self.text[pos]
        self.error(pos, f"unexpected {show(char)}")
        raise Recover(self.next_item(pos + 1))


def show(char: str) -> str:
    """A character as a message shows it."""
    if char == "\ufeff":
        return "byte-order mark"
    return f"'{char}'" if char.isprintable() else f"character U+{ord(char):04X}"

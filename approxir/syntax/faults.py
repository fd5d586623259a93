"""The exception with which the inside of the parser reports an error; callers see a `ParseError`."""

from __future__ import annotations


class Fault(Exception):
    """A syntax error at an offset of the text in hand.

    `length` is how many characters are meant; `related` is an offset and a message for a second place
    that explains the first, such as the bracket that was never closed.
    """

    def __init__(
        self,
        message: str,
        offset: int,
        *,
        length: int = 1,
        hint: str | None = None,
        related: tuple[int, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length
        self.hint = hint
        self.related = related

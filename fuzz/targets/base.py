"""What a fuzz target is: a check that takes any bytes, and where its search begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


class Violation(Exception):
    """A property does not hold. `what` is the same for inputs that break it in the same way."""

    def __init__(self, what: str, detail: str = "") -> None:
        super().__init__(f"{what}: {detail}" if detail else what)
        self.what = what


@dataclass(frozen=True)
class Target:
    """A part of approxir that reads what others have written.

    `check` takes any bytes and says whether they were accepted. It raises `Violation` where a property is
    broken; any other exception that leaves it is a fault as well, for bad input ends in an `ApproxIRError`,
    which `check` takes for a refusal. `seeds` are inputs to begin with, `words` the pieces that inputs are
    made of, `max_len` the length in bytes of the longest input that is tried.
    """

    name: str
    about: str
    check: Callable[[bytes], bool]
    seeds: Callable[[], Iterable[bytes]]
    words: Callable[[], Iterable[str]]
    max_len: int = 512


def text_of(data: bytes) -> str:
    """The text of an input. Bytes that are not UTF-8 become lone surrogates, as in names of files."""
    return data.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The input for a text."""
    return text.encode("utf-8", "surrogateescape")


def choice(data: bytes, count: int) -> tuple[int, str]:
    """A number below `count`, from the first byte, and the text of the rest.

    Seeds begin with digits and letters (`chosen`), so that inputs can be read.
    """
    if not data:
        return 0, ""
    return (data[0] - 0x30) % count, text_of(data[1:])


def chosen(number: int, text: str) -> bytes:
    """The input for which `choice` gives a number and a text."""
    return bytes([0x30 + number]) + bytes_of(text)


def require(holds: bool, what: str, detail: str = "") -> None:
    """Raise `Violation` where a property does not hold."""
    if not holds:
        raise Violation(what, detail)


def must(what: str, action: Callable[[], object]) -> None:
    """Do something that bad input is no excuse for: an `ApproxIRError` from it is a violation."""
    from approxir.errors import ApproxIRError

    try:
        action()
    except ApproxIRError as error:
        raise Violation(what, f"{type(error).__name__}: {error}") from error

"""Reads the custom form of known operations: `read_custom` and, where the end is not known, `read_prefix`."""

from __future__ import annotations

from collections.abc import Sequence

from approxir.errors import ParseError
from approxir.syntax.formats.formats import op_format, signature
from approxir.syntax.formats.forms import Context, CustomForm
from approxir.syntax.formats.spans import Mismatch
from approxir.syntax.formats.state import WORD_RE, State
from approxir.syntax.source import Source


def read_custom(
    name: str,
    text: str,
    start: int,
    end: int,
    regions: Sequence[tuple[int, int]],
    *,
    context: Context | None = None,
    source: Source | None = None,
) -> CustomForm | None:
    """Reads one operation in its custom form.

    `text[start:end]` begins with the operation's name as the text spells it and ends where the
    operation ends; `name` is its full name (``func.return`` where the text says ``return``).
    `regions` are the spans of its nested regions in order. None when no format is known.
    Raises `ParseError`, located in `source` if given, when the text does not follow the format.
    """
    found = op_format(name)
    if found is None:
        return None
    state = State(text, end, list(regions), context, len(found.entry.operands), len(found.entry.regions))
    try:
        form = found.read(state, _after_name(text, start, end))
        rest = state.skip(form.end)
        if rest < end:
            raise Mismatch(rest, f"the end of {name}")
    except Mismatch as error:
        raise _parse_error(error, name, text, source) from None
    return form


def read_prefix(
    name: str,
    text: str,
    start: int,
    end: int,
    *,
    context: Context | None = None,
    source: Source | None = None,
) -> CustomForm | None:
    """Like `read_custom` for an operation whose end is not known: the form's `end` says where it is."""
    found = op_format(name)
    if found is None:
        return None
    state = State(text, end, None, context, len(found.entry.operands), len(found.entry.regions))
    try:
        return found.read(state, _after_name(text, start, end))
    except Mismatch as error:
        raise _parse_error(error, name, text, source) from None


def _after_name(text: str, start: int, end: int) -> int:
    match = WORD_RE.match(text, start, end)
    if match is None:
        raise Mismatch(start, "the name of an operation")
    return match.end()


def _parse_error(error: Mismatch, name: str, text: str, source: Source | None) -> ParseError:
    source = source or Source(text)
    at = error.offset
    found = source.text[at : at + 12].split("\n", 1)[0].strip() or "the end of the line"
    diagnostic = source.diagnostic(
        at, f"expected {error.expected} in the custom form of {name}, found `{found}`"
    )
    return ParseError([diagnostic])


__all__ = ["read_custom", "read_prefix", "signature"]

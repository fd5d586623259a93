"""HPVM's files read: text to tokens to the model. Its grammar is `grammar/hpvm.lark`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from lark import Token
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer

from approxir.nearest import did_you_mean
from approxir.syntax.faults import Fault
from approxir.syntax.grammars import load_lark
from approxir.tuning.hpvm.errors import HpvmError
from approxir.tuning.hpvm.knobs import KINDS

_TOKEN = re.compile(r"[^ \t\r\n\f\v\ufeff]++")
_INTEGER = re.compile(r"[0-9]++")
_NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*+")
BEGIN = "+++++"
END = "-----"
_MOST_DIGITS = 18
_WORDS = {
    "INTEGER": "an integer", "NUMBER": "a number", "WORD": "a name", "KIND": "a kind of knob",
    "_BEGIN": f"'{BEGIN}'", "_END": f"'{END}'", "_NL": "the end of the line", "$END": "the end",
}  # fmt: skip


class HpvmLexer(Lexer):
    """Yields the tokens of a file; raises `Fault` where none begins."""

    __future_interface__ = 2

    def __init__(self, conf: Any) -> None:
        """Lark hands its configuration to a lexer; this one needs none of it."""

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        source = lexer_state.text
        text = source if isinstance(source, str) else source.text
        done = 0
        pending = False
        for match in _TOKEN.finditer(text):
            at = match.start()
            line_end = text.find("\n", done, at)
            if pending and line_end >= 0:
                yield Token("_NL", "\n", start_pos=line_end, end_pos=line_end + 1)
            yield Token(_kind(match.group(), at), match.group(), start_pos=at, end_pos=match.end())
            done, pending = match.end(), True
        if pending:
            line_end = text.find("\n", done)
            at = len(text) if line_end < 0 else line_end
            yield Token("_NL", "", start_pos=at, end_pos=at)


def _kind(word: str, at: int) -> str:
    if word == BEGIN:
        return "_BEGIN"
    if word == END:
        return "_END"
    if _INTEGER.fullmatch(word):
        if len(word) > _MOST_DIGITS:
            raise Fault("this integer has too many digits", at, length=len(word))
        return "INTEGER"
    if _NUMBER.fullmatch(word):
        if not math.isfinite(float(word)):
            raise Fault("this number is too large", at, length=len(word))
        return "NUMBER"
    if word in KINDS:
        return "KIND"
    if WORD.fullmatch(word):
        return "WORD"
    hint = None
    for line, what in ((BEGIN, "begins"), (END, "ends")):
        if set(word) == set(line):
            hint = f"a configuration {what} with {line}"
    raise Fault(f"unexpected '{_short(word)}'", at, length=len(word), hint=hint)


@cache
def _parser() -> Any:
    """The parser, made once per process."""
    return load_lark("hpvm.lark", start=["start"], transformer=None, lexer=HpvmLexer)


def parse_tree(text: str) -> Any:
    """The tree of a text. Raises `Fault` where the text does not follow the grammar."""
    try:
        return _parser().parse(text)
    except UnexpectedToken as error:
        token = error.token
        accepts = set(error.accepts or error.expected)
        if "NUMBER" in accepts:
            # Every integer is a number.
            accepts.discard("INTEGER")
        if "WORD" in accepts and "KIND" in accepts:
            accepts -= {"KIND", "INTEGER"}
        at = len(text) if token.type == "$END" else token.start_pos
        shown = _WORDS[token.type] if token.type in ("$END", "_NL") else f"'{_short(token)}'"
        wanted = " or ".join([_WORDS[kind] for kind in sorted(accepts) if kind in _WORDS])
        message = f"expected {wanted}, found {shown}"
        raise Fault(message, at, length=max(1, len(token)), hint=_hint(accepts, str(token))) from None


def _hint(accepts: set[str], found: str) -> str | None:
    if "KIND" in accepts:
        return did_you_mean(found, KINDS) or f"kinds are {', '.join(KINDS)}"
    if "_BEGIN" in accepts:
        return f"a configuration stands between {BEGIN} and {END}, each on a line of its own"
    if "NUMBER" in accepts:
        return "a configuration begins with: NAME SPEEDUP ENERGY ACCURACY LOSS"
    if "WORD" in accepts:
        return "a node is: NUMBER DEVICE OPERATION KIND KNOB OPERATION KIND KNOB ..."
    return None


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "..."


def first_of(error: HpvmError) -> tuple[str, str | None]:
    """The message and the hint of an error about a value."""
    found = error.diagnostics[0]
    return found.message, found.hint

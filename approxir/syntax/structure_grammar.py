"""What the grammar of the generic form says: how a text reads, and what could have stood where it fails."""

from __future__ import annotations

from functools import cache
from typing import Any

from approxir.syntax.balance import Unbalanced
from approxir.syntax.grammars import load_lark

_STARTS = ["module", "header", "after_region"]

_WORDS = {
    "RESULTS": "results and '='",
    "NAME": "the quoted name of an operation",
    "SSA": "a value such as %0",
    "LABEL": "a block name such as ^bb1",
    "PROPERTIES": "'<{' and properties",
    "DICTIONARY": "'{' and attributes",
    "FUNCTION_TYPE": "'(' and a function type",
    "TYPE": "a type",
    "LOCATION": "loc(...)",
    "DEFINITION": "an alias definition",
    "METADATA": "'{-#' and file metadata",
    "_LPAR": "'('",
    "_RPAR": "')'",
    "_LSQB": "'[' and successors",
    "_RSQB": "']'",
    "_COMMA": "','",
    "_COLON": "':'",
    "_OPEN_REGION": "'{' and a region",
    "_CLOSE_REGION": "'}'",
    "$END": "the end",
}


@cache
def _parser() -> Any:
    from approxir.syntax.structure_tokens import StructureLexer

    return load_lark("structure.lark", start=_STARTS, transformer=None, lexer=StructureLexer)


def read_generic(text: str) -> Any:
    """Parse a text that has generic forms only; the result is Lark's tree of `module`.

    Raises `lark.exceptions.UnexpectedToken`, or `Unbalanced` where there is no token.
    """
    return _parser().parse(text, start="module")


def explain(text: str, pos: int, start: str) -> tuple[int, str] | None:
    """Where a part of a generic operation goes wrong, and what could stand there.

    `start` is ``"header"`` for the part from the operation's name to its first region, or
    ``"after_region"``. None where nothing is wrong with it.
    """
    from lark.exceptions import UnexpectedToken

    from approxir.syntax.structure_tokens import structure_tokens

    state = _parser().parse_interactive("", start=start)
    try:
        for token in structure_tokens(text, pos, len(text)):
            state.feed_token(token)
            if "$END" in state.accepts() and token.type in ("FUNCTION_TYPE", "LOCATION", "_OPEN_REGION"):
                return None
    except UnexpectedToken as error:
        expected = sorted(_WORDS[kind] for kind in error.accepts or error.expected)
        return error.token.start_pos, f"expected {_either(expected)}, found {_found(error.token)}"
    except Unbalanced as fault:
        if not fault.message.startswith("unexpected"):
            return fault.offset, fault.message
        expected = sorted(_WORDS[kind] for kind in state.accepts())
        return fault.offset, f"expected {_either(expected)}, found{fault.message.removeprefix('unexpected')}"
    expected = sorted(_WORDS[kind] for kind in state.accepts())
    return len(text), f"expected {_either(expected)}, found the end of the input"


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _found(token: Any) -> str:
    shown = str(token).split("\n", 1)[0]
    return f"'{shown if len(shown) <= 24 else shown[:24] + '...'}'"

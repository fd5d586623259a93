"""What to say when a token does not fit: what was found, what could stand there, and what was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Set
from typing import Any

from approxir.syntax.attribute_tokens import BRACKETED, SPACE, AttributeToken, tokens
from approxir.syntax.faults import Fault
from approxir.values.floats import FLOAT_FORMATS

_SHOWN = {
    "_COLON": "':'",
    "_COMMA": "','",
    "_EQUAL": "'='",
    "_LESS": "'<'",
    "_MORE": "'>'",
    "_LPAR": "'('",
    "_RPAR": "')'",
    "_LSQB": "'['",
    "_RSQB": "']'",
    "_RBRACE": "'}'",
    "_ARROW": "'->'",
    "_EQUALS": "'=='",
    "_AT_LEAST": "'>='",
    "_AT_MOST": "'<='",
    "_PLUS": "an operator",
    "_LBRACE": "'{'",
    "LOC": "'loc('",
    "AT": "'at'",
    "TO": "'to'",
    "OFFSET": "'offset'",
    "QUESTION": "'?'",
    "INTEGER": "an integer",
    "STRING": "a string",
}
_MEANT = {
    "True": "true",
    "False": "false",
    "None": "unit",
    "null": "unit",
    "bool": "i1",
    "char": "i8",
    "short": "i16",
    "int": "i32",
    "uint": "ui32",
    "long": "i64",
    "half": "f16",
    "bfloat16": "bf16",
    "float": "f32",
    "double": "f64",
    "size_t": "index",
    "void": "()",
    "array": "array<i32: 1, 2>, or [1, 2]",
    "inf": "the bits, as in 0x7F800000 : f32",
    "nan": "the bits, as in 0x7FC00000 : f32",
}
_TYPE_WORDS = [*FLOAT_FORMATS, "index", "none", "tensor", "memref", "vector", "complex", "tuple"]
_WIDTH = re.compile(r"(u|s)?(?:int|i|I)_?([0-9]+)(?:_t)?\Z")
_FLOAT_WIDTH = re.compile(r"(?:float|F|fp)_?([0-9]+)\Z")
_GROUPS = {
    "_CLOSING": frozenset({"_RPAR", "_RSQB", "_RBRACE", "_MORE"}),
}


def unexpected(text: str, token: Any, accepted: Set[str], goal: str) -> Fault:
    """The fault for a token that Lark did not expect; `goal` names what the whole text should be."""
    at_end = token.type == "$END"
    offset = len(text) if at_end else token.start_pos
    found = "the text ends here" if at_end else f"found {_clip(text[token.start_pos : token.end_pos])!r}"
    wanted = expected(accepted, goal)
    hint = _hint(text, token, accepted)
    related = _unclosed(text) if at_end else None
    length = 1 if at_end else token.end_pos - token.start_pos
    return Fault(f"expected {wanted}, {found}", offset, length=min(length, 60), hint=hint, related=related)


def expected(accepted: Set[str], goal: str) -> str:
    """The terminals that would fit, in words."""
    names: list[str] = []
    rest = set(accepted)
    if "DENSE_ARRAY" in rest:
        names.append("an attribute")
        rest &= _GROUPS["_CLOSING"]
    elif "TENSOR" in rest:
        names.append("a type")
        rest &= _GROUPS["_CLOSING"]
    elif "CALLSITE" in rest:
        names.append("a location")
        rest &= _GROUPS["_CLOSING"]
    elif "WORD" in rest and "INTEGER" in rest:
        names.append("an affine expression")
        rest &= _GROUPS["_CLOSING"]
    elif "WORD" in rest:
        names.append("a name")
        rest &= _GROUPS["_CLOSING"]
    if "$END" in rest or not accepted:
        names.append(f"the end of the {goal}")
    if {"INTEGER", "FLOAT"} <= rest:
        names.append("a number")
        rest -= {"INTEGER", "FLOAT"}
    shown = [_SHOWN[name] for name in _SHOWN if name in rest]
    names += [name for name in shown if name not in names]
    if not names:
        names = [f"{'an' if goal[0] in 'ai' else 'a'} {goal}"]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def _clip(text: str) -> str:
    return text if len(text) <= 30 else text[:27] + "..."


def _hint(text: str, token: Any, accepted: Set[str]) -> str | None:
    if token.type == "$END":
        return None
    before = _before(text, token.start_pos)
    value = text[token.start_pos : token.end_pos]
    if before == "," and token.type in _GROUPS["_CLOSING"]:
        return "remove the comma before it"
    if token.type == "WORD":
        return _word_hint(text, token, value, accepted)
    if token.type == "_COLON" and "_EQUAL" in accepted:
        return "an entry is written key = value"
    if token.type == "_ARROW" and accepted <= {"$END"}:
        return "a function type as a result needs parentheses around it: () -> (() -> i32)"
    if token.type == "INTEGER" and "TENSOR" in accepted and before in ("<", "x"):
        return "a dimension is followed by 'x', as in 4x8xf32"
    if token.type == "QUESTION":
        return "a dynamic dimension is written ?x; vectors have none"
    if token.type == "_MORE" and before == "-":
        return "names may contain '-'; put a space before '->'"
    return None


def _before(text: str, at: int) -> str:
    head = text[max(0, at - 200) : at].rstrip(" \t\r\n\0")
    return head[-1:]


def _word_hint(text: str, token: Any, value: str, accepted: Set[str]) -> str | None:
    if value in BRACKETED and value != "array":
        bracket = {"loc": "(", "callsite": "(", "distinct": "[", "fused": "["}.get(value, "<")
        return f"{value!r} is followed by {bracket!r}"
    if re.match(r"[eE][0-9]+\Z", value) and text[token.start_pos - 1 : token.start_pos].isdigit():
        return f"a number with an exponent needs a decimal point: 1.0{value}"
    meant = _MEANT.get(value)
    width = _WIDTH.match(value)
    float_width = _FLOAT_WIDTH.match(value)
    if not meant and width:
        meant = {"u": "ui", "s": "si", None: "i"}[width.group(1)] + width.group(2)
    if not meant and float_width:
        meant = "f" + float_width.group(1)
    if not meant and "SCALAR" in accepted:
        near = difflib.get_close_matches(value, _TYPE_WORDS, 1)
        meant = near[0] if near else None
    if meant and meant != value and "SCALAR" in accepted:
        return f"write {meant}"
    if "DENSE_ARRAY" in accepted:
        return f'a string is written "{value}", a symbol @{value}'
    return None


_OPENS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_KINDS = {"_LPAR": "_RPAR", "_LSQB": "_RSQB", "_LBRACE": "_RBRACE", "_LESS": "_MORE"}
_BRACKET = re.compile(rf"[A-Za-z_]+{SPACE}([<(\[])")


def _unclosed(text: str) -> tuple[int, str] | None:
    """The innermost bracket that is still open at the end of the text."""
    opened: list[int] = []
    for token in _tokens(text):
        if token.type in _KINDS:
            opened.append(token.start_pos)
        elif token.type in _KINDS.values():
            if opened:
                opened.pop()
        elif token.match is not None and not token.type.startswith(("DENSE", "SPARSE")):
            bracket = _BRACKET.match(text, token.start_pos)
            if bracket:
                opened.append(bracket.start(1))
    return (opened[-1], f"this {text[opened[-1]]!r} is never closed") if opened else None


def _tokens(text: str) -> list[AttributeToken]:
    found: list[AttributeToken] = []
    try:
        found.extend(tokens(text))
    except Fault:
        # The caller already has a fault to report; this one would come after it.
        return found
    return found

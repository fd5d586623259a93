"""Type rules of the llvm dialect: comparisons, parts of aggregates, shuffles."""

from __future__ import annotations

import re

from approxir.syntax.formats.directives.common import array_values
from approxir.syntax.formats.forms import TypeRef
from approxir.syntax.formats.inference import make_shaped, rule, shaped
from approxir.syntax.formats.spans import STRING
from approxir.syntax.formats.state import State, Types
from approxir.syntax.lexemes import TRIVIA

_LLVM_SHORT = re.compile(
    r"(?:ptr|struct|array|void|func|vec|label|metadata|token|target|x86_amx|ppc_fp128)(?![\w.])"
)
_STRUCT = re.compile(rf"(?:!llvm\.)?struct{TRIVIA}<{TRIVIA}(?:{STRING}{TRIVIA},{TRIVIA})?(?:packed{TRIVIA})?")
_ARRAY = re.compile(rf"(?:!llvm\.)?array{TRIVIA}<{TRIVIA}[0-9]++{TRIVIA}x{TRIVIA}")


@rule("llvm_i1")
def llvm_i1(state: State, arguments: tuple[Types, ...]) -> Types:
    """The type of a comparison: i1, or a vector of i1 for vectors."""
    found = arguments[0]
    if not isinstance(found, TypeRef):
        return None
    parts = shaped(state.resolve(found.text))
    return TypeRef("i1") if parts is None else TypeRef(make_shaped(parts[0], parts[1], "i1"))


def _full(text: str) -> str:
    """A type inside an llvm type, which may leave out its ``!llvm.``."""
    return f"!llvm.{text}" if _LLVM_SHORT.match(text) else text


def llvm_element_type(state: State, text: str, position: list[str]) -> str | None:
    """The type at a position of an llvm struct or array type, or of a vector."""
    for index in position:
        text = state.resolve(text)
        array = _ARRAY.match(text)
        struct = _STRUCT.match(text)
        if array is not None:
            text = _full(text[array.end() : -1].strip())
        elif struct is not None:
            start = struct.end()
            if text[start : start + 1] != "(":
                return None
            inner = State(text, len(text), None, None, 0, 0)
            fields, _ = inner.parenthesized_types(start)
            number = int(index)
            if not 0 <= number < len(fields):
                return None
            text = _full(fields[number].text)
        else:
            return None
    return text


@rule("llvm_element")
def llvm_element(state: State, arguments: tuple[Types, ...]) -> Types:
    """The type of the part of an aggregate at the property `position`."""
    found = arguments[0]
    position = state.properties.get("position")
    if not isinstance(found, TypeRef) or position is None:
        return None
    text = llvm_element_type(state, found.text, array_values(position.text))
    return None if text is None else TypeRef(text)


@rule("llvm_shuffled")
def llvm_shuffled(state: State, arguments: tuple[Types, ...]) -> Types:
    """A vector as long as the property `mask`."""
    found = arguments[0]
    if not isinstance(found, TypeRef):
        return None
    parts = shaped(state.resolve(found.text))
    if parts is None:
        return None
    count = str(len(array_values(state.properties["mask"].text)))
    return TypeRef(make_shaped("vector", (f"[{count}]" if parts[1][0].startswith("[") else count,), parts[2]))


@rule("llvm_cmpxchg")
def llvm_cmpxchg(state: State, arguments: tuple[Types, ...]) -> Types:
    """The old value and whether the exchange took place."""
    found = arguments[0]
    return TypeRef(f"!llvm.struct<({found.text}, i1)>") if isinstance(found, TypeRef) else None

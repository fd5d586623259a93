"""Types that the custom form leaves out, computed from the types it spells; everything works on text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from approxir.syntax.formats.forms import TypeRef
from approxir.syntax.formats.spans import Mismatch, skip_trivia, type_end
from approxir.syntax.formats.state import State, Types
from approxir.syntax.formats.table import Node
from approxir.syntax.lexemes import TRIVIA

_SHAPED = re.compile(rf"(tensor|memref|vector){TRIVIA}<{TRIVIA}")
_DIMS = re.compile(
    rf"(?:\*{TRIVIA}x{TRIVIA}|(?:(?:\?|[0-9]++|\[{TRIVIA}[0-9]++{TRIVIA}\]){TRIVIA}x{TRIVIA})*+)"
)
_DIM = re.compile(r"\?|\*|\[?[0-9]+\]?")

Rule = Callable[[State, tuple[Types, ...]], Types]
Evaluator = Callable[[State], Types]


@lru_cache(maxsize=4096)
def shaped(text: str) -> tuple[str, tuple[str, ...], str, str] | None:
    """A builtin shaped type as (kind, dimensions, element type, rest); None for any other type."""
    match = _SHAPED.match(text)
    if match is None:
        return None
    dims = _DIMS.match(text, match.end())
    assert dims is not None
    try:
        end = type_end(text, dims.end(), len(text))
    except Mismatch:
        return None
    rest = text[skip_trivia(text, end, len(text)) : -1].strip()
    found = tuple(_DIM.findall(dims.group()))
    return match.group(1), found, text[dims.end() : end], rest


def make_shaped(kind: str, dims: tuple[str, ...], element: str, rest: str = "") -> str:
    """The text of a shaped type; `rest` is the layout or encoding with its comma."""
    return f"{kind}<{''.join(d + 'x' for d in dims)}{element}{rest}>"


def element_type(text: str) -> str | None:
    """The element type of a shaped type, or of ``complex<T>``-free scalars the type itself."""
    parts = shaped(text)
    return None if parts is None else parts[2]


def _single(state: State, value: Types) -> str | None:
    if isinstance(value, tuple):
        value = value[0] if value else None
    return None if value is None else state.resolve(value.text)


def _element(state: State, arguments: tuple[Types, ...]) -> Types:
    text = _single(state, arguments[0])
    found = None if text is None else element_type(text)
    return None if found is None else TypeRef(found)


def _element_or_self(state: State, arguments: tuple[Types, ...]) -> Types:
    text = _single(state, arguments[0])
    return None if text is None else TypeRef(element_type(text) or text)


def _like(state: State, arguments: tuple[Types, ...]) -> Types:
    """The second type with the shape of the first, if that has one."""
    text = _single(state, arguments[0])
    element = arguments[1]
    if text is None or not isinstance(element, TypeRef):
        return None
    parts = shaped(text)
    if parts is None:
        return element
    kind, dims, _, rest = parts
    return TypeRef(make_shaped(kind, dims, element.text, rest if kind == "tensor" else ""))


def _first(state: State, arguments: tuple[Types, ...]) -> Types:
    value = arguments[0]
    if isinstance(value, tuple):
        return value[0] if value else None
    return value


def _tail(state: State, arguments: tuple[Types, ...]) -> Types:
    value = arguments[0]
    return value[1:] if isinstance(value, tuple) else None


def _inputs(state: State, arguments: tuple[Types, ...]) -> Types:
    return function_parts(_single(state, arguments[0]))[0]


def _outputs(state: State, arguments: tuple[Types, ...]) -> Types:
    return function_parts(_single(state, arguments[0]))[1]


def function_parts(text: str | None) -> tuple[tuple[TypeRef, ...] | None, tuple[TypeRef, ...] | None]:
    """The operand and result types of a function type, each None when the text is not one."""
    if text is None or text[:1] != "(":
        return None, None
    state = State(text, len(text), None, None, 0, 0)
    inputs, pos = state.parenthesized_types(0)
    outputs, _ = state.result_list(state.expect(pos, "->"))
    return tuple(inputs), tuple(outputs)


def attribute_type(text: str) -> str | None:
    """The type of a typed attribute: what follows its last `:` at depth 0, or what its form implies."""
    if text in ("true", "false"):
        return "i1"
    if text[:1] == "@":
        return None
    state = State(text, len(text), None, None, 0, 0)
    try:
        _, pos = state.attribute(0, typed=False)
    except Mismatch:
        return None
    colon = state.accept(pos, ":")
    if colon >= 0:
        return text[state.skip(colon) :].strip()
    if text[:5] in ("dense", "spars") or text[:6] == "opaque":
        # These carry their own type, so the untyped reading has swallowed it.
        return _trailing_type(text)
    if text[:1].isdigit() or text[:1] == "-":
        return "f64" if re.search(r"[.]", text) else "i64"
    return None


def _trailing_type(text: str) -> str | None:
    from approxir.syntax.formats.spans import balanced_end

    start = text.find("<")
    if start < 0:
        return None
    end = balanced_end(text, start, len(text))
    rest = text[end:].strip()
    return rest[1:].strip() if rest.startswith(":") else None


_RULES: dict[str, Rule] = {
    "elem": _element,
    "scalar": _element_or_self,
    "like": _like,
    "first": _first,
    "tail": _tail,
    "inputs": _inputs,
    "outputs": _outputs,
}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Registers a type rule for use in the tables."""

    def add(function: Rule) -> Rule:
        _RULES[name] = function
        return function

    return add


def evaluator(node: Node) -> Evaluator:
    """A function that computes a type expression of a table from what a reading has bound."""
    tag = node[0]
    if tag == "const":
        constant = TypeRef(node[1])
        return lambda state: constant
    if tag == "var":
        variable = node[1]
        return lambda state: state.types.get(variable)
    if node[1] == "typeof":
        return property_type(node[2][0][1])
    rule_ = _RULES[node[1]]
    arguments = [evaluator(argument) for argument in node[2]]

    def call(state: State) -> Types:
        return rule_(state, tuple([argument(state) for argument in arguments]))

    return call


def property_type(name: str) -> Evaluator:
    """The type of a typed attribute that the format bound as a property."""

    def evaluate(state: State) -> Types:
        value = state.properties.get(name)
        found = None if value is None else attribute_type(state.resolve(value.text))
        return None if found is None else TypeRef(found)

    return evaluate

"""Directives and type rules of the tt dialect (Triton)."""

from __future__ import annotations

from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef, TypeRef
from approxir.syntax.formats.inference import make_shaped, rule, shaped
from approxir.syntax.formats.output import CannotWrite, WriteState
from approxir.syntax.formats.state import State, Types

_CACHE = {"none": 1, "ca": 2, "cg": 3, "wb": 4, "cs": 5, "wt": 6, "cv": 7}
_EVICT = {"evict_normal": 1, "evict_first": 2, "evict_last": 3}
_PADDING = {"zero": 1, "nan": 2}


def pointee(text: str) -> str | None:
    """The type behind ``!tt.ptr<T>`` or ``!tt.ptr<T, 1>``."""
    if not text.startswith("!tt.ptr<"):
        return None
    inner = State(text, len(text) - 1, None, None, 0, 0)
    return inner.type(len("!tt.ptr<"))[0].text


@rule("pointee")
def pointee_rule(state: State, arguments: tuple[Types, ...]) -> Types:
    """What loads from a pointer, or from a tensor of pointers, give."""
    found = arguments[0]
    if not isinstance(found, TypeRef):
        return None
    text = state.resolve(found.text)
    parts = shaped(text)
    inner = pointee(text if parts is None else parts[2])
    if inner is None or parts is None:
        return None if inner is None else TypeRef(inner)
    return TypeRef(make_shaped("tensor", parts[1], inner, parts[3]))


@directive("tt_clauses")
class Clauses(Element):
    """``cacheModifier = ca evictionPolicy = evict_last``, in any order, with the defaults of both."""

    printed = ("cache", "evict")

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        state.properties["cache"] = AttrRef("1 : i32")
        state.properties["evict"] = AttrRef("1 : i32")
        words = {"cacheModifier": ("cache", _CACHE), "evictionPolicy": ("evict", _EVICT)}
        again = True
        while again:
            again = False
            for word, (name, values) in words.items():
                after = state.accept(pos, word)
                if after >= 0:
                    value, pos = state.word(state.expect(after, "="), "one of " + ", ".join(values))
                    if value not in values:
                        raise state.fail(after, "one of " + ", ".join(values))
                    state.properties[name] = AttrRef(f"{values[value]} : i32", pos - len(value), pos)
                    again = True
        return pos

    def present(self, out: WriteState) -> bool:
        return any(out.properties.get(name, "1 : i32") != "1 : i32" for name in self.printed)

    def write(self, out: WriteState) -> None:
        for word, name, values in (("cacheModifier", "cache", _CACHE), ("evictionPolicy", "evict", _EVICT)):
            number = out.properties.get(name, "1 : i32").partition(" ")[0]
            if number != "1":
                found = [w for w, n in values.items() if str(n) == number]
                if not found:
                    raise CannotWrite(name)
                out.item(f"{word} = {found[0]}")


@directive("tt_print")
class Print(Element):
    """``: %a, %b : T, U`` behind the text and attributes of ``tt.print``."""

    def __init__(self, scope: Scope, variable: str) -> None:
        self.variable = variable

    def read(self, state: State, pos: int) -> int:
        colon = state.accept(pos, ":")
        if colon < 0:
            return pos
        refs, pos = state.operand_list(colon)
        state.groups[0].extend(refs)
        types, pos = state.type_list(state.expect(pos, ":"))
        state.types[self.variable] = tuple(types)
        return pos

    def write(self, out: WriteState) -> None:
        values = out.groups["args"]
        if values:
            out.literal(":")
            out.item(f"{', '.join(values)} : {', '.join(out.group_types['args'])}")

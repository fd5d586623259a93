"""Directives of memref, tensor and arith, and the type rules that their tables use."""

from __future__ import annotations

from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef, TypeRef
from approxir.syntax.formats.inference import make_shaped, rule, shaped
from approxir.syntax.formats.output import WriteState
from approxir.syntax.formats.state import State, Types


def _nth(value: Types, index: int) -> Types:
    if isinstance(value, tuple):
        return value[index] if index < len(value) else None
    return None


@rule("second")
def second(state: State, arguments: tuple[Types, ...]) -> Types:
    """The second of a list of types."""
    return _nth(arguments[0], 1)


@rule("third")
def third(state: State, arguments: tuple[Types, ...]) -> Types:
    """The third of a list of types."""
    return _nth(arguments[0], 2)


@rule("strided_metadata")
def strided_metadata(state: State, arguments: tuple[Types, ...]) -> Types:
    """Base buffer, offset, sizes and strides of a memref."""
    source = arguments[0]
    if not isinstance(source, TypeRef):
        return None
    parts = shaped(state.resolve(source.text))
    if parts is None:
        return None
    _, dims, element, rest = parts
    space = _memory_space(rest)
    base = TypeRef(make_shaped("memref", (), element, space))
    return (base, *[TypeRef("index")] * (1 + 2 * len(dims)))


@rule("complex_element")
def complex_element(state: State, arguments: tuple[Types, ...]) -> Types:
    """The type of the parts of a complex number."""
    found = arguments[0]
    if not isinstance(found, TypeRef):
        return None
    text = state.resolve(found.text)
    return TypeRef(text[8:-1].strip()) if text.startswith("complex<") else None


def _memory_space(rest: str) -> str:
    """The memory space of what follows a memref's element type, with its comma; a layout is left out."""
    if not rest:
        return ""
    state = State(rest, len(rest), None, None, 0, 0)
    parts: list[str] = []
    pos = 0
    while state.at(pos, ","):
        value, pos = state.attribute(state.expect(pos, ","))
        parts.append(value.text)
    kept = [p for p in parts if not p.startswith(("strided", "affine_map"))]
    return "".join(f", {p}" for p in kept[-1:])


@directive("select_types")
class SelectTypes(Element):
    """``T``, or ``C, T`` where the condition of a select is a shaped ``i1``."""

    def __init__(self, scope: Scope, condition: str, value: str) -> None:
        self.condition = condition
        self.value = value

    def read(self, state: State, pos: int) -> int:
        types, pos = state.type_list(pos)
        if len(types) > 1:
            state.types[self.condition] = types[0]
        state.types[self.value] = types[-1]
        return pos

    def write(self, out: WriteState) -> None:
        condition, value = out.types[self.condition], out.types[self.value]
        if condition != "i1":
            out.item(f"{condition}, {value}")
        else:
            out.item(str(value))


@directive("memref_global")
class GlobalType(Element):
    """``T``, ``T = uninitialized`` or ``T = dense<...>``: the properties `type` and `initial_value`."""

    printed = ("type", "initial_value")

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        type_, pos = state.type(pos)
        state.properties["type"] = AttrRef(type_.text, type_.start, type_.end)
        after = state.accept(pos, "=")
        if after < 0:
            return pos
        plain = state.accept(after, "uninitialized")
        if plain >= 0:
            state.properties["initial_value"] = AttrRef("unit", plain - len("uninitialized"), plain)
            return plain
        value, pos = state.attribute(after)
        parts = shaped(state.resolve(type_.text))
        if ":" not in value.text.rpartition(">")[2] and parts is not None:
            value.text += f" : {make_shaped('tensor', parts[1], parts[2])}"
        state.properties["initial_value"] = value
        return pos

    def write(self, out: WriteState) -> None:
        out.item(out.properties["type"])
        value = out.properties.get("initial_value")
        if value is not None:
            out.literal("=")
            if value == "unit":
                out.literal("uninitialized")
            else:
                out.item(value.rpartition(" : ")[0] or value)


@directive("prefetch_flags")
class PrefetchFlags(Element):
    """``read, locality<3>, data``: direction, locality and cache of a prefetch."""

    printed = ("isWrite", "localityHint", "isDataCache")

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        word, pos = state.word(pos, "`read` or `write`")
        state.properties["isWrite"] = AttrRef("true" if word == "write" else "false")
        pos = state.expect(state.expect(state.expect(pos, ","), "locality"), "<")
        hint, pos = state.attribute(pos, typed=False)
        hint.text += " : i32"
        state.properties["localityHint"] = hint
        word, pos = state.word(state.expect(state.expect(pos, ">"), ","), "`data` or `instr`")
        state.properties["isDataCache"] = AttrRef("true" if word == "data" else "false")
        return pos

    def write(self, out: WriteState) -> None:
        direction = "write" if out.properties.get("isWrite") == "true" else "read"
        hint = out.properties.get("localityHint", "0 : i32").partition(" ")[0]
        cache = "data" if out.properties.get("isDataCache") == "true" else "instr"
        out.item(f"{direction}, locality<{hint}>, {cache}")


@directive("permutation")
class Permutation(Element):
    """An affine map written without its keyword: ``(d0, d1) -> (d1, d0)``."""

    printed = ("permutation",)

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        start = state.skip(pos)
        if state.text[start : start + 1] != "(":
            value, pos = state.attribute(pos)
            state.properties["permutation"] = value
            return pos
        _, pos = state.parenthesized_types(start)
        _, pos = state.parenthesized_types(state.expect(pos, "->"))
        state.properties["permutation"] = AttrRef(f"affine_map<{state.text[start:pos]}>", start, pos)
        return pos

    def write(self, out: WriteState) -> None:
        out.item(out.properties["permutation"].removeprefix("affine_map<").removesuffix(">"))


@directive("strided_metadata_types")
class StridedMetadataTypes(Element):
    """``M -> memref<f32>, index, ...``."""

    def __init__(self, scope: Scope, variable: str) -> None:
        self.variable = variable

    def read(self, state: State, pos: int) -> int:
        type_, pos = state.type(pos)
        state.types[self.variable] = type_
        results, pos = state.type_list(state.expect(pos, "->"))
        state.result_types = tuple(results)
        return pos

    def write(self, out: WriteState) -> None:
        out.item(str(out.types[self.variable]))
        out.literal("->")
        out.item(", ".join(out.result_types))

"""Directives and type rules of the vector dialect."""

from __future__ import annotations

from approxir.syntax.formats.directives.common import array_values
from approxir.syntax.formats.directives.structured import _entries, iterator_types
from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef, TypeRef
from approxir.syntax.formats.inference import make_shaped, rule, shaped
from approxir.syntax.formats.output import WriteState, dictionary_text
from approxir.syntax.formats.state import State, Types


def _parts(state: State, value: Types) -> tuple[str, tuple[str, ...], str, str] | None:
    return shaped(state.resolve(value.text)) if isinstance(value, TypeRef) else None


@rule("outer")
def outer(state: State, arguments: tuple[Types, ...]) -> Types:
    """The type of an outer product: the vector itself when the right side is a scalar."""
    lhs, rhs = _parts(state, arguments[0]), _parts(state, arguments[1])
    if lhs is None:
        return None
    if rhs is None:
        return arguments[0]
    return TypeRef(make_shaped("vector", lhs[1] + rhs[1], lhs[2]))


@rule("shuffled")
def shuffled(state: State, arguments: tuple[Types, ...]) -> Types:
    """The first vector with its first dimension as long as the mask."""
    parts = _parts(state, arguments[0])
    mask = state.properties.get("mask")
    if parts is None or mask is None:
        return None
    return TypeRef(make_shaped("vector", (str(len(array_values(mask.text))), *parts[1][1:]), parts[2]))


@rule("vector_elements")
def vector_elements(state: State, arguments: tuple[Types, ...]) -> Types:
    """One element type for each element."""
    parts = _parts(state, arguments[0])
    if parts is None or not all(d.isdigit() for d in parts[1]):
        return None
    count = 1
    for dim in parts[1]:
        count *= int(dim)
    return (TypeRef(parts[2]),) * count if count <= 1 << 16 else None


@directive("contract_traits")
class ContractTraits(Element):
    """``{indexing_maps = ..., iterator_types = [...], kind = ...}`` in front of the operands."""

    printed = ("indexing_maps", "iterator_types", "kind")

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        entries, pos = _entries(state, pos)
        for entry in entries:
            if entry.key == "iterator_types" and entry.value is not None:
                entry.value.text = iterator_types(state.resolve(entry.value.text), "vector")
        state.attributes.extend(entries)
        if all(entry.key != "kind" for entry in entries):
            state.properties["kind"] = AttrRef("#vector.kind<add>")
        return pos

    def write(self, out: WriteState) -> None:
        shown = {name: out.properties[name] for name in self.printed if name in out.properties}
        kinds = shown.get("iterator_types", "")
        for word in ("parallel", "reduction"):
            kinds = kinds.replace(f"#vector.iterator_type<{word}>", f'"{word}"')
        shown["iterator_types"] = kinds
        out.item(dictionary_text(shown))


def _minor_identity(dims: int, rank: int) -> str:
    names = [f"d{i}" for i in range(dims)]
    return f"affine_map<({', '.join(names)}) -> ({', '.join(names[dims - rank :])})>"


@directive("transfer_defaults")
class TransferDefaults(Element):
    """Properties of a transfer that the text leaves out: a minor identity map, nothing in bounds."""

    def __init__(self, scope: Scope, base: str, mask: str, mask_type: str, source: str, vector: str) -> None:
        self.mask_group = scope.operand_index(mask)
        self.mask = mask_type
        self.source = source
        self.vector = vector

    def read(self, state: State, pos: int) -> int:
        source = _parts(state, state.types.get(self.source))
        vector = _parts(state, state.types.get(self.vector))
        if source is None or vector is None:
            return pos
        given = {entry.key for entry in state.attributes}
        inner = shaped(source[2])
        rank = len(vector[1]) - (0 if inner is None else len(inner[1]))
        if "permutation_map" not in given:
            state.properties["permutation_map"] = AttrRef(_minor_identity(len(source[1]), rank))
        if "in_bounds" not in given:
            state.properties["in_bounds"] = AttrRef(f"[{', '.join(['false'] * rank)}]")
        for ref in state.groups[self.mask_group]:
            known = state.type_of(ref)
            state.types[self.mask] = known or TypeRef(make_shaped("vector", vector[1], "i1"))
        return pos

    def prepare(self, out: WriteState) -> None:
        source, vector = shaped(str(out.types.get(self.source))), shaped(str(out.types.get(self.vector)))
        if source is None or vector is None or shaped(source[2]) is not None:
            return
        rank = len(vector[1])
        if out.properties.get("permutation_map") == _minor_identity(len(source[1]), rank):
            out.hidden.add("permutation_map")
        if out.properties.get("in_bounds") == f"[{', '.join(['false'] * rank)}]":
            out.hidden.add("in_bounds")

    def write(self, out: WriteState) -> None:
        return


@directive("vector_print")
class Print(Element):
    """``%v : T``, ``%v : T punctuation <comma>``, ``str "text"`` or ``punctuation <newline>``."""

    printed = ("punctuation", "stringLiteral")

    def __init__(self, scope: Scope, variable: str) -> None:
        self.variable = variable

    def read(self, state: State, pos: int) -> int:
        punctuation = ""
        if state.is_operand(pos):
            ref, pos = state.operand(pos)
            state.groups[0].append(ref)
            type_, pos = state.type(state.expect(pos, ":"))
            state.types[self.variable] = type_
        after = state.accept(pos, "str")
        if after >= 0:
            value, pos = state.attribute(after, typed=False)
            state.properties["stringLiteral"] = value
        after = state.accept(pos, "punctuation")
        if after >= 0:
            word, pos = state.word(state.expect(after, "<"))
            punctuation = f"#vector.punctuation<{word}>"
            pos = state.expect(pos, ">")
        if punctuation:
            state.properties["punctuation"] = AttrRef(punctuation)
        if state.at(pos, "{"):
            entries, pos = state.dictionary(pos)
            state.attributes.extend(entries)
        return pos


@directive("ignored_type")
class IgnoredType(Element):
    """``, vector<2xi1>``: one more type that older texts have and that means nothing."""

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        comma = state.accept(pos, ",")
        return pos if comma < 0 else state.type(comma)[1]

    def write(self, out: WriteState) -> None:
        return


@directive("bare_lists")
class BareLists(Element):
    """``offsets = [0], strides = [1]``: properties as some versions spell them, without braces."""

    def __init__(self, scope: Scope, *names: str) -> None:
        self.names = names

    def read(self, state: State, pos: int) -> int:
        for number, name in enumerate(self.names):
            at = state.accept(pos, name) if number == 0 else state.expect(state.expect(pos, ","), name)
            if at < 0:
                return pos
            state.properties[name], pos = state.attribute(state.expect(at, "="))
        return pos

    def write(self, out: WriteState) -> None:
        return

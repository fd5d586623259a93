"""Directives of linalg: ins and outs, the short forms of map and reduce, and implied bodies."""

from __future__ import annotations

import re

from approxir.syntax.formats.directives.bodies import applied_body, named_body
from approxir.syntax.formats.directives.common import as_list, dense_array
from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttributeEntry, AttrRef, TypeRef
from approxir.syntax.formats.inference import element_type, rule, shaped
from approxir.syntax.formats.output import CannotWrite, WriteState, dictionary_text
from approxir.syntax.formats.spans import Mismatch, balanced_end
from approxir.syntax.formats.state import WORD_RE, PendingArgument, State, Types


@rule("tensor_only")
def tensor_only(state: State, arguments: tuple[Types, ...]) -> Types:
    """The types that are tensors: operations on buffers have no results."""
    found = arguments[0]
    many = found if isinstance(found, tuple) else (found,)
    kept = tuple(t for t in many if t is not None and state.resolve(t.text).startswith("tensor"))
    return kept or None


def read_clause(state: State, pos: int, word: str, group: int, variable: str) -> int:
    """``ins(%a, %b : A, B)``: nothing is bound when the word does not come next."""
    after = state.accept(pos, word)
    if after < 0:
        state.types[variable] = ()
        return pos
    refs, pos = state.operand_list(state.expect(after, "("))
    state.groups[group].extend(refs)
    types: list[TypeRef] = []
    if refs:
        types, pos = state.type_list(state.expect(pos, ":"))
    state.types[variable] = tuple(types)
    return state.expect(pos, ")")


def write_clause(out: WriteState, word: str, group: str) -> None:
    """The same, written; nothing for no operands."""
    values = out.groups[group]
    if values:
        out.item(f"{word}({', '.join(values)} : {', '.join(out.group_types[group])})")


class InsOuts(Element):
    """What the structured operations share."""

    def __init__(self, scope: Scope, inputs: str, outputs: str, results: str = "") -> None:
        self.name = scope.name.partition(".")[2]
        self.inputs = inputs
        self.outputs = outputs
        self.results = results
        self.groups = [group for group, _, _ in scope.entry.operands]

    def _clauses(self, state: State, pos: int) -> int:
        pos = read_clause(state, pos, "ins", 0, self.inputs)
        return read_clause(state, pos, "outs", 1, self.outputs)

    def _results(self, state: State, pos: int) -> int:
        after = state.accept(pos, "->")
        state.types[self.results] = ()
        if after >= 0:
            types, pos = state.result_list(after)
            state.types[self.results] = tuple(types)
        return pos

    def _write_clauses(self, out: WriteState) -> None:
        write_clause(out, "ins", self.groups[0])
        write_clause(out, "outs", self.groups[1])

    def _write_results(self, out: WriteState) -> None:
        types = as_list(out.types.get(self.results))
        if types:
            out.literal("->")
            out.item(types[0] if len(types) == 1 else f"({', '.join(types)})")

    def _elements(self, state: State) -> tuple[list[str], list[str]]:
        found: list[list[str]] = []
        for variable in (self.inputs, self.outputs):
            value = state.types.get(variable)
            many = value if isinstance(value, tuple) else (value,)
            texts = [state.resolve(t.text) for t in many if t is not None]
            found.append([element_type(t) or t for t in texts])
        return found[0], found[1]


_MATMUL_MAPS = {
    "matmul": ("(m, n, k) -> (m, k)", "(m, n, k) -> (k, n)", "(m, n, k) -> (m, n)"),
    "batch_matmul": ("(b, m, n, k) -> (b, m, k)", "(b, m, n, k) -> (b, k, n)", "(b, m, n, k) -> (b, m, n)"),
    "batch_reduce_matmul": (
        "(b, m, n, k) -> (b, m, k)",
        "(b, m, n, k) -> (b, k, n)",
        "(b, m, n, k) -> (m, n)",
    ),
}


def _numbered(maps: str) -> str:
    """The maps with their dimensions named d0, d1, ..., as MLIR prints them."""
    for letters in ("bmnk", "mnk"):
        if maps.startswith(f"[affine_map<({', '.join(letters)})"):
            for index, letter in enumerate(letters):
                maps = re.sub(rf"\b{letter}\b", f"d{index}", maps)
    return maps


@directive("structured")
class Structured(InsOuts):
    """A named operation: its body is implied by its name."""

    def read(self, state: State, pos: int) -> int:
        pos = self._results(state, self._clauses(state, pos))
        inputs, outputs = self._elements(state)
        body = named_body(self.name, inputs, outputs, state)
        if body is not None:
            state.bodies[0] = body
        if "indexing_maps" not in state.properties:
            maps = self._default_maps(state, len(inputs) + len(outputs))
            if maps:
                state.properties["indexing_maps"] = AttrRef(f"[{', '.join(maps)}]")
        return pos

    def _default_maps(self, state: State, count: int) -> list[str]:
        if self.name == "elementwise":
            found = state.types.get(self.outputs)
            parts = (
                shaped(state.resolve(found[0].text))
                if isinstance(found, tuple) and found and found[0]
                else None
            )
            dims = ", ".join(f"d{i}" for i in range(0 if parts is None else len(parts[1])))
            return [f"affine_map<({dims}) -> ({dims})>"] * count
        return [f"affine_map<{text}>" for text in _MATMUL_MAPS.get(self.name, ())]

    def prepare(self, out: WriteState) -> None:
        maps = ", ".join(f"affine_map<{text}>" for text in _MATMUL_MAPS.get(self.name, ()))
        given = out.properties.get("indexing_maps", "")
        if maps and given in (f"[{maps}]", _numbered(f"[{maps}]")):
            out.hidden.add("indexing_maps")

    def write(self, out: WriteState) -> None:
        self._write_clauses(out)
        self._write_results(out)


def _entries(state: State, pos: int) -> tuple[list[AttributeEntry], int]:
    """A dictionary, which may be an alias."""
    start = state.skip(pos)
    if state.text[start : start + 1] != "#":
        return state.dictionary(pos)
    value, pos = state.attribute(pos, typed=False)
    inner_text = state.resolve(value.text)
    if not inner_text.startswith("{"):
        raise Mismatch(value.start, "an alias of a dictionary")
    inner = State(inner_text, len(inner_text), None, state.context, 0, 0)
    entries, _ = inner.dictionary(0)
    found = [
        AttributeEntry(
            e.key,
            value.start,
            value.end,
            None if e.value is None else AttrRef(e.value.text, value.start, value.end),
        )
        for e in entries
    ]
    return found, pos


def iterator_types(text: str, dialect: str) -> str:
    """Iterator types as attributes: strings are the older and shorter spelling."""
    if '"' not in text:
        return text
    words = [word.strip().strip('"') for word in text[1:-1].split(",") if word.strip()]
    return "[" + ", ".join(f"#{dialect}.iterator_type<{word}>" for word in words) + "]"


@directive("linalg_generic")
class Generic(InsOuts):
    """``{indexing_maps = ..., iterator_types = [...]} ins(...) outs(...) attrs = {...} {region} -> R``."""

    printed = ("indexing_maps", "iterator_types", "doc", "library_call")

    def read(self, state: State, pos: int) -> int:
        entries, pos = _entries(state, pos)
        for entry in entries:
            if entry.key == "iterator_types" and entry.value is not None:
                entry.value.text = iterator_types(state.resolve(entry.value.text), "linalg")
        state.attributes.extend(entries)
        pos = self._clauses(state, pos)
        after = state.accept(pos, "attrs")
        if after >= 0:
            entries, pos = state.dictionary(state.expect(after, "="))
            state.attributes.extend(entries)
        return self._results(state, state.region(pos, 0))

    def write(self, out: WriteState) -> None:
        shown = {name: out.properties[name] for name in self.printed if name in out.properties}
        kinds = shown.get("iterator_types", "")
        for word in ("parallel", "reduction", "window"):
            kinds = kinds.replace(f"#linalg.iterator_type<{word}>", f'"{word}"')
        shown["iterator_types"] = kinds
        out.item(dictionary_text(shown))
        self._write_clauses(out)
        if out.remaining():
            out.item(f"attrs = {dictionary_text(out.remaining())}")
        region = out.region_texts[0]
        if region is None:
            raise CannotWrite("a missing region")
        out.item(region)
        self._write_results(out)


class Payload(InsOuts):
    """map and reduce: the body in short form, ``{ arith.addf }``, or with arguments in the header."""

    def _short(self, state: State, pos: int) -> tuple[str | None, int]:
        """The operation's name and attributes of the short form."""
        if not state.at(pos, "{"):
            return None, pos
        match = WORD_RE.match(state.text, state.expect(pos, "{"), state.end)
        if match is None:
            raise state.fail(pos, "the name of an operation")
        name, after = match.group(1), match.end()
        properties = ""
        if state.at(after, "{"):
            start = state.skip(after)
            after = balanced_end(state.text, start, state.end)
            properties = state.text[start:after]
        return f"{name} {properties}".strip(), state.expect(after, "}")

    def _arguments(self, state: State, pos: int) -> int:
        pos = state.expect(pos, "(")
        after = state.accept(pos, ")")
        while after < 0:
            name, start, end = state.definition(pos)
            type_, pos = state.type(state.expect(end, ":"))
            state.argument(0, PendingArgument(name, start, end, type_))
            pos = state.trailing_location(pos)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, ")")
        state.location = None
        return state.region(after, 0)

    def _dictionary(self, state: State, pos: int) -> int:
        if state.at(pos, "{"):
            entries, pos = state.dictionary(pos)
            state.attributes.extend(entries)
        return pos


@directive("linalg_map")
class Map(Payload):
    """``linalg.map``."""

    def read(self, state: State, pos: int) -> int:
        short, pos = self._short(state, pos)
        pos = self._dictionary(state, self._clauses(state, pos))
        if short is None:
            return self._arguments(state, pos)
        inputs, outputs = self._elements(state)
        state.bodies[0] = applied_body(short, inputs, outputs, len(inputs), reverse=False)
        return pos


@directive("linalg_reduce")
class Reduce(Payload):
    """``linalg.reduce``."""

    printed = ("dimensions",)

    def read(self, state: State, pos: int) -> int:
        short, pos = self._short(state, pos)
        pos = self._clauses(state, pos)
        pos = _dense(state, pos, "dimensions")
        pos = self._dictionary(state, pos)
        if short is None:
            return self._arguments(state, pos)
        inputs, outputs = self._elements(state)
        state.bodies[0] = applied_body(short, inputs, outputs, len(inputs) + len(outputs), reverse=True)
        return pos


def _dense(state: State, pos: int, name: str) -> int:
    start = state.skip(state.expect(state.expect(pos, name), "="))
    values, end = state.bracketed(start)
    state.properties[name] = AttrRef(dense_array("i64", values), start, end)
    return end


@directive("linalg_copy")
class Copy(InsOuts):
    """transpose and broadcast: ``ins(...) outs(...) permutation = [...]``; the body yields its input."""

    def __init__(self, scope: Scope, prop: str, inputs: str, outputs: str) -> None:
        super().__init__(scope, inputs, outputs)
        self.prop = prop
        self.printed = (prop,)

    def read(self, state: State, pos: int) -> int:
        pos = _dense(state, self._clauses(state, pos), self.prop)
        inputs, outputs = self._elements(state)
        body = named_body("copy", inputs, outputs, state)
        if body is not None:
            state.bodies[0] = body
        if state.at(pos, "{"):
            entries, pos = state.dictionary(pos)
            state.attributes.extend(entries)
        return pos

    def write(self, out: WriteState) -> None:
        self._write_clauses(out)
        values = out.properties[self.prop].partition(":")[2].strip(" >")
        out.item(f"{self.prop} = [{values}]")
        out.dictionary(out.remaining())


@directive("same_as")
class SameAs(Element):
    """Binds one type variable to what another has."""

    def __init__(self, scope: Scope, variable: str, other: str) -> None:
        self.variable = variable
        self.other = other

    def read(self, state: State, pos: int) -> int:
        state.types[self.variable] = state.types.get(self.other)
        return pos

    def write(self, out: WriteState) -> None:
        return

"""Directives of the affine dialect: maps applied to values, inline subscripts, loop bounds."""

from __future__ import annotations

import re

from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef, NameRef, TypeRef
from approxir.syntax.formats.output import CannotWrite, WriteState
from approxir.syntax.formats.spans import Mismatch, balanced_end
from approxir.syntax.formats.state import OPERAND_RE, State
from approxir.syntax.lexemes import SSA, TRIVIA

_USE = re.compile(rf"(symbol{TRIVIA}\({TRIVIA})?({SSA}(?:{TRIVIA}\#[0-9]++)?+)")
_CLOSE = re.compile(rf"{TRIVIA}\)")
_PARTS = re.compile(r"affine_(map|set)<\(([^)]*)\)\s*(?:\[([^\]]*)\])?\s*(?:->|:)\s*\((.*)\)>\Z", re.DOTALL)
_SMALL = re.compile(r"[ds][0-9]+")


def read_map_operands(state: State, pos: int) -> tuple[AttrRef, list[NameRef], int]:
    """``#map(%d0, %d1)[%s0]``: a map or set and the values it is applied to, dimensions first."""
    value, pos = state.attribute(pos, typed=False)
    refs: list[NameRef] = []
    after = state.accept(pos, "(")
    if after < 0:
        raise state.fail(pos, "`(` and the dimensions of the map")
    refs, pos = state.operand_list(after)
    pos = state.expect(pos, ")")
    symbols = state.accept(pos, "[")
    if symbols >= 0:
        found, pos = state.operand_list(symbols)
        pos = state.expect(pos, "]")
        refs = refs + found
    return value, refs, pos


def map_parts(text: str) -> tuple[int, int, str] | None:
    """The numbers of dimensions and symbols and the results of an inline map, or None for an alias."""
    match = _PARTS.match(text.strip())
    if match is None:
        return None
    counts = [len([n for n in (match.group(i) or "").split(",") if n.strip()]) for i in (2, 3)]
    return counts[0], counts[1], match.group(4)


def map_call(text: str, operands: list[str]) -> str:
    """``map(dims)[symbols]`` for a map written out in full."""
    parts = map_parts(text)
    if parts is None:
        raise CannotWrite("an aliased map")
    dims, symbols, _ = parts
    if dims + symbols != len(operands):
        raise CannotWrite("map operands")
    tail = f"[{', '.join(operands[dims:])}]" if symbols else ""
    return f"{text}({', '.join(operands[:dims])}){tail}"


@directive("map_operands")
class MapOperands(Element):
    """A map or set with its operands."""

    def __init__(self, scope: Scope, prop: str, group: str) -> None:
        self.prop = prop
        self.group = scope.operand_index(group)
        self.group_name = group
        self.printed = (prop,)

    def read(self, state: State, pos: int) -> int:
        value, refs, pos = read_map_operands(state, pos)
        state.properties[self.prop] = value
        state.groups[self.group].extend(refs)
        return pos

    def write(self, out: WriteState) -> None:
        out.item(map_call(out.properties[self.prop], out.groups[self.group_name]))


class SubscriptReader:
    """Turns affine expressions over SSA values into map results; equal values share one dimension."""

    def __init__(self) -> None:
        self.dims: list[NameRef] = []
        self.symbols: list[NameRef] = []

    def results(self, state: State, start: int, end: int) -> str:
        """The map results for the expressions in a span."""
        text = state.text
        parts: list[str] = []
        pos = start
        for match in _USE.finditer(text, start, end):
            if match.start() < pos:
                continue
            raw = match.group(2)
            ref, _ = state.operand(match.start(2))
            assert raw
            parts.append(text[pos : match.start()])
            if match.group(1) is not None:
                close = _CLOSE.match(text, match.end(), end)
                if close is None:
                    raise Mismatch(match.end(), "`)`")
                parts.append(f"s{_position(self.symbols, ref)}")
                pos = close.end()
            else:
                parts.append(f"d{_position(self.dims, ref)}")
                pos = match.end()
        parts.append(text[pos:end])
        return "".join(parts).strip()

    def map_text(self, results: str) -> str:
        """The map with the dimensions and symbols met so far."""
        dims = ", ".join(f"d{i}" for i in range(len(self.dims)))
        symbols = ", ".join(f"s{i}" for i in range(len(self.symbols)))
        return f"affine_map<({dims}){f'[{symbols}]' if symbols else ''} -> ({results})>"


def _position(known: list[NameRef], ref: NameRef) -> int:
    for index, other in enumerate(known):
        if other.name == ref.name:
            return index
    known.append(ref)
    return len(known) - 1


@directive("access")
class Access(Element):
    """``[%i + 1, symbol(%n)]``: subscripts whose map is made from the expressions."""

    def __init__(self, scope: Scope, prop: str, group: str) -> None:
        self.prop = prop
        self.group = scope.operand_index(group)
        self.group_name = group
        self.printed = (prop,)

    def read(self, state: State, pos: int) -> int:
        start = state.skip(pos)
        if state.text[start : start + 1] != "[":
            raise Mismatch(start, "`[`")
        end = balanced_end(state.text, start, state.end)
        reader = SubscriptReader()
        results = reader.results(state, start + 1, end - 1)
        state.properties[self.prop] = AttrRef(reader.map_text(results), start, end)
        state.groups[self.group].extend(reader.dims + reader.symbols)
        return end

    def write(self, out: WriteState) -> None:
        out.glue()
        out.item(f"[{subscripts(out.properties[self.prop], out.groups[self.group_name])}]")


def subscripts(text: str, operands: list[str]) -> str:
    """The results of a map with its operands put in place of dimensions and symbols."""
    parts = map_parts(text)
    if parts is None or parts[0] + parts[1] != len(operands):
        raise CannotWrite("an aliased map")
    dims, _, results = parts

    def value(match: re.Match[str]) -> str:
        index = int(match.group()[1:])
        if match.group()[0] == "d":
            return operands[index]
        return f"symbol({operands[dims + index]})"

    return _SMALL.sub(value, results)


@directive("affine_bounds")
class Bounds(Element):
    """``= lower to upper [step n]`` of ``affine.for``."""

    printed = ("lowerBoundMap", "upperBoundMap", "step")

    def __init__(self, scope: Scope) -> None:
        self.lower = scope.operand_index("lowerBoundOperands")
        self.upper = scope.operand_index("upperBoundOperands")

    def read(self, state: State, pos: int) -> int:
        pos = state.trailing_location(pos)
        state.location = None
        pos = self._bound(state, state.expect(pos, "="), "lowerBoundMap", self.lower, "max")
        pos = self._bound(state, state.expect(pos, "to"), "upperBoundMap", self.upper, "min")
        step = AttrRef("1 : index")
        after = state.accept(pos, "step")
        if after >= 0:
            step, pos = state.attribute(after, typed=False)
            step.text += " : index"
        state.properties["step"] = step
        return pos

    def _bound(self, state: State, pos: int, prop: str, group: int, word: str) -> int:
        start = state.skip(pos)
        after = state.accept(pos, word)
        if after >= 0:
            pos = after
        elif state.is_operand(pos):
            ref, end = state.operand(pos)
            state.groups[group].append(ref)
            state.properties[prop] = AttrRef("affine_map<()[s0] -> (s0)>", start, end)
            return end
        first = state.text[state.skip(pos) : state.skip(pos) + 1]
        if first.isdigit() or first == "-":
            value, end = state.attribute(pos, typed=False)
            state.properties[prop] = AttrRef(f"affine_map<() -> ({value.text})>", start, end)
            return end
        value, refs, pos = read_map_operands(state, pos)
        state.properties[prop] = value
        state.groups[group].extend(refs)
        return pos

    def write(self, out: WriteState) -> None:
        out.literal("=")
        self._write_bound(out, "lowerBoundMap", "lowerBoundOperands", "max")
        out.literal("to")
        self._write_bound(out, "upperBoundMap", "upperBoundOperands", "min")
        step = out.properties["step"].partition(" ")[0]
        if step != "1":
            out.literal("step")
            out.item(step)

    def _write_bound(self, out: WriteState, prop: str, group: str, word: str) -> None:
        operands = out.groups[group]
        parts = map_parts(out.properties[prop])
        if parts is None:
            raise CannotWrite("an aliased map")
        dims, symbols, results = parts
        plain = results.strip()
        if dims == symbols == 0 and re.fullmatch(r"-?[0-9]+", plain):
            out.item(plain)
        elif (dims, symbols, plain) == (0, 1, "s0"):
            out.item(operands[0])
        else:
            if "," in plain:
                out.literal(word)
            out.item(map_call(out.properties[prop], operands))


@directive("affine_parallel")
class Parallel(Element):
    """``= (lower) to (upper) [step (...)] [reduce ("addf", ...)]`` of ``affine.parallel``.

    The bounds of all dimensions are one map each; the groups say how many results belong to which
    dimension, and ``max(...)``/``min(...)`` marks dimensions with several.
    """

    printed = (
        "lowerBoundsMap",
        "lowerBoundsGroups",
        "upperBoundsMap",
        "upperBoundsGroups",
        "steps",
        "reductions",
    )

    def __init__(self, scope: Scope) -> None:
        self.group = scope.operand_index("mapOperands")

    def read(self, state: State, pos: int) -> int:
        refs: list[NameRef] = []
        pos = self._bounds(state, state.expect(pos, "="), "lowerBounds", "max", refs)
        pos = self._bounds(state, state.expect(pos, "to"), "upperBounds", "min", refs)
        state.groups[self.group].extend(refs)
        steps = ["1"] * len(state.region_arguments[0])
        after = state.accept(pos, "step")
        if after >= 0:
            steps, pos = self._steps(state, after)
        state.properties["steps"] = AttrRef(f"[{', '.join(steps)}]")
        kinds: list[str] = []
        after = state.accept(pos, "reduce")
        if after >= 0:
            pos = state.expect(after, "(")
            while True:
                kind, pos = state.attribute(pos, typed=False)
                number = _REDUCTIONS.get(kind.text.strip('"'))
                if number is None:
                    raise Mismatch(kind.start, "the name of a reduction")
                kinds.append(f"{number} : i64")
                comma = state.accept(pos, ",")
                if comma < 0:
                    break
                pos = comma
            pos = state.expect(pos, ")")
        state.properties["reductions"] = AttrRef(f"[{', '.join(kinds)}]")
        return pos

    def _steps(self, state: State, pos: int) -> tuple[list[str], int]:
        pos = state.expect(pos, "(")
        steps: list[str] = []
        after = state.accept(pos, ")")
        while after < 0:
            value, pos = state.attribute(pos, typed=False)
            steps.append(value.text)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, ")")
        return steps, after

    def _bounds(self, state: State, pos: int, prop: str, word: str, refs: list[NameRef]) -> int:
        pos = state.expect(pos, "(")
        reader = SubscriptReader()
        results: list[str] = []
        groups: list[str] = []
        after = state.accept(pos, ")")
        while after < 0:
            grouped = state.accept(pos, word)
            if grouped >= 0:
                start = state.skip(grouped)
                end = balanced_end(state.text, start, state.end)
                text = reader.results(state, start + 1, end - 1)
                groups.append(str(_top_level_commas(text) + 1))
                pos = end
            else:
                start = state.skip(pos)
                end = _expression_end(state, start)
                text = reader.results(state, start, end)
                groups.append("1")
                pos = end
            results.append(text)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, ")")
        state.properties[prop + "Map"] = AttrRef(reader.map_text(", ".join(results)))
        width = len(groups)
        body = f"[{', '.join(groups)}]" if width != 1 else groups[0]
        state.properties[prop + "Groups"] = AttrRef(
            f"dense<{body}> : tensor<{width}xi32>" if width else "dense<> : tensor<0xi32>"
        )
        refs.extend(reader.dims + reader.symbols)
        return after


REDUCTIONS = (
    "addf", "addi", "andi", "assign", "maximumf", "maxnumf", "maxs", "maxu", "minimumf", "minnumf", "mins",
    "minu", "mulf", "muli", "ori", "xori",
)  # fmt: skip
"""The reductions of `affine.parallel` and `memref.atomic_rmw` by their numbers."""
_REDUCTIONS = {word: number for number, word in enumerate(REDUCTIONS)}


def _top_level_commas(text: str) -> int:
    depth = count = 0
    for char in text:
        depth += (char in "([") - (char in ")]")
        count += char == "," and depth == 0
    return count


def _expression_end(state: State, pos: int) -> int:
    text, depth = state.text, 0
    while pos < state.end:
        char = text[pos]
        if char in "([":
            depth += 1
        elif char in ")]":
            if depth == 0:
                return pos
            depth -= 1
        elif char == "," and depth == 0:
            return pos
        pos += 1
    raise Mismatch(pos, "`)`")


@directive("affine_dma")
class Dma(Element):
    """``affine.dma_start`` and ``affine.dma_wait``: several subscripted memrefs in a row."""

    printed = ("src_map", "dst_map", "tag_map")

    def __init__(self, scope: Scope, which: str) -> None:
        self.names = ("src_map", "dst_map", "tag_map") if which == "start" else ("tag_map",)

    def read(self, state: State, pos: int) -> int:
        refs: list[NameRef] = []
        memrefs: list[int] = []
        for name in self.names:
            if refs:
                pos = state.expect(pos, ",")
            ref, pos = state.operand(pos)
            memrefs.append(len(refs))
            start = state.skip(pos)
            end = balanced_end(state.text, start, state.end)
            reader = SubscriptReader()
            results = reader.results(state, start + 1, end - 1)
            state.properties[name] = AttrRef(reader.map_text(results), start, end)
            refs += [ref, *reader.dims, *reader.symbols]
            pos = end
        while state.at(pos, ","):
            pos = state.expect(pos, ",")
            if state.is_operand(pos):  # MLIR accepts a trailing comma here.
                ref, pos = state.operand(pos)
                refs.append(ref)
        if state.at(pos, "{"):
            entries, pos = state.dictionary(pos)
            state.attributes.extend(entries)
        types, pos = state.type_list(state.expect(pos, ":"))
        all_types: list[TypeRef | None] = [TypeRef("index")] * len(refs)
        for index, type_ in zip(memrefs, types, strict=False):
            all_types[index] = type_
        state.groups[0].extend(refs)
        state.types["A"] = tuple(all_types)
        return pos


@directive("dma_start")
class MemrefDmaStart(Element):
    """``memref.dma_start``: source, destination, count, tag, and perhaps a stride and elements per stride."""

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        refs: list[NameRef] = []
        memrefs: list[int] = []
        while True:
            ref, pos = state.operand(pos)
            refs.append(ref)
            inside = state.accept(pos, "[")
            if inside >= 0:
                memrefs.append(len(refs) - 1)
                found, pos = state.operand_list(inside)
                refs.extend(found)
                pos = state.expect(pos, "]")
            comma = state.accept(pos, ",")
            if comma < 0:
                break
            pos = comma
        if state.at(pos, "{"):
            entries, pos = state.dictionary(pos)
            state.attributes.extend(entries)
        types, pos = state.type_list(state.expect(pos, ":"))
        all_types: list[TypeRef | None] = [TypeRef("index")] * len(refs)
        for index, type_ in zip(memrefs, types, strict=False):
            all_types[index] = type_
        state.groups[0].extend(refs)
        state.types["A"] = tuple(all_types)
        return pos


__all__ = ["OPERAND_RE", "map_call", "map_parts", "read_map_operands"]

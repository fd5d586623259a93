"""Directives of stablehlo: slices, dot and convolution dimensions, reductions, while loops."""

from __future__ import annotations

import re

from approxir.syntax.formats.directives.common import array_values, as_list, dense_array, function_results
from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef, NameRef, TypeRef
from approxir.syntax.formats.inference import make_shaped, rule, shaped
from approxir.syntax.formats.kinds import Kind, kind
from approxir.syntax.formats.output import CannotWrite, WriteState
from approxir.syntax.formats.spans import Mismatch, balanced_end
from approxir.syntax.formats.state import PendingArgument, State, Types
from approxir.syntax.lexemes import TRIVIA

_OPERATION_NAME = re.compile(rf"{TRIVIA}([A-Za-z_][\w$.]*+)")
_FORMAT = re.compile(rf"{TRIVIA}e([0-9]+)m([0-9]+)")
_CONVOLUTION = re.compile(rf"{TRIVIA}\[[^\]]*\]{TRIVIA}x{TRIVIA}\[[^\]]*\]{TRIVIA}->{TRIVIA}\[[^\]]*\]")


@rule("complex_part")
def complex_part(state: State, arguments: tuple[Types, ...]) -> Types:
    """The type of the real part of a tensor of complex numbers."""
    found = arguments[0]
    result = found[0] if isinstance(found, tuple) and found else found
    if not isinstance(result, TypeRef):
        return None
    parts = shaped(state.resolve(result.text))
    if parts is None or not parts[2].startswith("complex<"):
        return None
    kind_, dims, element, rest = parts
    return TypeRef(make_shaped(kind_, dims, element[8:-1].strip(), rest))


@rule("tuple_parts")
def tuple_parts(state: State, arguments: tuple[Types, ...]) -> Types:
    """The element types of a tuple type."""
    found = arguments[0]
    if not isinstance(found, TypeRef):
        return None
    text = state.resolve(found.text)
    if not text.startswith("tuple<"):
        return None
    inner = State(text, len(text) - 1, None, None, 0, 0)
    if inner.skip(6) >= len(text) - 1:
        return ()
    return tuple(inner.type_list(6)[0])


@directive("complex_types")
class ComplexTypes(Element):
    """The complex result type alone, or the whole function type."""

    def __init__(self, scope: Scope, inputs: str, outputs: str) -> None:
        self.outputs = outputs

    def read(self, state: State, pos: int) -> int:
        if state.at(pos, "("):
            _, pos = state.parenthesized_types(pos)
            outputs, pos = state.result_list(state.expect(pos, "->"))
            state.types[self.outputs] = tuple(outputs)
            return pos
        ref, pos = state.type(pos)
        state.types[self.outputs] = (ref,)
        return pos

    def write(self, out: WriteState) -> None:
        out.item(as_list(out.types[self.outputs])[0])


@directive("select_operands")
class SelectOperands(Element):
    """``P, T`` of a select, or the whole function type."""

    def __init__(self, scope: Scope, inputs: str, outputs: str) -> None:
        self.inputs = inputs
        self.outputs = outputs

    def read(self, state: State, pos: int) -> int:
        if state.at(pos, "("):
            inputs, pos = state.parenthesized_types(pos)
            outputs, pos = state.result_list(state.expect(pos, "->"))
            state.types[self.inputs] = tuple(inputs)
            state.types[self.outputs] = tuple(outputs)
            return pos
        types, pos = state.type_list(pos)
        if len(types) != 2:
            raise state.fail(pos, "the types of the predicate and of the values")
        state.types[self.inputs] = (types[0], types[1], types[1])
        state.types[self.outputs] = (types[1],)
        return pos

    def write(self, out: WriteState) -> None:
        types = [t for group in ("pred", "on_true", "on_false") for t in out.group_types[group]]
        results = out.result_types
        if types[1] == types[2] and [types[1]] == results:
            out.item(f"{types[0]}, {types[1]}")
        else:
            out.item(f"({', '.join(types)}) -> {function_results(results)}")


@directive("list_then")
class ListThen(Element):
    """Operands, each followed by a comma, up to a keyword: ``%a, %b, dim``."""

    def __init__(self, scope: Scope, group: str, keyword: str) -> None:
        self.group = scope.operand_index(group)
        self.group_name = group
        self.keyword = keyword

    def read(self, state: State, pos: int) -> int:
        refs, pos = state.operand_list(pos)
        state.groups[self.group].extend(refs)
        if refs:
            pos = state.expect(pos, ",")
        return state.expect(pos, self.keyword)

    def write(self, out: WriteState) -> None:
        out.item(", ".join([*out.groups[self.group_name], self.keyword]))


@directive("slice_ranges")
class SliceRanges(Element):
    """``[0:4, 1:9:2]``: start, limit and stride of each dimension."""

    printed = ("start_indices", "limit_indices", "strides")

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        begin = state.skip(pos)
        pos = state.expect(pos, "[")
        columns: tuple[list[str], ...] = ([], [], [])
        after = state.accept(pos, "]")
        while after < 0:
            start, pos = state.attribute(pos, typed=False)
            limit, pos = state.attribute(state.expect(pos, ":"), typed=False)
            stride = "1"
            colon = state.accept(pos, ":")
            if colon >= 0:
                value, pos = state.attribute(colon, typed=False)
                stride = value.text
            for column, text in zip(columns, (start.text, limit.text, stride), strict=True):
                column.append(text)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, "]")
        for name, column in zip(self.printed, columns, strict=True):
            state.properties[name] = AttrRef(dense_array("i64", column), begin, after)
        return after

    def write(self, out: WriteState) -> None:
        columns = [array_values(out.properties[name]) for name in self.printed]
        shown = [f"{a}:{b}" + (f":{c}" if c != "1" else "") for a, b, c in zip(*columns, strict=True)]
        out.item(f"[{', '.join(shown)}]")


class Precision(Kind):
    """``[DEFAULT, HIGHEST]`` for an array of ``#stablehlo<precision ...>``."""

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        start = state.skip(pos)
        words, end = state.bracketed(pos)
        body = ", ".join(f"#stablehlo<precision {word}>" for word in words)
        return AttrRef(f"[{body}]", start, end), end

    def write(self, value: str) -> str | None:
        return "[" + ", ".join(re.findall(r"#stablehlo<precision (\w+)>", value)) + "]"


kind("precision", Precision)


class SymbolString(Kind):
    """``@name`` for the string ``"name"``, without defining a symbol."""

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        name, start, end = state.symbol_name(pos)
        return AttrRef(name if name[0] == '"' else f'"{name}"', start, end), end

    def write(self, value: str) -> str | None:
        name = value.strip('"')
        return f"@{name}" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$.]*", name) else f"@{value}"


kind("symbol_string", SymbolString)


@directive("dot_dimensions")
class DotDimensions(Element):
    """``batching_dims = [0] x [0], contracting_dims = [1] x [0], precision = [...], algorithm = <...>``."""

    printed = ("dot_dimension_numbers", "precision_config", "algorithm")

    def __init__(self, scope: Scope) -> None:
        self.precision = Precision()

    def read(self, state: State, pos: int) -> int:
        start = state.skip(pos)
        parts: list[str] = []
        batching = state.accept(pos, "batching_dims")
        if batching >= 0:
            lhs, rhs, pos = self._pair(state, batching)
            if lhs or rhs:
                parts += [f"lhs_batching_dimensions = [{lhs}]", f"rhs_batching_dimensions = [{rhs}]"]
            comma = state.accept(pos, ",")
            if comma >= 0 and state.at(comma, "contracting_dims"):
                pos = comma
        contracting = state.accept(pos, "contracting_dims")
        if contracting >= 0:
            lhs, rhs, pos = self._pair(state, contracting)
            parts += [f"lhs_contracting_dimensions = [{lhs}]", f"rhs_contracting_dimensions = [{rhs}]"]
        state.properties["dot_dimension_numbers"] = AttrRef(f"#stablehlo.dot<{', '.join(parts)}>", start, pos)
        while state.at(pos, ","):
            word, pos = state.word(state.expect(pos, ","))
            pos = state.expect(pos, "=")
            if word == "precision":
                value, pos = self.precision.read(state, pos)
                state.properties["precision_config"] = value
            elif word == "algorithm":
                begin = state.skip(pos)
                if state.text[begin : begin + 1] == "<":
                    pos = balanced_end(state.text, begin, state.end)
                    value = AttrRef(f"#stablehlo.dot_algorithm{state.text[begin:pos]}", begin, pos)
                else:
                    value, pos = state.attribute(pos, typed=False)
                state.properties["algorithm"] = value
            else:
                raise state.fail(pos, "`precision` or `algorithm`")
        return pos

    def _pair(self, state: State, pos: int) -> tuple[str, str, int]:
        pos = state.expect(pos, "=")
        sides: list[str] = []
        for index in range(2):
            if index:
                pos = state.expect(pos, "x")
            values, pos = state.bracketed(pos)
            sides.append(", ".join(values))
        return sides[0], sides[1], pos

    def write(self, out: WriteState) -> None:
        text = out.properties["dot_dimension_numbers"]
        found = dict(re.findall(r"(\w+) = \[([^\]]*)\]", text))
        shown = []
        for word in ("batching", "contracting"):
            lhs, rhs = found.get(f"lhs_{word}_dimensions", ""), found.get(f"rhs_{word}_dimensions", "")
            if lhs or rhs or word == "contracting":
                shown.append(f"{word}_dims = [{lhs}] x [{rhs}]")
        if "precision_config" in out.properties:
            shown.append(f"precision = {self.precision.write(out.properties['precision_config'])}")
        if "algorithm" in out.properties:
            shown.append(
                f"algorithm = {out.properties['algorithm'].removeprefix('#stablehlo.dot_algorithm')}"
            )
        out.item(", ".join(shown))


_WINDOW_FIELDS = {
    "stride": ("window_strides", "i64"),
    "lhs_dilate": ("lhs_dilation", "i64"),
    "rhs_dilate": ("rhs_dilation", "i64"),
    "reverse": ("window_reversal", "i1"),
}


@directive("convolution")
class Convolution(Element):
    """``[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], ...], ...}``."""

    printed = (
        "dimension_numbers",
        "window_strides",
        "padding",
        "lhs_dilation",
        "rhs_dilation",
        "window_reversal",
    )

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        match = _CONVOLUTION.match(state.text, pos, state.end)
        if match is None:
            raise state.fail(pos, "dimension numbers such as [b, 0, f]x[0, i, o]->[b, 0, f]")
        start = state.skip(pos)
        pos = match.end()
        state.properties["dimension_numbers"] = AttrRef(
            f"#stablehlo.conv<{state.text[start:pos]}>", start, pos
        )
        pos = state.expect(state.expect(state.expect(pos, ","), "window"), "=")
        entries, pos = state.dictionary(pos)
        for entry in entries:
            if entry.value is None:
                raise Mismatch(entry.key_start, "a window field with a value")
            body = entry.value.text[1:-1].strip()
            if entry.key == "pad":
                rows = body.count("[")
                text = f"dense<[{body}]> : tensor<{rows}x2xi64>"
                state.properties["padding"] = AttrRef(text, entry.value.start, entry.value.end)
            elif entry.key in _WINDOW_FIELDS:
                name, element = _WINDOW_FIELDS[entry.key]
                values = [v.strip() for v in body.split(",") if v.strip()]
                if element == "i1":
                    values = ["true" if v in ("true", "1") else "false" for v in values]
                state.properties[name] = AttrRef(
                    dense_array(element, values), entry.value.start, entry.value.end
                )
            else:
                raise Mismatch(entry.key_start, "stride, pad, lhs_dilate, rhs_dilate or reverse")
        return pos

    def write(self, out: WriteState) -> None:
        numbers = out.properties["dimension_numbers"].removeprefix("#stablehlo.conv<").removesuffix(">")
        fields = []
        for word in ("stride", "pad", "lhs_dilate", "rhs_dilate", "reverse"):
            if word == "pad":
                value = out.properties.get("padding")
                if value is not None:
                    body = value.removeprefix("dense<").rpartition("> :")[0]
                    if not body.startswith("[["):
                        raise CannotWrite("padding")
                    fields.append(f"pad = {body}")
                continue
            name, _ = _WINDOW_FIELDS[word]
            if name in out.properties:
                fields.append(f"{word} = [{', '.join(array_values(out.properties[name]))}]")
        out.item(f"{numbers}, window = {{{', '.join(fields)}}}")


@directive("exponent_mantissa")
class ExponentMantissa(Element):
    """``e8m7``: the bits of exponent and mantissa."""

    printed = ("exponent_bits", "mantissa_bits")

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        match = _FORMAT.match(state.text, pos, state.end)
        if match is None:
            raise state.fail(pos, "a format such as e8m7")
        for name, bits in zip(self.printed, match.groups(), strict=True):
            state.properties[name] = AttrRef(f"{bits} : i32", match.start(1) - 1, match.end())
        return match.end()

    def write(self, out: WriteState) -> None:
        bits = [out.properties[name].partition(" ")[0] for name in self.printed]
        out.item(f"e{bits[0]}m{bits[1]}")


@directive("optimization_barrier")
class OptimizationBarrier(Element):
    """``%a, %b : T, U``, or ``()`` without operands."""

    def __init__(self, scope: Scope, variable: str) -> None:
        self.variable = variable

    def read(self, state: State, pos: int) -> int:
        empty = state.accept(pos, "(")
        if empty >= 0:
            state.types[self.variable] = ()
            return state.expect(empty, ")")
        refs, pos = state.operand_list(pos)
        state.groups[0].extend(refs)
        if state.at(pos, "{"):
            entries, pos = state.dictionary(pos)
            state.attributes.extend(entries)
        types, pos = state.type_list(state.expect(pos, ":"))
        state.types[self.variable] = tuple(types)
        return pos

    def write(self, out: WriteState) -> None:
        values = out.groups["operand"]
        if not values:
            out.item("()")
            return
        out.item(", ".join(values))
        out.dictionary(out.remaining())
        out.literal(":")
        out.item(", ".join(out.group_types["operand"]))


@directive("while_header")
class WhileHeader(Element):
    """``(%i = %a, ...) : T, ... [attributes {...}]``: both regions get arguments of these names."""

    def __init__(self, scope: Scope, variable: str) -> None:
        self.variable = variable

    def read(self, state: State, pos: int) -> int:
        pos = state.expect(pos, "(")
        refs: list[NameRef] = state.groups[0]
        after = state.accept(pos, ")")
        while after < 0:
            name, start, end = state.definition(pos)
            for region in (0, 1):
                pending = PendingArgument(name, start, end, variable=self.variable, index=len(refs))
                state.argument(region, pending)
            ref, pos = state.operand(state.expect(end, "="))
            refs.append(ref)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, ")")
        pos = after
        state.types[self.variable] = ()
        if refs:
            types, pos = state.type_list(state.expect(pos, ":"))
            state.types[self.variable] = tuple(types)
        words = state.accept(pos, "attributes")
        if words >= 0:
            entries, pos = state.dictionary(words)
            state.attributes.extend(entries)
        return pos

    def write(self, out: WriteState) -> None:
        names = [name for name, _ in out.region_arguments[0]]
        if names != [name for name, _ in out.region_arguments[1]]:
            raise CannotWrite("different argument names")
        values = out.groups["operand"]
        out.glue()
        out.item(f"({', '.join(f'{a} = {b}' for a, b in zip(names, values, strict=True))})")
        if values:
            out.literal(":")
            out.item(", ".join(out.group_types["operand"]))
        entries = out.remaining()
        if entries:
            out.literal("attributes")
            out.dictionary(entries)


@directive("stablehlo_reduce")
class Reduce(Element):
    """Both forms of reduce: ``(%a init: %b) applies OP across dimensions = [0]``, or with a ``reducer``."""

    printed = ("dimensions",)

    def __init__(self, scope: Scope, inputs: str, outputs: str) -> None:
        self.inputs = inputs
        self.outputs = outputs

    def read(self, state: State, pos: int) -> int:
        values: list[NameRef] = []
        starts: list[NameRef] = []
        while True:
            ref, pos = state.operand(state.expect(pos, "("))
            values.append(ref)
            ref, pos = state.operand(state.expect(state.expect(pos, "init"), ":"))
            starts.append(ref)
            pos = state.expect(pos, ")")
            comma = state.accept(pos, ",")
            if comma < 0:
                break
            pos = comma
        state.groups[0].extend(values + starts)
        name: str | None = None
        applies = state.accept(pos, "applies")
        if applies >= 0:
            match = _OPERATION_NAME.match(state.text, applies, state.end)
            if match is None:
                raise state.fail(applies, "the name of an operation")
            name, pos = match.group(1), match.end()
        pos = state.expect(state.expect(state.expect(pos, "across"), "dimensions"), "=")
        start = state.skip(pos)
        inner, pos = state.bracketed(start)
        state.properties["dimensions"] = AttrRef(dense_array("i64", inner), start, pos)
        if state.at(pos, "{"):
            entries, pos = state.dictionary(pos)
            state.attributes.extend(entries)
        inputs, pos = state.parenthesized_types(state.expect(pos, ":"))
        outputs, pos = state.result_list(state.expect(pos, "->"))
        state.types[self.inputs] = tuple(inputs)
        state.types[self.outputs] = tuple(outputs)
        if name is not None:
            state.bodies[0] = self._applied_body(state, name, inputs)
            return pos
        return self._reducer(state, pos, len(values))

    def _applied_body(self, state: State, name: str, inputs: list[TypeRef]) -> str:
        if len(inputs) != 2:
            raise Mismatch(inputs[0].start, "one input and one initial value before `applies`")
        parts = shaped(state.resolve(inputs[0].text))
        if parts is None:
            raise Mismatch(inputs[0].start, "a tensor type")
        scalar = f"tensor<{parts[2]}>"
        return (
            f"^bb0(%implied_lhs_: {scalar}, %implied_rhs_: {scalar}):\n"
            f'  %implied_ = "{name}"(%implied_lhs_, %implied_rhs_) : ({scalar}, {scalar}) -> {scalar}\n'
            f'  "stablehlo.return"(%implied_) : ({scalar}) -> ()'
        )

    def _reducer(self, state: State, pos: int, count: int) -> int:
        pos = state.expect(pos, "reducer")
        firsts: list[PendingArgument] = []
        seconds: list[PendingArgument] = []
        for _ in range(count):
            pos = state.expect(pos, "(")
            pos = self._argument(state, pos, firsts)
            pos = self._argument(state, state.expect(pos, ","), seconds)
            pos = state.expect(pos, ")")
        for pending in firsts + seconds:
            state.argument(0, pending)
        return state.region(pos, 0)

    def _argument(self, state: State, pos: int, found: list[PendingArgument]) -> int:
        name, start, end = state.definition(pos)
        type_, pos = state.type(state.expect(end, ":"))
        before, state.location = state.location, None
        pos = state.trailing_location(pos)
        found.append(PendingArgument(name, start, end, type_, location=state.location))
        state.location = before
        return pos

    def write(self, out: WriteState) -> None:
        values = out.groups["operands"]
        half = len(values) // 2
        arguments = out.region_arguments[0]
        region = out.region_texts[0]
        if region is None or len(arguments) != 2 * half or not half:
            raise CannotWrite("a body that the header does not show")
        out.glue()
        out.item(", ".join(f"({values[i]} init: {values[half + i]})" for i in range(half)))
        out.item(f"across dimensions = [{', '.join(array_values(out.properties['dimensions']))}]")
        out.dictionary(out.remaining())
        out.item(f": ({', '.join(out.group_types['operands'])}) -> {function_results(out.result_types)}")
        pairs = []
        for i in range(half):
            (first, first_type), (second, second_type) = arguments[i], arguments[half + i]
            pairs.append(f"({first}: {first_type}, {second}: {second_type})")
        out.parts.append(f"\n reducer{' '.join(pairs)} {region}")

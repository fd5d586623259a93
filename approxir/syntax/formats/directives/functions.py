"""Function-like operations: visibility, name, arguments with attributes, results, attributes, body."""

from __future__ import annotations

from approxir.syntax.formats.directives.common import function_results
from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef, TypeRef
from approxir.syntax.formats.inference import function_parts
from approxir.syntax.formats.output import CannotWrite, WriteState
from approxir.syntax.formats.spans import balanced_end, location_end
from approxir.syntax.formats.state import LABEL_RE, PendingArgument, State

_VISIBILITY = ("public", "private", "nested")


@directive("visibility")
class Visibility(Element):
    """``public``, ``private`` or ``nested``, or nothing."""

    printed = ("sym_visibility",)

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        for word in _VISIBILITY:
            after = state.accept(pos, word)
            if after >= 0:
                state.properties["sym_visibility"] = AttrRef(f'"{word}"', after - len(word), after)
                return after
        return pos

    def present(self, out: WriteState) -> bool:
        return "sym_visibility" in out.properties

    def write(self, out: WriteState) -> None:
        value = out.properties.get("sym_visibility")
        if value is not None:
            out.literal(value.strip('"'))


@directive("token_ordering")
class TokenOrdering(Element):
    """``ordering(%t, ... -> type)`` of ml_program's graph accesses; only its operands matter."""

    def __init__(self, scope: Scope) -> None:
        self.group = scope.operand_index("consumeTokens")

    def read(self, state: State, pos: int) -> int:
        after = state.accept(pos, "ordering")
        if after < 0:
            return pos
        pos = state.expect(after, "(")
        produced = state.accept(pos, "(")
        if produced >= 0:
            pos = state.expect(produced, ")")
        else:
            refs, pos = state.operand_list(pos)
            state.groups[self.group].extend(refs)
        arrow = state.accept(pos, "->")
        if arrow >= 0:
            _, pos = state.type(arrow)
        return state.expect(pos, ")")


@directive("labelled_region")
class LabelledRegion(Element):
    """A region whose first label spells the types of the operation's operands."""

    def __init__(self, scope: Scope, region: str, variable: str) -> None:
        self.region = scope.region_index(region)
        self.variable = variable

    def read(self, state: State, pos: int) -> int:
        end = state.region(pos, self.region)
        types: list[TypeRef] = []
        label = LABEL_RE.match(state.text, state.skip(pos) + 1, end)
        paren = -1 if label is None else state.accept(label.end(), "(")
        while paren >= 0 and state.is_operand(paren):
            name = state.definition(paren)
            ref, after = state.type(state.expect(name[2], ":"))
            types.append(ref)
            paren = state.accept(location_end(state.text, after, state.end), ",")
        if len(types) == len(state.groups[0]):
            state.types[self.variable] = tuple(types)
        return end

    def present(self, out: WriteState) -> bool:
        return True

    def write(self, out: WriteState) -> None:
        text = out.region_texts[self.region]
        if text is None:
            raise CannotWrite("a missing region")
        out.item(text)


@directive("function")
class FunctionSignature(Element):
    """``(%a: T {attributes}, ...) -> (R {attributes}, ...)`` of a function-like operation.

    A declaration may leave out the names. The property `function_type` gets the type, `arg_attrs` and
    `res_attrs` the attributes. With `style` ``llvm`` the type is ``!llvm.func<R (A, ...)>``.
    """

    printed = ("function_type", "arg_attrs", "res_attrs")

    def __init__(self, scope: Scope, region: str, style: str = "builtin") -> None:
        self.region = scope.region_index(region)
        self.llvm = style == "llvm"

    def read(self, state: State, pos: int) -> int:
        begin = state.skip(pos)
        pos = state.expect(pos, "(")
        types: list[str] = []
        dictionaries: list[str] = []
        after = state.accept(pos, ")")
        while after < 0:
            if state.at(pos, "..."):
                types.append("...")
                after = state.expect(state.expect(pos, "..."), ")")
                break
            pos = self._argument(state, pos, types, dictionaries)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, ")")
        pos = after
        results: list[str] = []
        result_dictionaries: list[str] = []
        arrow = state.accept(pos, "->")
        if arrow >= 0:
            pos = self._results(state, arrow, results, result_dictionaries)
        if self.llvm:
            text = f"!llvm.func<{results[0] if results else 'void'} ({', '.join(types)})>"
        else:
            text = f"({', '.join(types)}) -> {function_results(results)}"
        state.properties["function_type"] = AttrRef(text, begin, pos)
        for key, found in (("arg_attrs", dictionaries), ("res_attrs", result_dictionaries)):
            if any(found):
                state.properties[key] = AttrRef(f"[{', '.join(d or '{}' for d in found)}]")
        return pos

    def _argument(self, state: State, pos: int, types: list[str], dictionaries: list[str]) -> int:
        name: tuple[str, int, int] | None = None
        if state.is_operand(pos):
            name = state.definition(pos)
            pos = state.expect(name[2], ":")
        type_, pos = state.type(pos)
        types.append(type_.text)
        pos = _dictionary(state, pos, dictionaries)
        location_before = state.location
        state.location = None
        pos = state.trailing_location(pos)
        location, state.location = state.location, location_before
        if name is not None:
            state.argument(
                self.region,
                PendingArgument(*name, TypeRef(type_.text, type_.start, type_.end), location=location),
            )
        return pos

    def _results(self, state: State, pos: int, types: list[str], dictionaries: list[str]) -> int:
        if not state.at(pos, "(") or self._is_function_type(state, pos):
            type_, pos = state.type(pos)
            types.append(type_.text)
            return pos
        pos = state.expect(pos, "(")
        after = state.accept(pos, ")")
        while after < 0:
            type_, pos = state.type(pos)
            types.append(type_.text)
            pos = _dictionary(state, pos, dictionaries)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, ")")
        return after

    def _is_function_type(self, state: State, pos: int) -> bool:
        end = balanced_end(state.text, state.skip(pos), state.end)
        return state.at(end, "->")

    def write(self, out: WriteState) -> None:
        inputs, outputs = function_parts(out.properties.get("function_type"))
        if inputs is None or outputs is None or self.llvm:
            raise CannotWrite("function_type")
        dictionaries = split_array(out.properties.get("arg_attrs"))
        body = out.region_texts[self.region] if self.region < len(out.region_texts) else None
        names = [name for name, _ in out.region_arguments[self.region]] if body is not None else []
        arguments = []
        for index, type_ in enumerate(inputs):
            text = f"{names[index]}: {type_.text}" if body is not None else type_.text
            arguments.append(_with_dictionary(text, dictionaries, index))
        out.glue()
        out.item(f"({', '.join(arguments)})")
        result_dictionaries = split_array(out.properties.get("res_attrs"))
        if outputs:
            shown = [_with_dictionary(t.text, result_dictionaries, i) for i, t in enumerate(outputs)]
            plain = all(d == "{}" for d in result_dictionaries)
            out.literal("->")
            out.item(function_results(shown) if plain else f"({', '.join(shown)})")


def _dictionary(state: State, pos: int, dictionaries: list[str]) -> int:
    if not state.at(pos, "{"):
        dictionaries.append("")
        return pos
    start = state.skip(pos)
    end = balanced_end(state.text, start, state.end)
    text = state.text[start:end]
    dictionaries.append(text if text[1:-1].strip() else "")
    return end


def _with_dictionary(text: str, dictionaries: list[str], index: int) -> str:
    if index < len(dictionaries) and dictionaries[index] != "{}":
        return f"{text} {dictionaries[index]}"
    return text


def split_array(text: str | None) -> list[str]:
    """The elements of an array attribute ``[a, b]``, as text."""
    if text is None:
        return []
    state = State(text, len(text), None, None, 0, 0)
    pos = state.expect(0, "[")
    found: list[str] = []
    if state.at(pos, "]"):
        return found
    while True:
        value, pos = state.attribute(pos)
        found.append(value.text)
        comma = state.accept(pos, ",")
        if comma < 0:
            return found
        pos = comma

"""Directives used by many dialects: function types, result arrows, block arguments, index lists."""

from __future__ import annotations

from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef, NameRef, TypeRef
from approxir.syntax.formats.output import CannotWrite, WriteState
from approxir.syntax.formats.spans import Mismatch
from approxir.syntax.formats.state import PendingArgument, State

DYNAMIC = "-9223372036854775808"
"""How the static part of a mixed index list marks a place that an operand fills."""


def as_list(value: str | list[str] | None) -> list[str]:
    """The types bound to a variable, one or many."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


def function_results(types: list[str]) -> str:
    """The right side of a function type, in parentheses where it must be."""
    if len(types) == 1 and not types[0].startswith("("):
        return types[0]
    return f"({', '.join(types)})"


@directive("functype")
class FunctionType(Element):
    """``(A) -> R``: binds the operand types and the result types."""

    def __init__(self, scope: Scope, inputs: str, outputs: str) -> None:
        self.inputs = inputs
        self.outputs = outputs

    def read(self, state: State, pos: int) -> int:
        inputs, pos = state.parenthesized_types(pos)
        outputs, pos = state.result_list(state.expect(pos, "->"))
        state.types[self.inputs] = tuple(inputs)
        state.types[self.outputs] = tuple(outputs)
        return pos

    def starts(self, state: State, pos: int) -> bool:
        return state.at(pos, "(")

    def write(self, out: WriteState) -> None:
        out.item(f"({', '.join(as_list(out.types.get(self.inputs)))})")
        out.literal("->")
        out.item(function_results(as_list(out.types.get(self.outputs))))

    def present(self, out: WriteState) -> bool:
        return True


@directive("arrow")
class Arrow(Element):
    """``-> T`` or ``-> (T, ...)``, or nothing when there are no results."""

    def __init__(self, scope: Scope, variable: str, style: str = "parens") -> None:
        self.variable = variable
        self.parens = style == "parens"

    def starts(self, state: State, pos: int) -> bool:
        return state.at(pos, "->")

    def read(self, state: State, pos: int) -> int:
        after = state.accept(pos, "->")
        if after < 0:
            state.types[self.variable] = ()
            return pos
        types, pos = state.result_list(after)
        state.types[self.variable] = tuple(types)
        return pos

    def present(self, out: WriteState) -> bool:
        return bool(as_list(out.types.get(self.variable)))

    def write(self, out: WriteState) -> None:
        types = as_list(out.types.get(self.variable))
        if types:
            out.literal("->")
            out.item(f"({', '.join(types)})" if self.parens else function_results(types))


@directive("argument")
class Argument(Element):
    """The name of one block argument of a region, its type that of a variable."""

    def __init__(self, scope: Scope, region: str, variable: str) -> None:
        self.region = scope.region_index(region)
        self.variable = variable

    def read(self, state: State, pos: int) -> int:
        name, start, end = state.definition(pos)
        state.argument(self.region, PendingArgument(name, start, end, variable=self.variable))
        return end

    def write(self, out: WriteState) -> None:
        out.item(out.region_arguments[self.region][0][0])


@directive("arguments")
class Arguments(Element):
    """``(%i, %j)``: block arguments that share the type of one variable."""

    def __init__(self, scope: Scope, region: str, type_: str) -> None:
        self.region = scope.region_index(region)
        self.type = type_

    def starts(self, state: State, pos: int) -> bool:
        return state.at(pos, "(")

    def read(self, state: State, pos: int) -> int:
        pos = state.expect(pos, "(")
        after = state.accept(pos, ")")
        while after < 0:
            name, start, pos = state.definition(pos)
            state.argument(self.region, PendingArgument(name, start, pos, TypeRef(self.type)))
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, ")")
        return after

    def write(self, out: WriteState) -> None:
        count = sum(1 for _, type_ in out.region_arguments[self.region] if type_ == self.type)
        out.item(f"({', '.join(name for name, _ in out.region_arguments[self.region][:count])})")


@directive("assignments")
class Assignments(Element):
    """``(%a = %b, ...)``: block arguments and the operands they start from; types by variable."""

    def __init__(self, scope: Scope, region: str, group: str, variable: str) -> None:
        self.region = scope.region_index(region)
        self.group_name = group
        self.group = scope.operand_index(group)
        self.variable = variable

    def starts(self, state: State, pos: int) -> bool:
        return state.at(pos, "(")

    def read(self, state: State, pos: int) -> int:
        pos = state.expect(pos, "(")
        after = state.accept(pos, ")")
        refs: list[NameRef] = state.groups[self.group]
        while after < 0:
            name, start, end = state.definition(pos)
            state.argument(
                self.region, PendingArgument(name, start, end, variable=self.variable, index=len(refs))
            )
            pos = state.trailing_location(end)
            ref, pos = state.operand(state.expect(pos, "="))
            refs.append(ref)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, ")")
        return after

    def present(self, out: WriteState) -> bool:
        return bool(out.groups[self.group_name])

    def write(self, out: WriteState) -> None:
        values = out.groups[self.group_name]
        arguments = out.region_arguments[self.region]
        names = [name for name, _ in arguments[len(arguments) - len(values) :]]
        if len(names) != len(values):
            raise CannotWrite(self.group_name)
        out.item(f"({', '.join(f'{a} = {b}' for a, b in zip(names, values, strict=True))})")


@directive("mixed")
class Mixed(Element):
    """``[%a, 4, [8]]``: indices of which some are operands, the others numbers in a property."""

    def __init__(self, scope: Scope, group: str, prop: str, brackets: str = "[]", scalable: str = "") -> None:
        self.group_name = group
        self.group = scope.operand_index(group)
        self.prop = prop
        self.open, self.close = brackets[0], brackets[1]
        self.scalable = scalable
        self.printed = (prop, scalable) if scalable else (prop,)

    def starts(self, state: State, pos: int) -> bool:
        return state.at(pos, self.open)

    def read(self, state: State, pos: int) -> int:
        start = state.skip(pos)
        pos = state.expect(pos, self.open)
        values: list[str] = []
        flags: list[str] = []
        after = state.accept(pos, self.close)
        while after < 0:
            inner = state.accept(pos, "[") if self.scalable else -1
            flags.append("false" if inner < 0 else "true")
            pos = inner if inner >= 0 else pos
            if state.is_operand(pos):
                ref, pos = state.operand(pos)
                if state.at(pos, ":"):
                    _, pos = state.type(state.expect(pos, ":"))
                state.groups[self.group].append(ref)
                values.append(DYNAMIC)
            else:
                number, pos = state.attribute(pos, typed=False)
                if not number.text.lstrip("-").isdigit():
                    raise Mismatch(number.start, "an SSA value or a number")
                values.append(number.text)
            if inner >= 0:
                pos = state.expect(pos, "]")
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, self.close)
        state.properties[self.prop] = AttrRef(dense_array("i64", values), start, after)
        if self.scalable and "true" in flags:
            state.properties[self.scalable] = AttrRef(dense_array("i1", flags))
        return after

    def present(self, out: WriteState) -> bool:
        return self.prop in out.properties

    def write(self, out: WriteState) -> None:
        operands = iter(out.groups[self.group_name])
        values = array_values(out.properties.get(self.prop, "array<i64>"))
        flags = array_values(out.properties.get(self.scalable, "array<i1>")) if self.scalable else []
        shown = []
        for index, value in enumerate(values):
            text = next(operands, None) if value == DYNAMIC else value
            if text is None:
                raise CannotWrite(self.prop)
            shown.append(f"[{text}]" if index < len(flags) and flags[index] == "true" else text)
        out.item(f"{self.open}{', '.join(shown)}{self.close}")


def dense_array(element: str, values: list[str]) -> str:
    """``array<i64: 1, 2>``."""
    return f"array<{element}: {', '.join(values)}>" if values else f"array<{element}>"


def array_values(text: str) -> list[str]:
    """The elements of an ``array<...>`` attribute, as text."""
    body = text.partition(":")[2].rstrip("> ")
    return [value.strip() for value in body.split(",")] if body.strip() else []


@directive("same_types")
class SameTypes(Element):
    """``T``, when operands and results share one type, else the whole function type."""

    def __init__(self, scope: Scope, inputs: str, outputs: str) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.groups = [name for name, _, _ in scope.entry.operands]

    def read(self, state: State, pos: int) -> int:
        if state.at(pos, "("):
            inputs, pos = state.parenthesized_types(pos)
            outputs, pos = state.result_list(state.expect(pos, "->"))
            state.types[self.inputs] = tuple(inputs)
            state.types[self.outputs] = tuple(outputs)
            return pos
        ref, pos = state.type(pos)
        count = sum(len(group) for group in state.groups)
        state.types[self.inputs] = (ref,) * count
        state.types[self.outputs] = (ref,)
        return pos

    def write(self, out: WriteState) -> None:
        inputs = as_list(out.types.get(self.inputs))
        if not inputs:
            inputs = [t for name in self.groups for t in out.group_types[name]]
        outputs = as_list(out.types.get(self.outputs))
        if len(set(inputs + outputs)) == 1:
            out.item((inputs + outputs)[0])
            return
        out.item(f"({', '.join(inputs)}) -> {function_results(outputs)}")


@directive("unit_region")
class MissingRegion(Element):
    """A region that the custom form never shows; it stays empty in the generic form."""

    def __init__(self, scope: Scope, region: str) -> None:
        self.region = scope.region_index(region)

    def read(self, state: State, pos: int) -> int:
        return pos

    def write(self, out: WriteState) -> None:
        return


@directive("no_terminator")
class NoTerminator(Element):
    """The region's implied terminator is not supplied (it must be written)."""

    def __init__(self, scope: Scope, *regions: str) -> None:
        self.regions = [scope.region_index(region) for region in regions]

    def read(self, state: State, pos: int) -> int:
        for region in self.regions:
            state.terminators[region] = None
        return pos

    def write(self, out: WriteState) -> None:
        return


@directive("constant_property")
class ConstantProperty(Element):
    """A property with a fixed value that the text does not spell."""

    def __init__(self, scope: Scope, name: str, value: str) -> None:
        self.name = name
        self.value = value
        self.printed = (name,)

    def read(self, state: State, pos: int) -> int:
        state.properties.setdefault(self.name, AttrRef(self.value))
        return pos

    def write(self, out: WriteState) -> None:
        return

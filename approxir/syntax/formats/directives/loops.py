"""Directives of cf and scf: switches, cases, and the header of ``scf.forall``."""

from __future__ import annotations

from approxir.syntax.formats.directives.common import DYNAMIC, Mixed, array_values, dense_array
from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef, NameRef, SuccessorRef, TypeRef
from approxir.syntax.formats.output import CannotWrite, WriteState
from approxir.syntax.formats.state import LABEL_RE, PendingArgument, State


@directive("switch_cases")
class SwitchCases(Element):
    """The cases of a ``switch`` to blocks: ``default: ^bb1(%a : T), 42: ^bb2, ...``.

    The operation declares the operand groups `default_operands` and `case_operands` (in this order at
    the end) with list variables, and keeps the values and the operand counts as properties.
    """

    def __init__(
        self,
        scope: Scope,
        values: str = "case_values",
        counts: str = "case_operand_segments",
        style: str = "builtin",
    ) -> None:
        names = [group for group, _, _ in scope.entry.operands]
        self.default, self.cases = (scope.operand_index(name) for name in names[-2:])
        self.names = names
        self.values = values
        self.counts = counts
        self.printed = (values, counts)

    def read(self, state: State, pos: int) -> int:
        pos = state.expect(state.expect(pos, "default"), ":")
        pos, types = self._target(state, pos, self.default)
        case_types: list[TypeRef] = []
        values: list[str] = []
        counts: list[str] = []
        while True:
            comma = state.accept(pos, ",")
            if comma < 0:
                break
            value, pos = state.attribute(comma, typed=False)
            values.append(value.text)
            before = len(state.groups[self.cases])
            pos, found = self._target(state, state.expect(pos, ":"), self.cases)
            counts.append(str(len(state.groups[self.cases]) - before))
            case_types.extend(found)
        state.types["A"] = tuple(types)
        state.types["B"] = tuple(case_types)
        flag = state.types.get("T")
        if values:
            width = flag.text if isinstance(flag, TypeRef) else "i32"
            body = f"dense<[{', '.join(values)}]>" if len(values) > 1 else f"dense<{values[0]}>"
            state.properties[self.values] = AttrRef(f"{body} : vector<{len(values)}x{width}>")
        state.properties[self.counts] = AttrRef(dense_array("i32", counts))
        return pos

    def write(self, out: WriteState) -> None:
        text = out.properties.get(self.values, "")
        body = text.removeprefix("dense<").rpartition("> :")[0].strip("[]")
        values = [value.strip() for value in body.split(",") if value.strip()]
        counts = [int(count) for count in array_values(out.properties.get(self.counts, "array<i32>"))]
        targets = [found for group in out.successors.values() for found in group]
        if len(values) != len(counts) or len(targets) != len(values) + 1:
            raise CannotWrite(self.values)
        default, cases = self.names[-2], self.names[-1]
        first = _target_text(targets[0][0], out.groups[default], out.group_types[default])
        rest = []
        at = 0
        for value, count, (label, _) in zip(values, counts, targets[1:], strict=True):
            operands, types = out.groups[cases][at : at + count], out.group_types[cases][at : at + count]
            rest.append(f"{value}: {_target_text(label, operands, types)}")
            at += count
        self._write_targets(out, first, rest)

    def _write_targets(self, out: WriteState, first: str, rest: list[str]) -> None:
        out.item(", ".join([f"default: {first}", *rest]))

    def _target(self, state: State, pos: int, group: int) -> tuple[int, list[TypeRef]]:
        match = LABEL_RE.match(state.text, pos, state.end)
        if match is None:
            raise state.fail(pos, "a block such as ^bb1")
        pos = match.end()
        types: list[TypeRef] = []
        refs: list[NameRef] = []
        paren = state.accept(pos, "(")
        if paren >= 0:
            refs, pos = state.operand_list(paren)
            types, pos = state.type_list(state.expect(pos, ":"))
            pos = state.expect(pos, ")")
            state.groups[group].extend(refs)
        state.successors.append(SuccessorRef(match.group(1), match.start(1), match.end(), tuple(refs)))
        return pos, types


def _target_text(label: str, operands: list[str], types: list[str]) -> str:
    return f"{label}({', '.join(operands)} : {', '.join(types)})" if operands else label


@directive("switch_regions")
class SwitchRegions(Element):
    """``case 2 {...} ... default {...}`` of ``scf.index_switch``, whose first region is the default."""

    printed = ("cases",)

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        values: list[str] = []
        while True:
            after = state.accept(pos, "case")
            if after < 0:
                break
            value, pos = state.attribute(after, typed=False)
            values.append(value.text)
            pos = state.region(pos, len(values))
        state.properties["cases"] = AttrRef(dense_array("i64", values))
        return state.region(state.expect(pos, "default"), 0)

    def write(self, out: WriteState) -> None:
        values = array_values(out.properties.get("cases", "array<i64>"))
        regions = out.region_texts
        if len(regions) != len(values) + 1:
            raise CannotWrite("cases")
        for value, region in zip(
            [f"case {v}" for v in values] + ["default"], [*regions[1:], regions[0]], strict=True
        ):
            out.parts.append("\n")
            out.glue()
            out.item(f"{value} {region}")


@directive("forall_header")
class ForallHeader(Element):
    """``(%i, %j) in (%n, 4)`` or ``(%i) = (0) to (%n) step (2)``."""

    printed = ("staticLowerBound", "staticUpperBound", "staticStep")

    def __init__(self, scope: Scope) -> None:
        self.region = scope.region_index("body")
        self.lower = Mixed(scope, "dynamicLowerBound", "staticLowerBound", "()")
        self.upper = Mixed(scope, "dynamicUpperBound", "staticUpperBound", "()")
        self.step = Mixed(scope, "dynamicStep", "staticStep", "()")

    def read(self, state: State, pos: int) -> int:
        pos = state.expect(pos, "(")
        count = 0
        after = state.accept(pos, ")")
        while after < 0:
            name, start, pos = state.definition(pos)
            state.argument(self.region, PendingArgument(name, start, pos, TypeRef("index")))
            count += 1
            comma = state.accept(pos, ",")
            after = state.expect(pos, ")") if comma < 0 else -1
            pos = comma
        inside = state.accept(after, "in")
        if inside >= 0:
            state.properties["staticLowerBound"] = AttrRef(dense_array("i64", ["0"] * count))
            state.properties["staticStep"] = AttrRef(dense_array("i64", ["1"] * count))
            return self.upper.read(state, inside)
        pos = self.lower.read(state, state.expect(after, "="))
        pos = self.upper.read(state, state.expect(pos, "to"))
        return self.step.read(state, state.expect(pos, "step"))

    def write(self, out: WriteState) -> None:
        lower = array_values(out.properties.get("staticLowerBound", ""))
        step = array_values(out.properties.get("staticStep", ""))
        names = [name for name, _ in out.region_arguments[self.region][: len(lower)]]
        out.item(f"({', '.join(names)})")
        if set(lower) <= {"0"} and set(step) <= {"1"} and DYNAMIC not in lower + step:
            out.literal("in")
            self._bound(out, self.upper)
            return
        out.literal("=")
        self._bound(out, self.lower)
        out.literal("to")
        self._bound(out, self.upper)
        out.literal("step")
        self._bound(out, self.step)

    def _bound(self, out: WriteState, bound: Mixed) -> None:
        bound.write(out)

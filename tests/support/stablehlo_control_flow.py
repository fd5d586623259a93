"""Hypothesis strategies for functions of StableHLO with nested control flow.

`functions` draws the text of a function ``@f(tensor<i32>, tensor<i32>, tensor<3xf32>)``; every loop in it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

NUMBER, VECTOR, TRUTH = "tensor<i32>", "tensor<3xf32>", "tensor<i1>"
_TYPES = (NUMBER, VECTOR)
Draw = Callable[[st.SearchStrategy[Any]], Any]
Values = list[tuple[str, str]]


class _Writer:
    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.count = 0
        self.lines: list[str] = []

    def name(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def add(self, depth: int, text: str) -> None:
        self.lines.append("  " * depth + text)

    def pick(self, values: Values, kind: str) -> str:
        return str(self.draw(st.sampled_from([name for name, held in values if held == kind])))

    def number(self, value: int, depth: int) -> str:
        name = self.name()
        self.add(depth, f"{name} = stablehlo.constant dense<{value}> : {NUMBER}")
        return name

    def less(self, first: str, second: str, depth: int) -> str:
        name = self.name()
        self.add(
            depth,
            f"{name} = stablehlo.compare LT, {first}, {second}, SIGNED : ({NUMBER}, {NUMBER}) -> {TRUTH}",
        )
        return name

    def statements(self, values: Values, depth: int, levels: int) -> None:
        """A few statements; what they define is added to the values."""
        for _ in range(self.draw(st.integers(0, 3))):
            kinds = ["arithmetic", "if", "case", "while"] if levels else ["arithmetic"]
            kind = self.draw(st.sampled_from(kinds))
            getattr(self, f"_{kind}")(values, depth, levels - 1)

    def _arithmetic(self, values: Values, depth: int, levels: int) -> None:
        kind = self.draw(st.sampled_from(_TYPES))
        operation = self.draw(st.sampled_from(["add", "subtract", "maximum"]))
        name = self.name()
        operands = f"{self.pick(values, kind)}, {self.pick(values, kind)}"
        self.add(depth, f"{name} = stablehlo.{operation} {operands} : {kind}")
        values.append((name, kind))

    def _results(self) -> list[str]:
        return list(self.draw(st.lists(st.sampled_from(_TYPES), max_size=3)))

    def _region(self, values: Values, results: list[str], depth: int, levels: int) -> None:
        inside = list(values)
        self.statements(inside, depth, levels)
        self._return([(self.pick(inside, kind), kind) for kind in results], depth)

    def _return(self, values: Values, depth: int) -> None:
        names, kinds = [name for name, _ in values], [kind for _, kind in values]
        given = f" {', '.join(names)} : {', '.join(kinds)}" if values else ""
        self.add(depth, f"stablehlo.return{given}")

    def _defined(self, results: list[str], values: Values, depth: int) -> tuple[str, Callable[[], None]]:
        """What stands before the ``=`` of an operation, and what makes its results visible."""
        if not results:
            return "", lambda: None
        if len(results) > 1 and self.draw(st.booleans()):
            pack = self.name()
            names = [f"{pack}#{number}" for number in range(len(results))]
            text = f"{pack}:{len(results)} = "
        else:
            names = [self.name() for _ in results]
            text = f"{', '.join(names)} = "
        return text, lambda: values.extend(zip(names, results, strict=True))

    def _branches(
        self, name: str, operand: str, kind: str, count: int, values: Values, depth: int, levels: int
    ) -> None:
        results = self._results()
        left, define = self._defined(results, values, depth)
        self.add(depth, f'{left}"stablehlo.{name}"({operand}) ({{')
        for number in range(count):
            if number:
                self.add(depth, "}, {")
            self._region(values, results, depth + 1, levels)
        listed = results[0] if len(results) == 1 else f"({', '.join(results)})"
        self.add(depth, f"}}) : ({kind}) -> {listed}")
        define()

    def _if(self, values: Values, depth: int, levels: int) -> None:
        decision = self.less(self.pick(values, NUMBER), self.pick(values, NUMBER), depth)
        self._branches("if", decision, TRUTH, 2, values, depth, levels)

    def _case(self, values: Values, depth: int, levels: int) -> None:
        count = self.draw(st.integers(1, 4))
        self._branches("case", self.pick(values, NUMBER), NUMBER, count, values, depth, levels)

    def _while(self, values: Values, depth: int, levels: int) -> None:
        """A loop that counts up, and ends early when a condition on another value says so."""
        results = [NUMBER, *self._results()]
        initial = [self.number(0, depth), *(self.pick(values, kind) for kind in results[1:])]
        limit = self.number(self.draw(st.integers(0, 3)), depth)
        left, define = self._defined(results, values, depth)
        names = [self.name() for _ in results]
        carried = list(zip(names, results, strict=True))
        kinds = ", ".join(results)
        custom = self.draw(st.booleans())
        if custom:
            pairs = ", ".join(f"{a} = {b}" for a, b in zip(names, initial, strict=True))
            self.add(depth, f"{left}stablehlo.while({pairs}) : {kinds}")
            self.add(depth, "cond {")
        else:
            self.add(depth, f'{left}"stablehlo.while"({", ".join(initial)}) ({{')
            self._label(carried, depth)
        inside = [*values, *carried]
        goes_on = self.less(names[0], limit, depth + 1)
        if self.draw(st.booleans()):
            other = self.less(self.pick(inside, NUMBER), self.pick(inside, NUMBER), depth + 1)
            both = self.name()
            self.add(depth + 1, f"{both} = stablehlo.and {goes_on}, {other} : {TRUTH}")
            goes_on = both
        self._return([(goes_on, TRUTH)], depth + 1)
        self.add(depth, "} do {" if custom else "}, {")
        if not custom:
            carried = [(self.name(), kind) for kind in results]
            self._label(carried, depth)
        inside = [*values, *carried]
        self.statements(inside, depth + 1, levels)
        following = self.name()
        one = self.number(1, depth + 1)
        self.add(depth + 1, f"{following} = stablehlo.add {carried[0][0]}, {one} : {NUMBER}")
        others = [(self.pick(inside, kind), kind) for kind in results[1:]]
        self._return([(following, NUMBER), *others], depth + 1)
        listed = results[0] if len(results) == 1 else f"({kinds})"
        self.add(depth, "}" if custom else f"}}) : ({kinds}) -> {listed}")
        define()

    def _label(self, arguments: Values, depth: int) -> None:
        listed = ", ".join(f"{name}: {kind}" for name, kind in arguments)
        self.add(depth, f"^bb0({listed}):")


@st.composite
def functions(draw: Draw) -> str:
    """The text of a function with control flow up to three levels deep."""
    writer = _Writer(draw)
    values: Values = [("%a", NUMBER), ("%b", NUMBER), ("%x", VECTOR)]
    writer.statements(values, 1, 3)
    results = [(writer.pick(values, kind), kind) for kind in _TYPES]
    arguments = ", ".join(f"{name}: {kind}" for name, kind in values[:3])
    kinds = ", ".join(_TYPES)
    ending = f"  return {', '.join(name for name, _ in results)} : {kinds}"
    return "\n".join([f"func.func @f({arguments}) -> ({kinds}) {{", *writer.lines, ending, "}\n"])

"""Programs that run: modules with annotated functions, knobs, and the functions that those need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from approxir.errors import ArgumentError
from approxir.testing.generators.decisions import (
    CALL,
    Entries,
    choose,
    spelled,
    static_entries,
    tree_entries,
)
from approxir.testing.generators.program import Program
from approxir.testing.generators.statements import affine, blocks, control, knobs, memory, scalars, tensors
from approxir.testing.generators.statements.statement import Statement
from approxir.testing.generators.writer import (
    Callee,
    Helper,
    Needs,
    Rng,
    Scope,
    Value,
    Writer,
    listed,
)

__all__ = ["ALL_DIALECTS", "DIALECTS", "programs"]

DIALECTS = ("func", "arith", "math", "scf", "cf", "affine", "memref")
"""The dialects of programs, unless others are asked for."""

ALL_DIALECTS = (*DIALECTS, "vector", "tensor", "stablehlo")
"""The dialects that programs may be made of."""

_SCALARS = ("i32", "f32", "index", "i64", "f64", "i8", "i1")
_STATES = ("i32", "i64", "index")
_NAMES = ("f", "g", "h", "k")
_ODD_NAMES = ("f.1", "g_threshold_1", '"two words"', "k$-x")
_COMMENTS = (' approx.knob "f" {', " it's \"open", " } ) {", " %a = arith.addi", " ^bb1: @f")
_FLAVOURS = ("scalar", "tensor")


@lru_cache(maxsize=64)
def _statements(dialects: frozenset[str], with_knobs: bool, flavour: str) -> tuple[Statement, ...]:
    """The statements of these dialects, each as often as it weighs."""
    if flavour == "tensor":
        found = [*tensors.STATEMENTS, *(one for one in control.STATEMENTS if one.dialects == ("func",))]
    else:
        found = [*scalars.STATEMENTS, *memory.STATEMENTS, *control.STATEMENTS, *affine.STATEMENTS]
        found += [*blocks.STATEMENTS, *(knobs.STATEMENTS if with_knobs else ())]
    return tuple([one for one in found if dialects.issuperset(one.dialects) for _ in range(one.weight)])


@dataclass
class _Function:
    """A function that is written, and what its annotations say."""

    callee: Callee
    lines: list[tuple[int, str]]
    public: bool = True
    notes: list[str] = field(default_factory=list)
    after: bool = False


class _Module:
    """A module in the making."""

    def __init__(
        self,
        rng: Rng,
        dialects: frozenset[str],
        max_ops: int,
        with_knobs: bool,
        inexact: bool,
        calls_in_knobs: bool,
    ) -> None:
        self.rng = rng
        self.dialects = dialects
        self.with_knobs = with_knobs
        self.inexact = inexact
        self.left = max_ops
        self.needs = Needs(symbols=calls_in_knobs)
        self.functions: list[_Function] = []
        self.mixed = False
        flavours = [name for name in _FLAVOURS if (name == "tensor") <= ("stablehlo" in dialects)]
        self.flavour = rng.pick(flavours)

    # Functions.

    def arguments(self) -> list[str]:
        """The types of a function's arguments."""
        rng = self.rng
        if self.flavour == "tensor":
            return [
                rng.pick(("tensor<i32>", "i32")),
                *(rng.pick(tensors.TENSORS) for _ in range(rng.below(4))),
            ]
        kinds = [rng.pick(_SCALARS) for _ in range(rng.below(4))]
        if self.with_knobs and rng.chance() and not any(kind in _STATES for kind in kinds):
            # Of this a state can be made.
            kinds.append("i32")
        if "memref" in self.dialects:
            kinds += [rng.pick(memory.MEMREFS) for _ in range(rng.below(3))]
        return kinds

    def writer(self, arguments: Sequence[str], left: int) -> tuple[Writer, Scope, list[Value]]:
        statements = _statements(self.dialects, self.with_knobs, self.flavour)
        callees = [function.callee for function in self.functions] if "func" in self.dialects else []
        writer = Writer(self.rng, self.dialects, statements, left, self.needs, callees, self.mixed)
        given = [writer.fresh(kind) for kind in arguments]
        writer.symbols = {value.name for value in given if value.type == "index"}
        return writer, Scope(given), given

    def function(self, name: str, arguments: Sequence[str], left: int) -> _Function:
        """A function of at most so many operations, whose results are what it has computed."""
        rng = self.rng
        writer, scope, given = self.writer(arguments, left)
        most = 1 if self.flavour == "tensor" else 0
        if self.flavour != "tensor" and not scope.of("i32"):
            writer.value(scope, "i32")
        extra = 6 if self.inexact and writer.room(8) and rng.chance() else 0
        writer.block(scope, reserve=extra, one_in=24)
        kinds = [kind for kind in _SCALARS if scope.of(kind)] if most == 0 else []
        kinds += sorted({v.type for v in scope.known if v.type.startswith(("tensor", "vector"))})
        # The latest value is the most interesting one.
        wanted = [value for value in reversed(scope.known) if value.type in kinds]
        results = [
            wanted[rng.below(min(8, len(wanted)))] for _ in range(max(most, rng.below(4)) if wanted else 0)
        ]
        exact = len(results)
        if extra:
            results.append(scalars.inexact(writer, scope))
        types = tuple([value.type for value in results])
        _end(writer, results)
        callee = Callee(name, tuple(arguments), types, writer.steps + 2, writer.writes, exact)
        made = _Function(callee, self.definition(callee, given, writer, True))
        self.left -= left - writer.left
        if self.with_knobs:
            self.annotate(made, writer)
        return made

    def helper(self, helper: Helper) -> _Function:
        """A function with these types, of a few statements."""
        left = max(self.spare(), 0) + len(helper.results)
        del self.needs.helpers[helper.name]
        writer, scope, given = self.writer(helper.arguments, left)
        writer.callees = []
        count = len(helper.results)
        if self.flavour != "tensor" and not any(value.type in _SCALARS for value in scope.known):
            # Statements count on a value of some type.
            if writer.room(count + 1):
                writer.value(scope, "i32")
            else:
                writer.statements = ()
        writer.block(scope, reserve=count, one_in=2)
        results = [
            _outcome(writer, scope, kind, behind=count - at - 1) for at, kind in enumerate(helper.results)
        ]
        _end(writer, results)
        self.left -= left - writer.left
        callee = Callee(helper.name, helper.arguments, helper.results, writer.steps, writer.writes, 0)
        return _Function(callee, self.definition(callee, given, writer, False), False)

    def definition(
        self, callee: Callee, given: Sequence[Value], writer: Writer, public: bool
    ) -> list[tuple[int, str]]:
        shown = ", ".join(f"{value.name}: {value.type}" for value in given)
        results = f" -> {listed(callee.results)}" if callee.results else ""
        head = f"func.func {'' if public else 'private '}@{callee.name}({shown}){results} {{"
        return [(1, head), *writer.lines, (1, "}")]

    # Annotations.

    def annotate(self, function: _Function, writer: Writer) -> None:
        """Say how a function is approximated, if it is."""
        rng, callee = self.rng, function.callee
        if rng.below(6) == 0 or self.spare() < 1:
            return
        payload, needs = writer.payloads[0], self.needs
        target: Entries = [("func_name", f'"{callee.name.strip(chr(34))}"')]
        count = len(callee.results)
        choice = choose(rng, payload, callee.results, self.spare() > 2 * count)
        notes: list[tuple[str, Entries]] = []
        if choice is not None:
            if choice.transform == CALL:
                needs.substitutes(callee.name, callee.arguments, callee.results)
            if rng.below(4) == 3:
                notes.append(("transform", target + static_entries(rng, choice)))
            else:
                notes.append(("decision_tree", target + self.state(callee) + tree_entries(rng, choice)))
        # A checker would see the last bits of results that are not exact.
        if rng.chance(3) and self.spare() > count == callee.exact:
            notes.append(("try", target + self.contract(callee)))
        if rng.chance(5):
            notes.append(("knob", target))
        if rng.chance(5):
            notes.append(("convert_to_call", target))
        if rng.chance():
            notes.reverse()
        function.after = rng.chance(3)
        generic = rng.chance()
        for name, entries in notes:
            full = f"{needs.prefix}.util.annotation.{name}"
            held = spelled(rng, entries)
            function.notes.append(f'"{full}"() {held} : () -> ()' if generic else f"{full} {held}")

    def spare(self) -> int:
        """How many operations there may be besides those that helpers need: constants to return."""
        return self.left - sum(len(helper.results) for helper in self.needs.helpers.values())

    def state(self, callee: Callee) -> Entries:
        """A state function, and the arguments that it is given."""
        integers = ("tensor<i32>", "i32") if self.flavour == "tensor" else _STATES
        able = [at for at, kind in enumerate(callee.arguments) if kind in integers]
        chosen = [self.rng.pick(able)] if able else []
        if self.flavour != "tensor" and self.rng.chance(3):
            # Memory, too, so that it shows how often the state is computed.
            chosen += [at for at, kind in enumerate(callee.arguments) if kind.startswith("memref")][:1]
        name = f"state_{self.needs.number()}"
        result = "tensor<i32>" if self.flavour == "tensor" and self.rng.chance() else "i32"
        if self.flavour == "tensor" and chosen:
            result = callee.arguments[chosen[0]]
        self.needs.helper(name, [callee.arguments[at] for at in chosen], [result])
        if chosen and self.rng.chance(4):
            chosen = [at - len(callee.arguments) for at in chosen]
        held = f"array<i64: {', '.join(map(str, chosen))}>" if chosen else "array<i64>"
        return [("state_function", f'"{name}"'), ("state_indices", held)]

    def contract(self, callee: Callee) -> Entries:
        number = self.needs.number()
        truth = "tensor<i1>" if self.flavour == "tensor" else "i1"
        self.needs.helper(f"check_{number}", (*callee.results, *callee.arguments), (truth,))
        self.needs.helper(f"recover_{number}", callee.arguments, callee.results)
        return [("checker", f'"check_{number}"'), ("recover", f'"recover_{number}"')]

    # The module.

    def program(self) -> Program:
        rng = self.rng
        odd = rng.chance(6)
        if self.with_knobs and rng.chance(8):
            self.needs.prefix = "approxMLIR"
        self.mixed = rng.chance(3)
        names = list(_ODD_NAMES if odd else _NAMES)
        count = 1 + rng.below(3)
        for number in range(count):
            if number and self.spare() < 4:
                break
            share = self.spare() // (count - number)
            if self.with_knobs:
                share = max(share * 3 // 4, min(share, 4))
            self.functions.append(self.function(names[number], self.arguments(), share))
        found = []
        # Helpers may need others.
        while self.needs.helpers:
            found.append(self.helper(next(iter(self.needs.helpers.values()))))
        return self.assemble(found)

    def assemble(self, helpers: list[_Function]) -> Program:
        lines: list[tuple[int, str]] = [(0, "module {")]
        for kind, contents in memory.GLOBALS.items():
            if kind in self.needs.globals:
                name = f"table_{memory.element(kind)}"
                lines.append((1, f'memref.global "private" constant @{name} : {kind} = dense<{contents}>'))
        for function in [*helpers, *self.functions]:
            notes = [(1, note) for note in function.notes]
            lines += function.lines + notes if function.after else notes + function.lines
        lines.append((0, "}"))
        names = tuple([function.callee.name.strip('"') for function in self.functions])
        ulps = {}
        for name, function in zip(names, self.functions, strict=True):
            loose = len(function.callee.results) - function.callee.exact
            ulps[name] = (0,) * function.callee.exact + (ULPS,) * loose
        annotated = tuple([n for n, f in zip(names, self.functions, strict=True) if f.notes])
        return Program(_dressed(self.rng, lines), names, annotated, ulps)


ULPS = 4
"""What functions of math may differ by."""


def _outcome(writer: Writer, scope: Scope, kind: str, behind: int) -> Value:
    """What a state, a check or another helper returns: where that can be, what depends on its arguments.

    There is room for one operation, and for one for each result `behind` it.
    """
    if scope.of(kind):
        return writer.value(scope, kind)
    if kind == "i32":
        for other, cast in (("index", "index_cast"), ("i64", "trunci"), ("i8", "extsi")):
            if scope.of(other):
                value = writer.value(scope, other)
                return writer.one(f"arith.{cast}", f"{value.name} : {other} to i32", (value,), kind, "-")
    if kind == "i1":
        for other, name, predicate in (*((one, "cmpi", "sgt") for one in _STATES), ("f32", "cmpf", "olt")):
            if scope.of(other) and (len(scope.of(other)) > 1 or writer.room(2 + behind)):
                left = writer.value(scope, other)
                rest = [value for value in scope.of(other) if value != left]
                right = writer.rng.pick(rest) if rest else writer.any_constant(other)
                custom = f"{predicate}, {left.name}, {right.name} : {other}"
                return writer.one(f"arith.{name}", custom, (left, right), kind)
    return writer.value(scope, kind)


def _end(writer: Writer, results: Sequence[Value]) -> None:
    """Return the results, and on the other ways out what is known there of their types."""
    _return(writer, results)
    for label, scope in writer.exits:
        writer.put_label(label)
        _return(writer, [writer.value(scope, value.type) for value in results])


def _return(writer: Writer, results: Sequence[Value]) -> None:
    shown = ", ".join(value.name for value in results)
    types = ", ".join(value.type for value in results)
    writer.put(f"return {shown} : {types}" if results else "return")


def _dressed(rng: Rng, lines: Sequence[tuple[int, str]]) -> str:
    """The text, with comments or other ends of lines now and then."""
    dress = rng.below(8)
    if dress == 5:
        return "\r\n".join("  " * depth + line for depth, line in lines) + "\r\n"
    if dress == 6:
        return "\n".join("\t" * depth + line for depth, line in lines)
    if dress == 7:
        every = 2 + rng.below(5)
        return "".join(
            "  " * depth + line + (f" //{_COMMENTS[at % len(_COMMENTS)]}" if at % every == 1 else "") + "\n"
            for at, (depth, line) in enumerate(lines)
        )
    return "".join("  " * depth + line + "\n" for depth, line in lines)


def programs(
    *,
    max_ops: int = 30,
    dialects: Sequence[str] = DIALECTS,
    knobs: bool = True,
    inexact: bool = False,
    calls_in_knobs: bool = False,
) -> st.SearchStrategy[Program]:
    """Programs: modules whose public functions may be called; see `Program` for what holds of them.

    Args:
        max_ops: how many operations a module has at most, besides functions, globals, annotations and
            terminators.
        dialects: which dialects it is made of, of `ALL_DIALECTS`; ``func`` and ``arith`` are always among
            them. With ``stablehlo`` some programs are functions on tensors.
        knobs: whether functions are approximated, by annotations and by knob operations.
        inexact: whether results may be of functions such as ``math.sin``, whose last bits depend on who
            computes them; `Program.ulps` says which. Nothing else is made of such numbers.
        calls_in_knobs: whether functions are called, and globals used, in knob operations. MLIR does not
            resolve names in operations that it does not know, and accepts such programs only lowered.

    Raises `ArgumentError` for a dialect that there is not, and for less than 8 operations.
    """
    unknown = sorted(set(dialects) - set(ALL_DIALECTS))
    if unknown:
        raise ArgumentError(
            f"there are no programs with the dialect '{unknown[0]}', only {', '.join(ALL_DIALECTS)}"
        )
    if max_ops < 8:
        raise ArgumentError(f"max_ops is {max_ops}; a program needs room for 8 operations")
    return _programs(frozenset({"func", "arith", *dialects}), max_ops, knobs, inexact, calls_in_knobs)


@st.composite
def _programs(
    draw: Callable[[Any], Any],
    dialects: frozenset[str],
    max_ops: int,
    with_knobs: bool,
    inexact: bool,
    calls_in_knobs: bool,
) -> Program:
    rng = Rng(draw)
    # Large ones are more interesting; small ones are what a finding shrinks to.
    size = draw(st.one_of(st.integers(8, max_ops), st.just(max_ops), st.just(max_ops)))
    return _Module(rng, dialects, size, with_knobs, inexact, calls_in_knobs).program()

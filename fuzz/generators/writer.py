"""Writing functions statement by statement: values in scope, names, bounds on size and running time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from approxir.testing.generators.statements.statement import Statement

__all__ = [
    "Branch",
    "Callee",
    "Loop",
    "Needs",
    "Payload",
    "Rng",
    "Scope",
    "Value",
    "Writer",
    "element_of",
    "listed",
    "number",
]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MOST_TIMES = 64
"""How often a statement may run in one call of its function, by the loops around it."""
MOST_NESTED = 3
"""How deep loops and branches nest."""
MOST_STEPS = 3000
"""How many operations a call may execute, about."""

_CHUNK = st.binary(min_size=12, max_size=12)


class Rng:
    """What is drawn. All of it shrinks to the first option, and to 0.

    Bytes are drawn in chunks, since a draw costs more than what is made of it. A chunk begins where a
    statement does, so that shrinking leaves out statements.
    """

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.draw = draw
        self._chunk = b""
        self._at = 0

    def begin(self) -> None:
        """Begin a new chunk with what is drawn next."""
        self._chunk = b""
        self._at = 0

    def below(self, limit: int) -> int:
        """A number from 0 to limit - 1, which is at most 255."""
        if limit <= 1:
            return 0
        if self._at >= len(self._chunk):
            self._chunk = self.draw(_CHUNK)
            self._at = 0
        self._at += 1
        return int(self._chunk[self._at - 1]) % limit

    def pick(self, options: Sequence[Any]) -> Any:
        """One of the options."""
        return options[self.below(len(options))]

    def chance(self, one_in: int = 2) -> bool:
        """True once in so many times."""
        return self.below(one_in) == one_in - 1

    def small(self) -> int:
        """A number from -8 to 100."""
        found = self.below(109)
        return found if found <= 100 else 100 - found


@dataclass(frozen=True, slots=True)
class Value:
    """A value: its name with the ``%``, and its type."""

    name: str
    type: str


@dataclass(slots=True)
class Loop:
    """A loop in a payload: its operation, its location's name, and what `loop_perforate` can do to it."""

    op: str
    location: str | None = None
    rescalable: bool = True
    perforated: bool = False
    rescaled: bool = False


@dataclass(slots=True)
class Branch:
    """A branching operation in a payload, and how many branches it has."""

    count: int = 0


@dataclass(frozen=True)
class Callee:
    """A function that may be called."""

    name: str
    """As it is spelled behind the ``@``."""
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    steps: int
    """How many operations a call executes at most, about."""
    writes: bool
    """Whether a call may write to memory."""
    exact: int
    """How many of its results are exact; those behind them are not."""


@dataclass
class Payload:
    """What a transform finds in a function's body or in a knob, in the order in which it looks."""

    loops: list[Loop] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    calls: list[Callee] = field(default_factory=list)
    reductions: int = 0
    knobs: int = 0
    decided: bool = False
    """Whether there are knobs whose decisions become code, or that are skipped: transforms around them look
    for nothing in it."""


@dataclass(frozen=True)
class Helper:
    """A function that something needs: how it is spelled behind the ``@``, and its types."""

    name: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]


@dataclass
class Needs:
    """What the functions of a module need, or share."""

    prefix: str = "approx"
    symbols: bool = False
    """Whether what stands in knob operations may name functions and globals."""
    numbers: int = 0
    globals: set[str] = field(default_factory=set)
    helpers: dict[str, Helper] = field(default_factory=dict)
    """Those that are still to be written."""
    names: set[str] = field(default_factory=set)
    """Of all helpers."""

    def helper(self, name: str, arguments: Sequence[str], results: Sequence[str]) -> None:
        if name not in self.names:
            self.names.add(name)
            self.helpers[name] = Helper(name, tuple(arguments), tuple(results))

    def substitutes(self, name: str, arguments: Sequence[str], results: Sequence[str]) -> None:
        """The functions to call instead of one."""
        for value in (1, 2):
            self.helper(substitute(name, value), arguments, results)

    def number(self) -> int:
        """A new number, for a knob or a helper."""
        self.numbers += 1
        return self.numbers


def substitute(name: str, value: int) -> str:
    """The function that is called instead of one for a knob value."""
    plain = name.strip('"')
    made = f"approx_{plain}_{value}"
    return f'"{made}"' if name.startswith('"') else made


class Scope:
    """The values that are visible at a place."""

    def __init__(self, known: Sequence[Value] = ()) -> None:
        self.known = list(known)

    def inner(self, *more: Value) -> Scope:
        return Scope([*self.known, *more])

    def of(self, kind: str) -> list[Value]:
        """The values of a type, the latest first."""
        return [value for value in reversed(self.known) if value.type == kind]

    def kinds(self, allowed: Sequence[str]) -> list[str]:
        """Those of the allowed types of which there is a value; the first allowed if there is none."""
        there = {value.type for value in self.known}
        return [kind for kind in allowed if kind in there] or [allowed[0]]


def number(count: int) -> str:
    """The name with this number: a to z, then a1 and so on."""
    turn, letter = divmod(count, len(LETTERS))
    return LETTERS[letter] + (str(turn) if turn else "")


class Writer:
    """Writes the body of one function.

    Statements say how many operations they need, so that a program has as many as it may have and no more;
    terminators do not count.
    """

    def __init__(
        self,
        rng: Rng,
        dialects: frozenset[str],
        statements: Sequence[Statement],
        left: int,
        needs: Needs,
        callees: Sequence[Callee] = (),
        mixed: bool = False,
    ) -> None:
        self.rng = rng
        self.dialects = dialects
        self.statements = statements
        self.left = left
        self.mixed = mixed
        self.needs = needs
        self.callees = list(callees)
        self.lines: list[tuple[int, str]] = []
        self.depth = 2
        self.count = 0
        self.spelled = 0
        self.steps = 0
        self.times = 1
        self.writes = False
        # Where what is written must not have effects: in a parallel loop.
        self.pure = False
        self.bounds: dict[str, int] = {}
        """Names of index values that are below these numbers, and not below 0."""
        self.read_only: set[str] = set()
        self.affine: set[str] = set()
        """Names of the counters of affine loops."""
        self.symbols: set[str] = set()
        """Names of values that affine maps may use as symbols."""
        self.exits: list[tuple[str, Scope]] = []
        self.payloads: list[Payload] = [Payload()]
        self.nesting = 0
        self.knobs = 0
        self.blocks = 0

    # Names and lines.

    def fresh(self, kind: str) -> Value:
        value = Value("%" + number(self.count), kind)
        self.count += 1
        return value

    def put(self, line: str) -> None:
        self.lines.append((self.depth, line))

    @contextmanager
    def indented(self, times: int = 1) -> Iterator[None]:
        """Around what stands in a region, which runs so many times."""
        self.depth += 1
        self.nesting += 1
        self.times *= times
        yield
        self.times //= times
        self.nesting -= 1
        self.depth -= 1

    def room(self, operations: int) -> bool:
        """Whether so many operations may still be written."""
        return self.left >= operations

    def put_label(self, label: str, arguments: Sequence[Value] = ()) -> None:
        """The head of a block."""
        held = f"({', '.join(f'{value.name}: {value.type}' for value in arguments)})" if arguments else ""
        self.lines.append((self.depth - 1, f"{label}{held}:"))

    def label(self) -> str:
        self.blocks += 1
        return f"^bb{self.blocks}"

    # Statements.

    def block(self, scope: Scope, reserve: int = 0, one_in: int = 3) -> None:
        """Statements, until that ends by chance, or there is room for those behind them alone."""
        self.left -= reserve
        self.rng.begin()
        while self.rng.below(one_in) and self._statement(scope):
            self.rng.begin()
        self.left += reserve

    def _statement(self, scope: Scope) -> bool:
        nested = self.nesting < MOST_NESTED and self.times * 2 <= MOST_TIMES
        memory = [value for value in scope.known if value.type[0] == "m"]
        writable = not self.pure and any(value.name not in self.read_only for value in memory)
        left = self.left
        able = [
            one
            for one in self.statements
            if one.operations <= left
            and (nested or not one.nested)
            and (self.needs.symbols or not self.knobs or not one.symbols)
            and (memory or not one.memory)
            and (writable or not one.effects)
            and (one.needs is None or one.needs(self, scope))
        ]
        if not able:
            return False
        self.rng.pick(able).write(self, scope)
        return True

    # Operations.

    def count_op(self, operations: int = 1) -> None:
        self.left -= operations
        self.steps += operations * self.times

    def op(
        self,
        name: str,
        custom: str,
        operands: Sequence[Value] = (),
        results: Sequence[str] = (),
        entries: str = "",
    ) -> list[Value]:
        """One operation without regions. `custom` is what stands behind its name in the custom form.

        With `entries`, what its properties or attributes are in the generic form ("-": none), it is spelled
        in that now and then.
        """
        self.count_op()
        self.spelled += 1
        made = [self.fresh(kind) for kind in results]
        head = ", ".join(value.name for value in made) + " = " if made else ""
        if self.mixed and entries and self.spelled % 3 == 0:
            held = "" if entries == "-" else f" <{{{entries}}}>"
            given = ", ".join(value.name for value in operands)
            types = ", ".join(value.type for value in operands)
            self.put(f'{head}"{name}"({given}){held} : ({types}) -> {listed(results)}')
        else:
            self.put(f"{head}{name}{' ' if custom else ''}{custom}")
        return made

    def one(self, name: str, custom: str, operands: Sequence[Value], result: str, entries: str = "") -> Value:
        return self.op(name, custom, operands, [result], entries)[0]

    def constant(self, value: Any, kind: str) -> Value:
        """A constant; floats are given as they are spelled."""
        literal = f"dense<{value}> : {kind}" if kind.startswith(("vector", "tensor")) else f"{value} : {kind}"
        if kind == "i1":
            literal = "true" if value else "false"
        if kind.startswith("tensor") and "stablehlo" in self.dialects:
            return self.one("stablehlo.constant", literal, (), kind, f"value = {literal}")
        made = self.one("arith.constant", literal, (), kind, f"value = {literal}")
        if kind == "index" and value >= 0:
            self.bounds[made.name] = value + 1
        return made

    def any_constant(self, kind: str) -> Value:
        """A constant of a type."""
        element = element_of(kind)
        if element == "i1":
            shown = ("false", "true")[self.rng.below(2)]
            return self.constant(shown if "<" in kind else shown == "true", kind)
        if element[0] == "f":
            return self.constant(self.rng.pick(("0.0", "1.0", "-0.5", "3.25", "-0.0", "1.0e+03")), kind)
        value = self.rng.small()
        return self.constant(abs(value) if kind == "index" or element[0] == "u" else value, kind)

    def value(self, scope: Scope, kind: str) -> Value:
        """A value of a type: one that is known, or a constant."""
        found = scope.of(kind)
        if found:
            return found[self.rng.below(min(len(found), 12))]
        made = self.any_constant(kind)
        scope.known.append(made)
        return made


def element_of(kind: str) -> str:
    """The type of the elements of a vector or tensor; a scalar's own type."""
    return kind.removeprefix("tensor<").rpartition("x")[2].rstrip(">") if "<" in kind else kind


def listed(types: Sequence[str]) -> str:
    """Result types as they are spelled behind an arrow."""
    return types[0] if len(types) == 1 else f"({', '.join(types)})"

"""Modules with annotated functions that run and end: a Hypothesis strategy for them.

Every function is ``(%n: i32, %x: i32, %m: memref<8xi32>) -> ...``; memory, a counter of calls and the results
tell what was executed. All arithmetic is exact, so that results are compared bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

import approxir as ax
from approxir.dialects.approx.payload import branches, first_branch, first_loop

LOOP, BRANCH, CALL = "loop_perforate", "task_skipping", "func_substitute"
SIGNATURE = "i32, i32, memref<8xi32>"
ARGUMENTS = "%n: i32, %x: i32, %m: memref<8xi32>"
NAMES = ("f", "g.1", "h_threshold_1", '"two words"')
RESULTS: tuple[tuple[str, ...], ...] = (
    ("i32",),
    ("i32",),
    (),
    ("i32", "index", "f32"),
    ("i64", "i32"),
    ("vector<2xi32>",),
    ("pass", "i32"),
    ("same", "same"),
)

HELPERS = """\
  memref.global "private" @count : memref<4xi32> = dense<0>
  func.func @reset() {
    %z = arith.constant 0 : i32
    %c = memref.get_global @count : memref<4xi32>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    scf.for %i = %c0 to %c4 step %c1 {
      memref.store %z, %c[%i] : memref<4xi32>
    }
    return
  }
  func.func @counter(%i: index) -> i32 {
    %c = memref.get_global @count : memref<4xi32>
    %r = memref.load %c[%i] : memref<4xi32>
    return %r : i32
  }
  func.func private @bump(%i: index) {
    %c = memref.get_global @count : memref<4xi32>
    %r = memref.load %c[%i] : memref<4xi32>
    %one = arith.constant 1 : i32
    %s = arith.addi %r, %one : i32
    memref.store %s, %c[%i] : memref<4xi32>
    return
  }
  func.func @state(%n: i32) -> i32 {
    %i = arith.constant 0 : index
    call @bump(%i) : (index) -> ()
    return %n : i32
  }
  func.func @state2(%x: i32, %n: i32) -> i32 {
    %i = arith.constant 1 : index
    func.call @bump(%i) : (index) -> ()
    %r = arith.subi %n, %x : i32
    return %r : i32
  }
"""


@dataclass(frozen=True)
class Decision:
    """How a function is approximated."""

    transform: str
    thresholds: tuple[int, ...] | None
    """None for a static transform."""
    decisions: tuple[int, ...]
    candidates: tuple[int, ...] = ()
    two_states: bool = False

    def annotation(self, name: str, prefix: str, generic: bool) -> str:
        entries = [f"func_name = {name}", f'transform_type = "{self.transform}"']
        if self.thresholds is None:
            kind = "transform"
            entries.append(f"knob_val = {self.decisions[0]} : i32")
        else:
            kind = "decision_tree"
            state = ('"state2"', "1, 0") if self.two_states else ('"state"', "0")
            entries += [
                f"thresholds = {_array(self.thresholds)}",
                f"decisions = {_array(self.decisions)}",
                f"state_function = {state[0]}",
                f"state_indices = array<i64: {state[1]}>",
            ]
        if self.candidates:
            entries.append(f"decision_values = {_array(self.candidates)}")
        return _annotation(kind, entries, prefix, generic)


def _array(values: tuple[int, ...]) -> str:
    return f"array<i32: {', '.join(map(str, values))}>" if values else "array<i32>"


def _annotation(kind: str, entries: list[str], prefix: str, generic: bool) -> str:
    held = "<{" + ", ".join(entries) + "}>"
    if generic:
        return f'  "{prefix}.util.annotation.{kind}"() {held} : () -> ()\n'
    return f"  {prefix}.util.annotation.{kind} {held}\n"


@dataclass(frozen=True)
class Function:
    """A function, and what its annotations say."""

    name: str
    """As spelled behind the ``@``."""
    results: tuple[str, ...]
    body: str
    decision: Decision | None = None
    contract: bool = False
    knob: bool = False
    to_call: bool = False
    prefix: str = "approx"
    generic: bool = False
    after: bool = False
    swapped: bool = False

    @property
    def plain(self) -> str:
        return self.name.strip('"')

    @property
    def quoted(self) -> str:
        return '"' + self.plain + '"'

    @property
    def types(self) -> list[str]:
        return ["i32" if kind in ("pass", "same") else kind for kind in self.results]

    def text(self) -> str:
        shown = f" -> ({', '.join(self.types)})" if self.results else ""
        return f"  func.func @{self.name}({ARGUMENTS}){shown} {{\n{self.body}  }}\n"

    def annotations(self) -> str:
        target = f"func_name = {self.quoted}"
        found = []
        if self.knob:
            found.append(_annotation("knob", [target], self.prefix, self.generic))
        if self.to_call:
            found.append(_annotation("convert_to_call", [target], self.prefix, self.generic))
        if self.decision is not None:
            found.append(self.decision.annotation(self.quoted, self.prefix, self.generic))
        if self.contract:
            entries = [target, f'checker = "check {self.plain}"', f'recover = "rescue {self.plain}"']
            found.append(_annotation("try", entries, self.prefix, self.generic))
        return "".join(reversed(found) if self.swapped else found)

    def helpers(self) -> str:
        """The functions that its annotations name."""
        found = ""
        types = ", ".join(self.types)
        shown = f" -> ({types})" if types else ""
        if self.contract:
            results = "".join(f"%r{k}: {kind}, " for k, kind in enumerate(self.types))
            found += f'  func.func private @"check {self.plain}"({results}{ARGUMENTS}) -> i1 {{\n'
            found += "    %i = arith.constant 2 : index\n    call @bump(%i) : (index) -> ()\n"
            left = next((f"%r{k}" for k, kind in enumerate(self.types) if kind == "i32"), "%x")
            found += "    %one = arith.constant 1 : i32\n"
            found += f"    %low = arith.andi {left}, %one : i32\n"
            found += "    %ok = arith.cmpi eq, %low, %one : i32\n    return %ok : i1\n  }\n"
            found += f'  func.func private @"rescue {self.plain}"({ARGUMENTS}){shown} {{\n'
            found += "    %i = arith.constant 3 : index\n    call @bump(%i) : (index) -> ()\n"
            found += _constants(self.types, 77) + "  }\n"
        if self.decision is not None and self.decision.transform == CALL:
            values = {*self.decision.decisions, *self.decision.candidates} - {0}
            for value in sorted(values):
                found += f'  func.func private @"approx_{self.plain}_{value}"({ARGUMENTS}){shown} {{\n'
                found += _constants(self.types, 1000 + value) + "  }\n"
        return found


def _constants(types: list[str], value: int) -> str:
    """The end of a function that returns constants."""
    lines = []
    for k, kind in enumerate(types):
        shown = f"dense<{value + k}>" if kind.startswith("vector") else str(value + k)
        lines.append(f"    %v{k} = arith.constant {shown}{'.0' if kind == 'f32' else ''} : {kind}\n")
    return "".join(lines) + _return([f"%v{k}" for k in range(len(types))], types)


def _return(values: list[str], types: list[str]) -> str:
    return f"    return {', '.join(values)} : {', '.join(types)}\n" if types else "    return\n"


@dataclass(frozen=True)
class Program:
    """A module."""

    functions: tuple[Function, ...]

    def text(self, annotated: bool = True) -> str:
        found = "module {\n" + HELPERS
        for function in self.functions:
            notes = function.annotations() if annotated else ""
            held = function.helpers()
            found += held + (function.text() + notes if function.after else notes + function.text())
        return found + "}\n"

    def exact(self) -> Program:
        """The same with decisions that approximate nothing, and without tries."""
        made = []
        for function in self.functions:
            decision = function.decision
            if decision is not None:
                zeros = tuple([0] * len(decision.decisions))
                kind = LOOP if decision.transform == BRANCH else decision.transform
                decision = replace(decision, transform=kind, decisions=zeros, candidates=())
            made.append(replace(function, decision=decision, contract=False))
        return Program(tuple(made))

    @property
    def states(self) -> list[int]:
        """Values of ``%n`` for which everything may be different."""
        found = {0, 1, -(1 << 31), (1 << 31) - 1}
        for function in self.functions:
            for threshold in (function.decision.thresholds or ()) if function.decision else ():
                found |= {threshold, threshold - 1}
        return sorted(value for value in found if -(1 << 31) <= value < 1 << 31)


@dataclass
class _Body:
    """A body being written."""

    draw: Callable[[Any], Any]
    earlier: list[Function]
    affine: bool
    lines: list[str] = field(default_factory=list)
    count: int = 0

    def fresh(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def put(self, depth: int, line: str) -> None:
        self.lines.append("  " * depth + line + "\n")

    def constant(self, depth: int, value: int, kind: str) -> str:
        name = self.fresh()
        self.put(depth, f"{name} = arith.constant {value} : {kind}")
        return name

    def block(self, depth: int, known: list[str], nesting: int, most: int = 4) -> list[str]:
        """Some statements; the values that are known behind them."""
        known = list(known)
        for _ in range(self.draw(st.integers(1, most))):
            kinds = [self.arithmetic, self.store, self.load, self.count_up]
            if nesting:
                kinds += [self.loop, self.branch, self.switch]
                if self.affine:
                    kinds += [self.affine_loop]
            if self.earlier:
                kinds.append(self.call)
            made = self.draw(st.sampled_from(kinds))(depth, known, nesting)
            if made is not None:
                known.append(made)
        return known

    def value(self, known: list[str]) -> str:
        # The latest values are the most interesting ones.
        return str(self.draw(st.sampled_from(known[::-1])))

    def arithmetic(self, depth: int, known: list[str], nesting: int) -> str:
        name = self.fresh()
        op = self.draw(st.sampled_from(("addi", "muli", "subi", "xori")))
        self.put(depth, f"{name} = arith.{op} {self.value(known)}, {self.value(known)} : i32")
        return name

    def place(self, depth: int) -> str:
        return self.constant(depth, self.draw(st.integers(0, 7)), "index")

    def store(self, depth: int, known: list[str], nesting: int) -> None:
        place = self.place(depth)
        self.put(depth, f"memref.store {self.value(known)}, %m[{place}] : memref<8xi32>")

    def load(self, depth: int, known: list[str], nesting: int) -> str:
        place = self.place(depth)
        name = self.fresh()
        self.put(depth, f"{name} = memref.load %m[{place}] : memref<8xi32>")
        return name

    def count_up(self, depth: int, known: list[str], nesting: int) -> None:
        place = self.constant(depth, 3, "index")
        self.put(depth, f"func.call @bump({place}) : (index) -> ()")

    def call(self, depth: int, known: list[str], nesting: int) -> str | None:
        function = self.draw(st.sampled_from(self.earlier))
        first = self.value(known)
        arguments = f"{first}, {self.value(known)}, %m"
        if not function.types:
            self.put(depth, f"func.call @{function.name}({arguments}) : ({SIGNATURE}) -> ()")
            return None
        name = self.fresh()
        many = f":{len(function.types)}" if len(function.types) > 1 else ""
        types = ", ".join(function.types)
        self.put(
            depth, f"{name}{many} = func.call @{function.name}({arguments}) : ({SIGNATURE}) -> ({types})"
        )
        if "i32" not in function.types:
            return None
        return f"{name}#{function.types.index('i32')}" if many else name

    def loop(self, depth: int, known: list[str], nesting: int) -> str | None:
        low = self.constant(depth, self.draw(st.integers(0, 3)), "index")
        high = self.constant(depth, self.draw(st.integers(0, 8)), "index")
        step = self.constant(depth, self.draw(st.integers(1, 3)), "index")
        return self.counted(depth, known, nesting, f"scf.for %i{{}} = {low} to {high} step {step}", "scf")

    def affine_loop(self, depth: int, known: list[str], nesting: int) -> str | None:
        low, high, step = (self.draw(st.integers(*limits)) for limits in ((0, 3), (0, 8), (1, 3)))
        return self.counted(depth, known, 0, f"affine.for %i{{}} = {low} to {high} step {step}", "affine")

    def counted(self, depth: int, known: list[str], nesting: int, head: str, dialect: str) -> str | None:
        name = self.fresh()
        head = head.format(name[1:])
        counter = f"%i{name[1:]}"
        if self.draw(st.booleans()):
            carried = f"%a{name[1:]}"
            self.put(depth, f"{name} = {head} iter_args({carried} = {self.value(known)}) -> (i32) {{")
            inner = [*known, carried]
        else:
            carried = ""
            self.put(depth, f"{head} {{")
            inner = known
        if dialect == "affine":
            self.put(depth + 1, f"{name}l = affine.load %m[{counter}] : memref<8xi32>")
            inner = [*inner, f"{name}l"]
        inner = self.block(depth + 1, inner, max(0, nesting - 1), 3)
        self.put(depth + 1, f"memref.store {inner[-1]}, %m[{counter}] : memref<8xi32>")
        if carried:
            self.put(depth + 1, f"{name}n = arith.addi {carried}, {inner[-1]} : i32")
            self.put(depth + 1, f"{dialect}.yield {name}n : i32")
        self.put(depth, "}")
        return name if carried else None

    def branch(self, depth: int, known: list[str], nesting: int) -> str | None:
        condition = self.fresh()
        predicate = self.draw(st.sampled_from(("slt", "eq", "ugt")))
        self.put(
            depth, f"{condition} = arith.cmpi {predicate}, {self.value(known)}, {self.value(known)} : i32"
        )
        if self.draw(st.booleans()):
            self.put(depth, f"scf.if {condition} {{")
            self.block(depth + 1, known, nesting - 1, 2)
            if self.draw(st.booleans()):
                self.put(depth, "} else {")
                self.block(depth + 1, known, nesting - 1, 2)
            self.put(depth, "}")
            return None
        name = self.fresh()
        self.put(depth, f"{name} = scf.if {condition} -> (i32) {{")
        self.put(depth + 1, f"scf.yield {self.block(depth + 1, known, nesting - 1, 2)[-1]} : i32")
        self.put(depth, "} else {")
        inner = known
        if self.draw(st.booleans()):
            inner = self.block(depth + 1, known, nesting - 1, 2)
            self.put(depth + 1, f"scf.yield {inner[-1]} : i32")
        else:
            chained = self.fresh()
            self.put(depth + 1, f"{chained} = scf.if {condition} -> (i32) {{")
            self.put(depth + 2, f"scf.yield {self.value(known)} : i32")
            self.put(depth + 1, "} else {")
            self.put(depth + 2, f"scf.yield {self.block(depth + 2, known, 0, 2)[-1]} : i32")
            self.put(depth + 1, "}")
            self.put(depth + 1, f"scf.yield {chained} : i32")
        self.put(depth, "}")
        return name

    def switch(self, depth: int, known: list[str], nesting: int) -> str:
        mask = self.constant(depth, 3, "i32")
        low, index, name = self.fresh(), self.fresh(), self.fresh()
        self.put(depth, f"{low} = arith.andi {self.value(known)}, {mask} : i32")
        self.put(depth, f"{index} = arith.index_cast {low} : i32 to index")
        self.put(depth, f"{name} = scf.index_switch {index} -> i32")
        for value in range(self.draw(st.integers(1, 3))):
            self.put(depth, f"case {value} {{")
            self.put(depth + 1, f"scf.yield {self.block(depth + 1, known, nesting - 1, 2)[-1]} : i32")
            self.put(depth, "}")
        self.put(depth, "default {")
        self.put(depth + 1, f"scf.yield {self.value(known)} : i32")
        self.put(depth, "}")
        return name

    def results(self, known: list[str], kinds: tuple[str, ...]) -> list[str]:
        """Values of these types, made of what is known."""
        latest = known[-1]
        found = []
        for kind in kinds:
            if kind == "pass":
                found.append("%x")
            elif kind == "same" or kind == "i32":
                found.append(latest)
            else:
                name = self.fresh()
                op = {
                    "index": f"arith.index_cast {latest} : i32 to index",
                    "f32": f"arith.bitcast {latest} : i32 to f32",
                    "i64": f"arith.extsi {latest} : i32 to i64",
                    "vector<2xi32>": f"vector.broadcast {latest} : i32 to vector<2xi32>",
                }[kind]
                self.put(2, f"{name} = {op}")
                found.append(name)
        return found


@st.composite
def _functions(draw: Callable[[Any], Any], name: str, earlier: list[Function], vectors: bool) -> Function:
    kinds = [kinds for kinds in RESULTS if vectors or not any("vector" in kind for kind in kinds)]
    results = draw(st.sampled_from(kinds))
    body = _Body(draw, earlier, draw(st.integers(0, 3)) == 0)
    types = ["i32" if kind in ("pass", "same") else kind for kind in results]
    known = body.block(2, ["%n", "%x"], 2)
    if draw(st.integers(0, 3)) == 0:
        # Another way out, before the end.
        early = body.results(known, results)
        body.put(2, f"%out = arith.cmpi slt, {known[-1]}, %n : i32")
        body.put(2, "cf.cond_br %out, ^early, ^late(%x : i32)")
        body.put(1, "^early:")
        body.lines.append(_return(early, types))
        body.put(1, "^late(%late: i32):")
        known = body.block(2, [*known, "%late"], 2)
    body.lines.append(_return(body.results(known, results), types))
    return Function(name, results, "".join(body.lines))


def _loops_and_branches(function: Function, earlier: list[Function]) -> tuple[bool, int]:
    module = ax.parse("".join(["module {\n", function.text(), "}\n"]))
    region = module.symbols[function.plain].region
    branching = first_branch([region])
    return first_loop([region]) is not None, 0 if branching is None else len(branches(branching))


I32 = st.one_of(st.integers(-3, 12), st.sampled_from((-(1 << 31), (1 << 31) - 1, -1000)))


@st.composite
def decisions(draw: Callable[[Any], Any], function: Function, earlier: list[Function]) -> Decision:
    """A decision that the function allows."""
    has_loop, count = _loops_and_branches(function, earlier)
    kinds = [CALL] + [LOOP] * 2 * has_loop + [BRANCH] * 2 * bool(count)
    transform = draw(st.sampled_from(kinds))
    values = {CALL: (0, 2), LOOP: (0, 4), BRANCH: (0, count)}[transform]
    knob = st.integers(*values)
    if draw(st.integers(0, 3)) == 0:
        return Decision(transform, None, (draw(knob),), tuple(sorted(draw(st.sets(knob, max_size=2)))))
    thresholds = tuple(sorted(draw(st.lists(I32, max_size=4, unique=draw(st.booleans())))))
    chosen = tuple(draw(st.lists(knob, min_size=len(thresholds) + 1, max_size=len(thresholds) + 1)))
    candidates = tuple(sorted({*chosen, draw(knob)})) if draw(st.booleans()) else ()
    return Decision(transform, thresholds, chosen, candidates, draw(st.booleans()))


@st.composite
def programs(draw: Callable[[Any], Any], vectors: bool = True) -> Program:
    """A program; without `vectors` its results fit the native calls."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    found: list[Function] = []
    for name in names:
        function = draw(_functions(name, list(found), vectors))
        if draw(st.integers(0, 4)):
            function = replace(
                function,
                decision=draw(st.none() | decisions(function, found)),
                contract=draw(st.booleans()),
                knob=draw(st.integers(0, 3)) == 0,
                to_call=draw(st.integers(0, 4)) == 0,
                prefix=draw(st.sampled_from(("approx", "approxMLIR"))),
                generic=draw(st.booleans()),
                after=draw(st.booleans()),
                swapped=draw(st.booleans()),
            )
        found.append(function)
    return Program(tuple(found))


def memory() -> Any:
    """What ``%m`` holds at first."""
    return np.array([3, -1, 4, 1, -5, 9, 2, 6], np.int32)


def shown(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Results, to be compared bit for bit."""
    return tuple(
        [
            np.asarray(value).tobytes() if isinstance(value, np.generic | np.ndarray) else value
            for value in values
        ]
    )

"""Modules with knobs as typed descriptions, their text, and a Hypothesis strategy for valid ones.

`valid_modules` draws a `Description`: functions, how each is approximated, and how that is spelled. Its text
is written together with the places of everything in it, so that a test can change the description in one
point and ask where a tool has to complain. In a valid module lint finds nothing but, where it is drawn, the
old prefix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from hypothesis import strategies as st

from approxir.dialects.approx.codec import Encoding
from approxir.dialects.approx.params import LISTS, KnobParams
from approxir.values import quote, symbol_text

Span = tuple[int, int]
Place = tuple[str, str, int | None]
"""An owner (see `Function.owner` and `Function.knob_owner`), what is meant, and the item of a list."""

FIELDS = (*LISTS, "num_thresholds", "transform_type")
NAMES = ("f", "sum", "a_threshold_1", "a.b", "g$", "blur-3", "x y", "_", "decision_0")

# What there is to approximate.


@dataclass(frozen=True)
class Payload:
    """Code that computes ``%p : f32`` from ``%n : i32`` and ``%x : f32``, and what can be done to it."""

    name: str
    transform: str
    values: tuple[int, ...]
    """The knob values that the transform accepts here."""
    lines: tuple[str, ...]


PAYLOADS = (
    Payload(
        "affine loop",
        "loop_perforate",
        (0, 1, 2, 3, 4, 8),
        (
            "%p = affine.for %i = 0 to 16 iter_args(%a = %x) -> (f32) {",
            "  %t = arith.addf %a, %x : f32",
            "  affine.yield %t : f32",
            "}",
        ),
    ),
    Payload(
        "scf loop",
        "loop_perforate",
        (0, 1, 2, 3, 4, 8),
        (
            "%low = arith.constant 0 : index",
            "%high = arith.constant 16 : index",
            "%one = arith.constant 1 : index",
            "%p = scf.for %i = %low to %high step %one iter_args(%a = %x) -> (f32) {",
            "  %t = arith.addf %a, %x : f32",
            "  scf.yield %t : f32",
            "}",
        ),
    ),
    Payload(
        "branch with a result",
        "task_skipping",
        (1, 2),
        (
            "%c = arith.cmpi sgt, %n, %n : i32",
            "%p = scf.if %c -> (f32) {",
            "  scf.yield %x : f32",
            "} else {",
            "  %t = arith.mulf %x, %x : f32",
            "  scf.yield %t : f32",
            "}",
        ),
    ),
    Payload("arithmetic", "func_substitute", (0, 1, 2, 3), ("%p = arith.mulf %x, %x : f32",)),
)


# How it is spelled.


@dataclass(frozen=True)
class Spelling:
    """How one operation is written."""

    generic: bool = True
    encoding: Encoding = Encoding.ATTRIBUTES
    alias: bool = False
    """Whether ``params`` is an alias; only for a dictionary or a string."""
    arrays: Literal["dense", "array"] = "dense"
    lines: bool = False
    """Whether every entry has a line of its own."""
    order: tuple[str, ...] = FIELDS
    tree: Literal["decision_tree", "decide"] = "decision_tree"
    knob_val: Literal["knob_val", "transform_value"] = "knob_val"


@dataclass(frozen=True)
class Spelled:
    """Params as an operation spells them: any of these may be wrong."""

    params: KnobParams
    num_thresholds: int | None = None
    always: frozenset[str] = frozenset({"thresholds", "decisions"})
    """The lists that are spelled even if they are empty."""
    raw: tuple[tuple[str, str], ...] = ()
    """Fields with texts of their own instead of what the params say."""

    def change(self, **changes: Any) -> Spelled:
        return replace(self, params=self.params.replace(**changes))


@dataclass(frozen=True)
class Knob:
    """An ``approx.knob``, besides what stands in it."""

    id: int
    transform_types: tuple[str, ...] | None = None
    spelled: Spelled | None = None
    spelling: Spelling = field(default_factory=Spelling)


@dataclass(frozen=True)
class Function:
    """A function ``(i32, f32) -> f32`` and how it is approximated, if it is.

    Without a `knob` that is what its annotations say; with one, what stands in its body.
    """

    name: str
    payload: Payload
    kind: Literal["tree", "transform"] | None = None
    spelled: Spelled = field(default_factory=lambda: Spelled(KnobParams()))
    spelling: Spelling = field(default_factory=Spelling)
    knob: Knob | None = None
    contract: bool = False
    """Whether a try checks the result."""
    contract_first: bool = False
    """Whether the try stands before the payload, where it must not."""
    knob_annotation: bool = False
    annotated_after: bool = False

    @property
    def owner(self) -> str:
        """The owner of the places of its decision tree or transform, or the annotation for that."""
        return self.name

    @property
    def knob_owner(self) -> str:
        return self.name + "/knob"

    @property
    def try_owner(self) -> str:
        return self.name + "/try"

    @property
    def substitutes(self) -> list[int]:
        """The knob values for which there has to be another function to call."""
        if self.payload.transform != "func_substitute" or self.kind is None:
            return []
        params = self.spelled.params
        return sorted({value for value in (*params.decisions, *params.decision_values) if value > 0})


@dataclass(frozen=True)
class Description:
    """A module: functions with approximations, and the helper functions that those need."""

    functions: tuple[Function, ...]
    prefix: Literal["approx", "approxMLIR"] = "approx"

    @cached_property
    def _written(self) -> _Writer:
        writer = _Writer(self.prefix)
        writer.module(self)
        return writer

    @property
    def text(self) -> str:
        return self._written.text

    @property
    def operations(self) -> list[str]:
        """The owners of all operations that stand in no other approx operation, in the order of the text."""
        places = self._written.places
        owners = [owner for owner, what, _ in places if what == "name"]
        nested = {name for f in self.functions if f.knob is not None for name in (f.owner, f.try_owner)}
        return sorted(set(owners) - nested, key=lambda owner: places[owner, "name", None])

    def place(self, owner: str, what: str = "name", index: int | None = None) -> Span:
        """Where the text has an entry or an item of it; for an alias, where that is used."""
        places = self._written.places
        for key in ((owner, what, index), (owner, what, None), (owner, "params", None)):
            if key in places:
                return places[key]
        raise KeyError((owner, what, index))

    def line(self, span: Span) -> int:
        """The line, from 1, that a place begins in."""
        return self.text.count("\n", 0, span[0]) + 1

    def replace(self, old: Function, new: Function) -> Description:
        """The same with one function replaced."""
        changed = tuple(new if function is old else function for function in self.functions)
        return replace(self, functions=changed)


class _Writer:
    """Writes text and remembers where things stand in it."""

    def __init__(self, prefix: str, start: int = 0) -> None:
        self.prefix = prefix
        self.places: dict[Place, Span] = {}
        self._parts: list[str] = []
        self._length = start

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def put(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    @contextmanager
    def place(self, owner: str, what: str, index: int | None = None) -> Iterator[None]:
        start = self._length
        yield
        self.places[owner, what, index] = (start, self._length)

    # Modules and functions.

    def module(self, module: Description) -> None:
        for number, (owner, spelled, spelling) in enumerate(_params(module)):
            if spelling.alias and spelling.encoding is not Encoding.ATTRIBUTES:
                inner = _Writer(self.prefix)
                inner.value(owner, spelled, spelling)
                self.put(f"#p{number} = {inner.text}\n")
                self._aliases[owner] = f"#p{number}"
        self.put("module {\n")
        for function in module.functions:
            if not function.annotated_after:
                self.annotations(function)
            self.function(function)
            if function.annotated_after:
                self.annotations(function)
        self.helpers(module)
        self.put("}\n")

    @cached_property
    def _aliases(self) -> dict[str, str]:
        return {}

    def function(self, function: Function) -> None:
        self.put(f"  func.func {symbol_text(function.name)}(%n: i32, %x: f32) -> f32 {{\n")
        if function.knob is None:
            self.lines(function.payload.lines, "    ")
            self.put("    return %p : f32\n  }\n")
            return
        knob = function.knob
        self.put("    %r = ")
        self.name(function.knob_owner, "knob", knob.spelling)
        entries = [("id", f"{knob.id} : i32")]
        if knob.transform_types is not None:
            entries.append(("transform_types", "[" + ", ".join(map(quote, knob.transform_types)) + "]"))
        self.put("(%n, %x) ")
        self.properties(function.knob_owner, entries, knob.spelled, knob.spelling, "    ")
        self.put(" ({\n")
        self.management(function)
        if function.contract and function.contract_first:
            self.contract(function)
        self.lines(function.payload.lines, "      ")
        if function.contract and not function.contract_first:
            self.contract(function)
        self.put("      " + self.yielding("%p", "f32", knob.spelling))
        self.put("    }) : (i32, f32) -> f32\n    return %r : f32\n  }\n")

    def management(self, function: Function) -> None:
        spelling = function.spelling
        if function.kind is None:
            return
        self.put("      ")
        if function.kind == "transform":
            self.name(function.owner, "transform", spelling)
            self.put("() " if spelling.generic else " ")
            self.properties(function.owner, [], function.spelled, spelling, "      ", static=True)
            self.put(" : () -> ()\n" if spelling.generic else "\n")
            return
        self.name(function.owner, spelling.tree, spelling)
        self.put("(%n) ")
        self.properties(function.owner, [], function.spelled, spelling, "      ")
        self.put(" ({\n" if spelling.generic else " state {\n")
        self.put("      ^bb0(%s: i32):\n        " + self.yielding("%s", "i32", spelling))
        self.put("      }) : (i32) -> ()\n" if spelling.generic else "      }\n")

    def contract(self, function: Function) -> None:
        generic = function.spelling.generic
        self.put("      ")
        self.name(function.try_owner, "try", function.spelling)
        self.put('(%n, %x) <{recover = "recover"}> ' + ("({\n" if generic else "check {\n"))
        self.put("      ^bb0(%y: i32, %z: f32):\n        %ok = arith.cmpf oge, %z, %z : f32\n        ")
        self.put(self.yielding("%ok", "i1", function.spelling))
        self.put("      }) : (i32, f32) -> ()\n" if generic else "      }\n")

    def annotations(self, function: Function) -> None:
        target = ("func_name", quote(function.name))
        if function.kind is not None and function.knob is None:
            entries, tree = [target], function.kind == "tree"
            if tree:
                entries += [("state_function", '"state"'), ("state_indices", "array<i64: 0>")]
            self.annotation(
                function.owner,
                "decision_tree" if tree else "transform",
                entries,
                function.spelling,
                function.spelled,
                static=not tree,
            )
        if function.knob_annotation:
            self.annotation(function.knob_owner, "knob", [target], function.spelling)
        if function.contract and function.knob is None:
            entries = [target, ("checker", '"checker"'), ("recover", '"recover"')]
            self.annotation(function.try_owner, "try", entries, function.spelling)

    def annotation(
        self,
        owner: str,
        name: str,
        entries: Sequence[tuple[str, str]],
        spelling: Spelling,
        spelled: Spelled | None = None,
        *,
        static: bool = False,
    ) -> None:
        self.put("  ")
        self.name(owner, "util.annotation." + name, spelling)
        self.put("() " if spelling.generic else " ")
        self.properties(owner, entries, spelled, spelling, "  ", static=static)
        self.put(" : () -> ()\n" if spelling.generic else "\n")

    def helpers(self, module: Description) -> None:
        for function in module.functions:
            for value in function.substitutes:
                name = symbol_text(f"approx_{function.name}_{value}")
                self.lines((f"func.func {name}(%n: i32, %x: f32) -> f32 {{", "  return %x : f32", "}"), "  ")
        self.lines(("func.func @state(%n: i32) -> i32 {", "  return %n : i32", "}"), "  ")
        self.lines(("func.func @recover(%n: i32, %x: f32) -> f32 {", "  return %x : f32", "}"), "  ")
        self.lines(
            (
                "func.func @checker(%r: f32, %n: i32, %x: f32) -> i1 {",
                "  %ok = arith.cmpf oge, %r, %x : f32",
                "  return %ok : i1",
                "}",
            ),
            "  ",
        )

    # Parts of operations.

    def lines(self, lines: Sequence[str], indentation: str) -> None:
        for line in lines:
            self.put(f"{indentation}{line}\n")

    def name(self, owner: str, name: str, spelling: Spelling) -> None:
        with self.place(owner, "name"):
            self.put(f'"{self.prefix}.{name}"' if spelling.generic else f"{self.prefix}.{name}")

    def yielding(self, value: str, kind: str, spelling: Spelling) -> str:
        if spelling.generic:
            return f'"{self.prefix}.yield"({value}) : ({kind}) -> ()\n'
        return f"{self.prefix}.yield {value} : {kind}\n"

    def properties(
        self,
        owner: str,
        entries: Sequence[tuple[str, str]],
        spelled: Spelled | None,
        spelling: Spelling,
        indentation: str,
        *,
        static: bool = False,
    ) -> None:
        """``<{...}>`` with these entries and the params; those of a static transform if `static`."""
        between = ",\n" + indentation + "  " if spelling.lines else ", "
        self.put("<{" + ("\n" + indentation + "  " if spelling.lines else ""))
        separator = ""
        for key, text in entries:
            self.put(f"{separator}{key} = ")
            with self.place(owner, key):
                self.put(text)
            separator = between
        if spelled is not None and (static or spelling.encoding is Encoding.ATTRIBUTES):
            self.put(separator)
            self.fields(owner, spelled, spelling, between, static=static)
        elif spelled is not None:
            self.put(f"{separator}params = ")
            with self.place(owner, "params"):
                if owner in self._aliases:
                    self.put(self._aliases[owner])
                else:
                    self.value(owner, spelled, spelling)
        self.put(("\n" + indentation if spelling.lines else "") + "}>")

    # Params.

    def value(self, owner: str, spelled: Spelled, spelling: Spelling) -> None:
        """The value of ``params``, a dictionary or a string."""
        if spelling.encoding is Encoding.DICTIONARY:
            self.put("{")
            self.fields(owner, spelled, spelling, ", ")
            self.put("}")
        else:
            self.put('"')
            self.fields(owner, spelled, spelling, "; ", in_string=True)
            self.put('"')

    def fields(
        self,
        owner: str,
        spelled: Spelled,
        spelling: Spelling,
        between: str,
        *,
        static: bool = False,
        in_string: bool = False,
    ) -> None:
        raw = dict(spelled.raw)
        separator = ""
        for name in spelling.order:
            value = getattr(spelled, name) if name == "num_thresholds" else getattr(spelled.params, name)
            if static and name in ("thresholds", "num_thresholds"):
                continue
            if name not in raw and (
                value is None or (value == () and (static or name not in spelled.always))
            ):
                continue
            key = spelling.knob_val if static and name == "decisions" else name
            self.put(f"{separator}{key}{'=' if in_string else ' = '}")
            separator = between
            with self.place(owner, name):
                if name in raw:
                    self.put(raw[name])
                elif isinstance(value, tuple):
                    if static and name == "decisions":
                        self.put(f"{value[0]} : i32")
                    else:
                        self.items(owner, name, value, spelling, in_string=in_string)
                elif isinstance(value, str):
                    self.put(
                        (f"'{value}'" if not value.isidentifier() else value) if in_string else quote(value)
                    )
                else:
                    self.put(str(value) if in_string else f"{value} : i32")

    def items(
        self, owner: str, name: str, values: tuple[int, ...], spelling: Spelling, *, in_string: bool
    ) -> None:
        array = spelling.arrays == "array"
        if in_string:
            opening, separator, suffix, closing = (
                ("[", ", ", "", "]") if array or not values else ("", ",", "", "")
            )
        elif array:
            opening, separator, suffix, closing = "[", ", ", " : i32", "]"
        else:
            opening, separator, suffix, closing = "array<i32: " if values else "array<i32", ", ", "", ">"
        self.put(opening)
        for index, value in enumerate(values):
            self.put(separator if index else "")
            with self.place(owner, name, index):
                self.put(f"{value}{suffix}")
        self.put(closing)


def _params(module: Description) -> Iterator[tuple[str, Spelled, Spelling]]:
    """Every owner of params that need not be separate attributes."""
    for function in module.functions:
        if function.kind == "tree":
            yield function.owner, function.spelled, function.spelling
        if function.knob is not None and function.knob.spelled is not None:
            yield function.knob_owner, function.knob.spelled, function.knob.spelling


# Strategies.

Draw = Any


@st.composite
def spellings(draw: Draw, encodings: Sequence[Encoding] = tuple(Encoding)) -> Spelling:
    return Spelling(
        generic=draw(st.booleans()),
        encoding=draw(st.sampled_from(list(encodings))),
        alias=draw(st.integers(0, 3)) == 3,
        arrays=draw(st.sampled_from(("dense", "array"))),
        lines=draw(st.booleans()),
        order=tuple(draw(st.permutations(FIELDS))),
        tree=draw(st.sampled_from(("decision_tree", "decide"))),
        knob_val=draw(st.sampled_from(("knob_val", "transform_value"))),
    )


@st.composite
def tree_params(draw: Draw, values: Sequence[int], transform: str) -> KnobParams:
    """Params with every constraint kept, and decisions that differ from their neighbours."""
    most = 4 if len(values) > 1 else 0
    limit = 1 << 31
    numbers = st.integers(-1000, 1000) | st.sampled_from((-limit, limit - 1))
    thresholds = sorted(draw(st.sets(numbers, max_size=most)))
    decisions: list[int] = []
    for _ in range(len(thresholds) + 1):
        rest = [value for value in values if not decisions or value != decisions[-1]]
        decisions.append(draw(st.sampled_from(rest)))
    given = draw(st.sampled_from(("neither", "lowers", "uppers", "both")))
    slack = draw(st.integers(0, 50))
    listed = draw(st.sampled_from(("none", "taken", "all")))
    lowers = tuple([max(threshold - slack, -limit) for threshold in thresholds])
    uppers = tuple([min(threshold + slack, limit - 1) for threshold in thresholds])
    return KnobParams(
        thresholds=tuple(thresholds),
        decisions=tuple(decisions),
        thresholds_lowers=lowers if given in ("lowers", "both") else (),
        thresholds_uppers=uppers if given in ("uppers", "both") else (),
        decision_values={"none": (), "taken": tuple(sorted(set(decisions))), "all": tuple(values)}[listed],
        transform_type=transform,
    )


@st.composite
def transform_params(draw: Draw, values: Sequence[int], transform: str) -> KnobParams:
    return KnobParams(
        decisions=(draw(st.sampled_from(values)),),
        decision_values=tuple(values) if draw(st.booleans()) else (),
        transform_type=transform,
    )


@st.composite
def functions(
    draw: Draw, name: str, number: int, kinds: Sequence[str | None], homes: Sequence[str]
) -> Function:
    """A function whose knob, if it is an operation, gets a number as its id."""
    kind = draw(st.sampled_from(list(kinds)))
    home = draw(st.sampled_from(list(homes)))
    # Only an annotated function has others to take its place.
    payloads = [p for p in PAYLOADS if home == "annotation" or p.transform != "func_substitute"]
    payload = draw(st.sampled_from(payloads))
    function = Function(name, payload)
    if kind is None:
        return function
    if kind == "tree":
        spelling = draw(spellings())
        params = draw(tree_params(payload.values, payload.transform))
        count = len(params.thresholds) if draw(st.booleans()) else None
        always = frozenset(("thresholds", "decisions"))
        if not params.thresholds and count is None and draw(st.booleans()):
            always = frozenset()
        spelled = Spelled(params, count, always)
    else:
        spelling = draw(spellings([Encoding.ATTRIBUTES]))
        spelled = Spelled(draw(transform_params(payload.values, payload.transform)))
    knob = None
    if home == "operation":
        others = ("loop_perforate", "task_skipping", "func_substitute")
        types = draw(st.none() | st.permutations(others).map(tuple) | st.just((payload.transform,)))
        again = kind == "tree" and draw(st.booleans())
        knob = Knob(number, types, spelled if again else None, draw(spellings()))
    return replace(
        function,
        kind=kind,
        spelled=spelled,
        spelling=spelling,
        knob=knob,
        contract=draw(st.booleans()),
        knob_annotation=home == "annotation" and draw(st.booleans()),
        annotated_after=draw(st.booleans()),
    )


@st.composite
def valid_modules(
    draw: Draw,
    *,
    kinds: Sequence[str | None] = ("tree", "transform"),
    homes: Sequence[str] = ("annotation", "operation"),
) -> Description:
    """A module in which nothing is wrong, whose first function is of one of these kinds and homes."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    held = [draw(functions(names[0], 0, kinds, homes))]
    for number, name in enumerate(names[1:], 1):
        held.append(draw(functions(name, number, ("tree", "transform", None), ("annotation", "operation"))))
    return Description(tuple(held), draw(st.sampled_from(("approx", "approx", "approxMLIR"))))

"""Hypothesis strategies for functions of StableHLO on tensors whose results are exact.

`functions` draws a `Function`: its text and arguments for it. Every operation in it rounds as IEEE 754 says, if
at all, so that whatever computes it right computes the same bits. (A zero may have another sign.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
Shape = tuple[int, ...]

_DTYPES = {"f32": np.float32, "i32": np.int32, "i1": np.bool_, "f64": np.float64, "i8": np.int8}
_BINARY = {
    "f": ("add", "subtract", "multiply", "maximum", "minimum"),
    "i": ("add", "subtract", "multiply", "maximum", "minimum", "and", "xor"),
    "b": ("and", "or", "xor"),
}
_UNARY = {"f": ("negate", "abs", "floor", "sqrt"), "i": ("negate", "not"), "b": ("not",)}
_REDUCTIONS = {"f": ("add", "maximum", "minimum"), "i": ("add", "multiply", "or"), "b": ("and", "or")}
_START = {"add": "0", "multiply": "1", "or": "0", "and": "true"}
_MOST_ELEMENTS = 200


@dataclass(frozen=True)
class Function:
    """The text of a function ``@main``, and arguments for it."""

    text: str
    arguments: list[Any]

    def __repr__(self) -> str:
        given = ", ".join(f"np.array({a.tolist()}, np.{a.dtype})" for a in self.arguments)
        return f"Function('''{self.text}''', [{given}])"


@dataclass(frozen=True)
class _Value:
    name: str
    shape: Shape
    element: str

    @property
    def kind(self) -> str:
        return "x".join([*map(str, self.shape), self.element]).join(["tensor<", ">"])

    @property
    def family(self) -> str:
        return "b" if self.element == "i1" else self.element[0]


class _Writer:
    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.values: list[_Value] = []
        self.lines: list[str] = []
        self.count = 0

    def choose(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def value(self, shape: Shape, element: str) -> _Value:
        self.count += 1
        return _Value(f"%v{self.count}", shape, element)

    def define(self, shape: Shape, element: str, text: str) -> None:
        if math.prod(shape) <= _MOST_ELEMENTS:
            made = self.value(shape, element)
            self.lines.append(f"{made.name} = {text.replace('RESULT', made.kind)}")
            self.values.append(made)

    def other(self, like: _Value, element: str | None = None) -> _Value | None:
        found = [v for v in self.values if v.shape == like.shape and v.element == (element or like.element)]
        return self.choose(found) if found else None

    def step(self) -> None:
        a = self.choose(self.values)
        name = self.choose(
            ["unary", "binary", "compare", "select", "convert", "broadcast", "transpose", "reshape", "reverse",
             "slice", "pad", "concatenate", "reduce", "dot", "iota", "update"]
        )  # fmt: skip
        getattr(self, f"_{name}")(a)

    def _unary(self, a: _Value) -> None:
        self.define(a.shape, a.element, f"stablehlo.{self.choose(_UNARY[a.family])} {a.name} : {a.kind}")

    def _binary(self, a: _Value) -> None:
        b = self.other(a)
        assert b is not None
        name = self.choose(_BINARY[a.family])
        self.define(a.shape, a.element, f"stablehlo.{name} {a.name}, {b.name} : {a.kind}")

    def _compare(self, a: _Value) -> None:
        b = self.other(a)
        assert b is not None
        order = {"f": "FLOAT", "i": "SIGNED", "b": "UNSIGNED"}[a.family]
        direction = self.choose(["EQ", "NE", "LT", "GE"])
        text = f"stablehlo.compare {direction}, {a.name}, {b.name}, {order} : ({a.kind}, {a.kind}) -> RESULT"
        self.define(a.shape, "i1", text)

    def _select(self, a: _Value) -> None:
        b, decision = self.other(a), self.other(a, "i1")
        if b is not None and decision is not None:
            text = f"stablehlo.select {decision.name}, {a.name}, {b.name} : {decision.kind}, {a.kind}"
            self.define(a.shape, a.element, text)

    def _convert(self, a: _Value) -> None:
        # Floating-point numbers may not fit into integers.
        targets = {"f": ["f32", "f64"], "i": ["i32", "f64", "i8"], "b": ["i32", "f32"]}[a.family]
        element = self.choose(targets)
        self.define(a.shape, element, f"stablehlo.convert {a.name} : ({a.kind}) -> RESULT")

    def _broadcast(self, a: _Value) -> None:
        axis = self.draw(st.integers(0, len(a.shape)))
        shape = (*a.shape[:axis], self.draw(st.integers(0, 4)), *a.shape[axis:])
        dims = [number + (number >= axis) for number in range(len(a.shape))]
        text = f"stablehlo.broadcast_in_dim {a.name}, dims = {dims} : ({a.kind}) -> RESULT"
        self.define(shape, a.element, text)

    def _transpose(self, a: _Value) -> None:
        order = list(self.draw(st.permutations(range(len(a.shape)))))
        text = f"stablehlo.transpose {a.name}, dims = {order} : ({a.kind}) -> RESULT"
        self.define(tuple([a.shape[axis] for axis in order]), a.element, text)

    def _reshape(self, a: _Value) -> None:
        shape = self.choose([(math.prod(a.shape),), (1, *a.shape), (*a.shape, 1)])
        self.define(shape, a.element, f"stablehlo.reshape {a.name} : ({a.kind}) -> RESULT")

    def _reverse(self, a: _Value) -> None:
        axes = sorted(self.draw(st.sets(st.sampled_from(range(len(a.shape)))))) if a.shape else []
        self.define(a.shape, a.element, f"stablehlo.reverse {a.name}, dims = {axes} : {a.kind}")

    def _slice(self, a: _Value) -> None:
        shape, bounds = [], []
        for size in a.shape:
            low = self.draw(st.integers(0, size))
            high = self.draw(st.integers(low, size))
            step = self.draw(st.integers(1, 3))
            shape.append(-(-(high - low) // step))
            bounds.append(f"{low}:{high}:{step}")
        text = f"stablehlo.slice {a.name} [{', '.join(bounds)}] : ({a.kind}) -> RESULT"
        self.define(tuple(shape), a.element, text)

    def _pad(self, a: _Value) -> None:
        scalar = self._constant(a.element)
        low = [self.draw(st.integers(0, 2)) for _ in a.shape]
        high = [self.draw(st.integers(-1 if size else 0, 2)) for size in a.shape]
        inside = [self.draw(st.integers(0, 1)) for _ in a.shape]
        shape = [
            size + max(size - 1, 0) * c + b + d
            for size, b, c, d in zip(a.shape, low, inside, high, strict=True)
        ]
        text = (
            f"stablehlo.pad {a.name}, {scalar}, low = {low}, high = {high}, interior = {inside} "
            f": ({a.kind}, tensor<{a.element}>) -> RESULT"
        )
        self.define(tuple(shape), a.element, text)

    def _concatenate(self, a: _Value) -> None:
        b = self.other(a)
        if a.shape and b is not None:
            axis = self.choose(range(len(a.shape)))
            shape = tuple([size * (2 if n == axis else 1) for n, size in enumerate(a.shape)])
            text = f"stablehlo.concatenate {a.name}, {b.name}, dim = {axis} : ({a.kind}, {a.kind}) -> RESULT"
            self.define(shape, a.element, text)

    def _reduce(self, a: _Value) -> None:
        axes = sorted(self.draw(st.sets(st.sampled_from(range(len(a.shape)))))) if a.shape else []
        name = self.choose(_REDUCTIONS[a.family])
        start = self._constant(a.element, _START.get(name))
        text = (
            f"stablehlo.reduce({a.name} init: {start}) applies stablehlo.{name} across dimensions = {axes} "
            f": ({a.kind}, tensor<{a.element}>) -> RESULT"
        )
        self.define(tuple([s for n, s in enumerate(a.shape) if n not in axes]), a.element, text)

    def _dot(self, a: _Value) -> None:
        # Sums of products of floating-point numbers are rounded in more than one way.
        if a.element != "i32" or not a.shape:
            return
        axis = self.choose(range(len(a.shape)))
        fitting = [
            (v, n)
            for v in self.values
            if v.element == "i32"
            for n, s in enumerate(v.shape)
            if s == a.shape[axis]
        ]
        b, other = self.choose(fitting)
        shape = [s for n, s in enumerate(a.shape) if n != axis] + [
            s for n, s in enumerate(b.shape) if n != other
        ]
        text = (
            f"stablehlo.dot_general {a.name}, {b.name}, contracting_dims = [{axis}] x [{other}] "
            f": ({a.kind}, {b.kind}) -> RESULT"
        )
        self.define(tuple(shape), "i32", text)

    def _iota(self, a: _Value) -> None:
        if a.shape and a.element != "i1":
            axis = self.choose(range(len(a.shape)))
            self.define(a.shape, a.element, f"stablehlo.iota dim = {axis} : RESULT")

    def _update(self, a: _Value) -> None:
        """A slice at a place that is only known when it runs, put back at another one."""
        numbers = [v for v in self.values if v.element == "i32" and v.shape == ()]
        if not a.shape or not numbers:
            return
        starts = [self.choose(numbers).name for _ in a.shape]
        more = [self.choose(numbers).name for _ in a.shape]
        sizes = [self.draw(st.integers(0, size)) for size in a.shape]
        part = self.value(tuple(sizes), a.element)
        kinds = ", ".join(["tensor<i32>"] * len(starts))
        self.lines.append(
            f"{part.name} = stablehlo.dynamic_slice {a.name}, {', '.join(starts)}, sizes = {sizes} "
            f": ({a.kind}, {kinds}) -> {part.kind}"
        )
        text = (
            f"stablehlo.dynamic_update_slice {a.name}, {part.name}, {', '.join(more)} "
            f": ({a.kind}, {part.kind}, {kinds}) -> RESULT"
        )
        self.define(a.shape, a.element, text)

    def _constant(self, element: str, literal: str | None = None) -> str:
        if literal is None:
            literal = {"i1": "false", "f": "1.5", "i": "3"}.get(element if element == "i1" else element[0])
        elif element[0] == "f":
            literal += ".0"
        elif element == "i1" and literal == "0":
            literal = "false"
        made = self.value((), element)
        self.lines.append(f"{made.name} = stablehlo.constant dense<{literal}> : {made.kind}")
        return made.name


def array(draw: Draw, shape: Shape, element: str) -> Any:
    """An argument: small integers, and floating-point numbers of all kinds."""
    dtype = _DTYPES[element]
    numbers = {
        "i1": st.booleans(),
        "i32": st.integers(-9, 9),
        "i8": st.integers(-128, 127),
        "f32": st.floats(width=32),
        "f64": st.floats(),
    }[element]
    count = math.prod(shape)
    return np.array(draw(st.lists(numbers, min_size=count, max_size=count)), dtype).reshape(shape)


@st.composite
def functions(draw: Draw) -> Function:
    """A function of two to four tensors, of up to twelve operations, with one to three results."""
    writer = _Writer(draw)
    shapes = st.lists(st.integers(0, 4), max_size=3).map(tuple)
    elements = st.sampled_from(["f32", "f32", "i32", "i1", "f64"])
    common = draw(shapes)
    arguments = [_Value("%a0", (), "i32"), _Value("%a1", common, draw(elements))]
    for number in range(draw(st.integers(0, 2))):
        shape = common if draw(st.booleans()) else draw(shapes)
        arguments.append(_Value(f"%a{number + 2}", shape, draw(elements)))
    writer.values += arguments
    for _ in range(draw(st.integers(1, 12))):
        writer.step()
    results = [writer.choose(writer.values) for _ in range(draw(st.integers(1, 3)))]
    results.append(writer.values[-1])
    given = ", ".join(f"{v.name}: {v.kind}" for v in arguments)
    kinds = ", ".join(v.kind for v in results)
    body = "\n".join(f"  {line}" for line in writer.lines)
    text = (
        f"func.func @main({given}) -> ({kinds}) {{\n{body}\n"
        f"  return {', '.join(v.name for v in results)} : {kinds}\n}}\n"
    )
    return Function(text, [array(draw, v.shape, v.element) for v in arguments])

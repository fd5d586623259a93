"""StableHLO's control flow as scf: the same results, by the interpreter; real MLIR accepts what is made."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from corpus.jax_programs import PROGRAMS, Program
from hypothesis import given, settings
from hypothesis import strategies as st
from support.lowering import call, fails, module
from support.stablehlo_control_flow import functions

import approxir as ax
from approxir.interp import Interpreter, InterpreterError
from approxir.passes.pipeline import run_pipeline

PIPELINE = ("legalize-control-flow-to-scf",)
OTHER = "func.func   @other( %a :tensor<i32> )->tensor<i32> {%b=stablehlo.add %a,%a:tensor<i32> // twice\n return %b:tensor<i32>}\n"
ADD = "    %y = stablehlo.add %x, %x : tensor<2xf32>\n"


def legalized(text: str) -> str:
    """The module after the pass, which real MLIR accepts and on which the pass has nothing more to do."""
    made = ax.parse(text)
    made.verify()
    changed = run_pipeline(made, PIPELINE)
    result = str(made)
    assert changed == (result != text)
    again = ax.parse(result)
    again.verify(using="mlir")
    assert not again.find("stablehlo.if", "stablehlo.case", "stablehlo.while")
    assert not run_pipeline(again, PIPELINE)
    assert str(again) == result
    return result


def same(first: Any, second: Any) -> bool:
    return all(
        np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc")
        for a, b in zip(first, second, strict=True)
    )


@settings(max_examples=60, deadline=None)
@given(functions(), st.booleans(), st.lists(st.integers(-2, 5), min_size=2, max_size=2))
def test_generated_functions(text: str, generic: bool, numbers: list[int]) -> None:
    if generic:
        text = ax.parse(text).print(generic=True)
    text = OTHER + text
    result = legalized(text)
    assert OTHER in result
    arguments = [np.array(n, np.int32) for n in numbers] + [np.array([1, -2, 0.5], np.float32)]
    wanted = Interpreter(ax.parse(text)).call("f", *arguments)
    assert same(Interpreter(ax.parse(result)).call("f", *arguments), wanted)


def with_control_flow() -> list[Program]:
    return [p for p in PROGRAMS if any(f"stablehlo.{name}" in p.text() for name in ("if", "case", "while"))]


@pytest.mark.parametrize("program", with_control_flow(), ids=lambda program: program.name)
@pytest.mark.parametrize("style", ["pretty", "generic"])
def test_jax_programs(program: Program, style: Any) -> None:
    text = program.text(style)
    result = legalized(text)
    if style == "generic":
        return
    with jax.enable_x64(program.x64):
        arguments = [np.asarray(x) for x in jax.tree.leaves(program.arguments(np.random.default_rng(3)))]
    try:
        wanted = Interpreter(ax.parse(text)).call("main", *arguments)
    except InterpreterError:
        assert program.name in ("linear_algebra", "linear_algebra_cuda", "special_functions")
        return
    assert same(Interpreter(ax.parse(result)).call("main", *arguments), wanted)


def test_an_index_out_of_range_takes_the_last_branch() -> None:
    branches = "}, {".join(
        f"\n      %k = stablehlo.constant dense<{k}> : tensor<i32>\n      stablehlo.return %k : tensor<i32>\n    "
        for k in (10, 20, 30)
    )
    text = module(
        "  func.func @f(%i: tensor<i32>) -> tensor<i32> {\n"
        f'    %r = "stablehlo.case"(%i) ({{{branches}}}) : (tensor<i32>) -> tensor<i32>\n'
        "    return %r : tensor<i32>\n  }\n"
    )
    result = legalized(text)
    found = [call(result, "f", np.array(i, np.int32)) for i in (-(2**31), -1, 0, 1, 2, 3, 2**31 - 1)]
    assert found == [30, 30, 10, 20, 30, 30, 30]


def test_a_loop_without_values_and_branches_without_results() -> None:
    text = module(
        "  func.func @f(%c: tensor<i1>) {\n"
        '    "stablehlo.while"() ({\n'
        "      %no = stablehlo.constant dense<false> : tensor<i1>\n"
        "      stablehlo.return %no : tensor<i1>\n    }, {\n      stablehlo.return\n    }) : () -> ()\n"
        '    "stablehlo.if"(%c) ({\n      stablehlo.return\n    }, {\n      stablehlo.return\n    }) '
        ": (tensor<i1>) -> ()\n    return\n  }\n"
    )
    result = legalized(text)
    assert "scf.while" in result
    assert call(result, "f", np.array(True)) == ()


def test_shapes_that_are_known_better_on_one_side() -> None:
    text = module(
        "  func.func @f(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<?xf32> {\n"
        '    %r = "stablehlo.if"(%c) ({\n'
        f"  {ADD}      stablehlo.return %y : tensor<2xf32>\n    }}, {{\n"
        "      stablehlo.return %x : tensor<2xf32>\n    }) : (tensor<i1>) -> tensor<?xf32>\n"
        "    return %r : tensor<?xf32>\n  }\n"
    )
    result = legalized(text)
    assert result.count("tensor.cast") == 2
    assert call(result, "f", np.array(True), np.array([1, 2], np.float32)) == [2, 4]


def test_aliases_locations_and_attributes_are_kept() -> None:
    text = (
        "!t = tensor<i1>\n"
        "func.func @f(%c: !t, %x: tensor<2xf32>) -> tensor<2xf32> {\n"
        '  %r = "stablehlo.if"(%c) ({ stablehlo.return %x : tensor<2xf32> }, {\n'
        f"{ADD}    stablehlo.return %y : tensor<2xf32> }}) "
        '{mhlo.frontend_attributes = {a = "b"}} : (!t) -> tensor<2xf32>\n  return %r : tensor<2xf32>\n}\n'
    )
    result = legalized(text)
    assert 'mhlo.frontend_attributes = {a = "b"}' in result


def test_deep_nesting() -> None:
    depth = 150
    opened = "".join(
        f'%r{n} = "stablehlo.if"(%c) ({{ stablehlo.return %x : tensor<i32> }}, {{\n' for n in range(depth)
    )
    closed = "".join(
        f"stablehlo.return %r{n + 1} : tensor<i32> }}) : (tensor<i1>) -> tensor<i32>\n"
        for n in reversed(range(depth))
    )
    text = (
        "func.func @f(%c: tensor<i1>, %x: tensor<i32>) -> tensor<i32> {\n"
        f"{opened}%r{depth} = stablehlo.negate %x : tensor<i32>\n{closed}return %r0 : tensor<i32>\n}}\n"
    )
    made = ax.parse(text)
    run_pipeline(made, PIPELINE)
    result = str(made)
    assert result.count("scf.if") == depth
    assert call(result, "f", np.array(False), np.array(5, np.int32)) == -5


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ('"stablehlo.if"(%c) ({ stablehlo.return }) : (tensor<i1>) -> ()', "has 2 regions, not 1"),
        ('"stablehlo.if"(%v) ({ stablehlo.return }, { stablehlo.return }) : (tensor<2xi1>) -> ()', "one element"),
        ('"stablehlo.if"(%n) ({ stablehlo.return }, { stablehlo.return }) : (tensor<i32>) -> ()', "tensor of i1"),
        ('"stablehlo.if"(%c) ({ stablehlo.return }, { }) : (tensor<i1>) -> ()', "does not end in stablehlo.return"),
        ('"stablehlo.case"(%n) : (tensor<i32>) -> ()', "has regions"),
        ('%r = "stablehlo.case"(%n) ({ stablehlo.return }) : (tensor<i32>) -> tensor<i32>', "returns 0 values"),
        ('"stablehlo.while"() ({ stablehlo.return }, { ^a: stablehlo.return ^b: stablehlo.return }) : () -> ()', "2 blocks"),
        (
            '%r = "stablehlo.case"(%n) ({ stablehlo.return %c : tensor<i1> }) : (tensor<i32>) -> tensor<i32>',
            "hands on tensor<i1> where tensor<i32> is expected",
        ),
        ('"stablehlo.while"() ({ stablehlo.return }, { stablehlo.return }) : () -> ()', "returns 0 values, not one"),
        (
            '%r = "stablehlo.while"(%n) ({ stablehlo.return %c : tensor<i1> }, { stablehlo.return %n : tensor<i32> }) '
            ": (tensor<i32>) -> tensor<i32>",
            "carries 1 values, but its regions take 0 and 0",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_an_error_at_its_place(operation: str, message: str) -> None:
    text = (
        f"func.func @f(%c: tensor<i1>, %v: tensor<2xi1>, %n: tensor<i32>) {{\n  {operation}\n  return\n}}\n"
    )
    fails(text, message, operation[operation.index('"') :], PIPELINE)

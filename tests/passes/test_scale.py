"""Lowering big modules takes time in proportion to what is lowered."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from support.lowering import BRANCHING, HELPERS, contract, module, tree

import approxir as ax
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline

OK = "  func.func @ok(%r: i32, %n: i32, %x: i32) -> i1 {\n    %t = arith.constant true\n    return %t : i1\n  }\n"
RESCUE = "  func.func @rescue(%n: i32, %x: i32) -> i32 {\n    return %x : i32\n  }\n"


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def lower(text: str) -> str:
    made = ax.parse(text)
    run_pipeline(made, FUNC_SUBSTITUTE_PIPELINE)
    return str(made)


def many(count: int) -> str:
    parts = [HELPERS, OK, RESCUE]
    for k in range(count):
        # Every other one is put into a function of its own.
        body = BRANCHING.replace("@f(", f"@f{k}(")
        if k % 2:
            body = body.replace("    %zero", "    affine.for %i = 0 to 2 {\n    }\n    %zero", 1)
        parts += [tree(f"f{k}"), contract(f"f{k}"), body]
    return module(*parts)


def test_many_annotated_functions() -> None:
    """Eight times as many take about eight times as long."""
    small, large = many(20), many(160)
    lower(small)
    first = min(seconds(lambda: lower(small)) for _ in range(3))
    second = min(seconds(lambda: lower(large)) for _ in range(2))
    assert second < 20 * first


@pytest.mark.slow
def test_a_thousand_annotated_functions() -> None:
    text = many(1000)
    assert seconds(lambda: lower(text)) < 20


@pytest.mark.slow
def test_one_annotated_function_of_a_big_module() -> None:
    """What is not lowered costs no more than parsing it."""
    line = "    %v{} = stablehlo.add %a, %a : tensor<64x64xf32>\n"
    big = "".join(
        f"  func.func @big{k}(%a: tensor<64x64xf32>) -> tensor<64x64xf32> {{\n"
        + "".join(line.format(j) for j in range(1000))
        + "    return %v7 : tensor<64x64xf32>\n  }\n"
        for k in range(400)
    )
    text = module(HELPERS, OK, RESCUE, big, tree(), contract(), BRANCHING)
    assert len(text) > 20_000_000
    plain = seconds(lambda: str(ax.parse(text, lazy=False)))
    assert seconds(lambda: lower(text)) < 4 * plain + 2
    assert big in lower(text)

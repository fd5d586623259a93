"""Perforated reductions over sizes that are known at run time: the lowered code against the interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import approxir as ax
from approxir.interp import run
from approxir.passes.pipeline import PASS_PIPELINE, run_pipeline

TYPES = {
    "f32": np.float32, "f64": np.float64, "f16": np.float16, "i8": np.int8, "i32": np.int32, "i64": np.int64,
    "ui8": np.uint8, "ui32": np.uint32,
}  # fmt: skip


def annotated(body: str, head: str, v: int) -> str:
    return (
        '"approx.util.annotation.transform"() <{func_name = "main", transform_type = "loop_perforate", '
        f"knob_val = {v} : i32}}> : () -> ()\nfunc.func @main{head} {{\n{body}\n}}\n"
    )


def both(text: str, *arguments: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What the annotated module computes, and what the lowered one does."""
    module = ax.parse(text)
    expected = run(module, "main", *arguments)
    run_pipeline(module, PASS_PIPELINE)
    lowered = ax.parse(str(module))
    lowered.verify()
    return list(expected), list(run(lowered, "main", *arguments))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(sorted(TYPES)),
    name=st.sampled_from(["add", "maximum", "minimum"]),
    shape=st.tuples(st.integers(0, 300), st.integers(0, 3)),
    known=st.sampled_from(["?x?", "Nx?", "?xM"]),
    v=st.integers(2, 400),
    init=st.integers(0, 3),
    seed=st.integers(0, 99),
)
def test_reductions(
    kind: str, name: str, shape: tuple[int, int], known: str, v: int, init: int, seed: int
) -> None:
    sizes = known.replace("N", str(shape[0])).replace("M", str(shape[1]))
    rest = sizes.split("x")[1]
    body = (
        f"  %z = stablehlo.constant dense<{init}{'.0' if kind[0] == 'f' else ''}> : tensor<{kind}>\n"
        f"  %r = stablehlo.reduce(%a init: %z) applies stablehlo.{name} across dimensions = [0] : "
        f"(tensor<{sizes}x{kind}>, tensor<{kind}>) -> tensor<{rest}x{kind}>\n"
        f"  return %r : tensor<{rest}x{kind}>"
    )
    numbers = np.random.default_rng(seed).integers(0, 100, shape)
    head = f"(%a: tensor<{sizes}x{kind}>) -> tensor<{rest}x{kind}>"
    expected, found = both(annotated(body, head, v), numbers.astype(TYPES[kind]))
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(n=st.integers(1, 40), v=st.integers(2, 9), seed=st.integers(0, 99))
def test_products(n: int, v: int, seed: int) -> None:
    body = (
        "  %r = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : "
        "(tensor<3x?xf32>, tensor<?x2xf32>) -> tensor<3x2xf32>\n  return %r : tensor<3x2xf32>"
    )
    head = "(%a: tensor<3x?xf32>, %b: tensor<?x2xf32>) -> tensor<3x2xf32>"
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(3, n)).astype(np.float32), rng.normal(size=(n, 2)).astype(np.float32)
    expected, found = both(annotated(body, head, v), a, b)
    np.testing.assert_array_equal(found[0], expected[0])
    kept = a[:, ::v] @ b[::v] * np.float32(n / len(b[::v]))
    np.testing.assert_allclose(found[0], kept, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_negative_zero_is_kept_where_nothing_is_left_out(n: int) -> None:
    body = (
        "  %z = stablehlo.constant dense<-0.0> : tensor<f32>\n"
        "  %r = stablehlo.reduce(%a init: %z) applies stablehlo.add across dimensions = [0] : "
        "(tensor<?xf32>, tensor<f32>) -> tensor<f32>\n  return %r : tensor<f32>"
    )
    text = annotated(body, "(%a: tensor<?xf32>) -> tensor<f32>", 2)
    expected, found = both(text, np.full(n, -0.0, np.float32))
    assert np.signbit(found[0]) == np.signbit(expected[0])

"""JAX's programs on IREE: the results are JAX's own and the interpreter's."""

from __future__ import annotations

import contextlib
import importlib.util
from typing import Any

import numpy as np
import pytest

import approxir as ax
from approxir.codegen.iree.backend import Iree, iree
from approxir.interp import Interpreter

pytestmark = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")

QUICK = ("fori_loop", "while_loop", "cond_switch", "bf16_mlp", "nested_jit", "special_constants", "kepler")
SLOW = (
    "transformer_block", "conv_net", "scan_rnn", "scatter_ops", "gather_indexing", "sort_topk", "random_numbers",
    "complex_numbers", "vmap_grad", "reductions", "fp8_matmul", "special_functions", "rematerialised",
)  # fmt: skip
REFUSED = {
    "fft_filter": r"failed to legalize operation 'stablehlo\.fft'",
    "linear_algebra": "lapack_spotrf_ffi",
    "linear_algebra_cuda": "cusolver_potrf_ffi",
    # Two numbers of four bits share a byte, which no type of NumPy's does.
    "int_bits": "tensors of i4 cannot be exchanged with IREE",
    "sharded_matmul": "Dialect `sdy' not found",
    "dynamic_shapes": r"failed to legalize operation 'stablehlo\.dynamic_gather'",
}
REFUSED_FOR_CUDA = ("fp8_matmul",)
# The largest difference, of floats of 32 bits, in units of the last place of 1 or of the number if that is larger.
ULPS = {"transformer_block": 1000, "special_functions": 40, "scan_rnn": 16}
DEFAULT_ULPS = 8


def lowered(name: str) -> tuple[str, list[Any], list[Any]]:
    """The module of a program, its arguments, and what JAX computes."""
    import jax
    from corpus.jax_programs import PROGRAMS

    program = next(program for program in PROGRAMS if program.name == name)
    with jax.enable_x64(True) if program.x64 else contextlib.nullcontext():
        text = program.text("pretty", seed=1)
        if name in REFUSED:
            return text, [], []
        arguments = program.arguments(np.random.default_rng(1))
        expected = [np.asarray(x) for x in jax.tree.leaves(jax.jit(program.function)(*arguments))]
    return text, [np.asarray(x) for x in jax.tree.leaves(arguments)], expected


def compare(name: str, ours: Any, theirs: Any, ulps: int) -> None:
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    if theirs.dtype.kind in "biu":
        np.testing.assert_array_equal(ours, theirs)
        return
    single = theirs.dtype.name not in ("float64", "complex128")
    unit = np.finfo(np.float32 if single else np.float64).eps
    if theirs.dtype.itemsize == 2:
        unit = 2.0**-7 if theirs.dtype.name == "bfloat16" else 2.0**-10
    wide = np.complex128 if theirs.dtype.kind == "c" else np.float64
    np.testing.assert_allclose(ours.astype(wide), theirs.astype(wide), rtol=unit * ulps, atol=unit * ulps)


def check(name: str) -> None:
    text, arguments, expected = lowered(name)
    kernel = iree(text)
    found = kernel.main(*arguments)
    found = found if isinstance(found, tuple) else (found,)
    interpreted = Interpreter(ax.parse(text)).call("main", *arguments) if name not in SLOW[-2:] else found
    ulps = ULPS.get(name, DEFAULT_ULPS)
    for ours, theirs, reference in zip(found, expected, interpreted, strict=True):
        compare(name, ours, theirs, ulps)
        compare(name, ours, np.asarray(reference), 2 * ulps)


@pytest.mark.parametrize("name", QUICK)
def test_program(name: str) -> None:
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_long_program(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """A release of IREE that learns one of them shows itself here."""
    text, _, _ = lowered(name)
    with pytest.raises(ax.CompilationError, match=REFUSED[name]) as caught:
        iree(text)
    entry = caught.value.diagnostics[0]
    assert 0 < entry.line <= text.count("\n") + 1
    assert entry.source_line in text


@pytest.mark.slow
@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_cuda(name: str) -> None:
    text, _, _ = lowered(name)
    if name in REFUSED_FOR_CUDA:
        with pytest.raises(ax.CompilationError):
            Iree().compile(text, target="cuda")
        return
    assert b".target sm_80" in Iree().compile(text, target="cuda").data


def test_all_programs_are_here() -> None:
    from corpus.jax_programs import PROGRAMS

    assert {program.name for program in PROGRAMS} == {*QUICK, *SLOW, *REFUSED}

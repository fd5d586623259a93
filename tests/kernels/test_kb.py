"""The kernel kb: what it computes, by C and by NumPy, and what its knobs do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import kernels, native
from support.toolchains import has_c_compiler

import approxir as ax
from approxir.tuning.datasets.embeddings import Embeddings, topic_vectors
from approxir.tuning.exact import exact_module

KERNEL = kernels.workload("kb")
pytestmark = native.needs_native


def arguments(vectors: Any, query: Any, digits: int = 8) -> tuple[Any, ...]:
    held: tuple[Any, ...] = kernels.driver("kb").call(Embeddings.of(vectors, digits), np.asarray(query))
    return held


def random_call(documents: int, dimensions: int, seed: int, digits: int = 8) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    vectors = topic_vectors(documents + 1, dimensions, 4, rng)
    return arguments(vectors[1:], vectors[0], digits)


def test_the_module() -> None:
    kernels.check_module(KERNEL, knobs=2)


@pytest.mark.skipif(not has_c_compiler(), reason="there is no C compiler")
def test_exact_is_what_c_computes() -> None:
    kernels.check_exact(KERNEL, seeds=range(3), scale=0.02)


@pytest.mark.parametrize("digits", [1, 3, 8, 12])
@pytest.mark.parametrize("scale", [1.0, 123.0])
def test_exact_is_the_cosine(digits: int, scale: float) -> None:
    rng = np.random.default_rng(digits)
    vectors = np.round(rng.standard_normal((20, 11)) * scale, digits)
    query = rng.standard_normal(11)
    held = arguments(vectors, query, digits)
    ax.jit(exact_module(ax.load(KERNEL.module))).kb(*held)
    wanted = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    np.testing.assert_allclose(held[-1], wanted, rtol=1e-12, atol=1e-14)


def test_zeros_are_like_nothing() -> None:
    compute = ax.jit(exact_module(ax.load(KERNEL.module))).kb
    for vectors, query in (([[0.0, 0.0], [1.0, 0.0]], [0.0, 0.0]), ([[0.0, 0.0], [0.0, -0.0]], [1.0, 2.0])):
        held = arguments(vectors, query)
        compute(*held)
        assert held[-1].tolist() == [0.0, 0.0]


def test_the_interpreter_agrees() -> None:
    kernels.check_interpreter(KERNEL, random_call(6, 10, 0, digits=4))


def test_every_value_of_every_knob_changes_something() -> None:
    for knob, found in kernels.qualities(KERNEL, 0.1).items():
        assert found[0] == 1.0
        assert all(quality < 1.0 for value, quality in found.items() if value), (knob, found)
        values = sorted(found)
        assert [found[value] for value in values] == sorted(found.values(), reverse=True), (knob, found)


def test_live_is_applied() -> None:
    kernels.check_live(KERNEL, random_call(40, 16, 1), 5)


@pytest.mark.parametrize(("value", "share"), [(1, 0.05), (2, 0.25), (3, 0.75)])
def test_documents_are_left_out_by_their_number(value: int, share: float) -> None:
    held = random_call(4000, 4, 2)
    module = ax.load(KERNEL.module)
    exact = kernels.exact_config(module)
    module.apply({**exact, "similarity_decision_0": value, "similarity_decision_1": value})
    wanted = kernels.called(ax.jit(exact_module(module)).kb, held)[-1]
    (_, *_, found) = kernels.called(ax.jit(module).kb, held)
    out = found == -1.0
    assert out.mean() == pytest.approx(share, abs=0.02)
    assert (found[~out] == wanted[~out]).all()


@pytest.mark.parametrize(("value", "digits"), [(1, 3), (2, 2), (3, 1)])
def test_numbers_are_truncated_behind_the_first_eighth(value: int, digits: int) -> None:
    rng = np.random.default_rng(3)
    vectors = np.round(rng.standard_normal((10, 16)), 6)
    query = rng.standard_normal(16)
    module = ax.load(KERNEL.module)
    exact = kernels.exact_config(module)
    module.apply({**exact, **{f"parse_decision_{k}": value for k in range(2)}})
    held = arguments(vectors, query, 6)
    ax.jit(module).kb(*held)
    cut = np.trunc(vectors * 10**digits) / 10**digits
    cut[:, :2] = vectors[:, :2]
    wanted = cut @ query / np.linalg.norm(cut, axis=1) / np.linalg.norm(query)
    np.testing.assert_allclose(held[-1], wanted, rtol=1e-12, atol=1e-14)


def test_the_embeddings_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "embeddings.txt"
    vectors = topic_vectors(9, 5, 2, np.random.default_rng(0))
    Embeddings.of(vectors, 6).write(path)
    calls = KERNEL.inputs(1.0, np.random.default_rng(0), embeddings=str(path))
    assert [held[:3] for held in calls] == [(9, 5, 6)] * 6
    assert all(held[5].shape == (5,) for held in calls)

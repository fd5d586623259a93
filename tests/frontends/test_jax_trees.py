"""Random trees of arguments: their leaves go in and come out in order, whatever holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import approxir as ax

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402

TYPES = ["float32", "float16", "int32", "int8", "uint16", "bool", "complex64"]


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    shape = draw(st.lists(st.integers(0, 3), max_size=2))
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape) + draw(st.integers(0, 5))
    return values.astype(draw(st.sampled_from(TYPES)))


def trees() -> st.SearchStrategy[Any]:
    leaves = st.one_of(arrays(), st.integers(-9, 9), st.floats(-9, 9, width=32), st.booleans(), st.none())
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(inner, inner),
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        ),
        max_leaves=6,
    )


@settings(max_examples=25, deadline=None, derandomize=True)
@given(args=st.lists(trees(), min_size=1, max_size=4), data=st.data())
def test_leaves_go_in_and_come_out(args: list[Any], data: st.DataObject) -> None:
    state = data.draw(st.lists(st.integers(-len(args), len(args) - 1), max_size=3))

    def double(leaf: Any) -> Any:
        array = jnp.asarray(leaf)
        return ~array if array.dtype == bool else array + array

    def kernel(*given: Any) -> Any:
        return {"doubled": jax.tree_util.tree_map(double, list(given)), "first": given[0]}

    def cheap(*given: Any) -> Any:
        return {"doubled": list(given), "first": given[0]}

    def count(*given: Any) -> Any:
        return len(jax.tree_util.tree_leaves(given))

    tree = ax.DecisionTree(count, state, [3], [0, 1], "func_substitute", approx_kernels={1: cheap})
    expected_by = cheap if count(*[args[place] for place in state]) >= 3 else kernel
    as_arrays = [jax.tree_util.tree_map(jnp.asarray, arg) for arg in args]
    fast = ax.approximate(kernel, {"decision_tree": tree}, backend="interp")
    found, expected = fast(*args), expected_by(*as_arrays)
    assert jax.tree_util.tree_structure(found) == jax.tree_util.tree_structure(expected)
    for ours, theirs in zip(
        jax.tree_util.tree_leaves(found), jax.tree_util.tree_leaves(expected), strict=True
    ):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    module = ax.parse(fast.mlir)
    module.verify()
    assert "approx." not in ax.compile(fast.mlir)

"""JAX functions with knobs through the whole system: exported, lowered, interpreted, compiled by IREE and LLVM."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

import approxir as ax

jax = pytest.importorskip("jax")

from support.jax_kernels import KERNELS, JaxKernel, assert_close, exact_config  # noqa: E402

SEEDS = range(4)


def exported(kernel: JaxKernel) -> str:
    arguments = kernel.arguments(np.random.default_rng(0))
    return ax.export_with_config(kernel.function, arguments, kernel.config)


by_name = pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)


@by_name
def test_modules_are_valid_and_lowered(kernel: JaxKernel) -> None:
    text = exported(kernel)
    module = ax.parse(text)
    module.verify()
    module.verify(using="mlir")
    assert len(set(module.symbols.names)) == len(module.symbols.names)
    assert not [finding for finding in module.lint() if finding.severity == "error"]
    lowered = ax.compile(text)
    assert "approx." not in lowered
    ax.parse(lowered).verify(using="mlir")


@by_name
def test_lowering_keeps_what_annotations_mean(kernel: JaxKernel) -> None:
    """The interpreter's reading of the annotated module against that of the lowered one, bit for bit."""
    text = exported(kernel)
    annotated, lowered = (
        ax.approximate(kernel.function, kernel.config, backend="interp", returns="numpy"),
        ax.parse(ax.compile(text)),
    )
    from approxir.interp import run

    for seed in SEEDS:
        arguments = kernel.arguments(np.random.default_rng(seed))
        flat = [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(arguments)]
        flat = [np.asarray(leaf, np.int32) if leaf.dtype == np.int64 else leaf for leaf in flat]
        flat = [np.asarray(leaf, np.float32) if leaf.dtype == np.float64 else leaf for leaf in flat]
        expected = jax.tree_util.tree_leaves(annotated(*arguments))
        found = run(lowered, kernel.name, *flat)
        assert_close(list(found), [np.asarray(x) for x in expected], 0)


def by_jax(kernel: JaxKernel, arguments: tuple[Any, ...]) -> Any:
    """What the function returns as JAX runs it, NumPy's arrays being JAX's, as in an exported function."""
    given = jax.tree_util.tree_map(
        lambda leaf: jax.numpy.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf, arguments
    )
    return jax.tree_util.tree_map(jax.numpy.asarray, kernel.function(*given))


def check(kernel: JaxKernel, backend: str) -> None:
    """Exact decisions give what JAX does; the others what the interpreter says, within twice the tolerance."""
    live = kernel.config.get("decision_tree") is not None
    compiled = ax.approximate(kernel.function, kernel.config, backend=backend, live=live)
    reference = ax.approximate(kernel.function, kernel.config, backend="interp", live=live)
    exact = exact_config(kernel, compiled.config)
    for seed in SEEDS:
        arguments = kernel.arguments(np.random.default_rng(seed))
        assert_close(compiled(*arguments), reference(*arguments), 2 * kernel.rtol)
        if exact is not None:
            before = compiled.set(exact)
            assert_close(compiled(*arguments), by_jax(kernel, arguments), kernel.rtol)
            compiled.set(before)


@by_name
@pytest.mark.skipif(importlib.util.find_spec("iree") is None, reason="IREE is not installed")
def test_iree(kernel: JaxKernel) -> None:
    check(kernel, "iree")


@by_name
@pytest.mark.skipif(importlib.util.find_spec("torch_mlir") is None, reason="torch-mlir is not installed")
def test_llvm(kernel: JaxKernel) -> None:
    check(kernel, "llvm")


def test_several_functions_in_one_module() -> None:
    """All kernels in one module: helper functions with the same names stay apart, and so do the results."""
    rng = np.random.default_rng(3)
    entries: dict[str, Any] = {k.name: (k.function, k.arguments(rng), k.config) for k in KERNELS}
    text = ax.export_module_with_configs(entries, module_name="everything")
    module = ax.parse(text)
    module.verify(using="mlir")
    from approxir.interp import run

    for kernel in KERNELS:
        single = ax.approximate(kernel.function, kernel.config, backend="interp", returns="numpy")
        arguments = entries[kernel.name][1]
        expected = jax.tree_util.tree_leaves(single(*arguments))
        kinds = [jax.numpy.asarray(leaf) for leaf in jax.tree_util.tree_leaves(arguments)]
        found = run(module, kernel.name, *[np.asarray(leaf) for leaf in kinds])
        assert_close([np.asarray(x) for x in found], [np.asarray(x) for x in expected], 0)

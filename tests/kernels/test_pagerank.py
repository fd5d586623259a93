"""The kernel pagerank: what it computes, by C and by NumPy, and what its knobs do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import kernels, native
from support.toolchains import has_c_compiler

import approxir as ax
from approxir.interp import run
from approxir.tuning.datasets.graphs import Graph, random_graph
from approxir.tuning.exact import exact_module

KERNEL = kernels.workload("pagerank")
pytestmark = native.needs_native


def reference(graph: Graph, iterations: int, damping: float) -> Any:
    """Power iteration with the whole matrix of the walk."""
    n = graph.nodes
    walk = np.zeros((n, n))
    for node in range(n):
        for source in graph.sources[graph.starts[node] : graph.starts[node + 1]]:
            walk[node, source] = 1 / graph.out_degrees[source]
    walk[:, graph.out_degrees == 0] = 1 / n
    ranks = np.full(n, 1 / n)
    for _ in range(iterations):
        ranks = (1 - damping) / n + damping * (walk @ ranks)
    return ranks


def arguments(graph: Graph, iterations: int = 20, damping: float = 0.85) -> tuple[Any, ...]:
    ranks = np.zeros(graph.nodes)
    return (
        graph.nodes, iterations, damping, graph.starts, graph.sources, graph.out_degrees, ranks
    )  # fmt: skip


def test_the_module() -> None:
    kernels.check_module(KERNEL, knobs=3)


@pytest.mark.skipif(not has_c_compiler(), reason="there is no C compiler")
def test_exact_is_what_c_computes() -> None:
    kernels.check_exact(KERNEL, seeds=range(3), scale=0.02)


@pytest.mark.parametrize("damping", [0.85, 0.5])
def test_exact_is_power_iteration(damping: float) -> None:
    compute = ax.jit(exact_module(ax.load(KERNEL.module))).pagerank
    for seed in range(4):
        graph = random_graph(150, 6, np.random.default_rng(seed))
        assert (graph.out_degrees == 0).any()
        held = arguments(graph, 30, damping)
        compute(*held)
        assert held[-1].sum() == pytest.approx(1, rel=1e-12)
        np.testing.assert_allclose(held[-1], reference(graph, 30, damping), rtol=1e-11)


def test_small_graphs() -> None:
    compute = ax.jit(exact_module(ax.load(KERNEL.module))).pagerank
    none = Graph.of(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))
    compute(*arguments(none))
    alone = Graph.of(np.empty(0, np.int64), np.empty(0, np.int64), np.arange(1))
    loop = Graph.of(np.array([0]), np.array([0]), np.arange(1))
    # Of a pair of which one links to the other: y = j + d (x + y / 2), x = j + d y / 2 with j = (1 - d) / 2.
    pair = Graph.of(np.array([0]), np.array([1]), np.arange(2))
    for graph, wanted in ((alone, [1.0]), (loop, [1.0]), (pair, [1 / 2.85, 1.85 / 2.85])):
        held = arguments(graph, 200)
        compute(*held)
        np.testing.assert_allclose(held[-1], wanted, rtol=1e-12)


def test_the_interpreter_agrees() -> None:
    kernels.check_interpreter(KERNEL, arguments(random_graph(25, 4, np.random.default_rng(1))))


def test_every_value_of_every_knob_changes_something() -> None:
    for knob, found in kernels.qualities(KERNEL, 0.1).items():
        exact = 0 if knob == "node_rank" else 1
        assert found[exact] == 1.0
        assert all(quality < 1.0 for value, quality in found.items() if value != exact), (knob, found)


def test_live_is_applied() -> None:
    kernels.check_live(KERNEL, arguments(random_graph(300, 8, np.random.default_rng(2))), 5)


def test_skipped_iterations_leave_the_ranks_as_they_are() -> None:
    graph = random_graph(60, 5, np.random.default_rng(3))
    module = ax.load(KERNEL.module)
    exact = kernels.exact_config(module)
    module.apply({**exact, "sweep_threshold_0": 17, "sweep_decision_0": 0})
    held, wanted = arguments(graph), arguments(graph, 3)
    ax.jit(module).pagerank(*held)
    run(exact_module(module), "pagerank", *wanted)
    assert held[-1].tolist() == wanted[-1].tolist()


def test_the_graph_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "edges.txt"
    path.write_text("# a pair\n7 9\n9 7\n7 30\n")
    (held,) = KERNEL.inputs(1.0, np.random.default_rng(0), graph=str(path))
    assert held[0] == 3
    assert held[3].tolist() == [0, 1, 2, 3]
    assert held[4].tolist() == [1, 0, 0]
    assert held[5].tolist() == [2, 1, 0]

"""Graphs that are made and read: what they hold, and what is said about files that are no edge lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approxir.tuning.datasets import graphs
from approxir.tuning.datasets.errors import DatasetError
from approxir.tuning.datasets.graphs import Graph, random_graph, read_edge_list


def edges(graph: Graph) -> set[tuple[int, int]]:
    """The edges by the names of their nodes, from and to."""
    targets = np.repeat(np.arange(graph.nodes), np.diff(graph.starts))
    return set(zip(graph.names[graph.sources].tolist(), graph.names[targets].tolist(), strict=True))


def check(graph: Graph) -> None:
    """What holds for every graph."""
    assert (graph.starts.dtype, graph.sources.dtype, graph.out_degrees.dtype) == (
        np.int64,
        np.int32,
        np.int32,
    )
    assert graph.starts.shape == (graph.nodes + 1,)
    assert graph.starts[0] == 0
    assert graph.starts[-1] == graph.edges == len(edges(graph))
    degrees = np.diff(graph.starts)
    assert (degrees >= 0).all()
    assert graph.out_degrees.tolist() == np.bincount(graph.sources, minlength=graph.nodes).tolist()
    for node in range(graph.nodes):
        sources = graph.sources[graph.starts[node] : graph.starts[node + 1]]
        keys = [(-degrees[source] / graph.out_degrees[source], source) for source in sources]
        assert keys == sorted(keys)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 300), st.floats(0, 1), st.integers(0, 9))
def test_random_graphs(nodes: int, share: float, seed: int) -> None:
    mean = share * max(nodes - 1, 0) / 2
    graph = random_graph(nodes, mean, np.random.default_rng(seed))
    check(graph)
    assert graph.nodes == nodes
    assert graph.edges <= (mean + 1) * nodes
    assert all(source != target for source, target in edges(graph))


def test_random_graphs_resemble_the_web() -> None:
    graph = random_graph(10_000, 16, np.random.default_rng(0))
    degrees = np.diff(graph.starts)
    assert degrees.mean() == pytest.approx(16, rel=0.2)
    assert degrees.max() > 50 * np.median(degrees)
    assert 0 < (graph.out_degrees == 0).mean() < 0.2
    again = random_graph(10_000, 16, np.random.default_rng(0))
    assert (again.sources == graph.sources).all()
    assert not np.array_equal(random_graph(10_000, 16, np.random.default_rng(1)).starts, graph.starts)


@pytest.mark.parametrize(
    ("nodes", "mean"), [(-1, 0), (2**31, 1), (10, -1), (10, 5), (0, 1), (10, float("nan"))]
)
def test_numbers_that_make_no_graph(nodes: int, mean: float) -> None:
    with pytest.raises(DatasetError):
        random_graph(nodes, mean, np.random.default_rng(0))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(*[st.sampled_from([0, 1, 2, 5, 99, 10**6, 10**18 - 1])] * 2)),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([" ", "\t", "  \t"]),
    st.booleans(),
    st.sampled_from([1, 7, 64, graphs.CHUNK]),
)
def test_edge_lists(
    tmp_path_factory: pytest.TempPathFactory,
    pairs: list[tuple[int, int]],
    end: str,
    space: str,
    last: bool,
    chunk: int,
) -> None:
    lines = ["# From To, é", "", *(f"{space if a % 2 else ''}{a}{space}{b}" for a, b in pairs), "\t# 1 2 x"]
    path = tmp_path_factory.mktemp("graphs") / "edges.txt"
    path.write_bytes(end.join([*lines, ""] if last else lines).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs, "CHUNK", chunk)
        graph = read_edge_list(path)
    check(graph)
    assert edges(graph) == set(pairs)
    assert graph.names.tolist() == sorted({node for pair in pairs for node in pair})


def test_loops_dangling_nodes_and_edges_that_occur_again(tmp_path: Path) -> None:
    path = tmp_path / "edges.txt"
    path.write_text("\ufeff7 7\n7 30\n# 7 8\n7 30\n30 7\n7 4")
    graph = read_edge_list(path)
    assert graph.names.tolist() == [4, 7, 30]
    assert edges(graph) == {(7, 7), (7, 30), (30, 7), (7, 4)}
    assert graph.out_degrees.tolist() == [0, 3, 1]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("1 2\n3\n", 2, 2, "an edge is two nodes, and here is only one"),
        ("1 2\n3", 2, 2, "an edge is two nodes, and here is only one"),
        ("1 2\n\n x 3\n", 3, 2, "a node is a number of up to 18 digits"),
        ("1 2\r\n3\t-4\r\n", 2, 3, "a node is a number of up to 18 digits"),
        ("1 2 0.5\n", 1, 5, "an edge is two nodes, and there is something behind them"),
        ("1 2 # why\n", 1, 5, "an edge is two nodes, and there is something behind them"),
        ("1,2\n", 1, 1, "a node is a number of up to 18 digits"),
        ("# é\n1 1234567890123456789\n", 2, 3, "a node is a number of up to 18 digits"),
        ("\ufeff1 x\n", 1, 3, "a node is a number of up to 18 digits"),
        ("1 ²\n", 1, 3, "a node is a number of up to 18 digits"),
        ("1 \x00\n", 1, 3, "a node is a number of up to 18 digits"),
    ],
)
@pytest.mark.parametrize("chunk", [3, graphs.CHUNK])
def test_what_is_no_edge_list(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    line: int,
    column: int,
    message: str,
    chunk: int,
) -> None:
    monkeypatch.setattr(graphs, "CHUNK", chunk)
    path = tmp_path / "edges.txt"
    path.write_text(text, newline="")
    with pytest.raises(DatasetError) as caught:
        read_edge_list(path)
    found = caught.value.diagnostics[0]
    assert (found.file, found.line, found.column, found.message) == (str(path), line, column, message)
    assert str(path) in str(caught.value)
    assert "hint: " in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_edge_list(tmp_path / "none.txt")

"""PageRank: the ranks of the nodes of directed graphs, random ones or one from a file.

python examples/kernels/pagerank/pagerank.py --budget 150 -o pagerank
python examples/kernels/pagerank/pagerank.py --graph web-Google.txt --budget 150 -o google
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from approxir.tuning.datasets.graphs import Graph, random_graph, read_edge_list
from approxir.tuning.workload import Workload

DAMPING = 0.85
ITERATIONS = 20
NODES = (10_000, 15_000, 20_000)
MEAN_IN_DEGREE = 16


def inputs(scale: float, rng: np.random.Generator, graph: str | None = None) -> list[tuple[Any, ...]]:
    """Three random graphs; or the graph of an edge list, whatever the scale."""
    if graph is not None:
        return [call(read_edge_list(graph))]
    sizes = [max(2 * MEAN_IN_DEGREE + 1, round(nodes * scale)) for nodes in NODES]
    return [call(random_graph(nodes, MEAN_IN_DEGREE, rng)) for nodes in sizes]


def call(graph: Graph) -> tuple[Any, ...]:
    """The arguments with which the ranks of a graph are computed, the last of them the ranks."""
    ranks = np.zeros(graph.nodes)
    return graph.nodes, ITERATIONS, DAMPING, graph.starts, graph.sources, graph.out_degrees, ranks


WORKLOAD = Workload(
    name="pagerank",
    module=Path(__file__).with_name("pagerank.mlir"),
    function="pagerank",
    inputs=inputs,
    quality="rbo-scores:p=0.95,depth=1000",
    yardstick=Path(__file__).with_name("pagerank.c"),
    options=(
        click.Option(
            ["--graph"],
            type=click.Path(exists=True, dir_okay=False),
            help="Rank the nodes of this edge list instead of random graphs.",
        ),
    ),
)

if __name__ == "__main__":
    WORKLOAD.main()

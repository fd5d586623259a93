"""BM25: which documents of a corpus answer a query best.

    python examples/kernels/bm25/bm25.py --budget 150 -o bm25
    python examples/kernels/bm25/bm25.py --corpus documents.txt

The corpus is made up, or a text file in UTF-8 with a document on each line. Queries are questions about
documents of it that are drawn by chance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from approxir.tuning.datasets.text import Corpus, random_corpus, read_corpus
from approxir.tuning.workload import Workload

DOCUMENTS = 2_000
QUERIES = 4


def inputs(scale: float, rng: np.random.Generator, corpus: str | None = None) -> list[tuple[Any, ...]]:
    """Four calls, with different queries to one corpus.

    A file is taken as a whole from a scale of 1 on, and else a share of its documents, drawn by chance.
    """
    if corpus is None:
        found = random_corpus(max(1, round(DOCUMENTS * scale)), rng)
    else:
        found = read_corpus(corpus)
        if scale < 1:
            found = found.sample(max(1, round(len(found) * scale)), rng)
    return [call(found, question) for question in found.queries(QUERIES, rng)]


def call(corpus: Corpus, question: str) -> tuple[Any, ...]:
    """The arguments with which the kernel is called for a question."""
    query = np.frombuffer(question.encode("utf-8", "surrogateescape"), np.int8)
    return (len(corpus), corpus.text, corpus.offsets, len(query), query, np.zeros(len(corpus)))


WORKLOAD = Workload(
    name="bm25",
    module=Path(__file__).with_name("bm25.mlir"),
    function="bm25",
    inputs=inputs,
    quality="rbo-scores:p=0.95,depth=1000",
    yardstick=Path(__file__).with_name("bm25.c"),
    options=(
        click.Option(
            ["--corpus"],
            type=click.Path(exists=True, dir_okay=False),
            metavar="FILE",
            help="A document on each line; by default a corpus is made up.",
        ),
    ),
)

if __name__ == "__main__":
    WORKLOAD.main()

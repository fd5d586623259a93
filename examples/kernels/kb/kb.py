"""Knowledge base: how similar documents are to a query, by embeddings that are parsed from text.

python examples/kernels/kb/kb.py --budget 150 -o kb
python examples/kernels/kb/kb.py --embeddings documents.txt --budget 150 -o documents
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from approxir.tuning.datasets.embeddings import Embeddings, read_embeddings, topic_vectors
from approxir.tuning.workload import Workload

DOCUMENTS = 3_000
DIMENSIONS = 128
DIGITS = 12
SPREAD = 0.7
DOCUMENTS_OF_TOPIC = 80
QUERIES = 6


def inputs(scale: float, rng: np.random.Generator, embeddings: str | None = None) -> list[tuple[Any, ...]]:
    """Queries to documents about topics; or to those of a file, whatever the scale.

    A query is what a document says in other words: its embedding, and a third as much of a random one.
    """
    if embeddings is not None:
        held = read_embeddings(embeddings)
    else:
        documents = max(QUERIES, round(DOCUMENTS * scale))
        topics = max(2, documents // DOCUMENTS_OF_TOPIC)
        held = Embeddings.of(topic_vectors(documents, DIMENSIONS, topics, rng, spread=SPREAD), DIGITS)
    vectors = held.vectors()
    asked = vectors[rng.choice(held.documents, min(QUERIES, held.documents), replace=False)]
    lengths = np.linalg.norm(asked, axis=1, keepdims=True)
    queries = asked + rng.standard_normal(asked.shape) * lengths / (3 * np.sqrt(held.dimensions))
    return [call(held, query) for query in queries]


def call(held: Embeddings, query: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    """The arguments with which documents are compared with a query, the last of them the similarities."""
    similarities = np.zeros(held.documents)
    return held.documents, held.dimensions, held.digits, held.text, held.starts, query, similarities


WORKLOAD = Workload(
    name="kb",
    module=Path(__file__).with_name("kb.mlir"),
    function="kb",
    inputs=inputs,
    quality="rbo-scores:p=0.95,depth=1000",
    yardstick=Path(__file__).with_name("kb.c"),
    options=(
        click.Option(
            ["--embeddings"],
            type=click.Path(exists=True, dir_okay=False),
            help="Search the embeddings of this file instead of made ones.",
        ),
    ),
)

if __name__ == "__main__":
    WORKLOAD.main()

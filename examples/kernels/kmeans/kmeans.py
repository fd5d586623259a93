"""K-means: clusters of points that are spread evenly in [0, 100)^d.

python examples/kernels/kmeans/kmeans.py --budget 150 -o kmeans
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from approxir.tuning.quality import centroids
from approxir.tuning.workload import Workload

CLUSTERS = 8
COORDINATES = 16
ITERATIONS = 32
POINTS = (2_000, 4_000, 8_000)


def inputs(scale: float, rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Three calls, with numbers of points as 1 : 2 : 4; the first centres are points chosen at random."""
    calls = []
    for size in POINTS:
        n = max(CLUSTERS, round(size * scale))
        points = rng.uniform(0, 100, (n, COORDINATES)).astype(np.float32)
        initial = points[rng.choice(n, CLUSTERS, replace=False)]
        centres = np.zeros(CLUSTERS * COORDINATES, np.float32)
        calls.append((n, CLUSTERS, COORDINATES, ITERATIONS, points.ravel(), initial.ravel(), centres))
    return calls


def quality(exact: Any, approximate: Any) -> float:
    """1 - the normalized L2 error of the centres, matched to one another."""
    return centroids(exact.reshape(-1, COORDINATES), approximate.reshape(-1, COORDINATES))


WORKLOAD = Workload(
    name="kmeans",
    module=Path(__file__).with_name("kmeans.mlir"),
    function="kmeans",
    inputs=inputs,
    quality=quality,
    yardstick=Path(__file__).with_name("kmeans.c"),
)

if __name__ == "__main__":
    WORKLOAD.main()

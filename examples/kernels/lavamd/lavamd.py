"""LavaMD: energies of charged particles in a cube of boxes, and the forces on them.

python examples/kernels/lavamd/lavamd.py --budget 150 -o lavamd
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from approxir.tuning.workload import Workload

SIDE = 8
PARTICLES = 8


def inputs(scale: float, rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """One call; the number of boxes grows with the scale, the number of particles in each stays."""
    side = max(2, round(SIDE * scale ** (1 / 3)))
    count = side**3 * PARTICLES
    x, y, z, charges = rng.uniform(0.1, 1, (4, count)).astype(np.float32)
    return [(side, PARTICLES, x, y, z, charges, np.zeros(4 * count, np.float32))]


WORKLOAD = Workload(
    name="lavaMD",
    module=Path(__file__).with_name("lavamd.mlir"),
    function="lavamd",
    inputs=inputs,
    quality="l2",
    yardstick=Path(__file__).with_name("lavamd.c"),
)

if __name__ == "__main__":
    WORKLOAD.main()

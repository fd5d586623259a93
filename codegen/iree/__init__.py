"""Hand-off to IREE: compiling modules of StableHLO and its relatives for CPUs and GPUs, and running them."""

from __future__ import annotations

from approxir.errors import MissingDependencyError

try:
    import numpy as _numpy  # noqa: F401 (to say what is missing)
except ImportError as error:
    raise MissingDependencyError("running modules needs NumPy: pip install 'approxir[iree]'") from error

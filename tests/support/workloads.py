"""A small workload: sums whose terms may be left out, in MLIR and in C."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from approxir.tuning.workload import Workload

MODULE = """
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "row_sum",
    transform_type = "loop_perforate",
    transform_options = {rescale = true},
    state_function = "state",
    state_indices = array<i64: 0>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 4>,
    thresholds_lowers = array<i32: 1>,
    thresholds_uppers = array<i32: 8>,
    decisions = array<i32: 1, 2>,
    decision_values = array<i32: 1, 2, 4>
  }> : () -> ()
  func.func private @state(%row: index) -> i32 {
    %state = arith.index_cast %row : index to i32
    return %state : i32
  }
  func.func private @row_sum(%row: index, %n: index, %xs: memref<?x?xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %sum = scf.for %j = %c0 to %n step %c1 iter_args(%partial = %zero) -> (f32) {
      %x = memref.load %xs[%row, %j] : memref<?x?xf32>
      %square = arith.mulf %x, %x : f32
      %next = arith.addf %partial, %square : f32
      scf.yield %next : f32
    }
    return %sum : f32
  }
  func.func @sums(%m: index, %n: index, %factor: f32, %xs: memref<?x?xf32>, %sums: memref<?xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %m step %c1 {
      %sum = func.call @row_sum(%i, %n, %xs) : (index, index, memref<?x?xf32>) -> f32
      %scaled = arith.mulf %factor, %sum : f32
      memref.store %scaled, %sums[%i] : memref<?xf32>
    }
    return
  }
}
"""
SOURCE = """
#include <stdint.h>
void sums(int64_t m, int64_t n, float factor, const float *restrict xs, float *restrict sums) {
  for (int64_t i = 0; i < m; i++) {
    float sum = 0;
    for (int64_t j = 0; j < n; j++) sum += xs[i * n + j] * xs[i * n + j];
    sums[i] = factor * sum;
  }
}
"""
ROWS = 10


def inputs(scale: float, rng: np.random.Generator, offset: float | None = None) -> list[tuple[Any, ...]]:
    """Two calls, of which the rows count less the further down they stand."""
    calls = []
    for _ in range(2):
        n = max(8, round(4096 * scale))
        xs = (rng.random((ROWS, n)) + (offset or 0.0)).astype(np.float32)
        xs *= np.linspace(1, 0.1, ROWS, dtype=np.float32)[:, None]
        calls.append((ROWS, n, 2.0, xs, np.zeros(ROWS, np.float32)))
    return calls


def workload(folder: Path, *, module: str = MODULE, source: str | None = SOURCE, **options: Any) -> Workload:
    """The workload, its files in a folder; without a source it has no C."""
    (folder / "sums.mlir").write_text(module, encoding="utf-8")
    if source is not None:
        (folder / "sums.c").write_text(source, encoding="utf-8")
    given: dict[str, Any] = {
        "name": "sums",
        "module": folder / "sums.mlir",
        "function": "sums",
        "inputs": inputs,
        "quality": "l2",
        "yardstick": None if source is None else folder / "sums.c",
    }
    return Workload(**{**given, **options})

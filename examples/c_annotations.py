"""From annotated C to an approximate module, and what it computes.

Needs the extras cpp and interp: ``pip install "approxir[cpp,interp]"``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import approxir as ax
from approxir.interp import run

HERE = Path(__file__).parent


def main() -> None:
    source = (HERE / "annotated_sum.c").read_text(encoding="utf-8")
    base = (HERE / "annotated_sum.mlir").read_text(encoding="utf-8")

    for annotation in ax.parse_cpp_annotations(source, file="annotated_sum.c"):
        place = f"{annotation.file}:{annotation.line_number}"
        print(f"{place}: {annotation.func_name}: {annotation.transform_type}, {annotation.params.decisions}")

    annotated = ax.inject_annotations_text(base, ax.parse_and_generate(source))
    lowered = ax.parse(ax.compile(annotated, workload=ax.WorkloadType.CPP))

    data = np.ones(600, np.float32)
    for n in (50, 200, 600):
        (total,) = run(lowered, "sum_of_squares", data, n)
        print(f"sum_of_squares of {n} ones: {total:g}")
    for effort in (10, 90):
        (value,) = run(lowered, "gain", np.float32(0.5), effort)
        print(f"gain(0.5) with effort {effort}: {value:.6f}")


if __name__ == "__main__":
    main()

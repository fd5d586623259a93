"""Every program in examples/ runs by itself and prints what it should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
# Lines that a program must print; a program that is not listed must print something.
PRINTED: dict[str, tuple[str, ...]] = {
    "c_annotations.py": (
        "annotated_sum.c:8: sum_of_squares: loop_perforate, (0, 2, 3)",
        "sum_of_squares of 50 ones: 50",
        "sum_of_squares of 200 ones: 100",
        "sum_of_squares of 600 ones: 200",
        "gain(0.5) with effort 10: 0.250000",
        "gain(0.5) with effort 90: 0.333333",
    ),
    "decorator.py": ("thresholds of the module: [100], decisions: [0, 2]",),
    "non_invasive.py": (
        "in the module: gelu, spread, plausible, gelu_0, approx_gelu_1, approx_gelu_2, clip",
        "scale 0.1: off by at most 0.00e+00",
    ),
}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_example(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    assert printed
    for line in PRINTED.get(path.name, ()):
        assert line in printed


def test_every_listed_program_is_there() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} >= set(PRINTED)

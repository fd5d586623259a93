"""Calls that do not fit never crash the process and never reach the code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import native

SCRIPT = Path(__file__).resolve().parents[2] / "support" / "fuzzed_calls.py"

pytestmark = native.needs_native


def fuzz(seed: int, signatures: int, calls: int) -> tuple[int, int]:
    """How many calls were refused and how many accepted; a crash or a wrong answer fails."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(seed), str(signatures), str(calls)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"seed {seed}, status {done.returncode}\n{done.stdout}\n{done.stderr}"
    words = done.stdout.split()
    return int(words[2]), int(words[4])


def test_fuzzed_calls() -> None:
    for seed in (1, 2):
        refused, accepted = fuzz(seed, 60, 50)
        assert refused > 2000
        assert accepted > 50


@pytest.mark.fuzz
def test_many_fuzzed_calls() -> None:
    for seed in range(100, 130):
        fuzz(seed, 200, 100)

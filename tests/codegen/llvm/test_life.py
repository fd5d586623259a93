"""How long code and memory live: kernels, threads, leaks."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import native
from support.summing import SUM

import approxir as ax

pytestmark = native.needs_native


def test_functions_live_without_their_kernel() -> None:
    function = ax.jit(SUM).total
    gc.collect()
    assert function(3, np.ones(3, np.int64)) == 3
    params = ax.jit(SUM, live=True).params
    gc.collect()
    assert params.tolist() == [10, 20, 0, 2, 3]


def test_calls_of_several_threads() -> None:
    kernel = ax.jit(SUM)
    wrong: list[Any] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(300):
            n = int(rng.integers(0, 10))
            array = rng.integers(-100, 100, 10)
            if kernel.total(n, array) != array[:n].sum():
                wrong.append((n, array))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_compiling_in_several_threads() -> None:
    found: list[int] = []

    def work(number: int) -> None:
        text = f"func.func @f() -> i32 {{ %r = arith.constant {number} : i32\n return %r : i32 }}"
        found.append(ax.jit(text, opt_level=number % 4).f() - number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0] * 8


LEAKS = """
import resource, sys
import numpy as np
import approxir as ax
from support.leaks import MEMORY

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

kernel = ax.jit(MEMORY, externals={"ask": lambda m: m[::-1].copy()}, live=True)
array = np.ones(500, np.float32)
def calls(count):
    for number in range(count):
        kernel.new(500)
        kernel.tensor(array)
        kernel.relay(array)
        try:
            kernel.new(None)
        except ax.ArgumentError:
            pass
def compilations(count):
    for number in range(count):
        ax.jit(MEMORY.replace("424242", str(number)), externals={"ask": lambda m: m}, live=True, opt_level=0)
what, warm, count = calls if sys.argv[1] == "calls" else compilations, int(sys.argv[2]), int(sys.argv[3])
what(warm)
before = peak()
what(count)
print(peak() - before)
"""


def growth(what: str, warm: int, count: int) -> int:
    """How many KiB the peak of memory grows while something is repeated."""
    tests = str(Path(__file__).resolve().parents[2])
    script = f"import sys; sys.path.insert(0, {tests!r})\n{LEAKS}"
    done = subprocess.run(
        [sys.executable, "-c", script, what, str(warm), str(count)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_calls_leak_nothing() -> None:
    # A leak of one result in each call would be 20 MB.
    assert growth("calls", 2000, 10_000) < 4000


def test_compilations_leak_little() -> None:
    assert growth("compilations", 40, 60) < 6000


@pytest.mark.slow
def test_a_million_calls() -> None:
    assert growth("calls", 10_000, 1_000_000) < 4000


@pytest.mark.slow
def test_ten_thousand_compilations() -> None:
    assert growth("compilations", 500, 10_000) < 60_000

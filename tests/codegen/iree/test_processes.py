"""Threads, forks and many calls: nothing is shared that must not be, and nothing is left behind."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from approxir.codegen.iree.backend import Iree, iree

MIX = """\
module {
  func.func @mix(%n: i32, %x: tensor<64xi32>) -> (tensor<64xi32>, i32) {
    %t = tensor.from_elements %n : tensor<i32>
    %b = stablehlo.broadcast_in_dim %t, dims = [] : (tensor<i32>) -> tensor<64xi32>
    %r = stablehlo.multiply %b, %x : tensor<64xi32>
    %two = arith.constant 2 : i32
    %m = arith.muli %n, %two : i32
    return %r, %m : tensor<64xi32>, i32
  }
}
"""
LIVE = """\
module {
  approx.util.annotation.decision_tree <{func_name = "f", state_function = "state", state_indices = array<i64: 0>,
    transform_type = "func_substitute", thresholds = array<i32: 10>, decisions = array<i32: 0, 1>}>
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @f(%n: i32, %x: tensor<2xi32>) -> tensor<2xi32> {
    %r = stablehlo.add %x, %x : tensor<2xi32>
    return %r : tensor<2xi32>
  }
  func.func @approx_f_1(%n: i32, %x: tensor<2xi32>) -> tensor<2xi32> {
    return %x : tensor<2xi32>
  }
}
"""


@pytest.mark.parametrize("device", ["local-task", "local-sync"])
def test_calls_from_several_threads(device: str) -> None:
    kernel = iree(MIX, device=device)
    wrong: list[object] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(300):
            n = int(rng.integers(-1000, 1000))
            x = rng.integers(-1000, 1000, 64, np.int32)
            found, double = kernel.mix(n, x)
            if double != 2 * n or not np.array_equal(found, n * x):
                wrong.append((n, x, found))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_each_call_sees_one_configuration() -> None:
    kernel = iree(LIVE, live=True)
    x = np.array([1, 2], np.int32)
    done = threading.Event()
    seen: set[tuple[int, ...]] = set()

    def call() -> None:
        while not done.is_set():
            seen.add(tuple(kernel.f(50, x).tolist()))

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(200):
        # Whichever of the two: the decision for 50 is 1, then 0.
        kernel.set({"f_threshold_0": 10 if number % 2 else 60})
    done.set()
    for thread in threads:
        thread.join()
    assert seen <= {(1, 2), (2, 4)}
    kernel.set({"f_threshold_0": 10})
    assert kernel.f(50, x).tolist() == [1, 2]


FORKED = """
import os, sys
import numpy as np
from approxir.codegen.iree.backend import iree
text = sys.stdin.read()
kernel = iree(text, device=sys.argv[1])
x = np.arange(64, dtype=np.int32)
assert kernel.mix(2, x)[1] == 4
pid = os.fork()
if pid == 0:
    found, double = kernel.mix(3, x)
    assert double == 6 and np.array_equal(found, 3 * x)
    assert iree(text).mix(4, x)[1] == 8
    print("child", kernel.device, flush=True)
    sys.exit(0)
_, status = os.waitpid(pid, 0)
assert status == 0, status
print("parent", kernel.mix(5, x)[1], kernel.device, flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.parametrize("device", ["local-task", "local-sync"])
def test_forks(device: str) -> None:
    """The threads of the parent's device are not in the child, which computes without them."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED, device],
        input=MIX,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["child", "local-sync", "parent", "10", device]


def resident() -> int:
    """The memory of this process, in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError("the system does not tell")


needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is not told here")


def calls(count: int) -> int:
    """How much memory so many calls leave behind, in KiB."""
    kernel = iree(MIX, device="local-sync")
    x = np.arange(64, dtype=np.int32)
    for _ in range(500):
        kernel.mix(3, x)
    gc.collect()
    before = resident()
    for _ in range(count):
        kernel.mix(3, x)
    gc.collect()
    return resident() - before


def loads(count: int) -> int:
    """How much memory is left behind by loading an artifact so many times, and calling it once, in KiB."""
    backend = Iree()
    artifact = backend.compile(MIX)
    x = np.arange(64, dtype=np.int32)
    for _ in range(20):
        backend.load(artifact, device="local-sync").mix(3, x)
    gc.collect()
    before = resident()
    for _ in range(count):
        backend.load(artifact, device="local-sync").mix(3, x)
    gc.collect()
    return resident() - before


@needs_proc
def test_memory_is_steady() -> None:
    # Each call hands over 512 bytes, each artifact has 10,000; allocators round up once.
    assert calls(2_000) < 700
    assert loads(40) < 1_500


@needs_proc
@pytest.mark.slow
def test_memory_stays_steady() -> None:
    assert calls(100_000) < 2_000
    assert loads(1_000) < 4_000

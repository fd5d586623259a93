"""Modules on GPUs, where there are any."""

from __future__ import annotations

import random

import numpy as np
import pytest
from support.tensor_programs import configuration, program

import approxir as ax
from approxir.codegen.iree.backend import iree
from approxir.codegen.iree.devices import DeviceError, available_devices
from approxir.interp import Interpreter

GPUS = ("cuda", "vulkan", "rocm", "metal")

ADD = """\
func.func @add(%x: tensor<?x4xf32>, %n: i32) -> (tensor<?x4xf32>, i32) {
  %z = stablehlo.add %x, %x : tensor<?x4xf32>
  return %z, %n : tensor<?x4xf32>, i32
}
"""


def needs(target: str) -> None:
    if target not in available_devices():
        pytest.skip(f"there is no device for {target} here")


@pytest.mark.gpu
@pytest.mark.parametrize("target", ["cuda", "vulkan"])
def test_tensors_and_numbers(target: str) -> None:
    needs(target)
    kernel = iree(ADD, target)
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    found, number = kernel.add(x, 7)
    np.testing.assert_array_equal(found, 2 * x)
    assert number == 7
    kept = kernel.to_device(x)
    np.testing.assert_array_equal(kept.to_numpy(), x)
    np.testing.assert_array_equal(kernel.add(kept, 1)[0], 2 * x)
    assert kernel.add(x[:0], 1)[0].shape == (0, 4)
    assert kernel.add.time(x, 1, repeat=3).minimum > 0


@pytest.mark.gpu
@pytest.mark.parametrize("seed", range(3))
def test_live_decisions(seed: int) -> None:
    needs("cuda")
    made, rng = program(seed), random.Random(seed)
    module = ax.parse(made.text)
    live = iree(module, "cuda", live=True)
    for _ in range(4):
        chosen = configuration(module, rng)
        live.set(chosen)
        applied = ax.parse(made.text)
        applied.apply(chosen)
        for name in made.names:
            n, x = rng.randint(-15, 30), np.array([rng.randint(-100, 100) for _ in range(4)], np.int32)
            given = n if made.scalar else np.array(n, np.int32)
            (expected,) = Interpreter(applied).call(name, given, x)
            np.testing.assert_array_equal(live[name](given, x), expected)


@pytest.mark.parametrize("target", GPUS)
def test_devices_that_are_not_there(target: str) -> None:
    if target in available_devices():
        pytest.skip(f"there is a device for {target} here")
    arch = "gfx942" if target == "rocm" else None
    with pytest.raises(DeviceError, match=r"needs an? |was built without the driver") as caught:
        iree(ADD, target, arch=arch)
    assert "\n" not in str(caught.value).partition("IREE says: ")[2]

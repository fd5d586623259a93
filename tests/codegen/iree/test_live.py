"""Live parameters on IREE: a configuration that is set gives what the module with that configuration gives."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
from support.tensor_programs import Program, configuration, program

import approxir as ax
from approxir.codegen.iree.backend import Iree, IreeKernel, iree
from approxir.codegen.kernel import NotLiveError
from approxir.interp import Interpreter


def arguments(made: Program, rng: random.Random) -> tuple[object, object]:
    n = rng.randint(-15, 30)
    x = np.array([rng.randint(-100, 100) for _ in range(4)], np.int32)
    return (n if made.scalar else np.array(n, np.int32)), x


def check(seed: int, configurations: int, compiled: int) -> None:
    """Compare with the interpreter, and for some configurations with the module compiled for them alone."""
    made = program(seed)
    rng = random.Random(seed)
    module = ax.parse(made.text)
    live = iree(module, live=True, device="local-sync")
    assert str(module) == made.text
    for number in range(configurations):
        chosen = configuration(module, rng) if number else module.config()
        live.set(chosen)
        assert live.config == chosen
        applied = ax.parse(made.text)
        applied.apply(chosen)
        reference = Interpreter(applied)
        plain = iree(applied, device="local-sync") if number < compiled else None
        for name in made.names:
            for _ in range(6):
                n, x = arguments(made, rng)
                (expected,) = reference.call(name, n, x)
                found = live[name](n, x)
                assert found.tolist() == expected.tolist(), (seed, chosen, name, n, x, made.text)
                if plain is not None:
                    assert plain[name](n, x).tolist() == expected.tolist(), (seed, chosen, name, n, x)


@pytest.mark.parametrize("seed", range(3))
def test_generated_modules(seed: int) -> None:
    check(seed, 4, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_generated_modules(seed: int) -> None:
    check(seed, 12, 3)


@pytest.mark.parametrize("seed", [0, 1])
def test_modules_compile_for_gpus(seed: int) -> None:
    """Decisions are made on the host, whatever the device."""
    artifact = Iree().compile(program(seed).text, live=True, target="cuda")
    assert b".target sm_80" in artifact.data


TREE = """\
module {
  approx.util.annotation.decision_tree <{func_name = "f", state_function = "state", state_indices = array<i64: 0>,
    transform_type = "func_substitute", thresholds = array<i32: 10, 20>, decisions = array<i32: 0, 1, 2>,
    thresholds_lower = array<i32: 0, 0>, thresholds_upper = array<i32: 50, 50>, decision_values = array<i32: 0, 1, 2>}>
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @f(%n: i32, %x: tensor<2xf32>) -> (tensor<2xf32>, f32) {
    %c = arith.constant 0.5 : f32
    %y = stablehlo.add %x, %x : tensor<2xf32>
    return %y, %c : tensor<2xf32>, f32
  }
  func.func @approx_f_1(%n: i32, %x: tensor<2xf32>) -> (tensor<2xf32>, f32) {
    %c = arith.constant 1.5 : f32
    return %x, %c : tensor<2xf32>, f32
  }
  func.func @approx_f_2(%n: i32, %x: tensor<2xf32>) -> (tensor<2xf32>, f32) {
    %c = arith.sitofp %n : i32 to f32
    %y = stablehlo.negate %x : tensor<2xf32>
    return %y, %c : tensor<2xf32>, f32
  }
  func.func @untouched(%n: i32) -> i32 {
    return %n : i32
  }
}
"""


@pytest.fixture(scope="module")
def kernel() -> IreeKernel:
    return iree(TREE, live=True, device="local-sync")


def results(kernel: IreeKernel, n: int) -> tuple[list[float], float]:
    array, number = kernel.f(n, np.array([1, 2], np.float32))
    return array.tolist(), float(number)


def test_parameters(kernel: IreeKernel) -> None:
    assert [results(kernel, n) for n in (9, 10, 20)] == [([2, 4], 0.5), ([1, 2], 1.5), ([-1, -2], 20.0)]
    replaced = kernel.set({"f_threshold_0": 5, "f_decision_2": 0})
    assert replaced == {"f_threshold_0": 10, "f_decision_2": 2}
    assert [results(kernel, n) for n in (4, 5, 20)] == [([2, 4], 0.5), ([1, 2], 1.5), ([2, 4], 0.5)]
    assert kernel.params.tolist() == [5, 20, 0, 1, 0]
    assert [slot.name for slot in kernel.layout] == list(kernel.config)
    assert kernel.untouched(3) == 3
    kernel.set(replaced)
    # The signature is that of the module as it was written.
    assert str(kernel.f.signature) == "f(n: i32, x: tensor<2xf32>) -> (tensor<2xf32>, f32)"
    timing = kernel.f.time(30, np.array([1, 2], np.float32), repeat=2)
    assert timing.minimum > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"f_threshold_0": 20},
        {"f_threshold_0": 51},
        {"f_decision_0": 3},
        {"nothing": 1},
        {"f_threshold_0": 1.5},
    ],
)
def test_wrong_parameters_change_nothing(kernel: IreeKernel, wrong: dict[str, int]) -> None:
    before = kernel.config
    with pytest.raises(ax.ConfigError):
        kernel.set(wrong)
    assert kernel.config == before


def test_a_decision_that_was_not_compiled_is_the_first(kernel: IreeKernel) -> None:
    kernel.params[2:] = 77
    assert results(kernel, 0) == ([2, 4], 0.5)
    kernel.params[:] = [10, 20, 0, 1, 2]


def test_kernels_that_are_not_live() -> None:
    plain = iree(TREE, device="local-sync")
    assert [results(plain, n) for n in (9, 10, 20)] == [([2, 4], 0.5), ([1, 2], 1.5), ([-1, -2], 20.0)]
    with pytest.raises(NotLiveError):
        plain.set({})
    nothing = iree("func.func @f(%n: i32) -> i32 {\n  return %n : i32\n}\n", live=True)
    assert (nothing.config, nothing.f(4)) == ({}, 4)


def test_two_kernels_of_one_artifact_have_their_own_parameters() -> None:
    artifact = pickle.loads(pickle.dumps(Iree().compile(TREE, live=True)))
    first, second = (Iree().load(artifact, device="local-sync") for _ in range(2))
    first.set({"f_threshold_0": 1})
    assert (results(first, 5)[1], results(second, 5)[1]) == (1.5, 0.5)

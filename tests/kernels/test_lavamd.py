"""The kernel lavaMD: what it computes, by C and by NumPy, and what its knobs do."""

from __future__ import annotations

import functools
from itertools import product
from typing import Any

import numpy as np
import pytest
from support import kernels, native
from support.toolchains import has_c_compiler

import approxir as ax
from approxir.interp import run
from approxir.tuning.exact import exact_module

KERNEL = kernels.workload("lavamd")
pytestmark = native.needs_native


def reference(held: tuple[Any, ...], own_step: Any = 1, left_out: Any = 0) -> Any:
    """Energies and forces in double precision.

    Of the own box every `own_step`-th particle counts, and of the others all but the last `left_out`; either
    may be an array, with a number for each particle, or for each of them and each box.
    """
    side, size, x, y, z, charges = held[:6]
    boxes = np.array(list(product(range(side), repeat=3)))
    count = len(boxes)
    place = np.repeat(boxes, size, axis=0) + np.stack([x, y, z], axis=1).astype(float)
    box = np.repeat(np.arange(count), size)
    near = np.abs(boxes[:, None] - boxes[None]).max(axis=2) <= 1
    own_step = np.broadcast_to(own_step, count * size)
    left_out = np.broadcast_to(left_out, (count * size, count))
    fields = np.zeros((count * size, 4))
    for i in range(count * size):
        difference = place[i] - place
        energy = charges * np.exp(-0.5 * np.square(difference).sum(axis=1))
        number = np.arange(count * size) % size
        own = box == box[i]
        done = np.where(own, number % own_step[i] == 0, number < size - left_out[i, box])
        weight = np.where(own, size / len(range(0, size, own_step[i])), size / (size - left_out[i, box]))
        energy = energy * done * weight * near[box[i], box]
        fields[i] = charges[i] * np.array([energy.sum(), *(energy[:, None] * difference).sum(axis=0)])
    return fields.ravel()


def random_call(side: int, size: int, seed: int) -> tuple[Any, ...]:
    count = side**3 * size
    x, y, z, charges = np.random.default_rng(seed).uniform(0.1, 1, (4, count)).astype(np.float32)
    return (side, size, x, y, z, charges, np.zeros(4 * count, np.float32))


@functools.cache
def kernel(live: bool) -> ax.Kernel:
    """The live program, or the exact one."""
    module = ax.load(KERNEL.module)
    return ax.jit(module, live=True) if live else ax.jit(exact_module(module))


def fields(held: tuple[Any, ...], **changes: int) -> Any:
    """What is computed with a configuration that is exact but for some parameters; without, the exact program."""
    held = kernels.fresh(held)
    compiled = kernel(bool(changes))
    if changes:
        compiled.set({**kernels.exact_config(ax.load(KERNEL.module)), **changes})
    compiled.lavamd(*held)
    return held[-1]


def assert_close(found: Any, wanted: Any) -> None:
    """Sums of up to 200 numbers in single precision; forces cancel, so that small ones are less exact."""
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=2e-5)


def test_the_module() -> None:
    kernels.check_module(KERNEL, knobs=2)


@pytest.mark.skipif(not has_c_compiler(), reason="there is no C compiler")
def test_exact_is_what_c_computes() -> None:
    kernels.check_exact(KERNEL, seeds=range(2), scale=0.1)


@pytest.mark.parametrize(("side", "size"), [(1, 5), (2, 3), (3, 2), (4, 8)])
def test_exact_is_the_sum_over_the_boxes_around(side: int, size: int) -> None:
    for seed in range(2):
        held = random_call(side, size, seed)
        assert_close(fields(held), reference(held))


def test_a_particle_alone_has_the_square_of_its_charge() -> None:
    held = random_call(1, 1, 0)
    (charge,) = held[5]
    assert fields(held).tolist() == [charge * charge, 0, 0, 0]


def test_forces_add_up_to_nothing() -> None:
    # Action is reaction: each pair is there twice.
    found = fields(random_call(3, 6, 1)).reshape(-1, 4).astype(float)
    np.testing.assert_allclose(found[:, 1:].sum(axis=0), 0, atol=1e-3)


def test_the_interpreter_agrees() -> None:
    kernels.check_interpreter(KERNEL, random_call(2, 4, 2))


def test_every_value_of_every_knob_changes_something() -> None:
    for knob, found in kernels.qualities(KERNEL, 0.1).items():
        exact = 0 if knob == "neighbour_box" else 1
        assert found[exact] == 1.0
        others = [quality for value, quality in found.items() if value != exact]
        assert all(0.8 < quality < 1.0 for quality in others), (knob, found)
        # The more is left out, the worse it gets.
        assert others == sorted(others, reverse=True), (knob, found)


def test_live_is_applied() -> None:
    kernels.check_live(KERNEL, random_call(3, 8, 3), 4)


def test_small_charges_use_fewer_particles_of_their_box() -> None:
    held = random_call(2, 7, 4)
    changes = {"own_box_threshold_0": 60, "own_box_decision_0": 3}
    small = np.array([int(charge * np.float32(100)) < 60 for charge in held[5]])
    assert small.any()
    assert not small.all()
    assert_close(fields(held, **changes), reference(held, own_step=np.where(small, 3, 1)))


@pytest.mark.parametrize(("value", "left_out"), [(1, 2), (2, 4)])
def test_neighbours_without_an_eighth_or_a_quarter(value: int, left_out: int) -> None:
    held = random_call(2, 16, 5)
    found = fields(held, neighbour_box_decision_0=value, neighbour_box_decision_1=value)
    assert_close(found, reference(held, left_out=left_out))


def test_a_threshold_is_the_share_of_the_pairs() -> None:
    held = random_call(2, 8, 6)
    module = exact_module(ax.load(KERNEL.module))
    lots = np.array([[run(module, "lot", i, box)[0] for box in range(8)] for i in range(64)])
    found = fields(held, neighbour_box_threshold_0=30, neighbour_box_decision_0=2)
    assert_close(found, reference(held, left_out=np.where(lots < 30, 2, 0)))
    assert lots.min() >= 0
    assert lots.max() < 100
    # Of 512 independent draws 30 % are below the threshold, give or take 2 %: the bound is four times that.
    assert 0.22 < (lots < 30).mean() < 0.38

"""Values between Python and IREE: every type there and back, and whatever else is an array."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import approxir as ax
from approxir.codegen.iree.backend import IreeKernel, iree
from approxir.errors import ArgumentError
from approxir.interp.numbers import dtype_of

TENSORS = (
    "i1", "i8", "i16", "i32", "i64", "ui8", "ui16", "ui32", "ui64", "si32", "f16", "bf16", "f32", "f64", "complex<f32>",
    "complex<f64>", "f8E4M3FN", "f8E5M2",
)  # fmt: skip
SCALARS = ("i1", "i8", "i16", "i32", "i64", "si16", "index", "f16", "bf16", "f32", "f64")


def name(kind: str) -> str:
    return kind.replace("<", "_").replace(">", "")


def identities() -> str:
    """Functions that give back what they are given, through the device where they can."""
    lines = ["module {"]
    for kind in TENSORS:
        for shape in ("", "2x0x", "?x2x"):
            full = f"tensor<{shape}{kind}>"
            label = f"t_{name(kind)}_{shape.replace('?', 'd')}"
            lines.append(f"func.func @{label}(%a: {full}) -> {full} {{ return %a : {full} }}")
    lines += [f"func.func @s_{kind}(%a: {kind}) -> {kind} {{ return %a : {kind} }}" for kind in SCALARS]
    return "\n".join([*lines, "}"])


MORE = """\
module @"several words" {
  func.func @two(%a: tensor<2xi32>, %b: i32) -> (tensor<2xi32>, i32, tensor<i32>) {
    %t = tensor.from_elements %b : tensor<i32>
    %s = stablehlo.add %a, %a : tensor<2xi32>
    return %s, %b, %t : tensor<2xi32>, i32, tensor<i32>
  }
  func.func @none() {
    return
  }
  func.func @"two words"(%a: tensor<?x4xf32>) -> tensor<?x4xf32> {
    %s = stablehlo.add %a, %a : tensor<?x4xf32>
    return %s : tensor<?x4xf32>
  }
  func.func @double(%a: tensor<f64>) -> tensor<f64> {
    %s = stablehlo.add %a, %a : tensor<f64>
    return %s : tensor<f64>
  }
  func.func @half(%a: tensor<4xbf16>, %b: bf16, %c: f16) -> (tensor<4xbf16>, bf16, f16) {
    %s = stablehlo.add %a, %a : tensor<4xbf16>
    return %s, %b, %c : tensor<4xbf16>, bf16, f16
  }
  func.func @bit(%a: tensor<4xi1>, %b: i1) -> (tensor<4xi1>, i1) {
    %s = stablehlo.not %a : tensor<4xi1>
    return %s, %b : tensor<4xi1>, i1
  }
  func.func @same(%a: tensor<2xi32>) -> (tensor<2xi32>, tensor<2xi32>) {
    return %a, %a : tensor<2xi32>, tensor<2xi32>
  }
}
"""


@pytest.fixture(scope="module")
def identity() -> IreeKernel:
    return iree(identities(), device="local-sync")


@pytest.fixture(scope="module")
def more() -> IreeKernel:
    return iree(MORE)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data())
def test_tensors_come_back_bit_for_bit(identity: IreeKernel, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(TENSORS))
    label, shape = data.draw(st.sampled_from([("", ()), ("2x0x", (2, 0)), ("dx2x", None)]))
    if shape is None:
        shape = (data.draw(st.integers(0, 5)), 2)
    dtype = dtype_of(ax.parse_type(kind))
    size = int(np.prod(shape)) * dtype.itemsize
    raw = np.frombuffer(data.draw(st.binary(min_size=size, max_size=size)), np.uint8)
    if dtype == np.bool_:
        raw = raw & 1
    array = raw.view(dtype).reshape(shape)
    array.flags.writeable = False
    found = identity[f"t_{name(kind)}_{label}"](array)
    assert (type(found), found.dtype, found.shape) == (np.ndarray, dtype, shape)
    assert found.tobytes() == array.tobytes()
    assert found.flags.writeable
    assert found.flags.owndata or found.base is not None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data())
def test_scalars_come_back(identity: IreeKernel, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(SCALARS))
    function = identity[f"s_{kind}"]
    if kind in ("f16", "bf16", "f32", "f64"):
        dtype = dtype_of(ax.parse_type(kind))
        raw = data.draw(st.binary(min_size=dtype.itemsize, max_size=dtype.itemsize))
        value = np.frombuffer(raw, dtype)[0]
        found = function(value)
        assert type(found) is dtype.type
        assert found.tobytes() == value.tobytes() or (np.isnan(found) and np.isnan(value))
        return
    width = 64 if kind == "index" else int(kind.lstrip("si"))
    value = data.draw(st.integers(-(1 << width - 1), (1 << width - 1) - 1))
    found = function(value)
    assert found == (value & 1 if width == 1 else value)
    assert type(found) is (bool if width == 1 else int)
    if width < 64 and kind != "si16":
        # Signless integers may be given in either reading.
        assert function(value & ((1 << width) - 1)) == found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    base=npst.arrays(np.float32, (7, 12), elements=st.floats(-8, 8, width=32)),
    steps=st.sampled_from([(1, 1), (2, 3), (-1, 3), (3, -3), (-2, 3)]),
    order=st.sampled_from("CF"),
    writable=st.booleans(),
)
def test_strided_arrays_are_copied(
    more: IreeKernel, base: Any, steps: tuple[int, int], order: str, writable: bool
) -> None:
    array = np.asarray(base, order=order)[:: steps[0], :: steps[1]][:, :4]  # type: ignore[call-overload]
    array.flags.writeable = writable
    before = array.copy()
    np.testing.assert_array_equal(more["two words"](array), before + before)
    np.testing.assert_array_equal(array, before)


def test_several_results_and_none(more: IreeKernel) -> None:
    found = more.two([1, -2], 7)
    assert isinstance(found, tuple)
    assert [x.tolist() if isinstance(x, np.ndarray) else x for x in found] == [[2, -4], 7, 7]
    assert more.none() is None
    first, second = more.same(np.array([1, 2], np.int32))
    first[:] = 9
    assert second.tolist() == [1, 2]


def test_numbers_and_lists(more: IreeKernel) -> None:
    assert more.double(2).tolist() == 4.0
    assert more.double(np.float64(0.1)).tolist() == 0.2
    assert more.two((1, 2), np.uint8(3))[1] == 3
    assert more.bit([True, False, False, True], True)[0].tolist() == [False, True, True, False]
    assert more.bit(np.array([1, 0, 0, 1], bool), np.bool_(False))[1] is False
    assert more.half([1, 2, 3, 4], 1.5, 2)[0].dtype == ml_dtypes.bfloat16
    assert more.two([True, 2**32 - 1], 1)[0].tolist() == [2, -2]
    masked = np.ma.masked_array(np.array([1, 2], np.int32), [True, False])
    for wrong in ([1.5, 2.0], ["1", "2"], [1 << 40, 0], [None, 1], masked):
        with pytest.raises(ArgumentError, match=r"two\(a: tensor<2xi32>, b: i32\)"):
            more.two(wrong, 1)
    with pytest.raises(ArgumentError, match="float32 was given, tensor<f64> needs float64"):
        more.double(np.float32(1))


def test_objects_that_offer_an_array(more: IreeKernel) -> None:
    class Offering:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.array([5, 6], np.int32)

    class Failing:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise RuntimeError("no array today")

    assert more.two(Offering(), 1)[0].tolist() == [10, 12]
    with pytest.raises(ArgumentError, match="no array today"):
        more.two(Failing(), 1)
    assert more.two(memoryview(np.array([5, 6], np.int32)), 1)[0].tolist() == [10, 12]


def test_arrays_on_the_device(more: IreeKernel) -> None:
    kept = more.to_device(np.array([3, 4], np.int32))
    assert (kept.shape, kept.dtype) == ((2,), np.int32)
    assert more.two(kept, 1)[0].tolist() == [6, 8]
    assert np.asarray(kept).tolist() == [3, 4]
    assert "int32" in repr(kept)
    on_device = iree(MORE, returns="device")
    result, number, scalar = on_device.two(np.array([3, 4], np.int32), 5)
    assert on_device.two(result, number)[0].to_numpy().tolist() == [12, 16]
    assert scalar.to_numpy().tolist() == 5
    # A device is opened once, whoever asks.
    assert more.two(result, 1)[0].tolist() == [12, 16]
    with pytest.raises(ArgumentError, match="another device, local-sync"):
        more.two(iree(MORE, device="local-sync").to_device(np.array([3, 4], np.int32)), 1)
    for wrong in (more.to_device(np.array([3, 4], np.int64)), more.to_device(np.array([3], np.int32))):
        with pytest.raises(ArgumentError):
            more.two(wrong, 1)
    with pytest.raises(ax.errors.ApproxIRError, match="object"):
        more.to_device(object())


def test_jax_arrays() -> None:
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    kernel = iree(MORE, returns="jax")
    found, number, _ = kernel.two(jnp.array([1, 2], jnp.int32), 3)
    assert isinstance(found, jax.Array)
    assert (found.tolist(), number) == ([2, 4], 3)
    assert kernel.half(jnp.ones(4, jnp.bfloat16), 1, 1)[0].dtype == jnp.bfloat16
    # JAX would make an f32 of it.
    assert kernel.double(np.float64(0.1)).dtype == np.float64
    assert float(kernel.double(np.float64(0.1))) == 0.2
    with pytest.raises(ArgumentError):
        jax.jit(lambda x: kernel.two(x, 1)[0])(jnp.array([1, 2], jnp.int32))


def test_unknown_ways_to_return() -> None:
    with pytest.raises(ValueError, match="numpy, jax, device"):
        iree(MORE, returns="torch")


def test_timing(more: IreeKernel) -> None:
    for function, arguments in ((more.two, ([1, 2], 3)), (more.none, ())):
        for transfers in (False, True):
            timing = function.time(*arguments, repeat=3, warmup=1, transfers=transfers)  # type: ignore[call-arg]
            assert len(timing.samples) == 3
            assert timing.minimum > 0
    with pytest.raises(ArgumentError):
        more.two.time([1, 2])

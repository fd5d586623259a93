"""Conversions of numbers to integers: what no integer of the type is saturates, on every engine."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from support.native import needs_native

import approxir as ax
from approxir.codegen.stablehlo_conversions import saturate_conversions
from approxir.interp import Interpreter

FLOATS: dict[str, Any] = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
    "f64": np.float64,
}
INTEGERS = tuple(f"{sign}{width}" for width in (8, 16, 32, 64) for sign in ("i", "ui"))
SMALL = {"f8E5M2": ml_dtypes.float8_e5m2}
"""Types that IREE has and LLVM has not, without those of which IREE takes a NaN for a number."""
NARROW = ("i2", "ui2", "i4", "ui4")


def converting(element: str, integers: tuple[str, ...], size: str) -> str:
    """A function that converts one tensor to each type; narrow types are widened again afterwards."""
    given = f"tensor<{size}x{element}>"
    lines, names, kinds = [], [], []
    for name in integers:
        kind = f"tensor<{size}x{name}>"
        lines.append(f"%{name} = stablehlo.convert %x : ({given}) -> {kind}")
        names.append(f"%{name}")
        kinds.append(kind)
        if name in NARROW:
            kinds[-1] = f"tensor<{size}x{name[:-1]}8>"
            names[-1] += "_wide"
            lines.append(f"{names[-1]} = stablehlo.convert %{name} : ({kind}) -> {kinds[-1]}")
    body = "\n  ".join(lines)
    return (
        f"func.func @{element}(%x: {given}) -> ({', '.join(kinds)}) {{\n  {body}\n"
        f"  return {', '.join(names)} : {', '.join(kinds)}\n}}\n"
    )


def numbers(element: str) -> Any:
    """Special numbers, those around the limits of all the types, and random ones of all sizes."""
    dtype = {**FLOATS, **SMALL}[element]
    special = [0.0, -0.0, 0.5, -0.5, -0.99, 1.5, -1.5, np.nan, -np.nan, np.inf, -np.inf, 3.7, -300.7, 1e300]
    limits = [sign * 2.0**k for k in (1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64) for sign in (1, -1)]
    rng = np.random.default_rng(20)
    drawn = rng.choice([1, -1], 400) * np.exp2(rng.uniform(-3, 70, 400))
    with np.errstate(all="ignore"):
        around = np.array(limits).astype(dtype)
        held = [
            np.array(special).astype(dtype),
            around,
            np.nextafter(around, dtype(0)),
            np.nextafter(around, dtype(np.inf)),
            (np.array(limits) + 0.5).astype(dtype),
            (np.array(limits) - 1.5).astype(dtype),
            drawn.astype(dtype),
        ]
    return np.concatenate(held)


def by_interpreter(text: str, element: str, values: Any) -> tuple[Any, ...]:
    return Interpreter(ax.parse(text)).call(element, values)


def saturated(values: Any, name: str) -> Any:
    """What a conversion to a type of less than 8 bits gives."""
    width = int(name[-1])
    low, high = (0, 2**width - 1) if name[0] == "u" else (-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    whole = np.trunc(np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf))
    return np.clip(whole, low, high).astype(np.uint8 if name[0] == "u" else np.int8)


def check(found: tuple[Any, ...], integers: tuple[str, ...], element: str, values: Any) -> None:
    wide = tuple(name for name in integers if name not in NARROW)
    expected = dict(zip(wide, by_interpreter(converting(element, wide, "?"), element, values), strict=True))
    for name, got in zip(integers, found, strict=True):
        want = expected[name] if name in expected else saturated(values, name)
        np.testing.assert_array_equal(np.asarray(got), want, err_msg=f"{element} to {name}", strict=True)


@needs_native
@pytest.mark.parametrize("shape", ["static", "?"])
@pytest.mark.parametrize("element", FLOATS)
def test_on_llvm(element: str, shape: str) -> None:
    values = numbers(element)
    integers = (*INTEGERS, *NARROW)
    size = str(len(values)) if shape == "static" else shape
    kernel = ax.jit(converting(element, integers, size))
    check(getattr(kernel, element)(values), integers, element, values)


@pytest.mark.parametrize("shape", ["static", "?"])
def test_on_iree(shape: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("iree.compiler")
    pytest.importorskip("iree.runtime")
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path))
    held = {element: numbers(element) for element in (*FLOATS, *SMALL)}
    text = "".join(
        converting(element, INTEGERS, str(len(values)) if shape == "static" else shape)
        for element, values in held.items()
    )
    kernel = ax.iree(text)
    for element, values in held.items():
        check(getattr(kernel, element)(values), INTEGERS, element, values)


REDUCTION = """func.func @f(%x: tensor<4xf32>, %w: tensor<4xi8>) -> tensor<i8> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %i = stablehlo.constant dense<0> : tensor<i8>
  %0:2 = stablehlo.reduce(%x init: %z), (%w init: %i) across dimensions = [0]
      : (tensor<4xf32>, tensor<4xi8>, tensor<f32>, tensor<i8>) -> (tensor<f32>, tensor<i8>)
    reducer(%a: tensor<f32>, %b: tensor<f32>) (%c: tensor<i8>, %d: tensor<i8>) {
    %m = stablehlo.maximum %a, %b : tensor<f32>
    %k = stablehlo.convert %m : (tensor<f32>) -> tensor<i8>
    %o = stablehlo.or %c, %d : tensor<i8>
    %p = stablehlo.or %o, %k : tensor<i8>
    stablehlo.return %m, %p : tensor<f32>, tensor<i8>
  }
  return %0#1 : tensor<i8>
}
"""


@needs_native
def test_in_a_region_on_llvm() -> None:
    arguments = np.array([300, -5, np.nan, 40000], np.float32), np.zeros(4, np.int8)
    (expected,) = Interpreter(ax.parse(REDUCTION)).call("f", *arguments)
    assert int(expected) == 127
    assert int(ax.jit(REDUCTION).f(*arguments)) == 127


def test_what_stays() -> None:
    text = """func.func @f(%a: tensor<2xf32>, %b: tensor<2xi32>, %c: tensor<0xf32>) {
  %0 = stablehlo.convert %a : (tensor<2xf32>) -> tensor<2xi1>
  %1 = stablehlo.convert %a : (tensor<2xf32>) -> tensor<2xf64>
  %2 = stablehlo.convert %b : (tensor<2xi32>) -> tensor<2xi8>
  %3 = stablehlo.convert %b : (tensor<2xi32>) -> tensor<2xf32>
  %4 = stablehlo.convert %c : (tensor<0xf32>) -> tensor<0xi8>
  return
}
"""
    module = ax.parse(text)
    assert not saturate_conversions(module)
    assert str(module) == text


def test_types_by_their_aliases() -> None:
    module = ax.parse(
        "!t = tensor<2xf32>\n"
        "func.func @f(%a: !t) -> tensor<2xi8> {\n"
        "  %0 = stablehlo.convert %a : (!t) -> tensor<2xi8>\n  return %0 : tensor<2xi8>\n}\n"
    )
    assert saturate_conversions(module)
    (found,) = Interpreter(module).call("f", np.array([1e9, np.nan], np.float32))
    assert found.tolist() == [127, 0]

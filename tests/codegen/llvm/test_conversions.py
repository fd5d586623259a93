"""Conversions to short floating-point numbers that the code brings along, and where it is needed."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from support import native, toolchains

import approxir as ax
from approxir.codegen.llvm.shared import LlvmShared

pytestmark = native.needs_native

SHORT = {"bf16": np.dtype(ml_dtypes.bfloat16), "f16": np.dtype(np.float16)}


def converter(source: str, target: str) -> str:
    return f"""
    func.func @convert(%x: memref<?x{source}>, %y: memref<?x{target}>) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = memref.dim %x, %c0 : memref<?x{source}>
      scf.for %i = %c0 to %n step %c1 {{
        %a = memref.load %x[%i] : memref<?x{source}>
        %b = arith.truncf %a : {source} to {target}
        memref.store %b, %y[%i] : memref<?x{target}>
      }}
      return
    }}"""


def cases(target: str) -> tuple[Any, Any]:
    """Finite numbers, half-way points and their neighbours, and what each rounds to: ties to even."""
    dtype = SHORT[target]
    largest = int(np.asarray(np.inf, dtype).view(np.uint16))
    bits = np.arange(largest, dtype=np.uint16)
    low = bits.view(dtype).astype(np.float64)
    high = np.append(low[1:], 2 * low[-1] - low[-2])
    middle = (low + high) / 2
    up = (bits + 1).astype(np.uint16)
    even = np.where(bits % 2 == 0, bits, up).astype(np.uint16)
    numbers = np.concatenate([low, middle, np.nextafter(middle, 0), np.nextafter(middle, np.inf)])
    wanted = np.concatenate([bits, even, bits, up])
    numbers = np.concatenate([numbers, -numbers, [np.inf, -np.inf]])
    wanted = np.concatenate([wanted, wanted | 0x8000, [largest, largest | 0x8000]]).astype(np.uint16)
    return numbers, wanted


def kernels(text: str) -> dict[str, ax.Kernel]:
    found = {"jit": ax.jit(text)}
    if toolchains.has_c_compiler() and toolchains.HAS_LLVMLITE:
        held = LlvmShared()
        found["x86-64"] = held.load(held.compile(text, cpu="x86-64"))
    return found


@pytest.mark.parametrize("target", SHORT)
def test_numbers_of_double_precision_are_rounded_once(target: str) -> None:
    numbers, wanted = cases(target)
    for name, kernel in kernels(converter("f64", target)).items():
        found = np.zeros(numbers.size, SHORT[target])
        kernel.convert(numbers, found)
        wrong = np.flatnonzero(found.view(np.uint16) != wanted)
        assert wrong.size == 0, (name, numbers[wrong[:5]], found[wrong[:5]])


@pytest.mark.skipif(
    not (toolchains.has_c_compiler() and toolchains.HAS_LLVMLITE), reason="needs llvmlite and a C compiler"
)
@pytest.mark.parametrize("target", SHORT)
def test_numbers_of_single_precision(target: str) -> None:
    """On a processor without an instruction for it; those that have one may flush tiny numbers."""
    numbers, wanted = cases(target)
    exact = numbers.astype(np.float32) == numbers
    numbers, wanted = numbers[exact].astype(np.float32), wanted[exact]
    kernel = kernels(converter("f32", target))["x86-64"]
    found = np.zeros(numbers.size, SHORT[target])
    kernel.convert(numbers, found)
    assert np.array_equal(found.view(np.uint16), wanted)


@pytest.mark.parametrize("source", ["f32", "f64"])
@pytest.mark.parametrize("target", SHORT)
def test_not_a_number_stays_so(source: str, target: str) -> None:
    numbers = np.array([np.nan, -np.nan], np.float32 if source == "f32" else np.float64)
    for kernel in kernels(converter(source, target)).values():
        found = np.zeros(2, SHORT[target])
        kernel.convert(numbers, found)
        assert np.isnan(found.astype(np.float64)).all()


def test_names_of_the_conversions_can_be_those_of_functions() -> None:
    kernel = ax.jit("""
    func.func @approx_round_to_odd(%x: f64) -> bf16 { %y = arith.truncf %x : f64 to bf16
      return %y : bf16 }
    func.func @__truncdfbf2(%x: i32) -> i32 { return %x : i32 }""")
    assert float(kernel.approx_round_to_odd(3.0)) == 3.0
    assert kernel["__truncdfbf2"](4) == 4

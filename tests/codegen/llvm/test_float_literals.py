"""Floating-point numbers on their way from one LLVM to another."""

from __future__ import annotations

import re
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import toolchains

import approxir as ax
from approxir.codegen.llvm.float_literals import spelled_as_bits
from approxir.codegen.llvm.shared import LlvmShared

DTYPES: dict[str, tuple[str, Any, Any]] = {
    "half": ("f16", np.float16, np.uint16),
    "bfloat": ("bf16", ml_dtypes.bfloat16, np.uint16),
    "float": ("f32", np.float32, np.uint32),
    "double": ("f64", np.float64, np.uint64),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("float 1.702000e+00", "float 0x3FFB3B6460000000"),
        ("float f0x3DFCD6EA", "float 0x3FBF9ADD40000000"),
        ("float +qnan", "float 0x7FF8000000000000"),
        ("float -inf", "float 0xFFF0000000000000"),
        ("float +snan(0x200001)", "float 0x7FF4000020000000"),
        ("float -nan(0x1)", "float 0xFFF8000020000000"),
        ("half 9.997550e-02", "half 0xH2E66"),
        ("bfloat +qnan", "bfloat 0xR7FC0"),
        ("double 1.000000e-01", "double 0x3FB999999999999A"),
        ("double f0x400921FB54442D18", "double 0x400921FB54442D18"),
        ("double -0.000000e+00", "double 0x8000000000000000"),
        ("<float 1.0, half -2.5, i32 3>", "<float 0x3FF0000000000000, half 0xHC100, i32 3>"),
        ("fadd float %1.5, 1.5", "fadd float %1.5, 0x3FF8000000000000"),
        (
            "fma(float %inf, float @nan.0, float 2.0)",
            "fma(float %inf, float @nan.0, float 0x4000000000000000)",
        ),
        ("float 0x3FFB3B6460000000", "float 0x3FFB3B6460000000"),
    ],
)
def test_spellings(text: str, wanted: str) -> None:
    assert spelled_as_bits(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "float %x ; 1.5 in a comment",
        'source_filename = "float 1.5"',
        'float %"a 1.5 b"',
        '@"float 1.5" = global i32 2',
        'float c"float \\22 1.5\\00"',
        "call float @f1.5(i64 10, ptr %x.2.5)",
        "%double = load float, ptr %half, align 4",
        "!1 = !{i32 1}",
        "",
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert spelled_as_bits(text) == text


@given(st.floats(width=64), st.sampled_from(sorted(DTYPES)))
@example(5e-324, "double")
@example(1e-45, "float")
@example(3.4028235677973366e38, "float")
@example(1.7976931348623157e308, "double")
def test_decimals_are_rounded_to_the_nearest(value: float, kind: str) -> None:
    """To the nearest of the type at once, as the newest LLVM does."""
    if not np.isfinite(value):
        return
    _, dtype, unsigned = DTYPES[kind]
    with np.errstate(all="ignore"):
        # What LLVM prints is a number of the type, in enough digits.
        exact = np.float64(np.asarray(value, np.float64).astype(dtype))
    if not np.isfinite(exact):
        return
    found = re.fullmatch(rf"{kind} 0x[HR]?([0-9A-F]+)", spelled_as_bits(f"{kind} {exact:.20e}"))
    assert found is not None
    bits = int(found[1], 16)
    if kind in ("float", "double"):
        assert bits == int(np.asarray(exact, np.float64).view(np.uint64))
    else:
        assert bits == int(np.asarray(exact).astype(dtype).view(unsigned))


def table(kind: str, bits: Any) -> str:
    """A module with a table of numbers, and a function that returns it."""
    name = DTYPES[kind][0]
    memref = f"memref<{bits.size}x{name}>"
    return f"""
    memref.global "private" @table : {memref} = dense<"0x{bits.tobytes().hex().upper()}">
    func.func @table_of() -> {memref} {{
      %m = memref.get_global @table : {memref}
      return %m : {memref}
    }}"""


@toolchains.needs_c_compiler
@toolchains.needs_torch_mlir
@toolchains.needs_llvmlite
@pytest.mark.parametrize("kind", DTYPES)
def test_every_bit_arrives(kind: str) -> None:
    """All numbers of 16 bits, and many of the wider ones, not-a-numbers with what they carry among them."""
    unsigned = DTYPES[kind][2]
    width = np.dtype(unsigned).itemsize * 8
    if width == 16:
        bits = np.arange(1 << 16, dtype=np.uint16)
    else:
        rng = np.random.default_rng(5)
        bits = rng.integers(0, 1 << width, 3000, dtype=np.uint64)
        whole = (1 << width) - 1
        exponents = ((1 << (8 if width == 32 else 11)) - 1) << (23 if width == 32 else 52)
        special = bits[:1000] | np.uint64(exponents)
        small = bits[:500] & np.uint64(whole ^ exponents)
        bits = np.concatenate([bits, special, small, np.uint64([0, exponents, whole])]).astype(unsigned)
    held = LlvmShared()
    kernel = held.load(held.compile(table(kind, bits), opt_level=0))
    assert np.array_equal(kernel.table_of().view(unsigned), bits)


@toolchains.needs_c_compiler
@toolchains.needs_torch_mlir
@toolchains.needs_llvmlite
def test_constants_in_code() -> None:
    text = """
    func.func @f(%x: f32, %v: vector<4xf32>, %b: i1) -> (f32, vector<4xf32>, f32, bf16) {
      %a = arith.constant 1.702 : f32
      %c = arith.constant dense<[0.1, 0.2, 0.3, 1.0e-40]> : vector<4xf32>
      %d = arith.constant dense<0.7> : vector<4xf32>
      %s = arith.constant 3.14 : bf16
      %nan = arith.constant 0x7FC00000 : f32
      %y = arith.mulf %x, %a : f32
      %w = arith.addf %v, %c : vector<4xf32>
      %u = arith.mulf %w, %d : vector<4xf32>
      %z = arith.select %b, %a, %nan : f32
      return %y, %u, %z, %s : f32, vector<4xf32>, f32, bf16
    }"""
    held = LlvmShared()
    kernels = [ax.jit(text), *(held.load(held.compile(text, opt_level=level)) for level in (0, 3))]
    for b in (True, False):
        one, *others = [kernel.f(1.1, np.ones(4, np.float32), b) for kernel in kernels]
        for other in others:
            for left, right in zip(one, other, strict=True):
                assert np.asarray(left).tobytes() == np.asarray(right).tobytes()

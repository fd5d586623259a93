"""Kernels of modules on tensors, with and without what makes them fast: both must compute the same."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from corpus.jax_programs import Program

from approxir.codegen.kernel import Kernel
from approxir.codegen.llvm.bindings import Bindings
from approxir.codegen.llvm.jit import JitArtifact, LlvmJit
from approxir.codegen.llvm.lowering import export


def kernel(text: str, *, fast: bool = True, opt_level: int = 2) -> Kernel:
    """A module as native code; `fast` says whether its tensors are optimized."""
    exported = export(text)
    found = Bindings().lowered(exported.text, exported.passes, exported.module, optimize=fast)
    return LlvmJit().load(JitArtifact("llvm", found, exported, opt_level))


def lowered(function: Callable[..., Any], *arguments: Any) -> str:
    """The text of a JAX function; the function in it is called ``main``."""
    return str(jax.jit(function).lower(*arguments).as_text())


def arguments_of(program: Program, seed: int) -> list[Any]:
    """Arguments for a program, flattened to arrays."""
    with precision(program):
        return [np.asarray(x) for x in jax.tree.leaves(program.arguments(np.random.default_rng(seed)))]


def by_jax(program: Program, seed: int) -> list[Any]:
    """What JAX computes with the same arguments."""
    with precision(program):
        found = jax.jit(program.function)(*program.arguments(np.random.default_rng(seed)))
        return [np.asarray(x) for x in jax.tree.leaves(found)]


def precision(program: Program) -> Any:
    """JAX's 64-bit types, where the program is about them."""
    return jax.enable_x64(True) if program.x64 else contextlib.nullcontext()


def results(found: Any) -> list[Any]:
    """What a kernel's function returned, as a list of arrays."""
    return [np.asarray(x) for x in (found if isinstance(found, tuple) else (found,))]


def steps_apart(first: Any, second: Any) -> float:
    """How far two arrays are apart: in steps of the type at the largest number of the second; 0 if equal.

    NaN stands only where the other has it; infinities are equal or infinitely far apart.
    """
    first, second = np.asarray(first), np.asarray(second)
    assert first.shape == second.shape, (first.shape, second.shape)
    if first.dtype.kind in "biu" or not first.size:
        return 0.0 if np.array_equal(first, second) else np.inf
    wide = np.complex128 if first.dtype.kind == "c" else np.float64
    a, b = first.astype(wide), second.astype(wide)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if same.all():
        return 0.0
    scale = np.abs(np.where(np.isfinite(b), b, 0)).max()
    epsilon = 2.0 ** -{"float16": 10, "bfloat16": 7, "float32": 23, "complex64": 23}.get(str(first.dtype), 52)
    with np.errstate(all="ignore"):
        error = np.where(same, 0.0, np.abs(a - b) / (scale * epsilon if scale else 1e-300))
    return float(np.inf if np.isnan(error).any() else error.max())

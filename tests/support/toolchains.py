"""Which of the programs that compiling ahead of time can use are installed here."""

from __future__ import annotations

import functools
import importlib.util

import pytest

from approxir.codegen import programs
from approxir.codegen.llvm.c_compiler import CCompiler
from approxir.codegen.llvm.objects import object_compiler
from approxir.codegen.llvm.translation import translator
from approxir.errors import MissingDependencyError

# Older ones cannot read what is written for the MLIR and the LLVM of today.
OLDEST = 22


@functools.cache
def has_c_compiler() -> bool:
    """Whether there is a C compiler."""
    try:
        CCompiler()
    except MissingDependencyError:
        return False
    return True


def _recent(name: str) -> bool:
    path = programs.find_newest(name)
    version = programs.version(path) if path is not None else None
    return version is not None and int(version.partition(".")[0]) >= OLDEST


def has_mlir_programs() -> bool:
    """Whether there are mlir-opt and mlir-translate."""
    try:
        translator("mlir-opt")
    except MissingDependencyError:
        return False
    return _recent("mlir-opt")


def has_llc() -> bool:
    """Whether there are opt and llc."""
    try:
        object_compiler("llc")
    except MissingDependencyError:
        return False
    return _recent("llc")


def has_clang() -> bool:
    """Whether there is a clang that is new enough."""
    return _recent("clang")


HAS_LLVMLITE = importlib.util.find_spec("llvmlite") is not None
HAS_TORCH_MLIR = importlib.util.find_spec("torch_mlir") is not None

needs_c_compiler = pytest.mark.skipif(not has_c_compiler(), reason="there is no C compiler")
needs_mlir_programs = pytest.mark.skipif(
    not has_mlir_programs(), reason=f"there is no mlir-opt with mlir-translate of version {OLDEST} or newer"
)
needs_llc = pytest.mark.skipif(not has_llc(), reason=f"there is no llc with opt of version {OLDEST} or newer")
needs_clang = pytest.mark.skipif(not has_clang(), reason=f"there is no clang of version {OLDEST} or newer")
needs_llvmlite = pytest.mark.skipif(not HAS_LLVMLITE, reason="llvmlite is not installed")
needs_torch_mlir = pytest.mark.skipif(not HAS_TORCH_MLIR, reason="torch-mlir is not installed")

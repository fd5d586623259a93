"""Functions of MLIR modules as native code: a judge for the interpreter.

    add = native.function("func.func @add(%a: i32, %b: i32) -> i32 {...}", "add")
    add(1, 2)

The results are a tuple, as the interpreter's are.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import pytest

import approxir as ax

AVAILABLE = importlib.util.find_spec("torch_mlir") is not None
needs_native = pytest.mark.skipif(not AVAILABLE, reason="torch-mlir is not installed")


@functools.lru_cache(maxsize=64)
def _kernel(text: str) -> ax.Kernel:
    return ax.jit(text, opt_level=0)


def function(text: str, name: str) -> Callable[..., tuple[Any, ...]]:
    """The compiled function; kernels are kept by the module's text."""
    compiled = _kernel(text)[name]
    count = len(compiled.signature.results)

    def call(*arguments: Any) -> tuple[Any, ...]:
        found = compiled(*arguments)
        return () if not count else (found,) if count == 1 else found

    return call

"""Which module of `approxir.interp.dialects` has the handlers of a dialect; loaded when first needed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from approxir.interp.machine import Handler, Pure

DIALECTS: dict[str, tuple[str, ...]] = {
    "affine": ("affine",),
    "approx": ("approx",),
    "approxMLIR": ("approx",),
    "arith": ("arith",),
    "bufferization": ("bufferization",),
    "builtin": ("func",),
    "cf": ("cf",),
    "chlo": ("stablehlo_math",),
    "complex": ("complex",),
    "func": ("func",),
    "index": ("index",),
    "linalg": ("linalg",),
    "math": ("math",),
    "memref": ("memref",),
    "scf": ("scf",),
    "stablehlo": (
        "stablehlo_math",
        "stablehlo_shapes",
        "stablehlo_control",
        "stablehlo_gather",
        "stablehlo_convolution",
    ),
    "tensor": ("tensor",),
    "ub": ("ub",),
    "vector": ("vector",),
}
"""Dialects, and the modules with their handlers (each has a table ``HANDLERS`` by operation name)."""

_loaded: dict[str, dict[str, Handler | Pure]] = {}


def handlers_of(dialect: str) -> Mapping[str, Handler | Pure]:
    """The handlers of a dialect, by operation name; empty for an unknown one."""
    table = _loaded.get(dialect)
    if table is None:
        table = {}
        for name in DIALECTS.get(dialect, ()):
            table.update(import_module(f"approxir.interp.dialects.{name}").HANDLERS)
        _loaded[dialect] = table
    return table

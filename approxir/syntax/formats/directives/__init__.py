"""Elements for the forms that need code: each module registers the directives its tables call."""

from __future__ import annotations

from importlib import import_module

_MODULES = (
    "common",
    "functions",
    "loops",
    "affine",
    "indices",
    "structured",
    "vectors",
    "stablehlo",
    "llvm_types",
    "llvm_symbols",
    "llvm",
    "triton",
)
_loaded = False


def load() -> None:
    """Imports the modules of this package once, so that their directives are registered."""
    global _loaded
    if not _loaded:
        for module in _MODULES:
            import_module(f"{__name__}.{module}")
        _loaded = True

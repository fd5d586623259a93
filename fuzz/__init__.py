"""Generators of MLIR modules and approximated programs, for testing what reads, rewrites or runs them.

    from approxir.testing import programs

    @given(programs(max_ops=20))
    def test_my_pass(program):
        module = program.module()  # a fresh module, which MLIR accepts and which can be run
        ...

Everything here needs the extra `fuzz` (Hypothesis, and NumPy for arguments). Names are imported when they are
first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from approxir.testing.generators.arguments import arguments
    from approxir.testing.generators.modules import modules, texts
    from approxir.testing.generators.program import Program
    from approxir.testing.generators.programs import ALL_DIALECTS, DIALECTS, programs
    from approxir.testing.generators.tree import LAYOUTS, SPELLINGS, Tree
    from approxir.testing.generators.tuning import annotations, configs, params

_WHERE = {
    "approxir.testing.generators.arguments": ("arguments",),
    "approxir.testing.generators.modules": ("modules", "texts"),
    "approxir.testing.generators.program": ("Program",),
    "approxir.testing.generators.programs": ("ALL_DIALECTS", "DIALECTS", "programs"),
    "approxir.testing.generators.tree": ("LAYOUTS", "SPELLINGS", "Tree"),
    "approxir.testing.generators.tuning": ("annotations", "configs", "params"),
}
_EXPORTS = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "ALL_DIALECTS", "DIALECTS", "LAYOUTS", "SPELLINGS", "Program", "Tree", "annotations", "arguments",
    "configs", "modules", "params", "programs", "texts",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module 'approxir.testing' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_EXPORTS))

"""Generators of MLIR modules and approximated programs, for testing what reads, rewrites or runs them.

    from approxir.testing import programs

    @given(programs(max_ops=20))
    def test_my_pass(program):
        module = program.module()  # a fresh module, which MLIR accepts and which can be run
        ...

Everything here needs the extra `fuzz` (Hypothesis, and NumPy for arguments). Names are imported when they are
first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from approxir.testing.examination import ORACLES, Case, Examination
    from approxir.testing.generators.arguments import arguments
    from approxir.testing.generators.broken import broken_texts
    from approxir.testing.generators.modules import modules, texts
    from approxir.testing.generators.program import Program
    from approxir.testing.generators.programs import ALL_DIALECTS, DIALECTS, programs
    from approxir.testing.generators.tree import LAYOUTS, SPELLINGS, Tree
    from approxir.testing.generators.tuning import annotations, configs, params
    from approxir.testing.oracles.engines import check_iree, check_llvm
    from approxir.testing.oracles.failure import OracleFailure
    from approxir.testing.oracles.rewriting import (
        check_changed,
        check_complete,
        check_composition,
        check_consistent,
        check_idempotent,
        check_interface,
        check_isolated,
        check_same_result,
    )
    from approxir.testing.oracles.running import Call, observe
    from approxir.testing.oracles.semantics import check_exactness, check_live, check_same_semantics
    from approxir.testing.oracles.texts import check_round_trip
    from approxir.testing.oracles.validity import check_upstream, check_valid, check_verifier_agreement
    from approxir.testing.search import Finding, Report, search
    from approxir.testing.subjects import CommandSubject, PassSubject

_WHERE = {
    "approxir.testing.generators.arguments": ("arguments",),
    "approxir.testing.generators.broken": ("broken_texts",),
    "approxir.testing.generators.modules": ("modules", "texts"),
    "approxir.testing.generators.program": ("Program",),
    "approxir.testing.generators.programs": ("ALL_DIALECTS", "DIALECTS", "programs"),
    "approxir.testing.generators.tree": ("LAYOUTS", "SPELLINGS", "Tree"),
    "approxir.testing.generators.tuning": ("annotations", "configs", "params"),
    "approxir.testing.examination": ("ORACLES", "Case", "Examination"),
    "approxir.testing.oracles.engines": ("check_iree", "check_llvm"),
    "approxir.testing.oracles.failure": ("OracleFailure",),
    "approxir.testing.oracles.rewriting": (
        "check_changed", "check_complete", "check_composition", "check_consistent", "check_idempotent",
        "check_interface", "check_isolated", "check_same_result",
    ),
    "approxir.testing.oracles.running": ("Call", "observe"),
    "approxir.testing.oracles.semantics": ("check_exactness", "check_live", "check_same_semantics"),
    "approxir.testing.oracles.texts": ("check_round_trip",),
    "approxir.testing.oracles.validity": ("check_upstream", "check_valid", "check_verifier_agreement"),
    "approxir.testing.search": ("Finding", "Report", "search"),
    "approxir.testing.subjects": ("CommandSubject", "PassSubject"),
}  # fmt: skip
_EXPORTS = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "ALL_DIALECTS", "DIALECTS", "LAYOUTS", "ORACLES", "SPELLINGS", "Call", "Case", "CommandSubject",
    "Examination", "Finding", "OracleFailure", "PassSubject", "Program", "Report", "Tree", "annotations",
    "arguments", "broken_texts", "check_changed", "check_complete", "check_composition", "check_consistent",
    "check_exactness",
    "check_idempotent", "check_interface", "check_iree", "check_isolated", "check_live", "check_llvm",
    "check_round_trip", "check_same_result", "check_same_semantics", "check_upstream", "check_valid",
    "check_verifier_agreement", "configs", "modules", "observe", "params", "programs", "search", "texts",
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

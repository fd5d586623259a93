"""Oracles about engines: what compiled code does, against the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from approxir.ir.module import Module, parse
from approxir.testing.oracles.failure import OracleFailure
from approxir.testing.oracles.running import (
    MAX_STEPS,
    Call,
    Observation,
    Session,
    check_sessions,
    observe,
)

LLVM, IREE = "llvm", "iree"


def check_llvm(
    module: Module | str,
    calls: Sequence[Call],
    *,
    max_steps: int = MAX_STEPS,
    ulps: int = 0,
    opt_level: int = 0,
    seen: Session | None = None,
) -> str:
    """Check that a module, compiled by LLVM (`approxir.jit`), does what the interpreter says.

    Calls whose behaviour is undefined, and those behind them, are not made.

    Args:
        module: a module, with approximations or without.
        calls: what to call; they share the memory of globals.
        max_steps: how many operations the interpreter may execute in one call.
        ulps: by how many units in the last place floats may differ; 0 is bit for bit.
        opt_level: how much LLVM optimizes, 0 to 3.
        seen: what `observe` gave for the module, if it is known.

    Returns:
        As `approxir.testing.check_same_semantics` does.

    Raises:
        OracleFailure: a result or the memory of an argument differs.
        CompilationError: the module cannot be compiled.
        MissingDependencyError: the extra ``llvm`` is not installed.
    """
    import approxir

    kernel = approxir.jit(str(module), opt_level=opt_level)
    return _compared(LLVM, "compiled by LLVM", module, calls, kernel.__getitem__, max_steps, ulps, seen)


def check_iree(
    module: Module | str,
    calls: Sequence[Call],
    *,
    max_steps: int = MAX_STEPS,
    ulps: int = 0,
    target: str = "cpu",
    seen: Session | None = None,
) -> str:
    """Check that a module, compiled by IREE (`approxir.iree`), does what the interpreter says.

    IREE takes functions on tensors and numbers. The arguments and what is returned and raised are those of
    `check_llvm`; `target` is IREE's.
    """
    import approxir

    kernel = approxir.iree(str(module), target, cache=False)
    return _compared(IREE, "compiled by IREE", module, calls, kernel.__getitem__, max_steps, ulps, seen)


def _compared(
    oracle: str,
    name: str,
    module: Module | str,
    calls: Sequence[Call],
    function: Callable[[str], Any],
    max_steps: int,
    ulps: int,
    seen: Session | None,
) -> str:
    held = parse(module) if isinstance(module, str) else module
    session = observe(held, calls, max_steps=max_steps) if seen is None else seen
    names = ("by the interpreter", name)
    if [one.message for one in session.observations if one.status == "unknown"]:
        return "unknown"
    other = Session(calls)
    for call, one in zip(calls, session.observations, strict=False):
        if one.status != "returned":
            break
        compiled = function(call.function)
        arguments = call.fresh()
        found = compiled(*arguments)
        count = len(compiled.signature.results)
        results = () if count == 0 else (found,) if count == 1 else tuple(found)
        other.observations.append(Observation("returned", results, arguments))
    return check_sessions(oracle, session, other, names=names, ulps=ulps, with_globals=False)


__all__ = ["IREE", "LLVM", "OracleFailure", "check_iree", "check_llvm"]

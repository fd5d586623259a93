"""Oracles about meaning: what a module computes, before and after it is rewritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from approxir.dialects.approx.payload import FUNC_SUBSTITUTE, LOOP_PERFORATE, transform_name
from approxir.ir.module import Module, parse
from approxir.passes.base import Pass
from approxir.passes.config_approx import ConfigApprox
from approxir.passes.live import ACCESSOR, live_layout
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline
from approxir.testing.oracles.failure import OracleFailure
from approxir.testing.oracles.running import (
    AFTERWARDS,
    MAX_STEPS,
    Call,
    Session,
    check_sessions,
    observe,
)

SEMANTICS, EXACT, LIVE = "semantics", "exact", "live"


def check_same_semantics(
    before: Module | str,
    after: Module | str,
    calls: Sequence[Call],
    *,
    max_steps: int = MAX_STEPS,
    seen: Session | None = None,
) -> str:
    """Check that calls show the same of two modules: results, memory of arguments and globals, bit for bit.

    The interpreter runs both, so that annotations and operations of the approx dialect mean what
    `docs/semantics.md` says. Undefined behaviour may become anything.

    Args:
        before: the module that says what is right.
        after: what became of it.
        calls: what to call; they share the memory of globals.
        max_steps: how many operations a call of the first module may execute; one of the second
            may execute 20 times as many as the first one needed, and 1000 more.
        seen: what `observe` gave for the first module, if it is known.

    Returns:
        ``"compared"``, or why not every call was: ``"undefined"``, ``"endless"`` or ``"unknown"``.

    Raises `OracleFailure`.
    """
    session = observe(before, calls, max_steps=max_steps) if seen is None else seen
    limit = AFTERWARDS * session.steps + 1000
    done = [call for call, one in zip(calls, session.observations, strict=False) if one.status == "returned"]
    other = observe(after, done, max_steps=limit)
    compared = check_sessions(SEMANTICS, session, other, with_globals=len(done) == len(calls))
    return compared


def check_exactness(
    module: Module | str,
    calls: Sequence[Call],
    *,
    pipeline: Sequence[str | Pass] = FUNC_SUBSTITUTE_PIPELINE,
    max_steps: int = MAX_STEPS,
) -> str:
    """Check that a module whose decisions are all exact gives, lowered, what it gives without annotations.

    The module is changed first: every decision that can be exact is made so, annotations that cannot be
    (`task_skipping` has no exact value) and tries are dropped. Memory of globals is not compared, since
    state functions, which are not called without annotations, may write to it.

    Args:
        module: a module with annotations.
        calls: what to call.
        pipeline: the passes that lower it.
        max_steps: as for `check_same_semantics`.

    Returns:
        As `check_same_semantics` does.

    Raises:
        OracleFailure: a result or the memory of an argument differs.
        PassError: the module cannot be lowered.
    """
    exact = exact_module(module)
    plain = parse(str(exact))
    for op in plain.find("approx.util.annotation.", "approxMLIR.util.annotation."):
        op.erase()
    run_pipeline(exact, pipeline)
    session = observe(str(plain), calls, max_steps=max_steps, with_globals=False)
    done = [call for call, one in zip(calls, session.observations, strict=False) if one.status == "returned"]
    limit = AFTERWARDS * session.steps + 10_000
    other = observe(str(exact), done, max_steps=limit, with_globals=False)
    names = ("without annotations", "with exact decisions")
    return check_sessions(EXACT, session, other, names=names, with_globals=False)


def exact_module(module: Module | str) -> Module:
    """A copy of a module in which every decision is exact, as `check_exactness` says."""
    made = parse(str(module))
    for knob in made.knobs():
        params = knob.read()
        if transform_name(params.transform_type) in (LOOP_PERFORATE, FUNC_SUBSTITUTE):
            # Bounds and candidates are about other values than the exact one.
            zeros = tuple([0] * len(params.decisions))
            knob.write(params.replace(decisions=zeros, decision_values=()))
        else:
            for op in _annotations(made, knob.function, "decision_tree", "transform"):
                op.erase()
    for op in _annotations(made, None, "try"):
        op.erase()
    return parse(str(made))


def _annotations(module: Module, function: str | None, *kinds: str) -> list[Any]:
    from approxir.dialects.approx.ops import AnnotationOp, view

    names = [f"{prefix}.util.annotation.{kind}" for prefix in ("approx", "approxMLIR") for kind in kinds]
    found = []
    for op in module.find(*names):
        held = view(op)
        if isinstance(held, AnnotationOp) and (function is None or held.func_name == function):
            found.append(op)
    return found


def check_live(
    module: Module | str,
    config: Mapping[str, int],
    calls: Sequence[Call],
    *,
    max_steps: int = MAX_STEPS,
) -> str:
    """Check that a module lowered with live parameters does, told a configuration, what it does when lowered
    for it.

    Args:
        module: a module with annotations.
        config: values of its parameters, as `Module.config` gives and `Module.apply` takes them. Decisions
            have to be among the candidates of their knob.
        calls: what to call.
        max_steps: as for `check_same_semantics`.

    Returns:
        As `check_same_semantics` does.

    Raises:
        OracleFailure: a result, the memory of an argument or of a global differs.
        PassError: the module cannot be lowered.
        ConfigError: the configuration does not fit the module.
    """
    applied = parse(str(module))
    applied.apply(config)
    run_pipeline(applied, FUNC_SUBSTITUTE_PIPELINE)
    live = parse(str(module))
    # The array has the layout of the module before lowering.
    layout = live_layout(live)
    lowering: list[str | Pass] = ["pre-emit-transform", "emit-approx", "emit-management"]
    run_pipeline(live, [*lowering, ConfigApprox(live=True), "transform-approx", "finalize-approx"])
    session = observe(str(applied), calls, max_steps=max_steps)
    done = [call for call, one in zip(calls, session.observations, strict=False) if one.status == "returned"]
    current = parse(str(module)).config() | dict(config)
    numbers = np.array([current[slot.name] for slot in layout], np.int32)
    limit = AFTERWARDS * session.steps + 1000
    other = _observe_live(parse(str(live)), numbers, done, limit)
    names = ("lowered for the configuration", "live")
    return check_sessions(LIVE, session, other, names=names, with_globals=len(done) == len(calls))


def _observe_live(module: Module, numbers: Any, calls: Sequence[Call], limit: int) -> Session:
    if not len(numbers):
        return observe(module, calls, max_steps=limit)
    # The array is set by a call that comes before the others.
    return observe(module, calls, max_steps=limit, prepare=lambda run: _write(run(ACCESSOR)[0], numbers))


def _write(array: Any, numbers: Any) -> None:
    array[:] = numbers


__all__ = [
    "EXACT",
    "LIVE",
    "SEMANTICS",
    "OracleFailure",
    "check_exactness",
    "check_live",
    "check_same_semantics",
    "exact_module",
]

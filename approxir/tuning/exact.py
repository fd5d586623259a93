"""The exact program: a module as it is without its approximations."""

from __future__ import annotations

from approxir.ir.module import Module, parse
from approxir.ir.verify.approx import PREFIXES, local_name
from approxir.passes.pipeline import run_pipeline

_KEPT = frozenset({"knob", "yield"})


def exact_module(module: Module | str) -> Module:
    """A copy of a module, or of its text, that approximates nothing and checks nothing.

    Annotations, decisions, transforms and tries are left out, and the bodies of knobs stand in their places.
    That is more than a configuration with all decisions 0 does: of `task_skipping` none is exact.
    """
    exact = parse(module) if isinstance(module, str) else module.clone()
    for op in exact.find(*PREFIXES):
        if local_name(op) not in _KEPT:
            op.erase()
    run_pipeline(exact, ["finalize-approx"])
    return exact

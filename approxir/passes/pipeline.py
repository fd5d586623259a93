"""Pipelines: passes one after another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from approxir.ir.naming import settle_names
from approxir.passes.base import Pass
from approxir.passes.registry import passes
from approxir.syntax.pausing import collector_paused

if TYPE_CHECKING:
    from approxir.ir.module import Module

PASS_PIPELINE = (
    "emit-approx",
    "emit-management",
    "config-approx",
    "transform-approx",
    "finalize-approx",
)
"""What lowers every approximation but function substitution."""

FUNC_SUBSTITUTE_PIPELINE = ("pre-emit-transform", *PASS_PIPELINE)
"""What lowers function substitution as well."""

LEGALIZE = "legalize-to-stablehlo"
"""What modules of StableHLO need at the end."""


class Observer:
    """Is told what a pipeline does; these methods do nothing, and what they raise ends the pipeline."""

    def before(self, step: Pass, module: Module) -> None:
        """A pass is about to run."""

    def after(self, step: Pass, module: Module, changed: bool) -> None:
        """A pass has run."""


def run_pipeline(
    module: Module, pipeline: str | Iterable[str | Pass], *, observer: Observer | None = None
) -> bool:
    """Run passes over a module in place, and return whether anything was changed.

    Passes are given by name or made, or all as one text: ``"emit-approx,config-approx{live=true}"``. When one
    fails, the module has the text again that it had before the first of them, and operations that were
    looked up in it do not belong to it any more. The module is not verified, neither before nor afterwards;
    `approxir.compile` does that.

    Raises:
        UnknownPassError: there is no pass of a name; nothing was done.
        PipelineError: the text of a pipeline cannot be understood; nothing was done.
        PassError: a pass cannot do what the module asks for.
        ParseError: a part of the text that a pass had to read is not MLIR.
    """
    if isinstance(pipeline, str):
        from approxir.passes.pipeline_text import parse_pipeline

        pipeline = parse_pipeline(pipeline)
    made = [_made(step) for step in pipeline]
    before = str(module)
    changed = False
    try:
        for step in made:
            if observer is not None:
                observer.before(step, module)
            with collector_paused():
                step_changed = step.apply(module)
                if step_changed:
                    # As printing would: the result must not depend on whether somebody prints in between.
                    settle_names(module.region)
            changed = changed or step_changed
            if observer is not None:
                observer.after(step, module, step_changed)
    except BaseException:
        module._reset(before)
        raise
    return changed


def _made(step: object) -> Pass:
    if isinstance(step, Pass):
        return step
    if isinstance(step, str):
        return passes.make(step)
    raise TypeError(f"a pipeline holds names of passes and passes, not {step!r}")


def pipeline_for(module: Module, *, stablehlo: bool = True) -> tuple[str, ...]:
    """The passes that lower everything in a module, chosen by what it contains.

    ``pre-emit-transform`` comes first where an annotation asks for function substitution. With `stablehlo`,
    ``legalize-to-stablehlo`` comes last where the module has operations of StableHLO.

    Raises `ParamsError` where the params of an annotation cannot be read.
    """
    names = FUNC_SUBSTITUTE_PIPELINE if _substitutes(module) else PASS_PIPELINE
    if stablehlo and LEGALIZE in passes and module.find("stablehlo."):
        return (*names, LEGALIZE)
    return names


def _substitutes(module: Module) -> bool:
    from approxir.dialects.approx.ops import (
        ConvertToCallAnnotation,
        DecisionTreeAnnotation,
        TransformAnnotation,
    )
    from approxir.dialects.approx.payload import FUNC_SUBSTITUTE, transform_name
    from approxir.passes.functions import find_annotations

    for held in find_annotations(module):
        if isinstance(held, ConvertToCallAnnotation):
            return True
        if isinstance(held, DecisionTreeAnnotation | TransformAnnotation):
            params = held.params
            if params is not None and transform_name(params.transform_type) == FUNC_SUBSTITUTE:
                return True
    return False

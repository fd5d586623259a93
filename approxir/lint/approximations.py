"""What a module asks to approximate: which code, by which transform, with which knob values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from approxir.dialects.approx.codec import DECISION_TREES, TRANSFORMS, read_params
from approxir.dialects.approx.errors import ParamsError
from approxir.dialects.approx.params import KnobParams
from approxir.dialects.approx.payload import reachable_values
from approxir.errors import ParseError
from approxir.ir.verify.approx import local_name
from approxir.values import FunctionType, TypeAttr

if TYPE_CHECKING:
    from approxir.ir.blocks import Region
    from approxir.ir.operation import Operation
    from approxir.lint.context import Context


@dataclass(frozen=True, slots=True)
class Approximation:
    """One decision tree, static transform or knob with params, and the code that it is about.

    `operation` spells the params; `function` is the annotated function, or the one around the knob, None
    where there is none; `knob` is the ``approx.knob`` around the operation, None for annotations. `regions`
    hold the code: the function's body or the knob's.
    """

    operation: Operation
    params: KnobParams
    function: Operation | None
    knob: Operation | None
    regions: tuple[Region, ...]

    @property
    def transform_type(self) -> str | None:
        """Which approximation."""
        return self.params.transform_type

    @property
    def values(self) -> list[int]:
        """The knob values that may be chosen, ascending."""
        return reachable_values(self.params)

    @property
    def miscounted(self) -> bool:
        """Whether there is not one decision more than there are thresholds, as AX002 says."""
        decisions, thresholds = len(self.params.decisions), len(self.params.thresholds)
        # What stands in a knob may leave it to the knob's params to spell them.
        needed = local_name(self.operation) == "util.annotation.decision_tree"
        return bool(decisions or thresholds or needed) and decisions != thresholds + 1

    @property
    def lacks_thresholds(self) -> bool:
        """Whether what AX002 says is that there are none, so that nothing else has to be compared to them."""
        return self.miscounted and not self.params.thresholds


def find_approximations(context: Context) -> Iterator[Approximation]:
    """Every approximation whose params can be read, in the order of the text."""
    for op in context.approx:
        name = local_name(op)
        annotation = name.startswith("util.annotation.")
        if not (name in DECISION_TREES or name in TRANSFORMS or name == "knob"):
            continue
        try:
            params = read_params(op)
        except ParamsError:
            # AX032 complains.
            continue
        if params is None:
            continue
        if annotation:
            target = annotated_name(op)
            function = None if target is None else context.function(target, near=op)
            regions = tuple(function.regions) if function is not None else ()
            yield Approximation(op, params, function, None, regions)
            continue
        knob = op if name == "knob" else op.parent
        if knob is None or local_name(knob) != "knob":
            # Lowered already, or misplaced, which the verifier complains about.
            continue
        yield Approximation(op, params, function_around(knob), knob, tuple(knob.regions))


def annotated_name(op: Operation) -> str | None:
    """The name of the function that an annotation is about; None where it says none."""
    from approxir.lint.facts import function_name

    return function_name(op, "func_name")


def signature(function: Operation) -> FunctionType | None:
    """The type of a function; None where it is not a type that MLIR's function types can say."""
    try:
        kind = function.attributes.get("function_type")
    except ParseError:
        return None
    if isinstance(kind, TypeAttr) and isinstance(kind.value, FunctionType):
        return kind.value
    return None


def function_around(op: Operation) -> Operation | None:
    """The innermost function that an operation stands in."""
    from approxir.lint.context import is_function

    return next((outer for outer in op.ancestors() if outer.regions and is_function(outer)), None)

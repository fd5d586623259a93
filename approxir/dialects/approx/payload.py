"""What a transform finds to approximate: the loops, branches and calls of a function's own body.

Lint and the passes ask here, so that what one warns about is what the other does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from approxir.dialects.approx.params import KnobParams
from approxir.ir.blocks import Region
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name

LOOP_PERFORATE = "loop_perforate"
FUNC_SUBSTITUTE = "func_substitute"
TASK_SKIPPING = "task_skipping"
TRANSFORM_TYPES = (LOOP_PERFORATE, FUNC_SUBSTITUTE, TASK_SKIPPING)
"""The transforms that every knob may name."""

TRANSFORM_ALIASES = {
    "loop-perforate": LOOP_PERFORATE,
    "loop_perforation": LOOP_PERFORATE,
    "loop-perforation": LOOP_PERFORATE,
    "func-substitute": FUNC_SUBSTITUTE,
    "function_substitute": FUNC_SUBSTITUTE,
    "function-substitute": FUNC_SUBSTITUTE,
    "function_substitution": FUNC_SUBSTITUTE,
    "function-substitution": FUNC_SUBSTITUTE,
    "task-skipping": TASK_SKIPPING,
    "task_skip": TASK_SKIPPING,
    "task-skip": TASK_SKIPPING,
}
"""Other spellings of the transforms, as publications and older files have them."""


def transform_name(spelled: str | None) -> str | None:
    """The name of the transform that a ``transform_type`` means, however it is spelled."""
    return None if spelled is None else TRANSFORM_ALIASES.get(spelled, spelled)


LOOPS = frozenset({"scf.for", "scf.parallel", "scf.while", "affine.for", "stablehlo.while"})
"""The loops that can be perforated."""

RESCALED_TWICE = "the sums of a loop that two transforms perforate cannot be rescaled"
"""The error for knobs in one another of which one has the option rescale."""

REDUCTIONS = frozenset({"stablehlo.reduce", "stablehlo.dot_general"})
"""What is perforated along its reduced dimensions where there is no loop."""

BRANCHES = frozenset({"scf.if", "scf.index_switch", "stablehlo.case", "stablehlo.if"})
"""The branching operations of which tasks can be skipped."""


def payload(regions: Sequence[Region]) -> Iterator[Operation]:
    """The operations in these regions that a transform may look at, outermost first.

    The regions of management operations, such as the one that computes a state, are left out.
    """
    return nested(_direct(regions))


def nested(operations: Iterable[Operation]) -> Iterator[Operation]:
    """These operations and what is in them, as `payload` has it."""
    pending: list[Iterator[Operation]] = [iter(operations)]
    while pending:
        op = next(pending[-1], None)
        if op is None:
            pending.pop()
        elif local_name(op) not in ("decision_tree", "decide", "try"):
            yield op
            if op.regions:
                pending.append(_direct(op.regions))


def _direct(regions: Sequence[Region]) -> Iterator[Operation]:
    for region in regions:
        for block in region.blocks:
            yield from block.operations


def first_loop(regions: Sequence[Region]) -> Operation | None:
    """The loop that `loop_perforate` works on unless an option says otherwise."""
    return next((op for op in payload(regions) if op.name in LOOPS), None)


def first_branch(regions: Sequence[Region]) -> Operation | None:
    """The branching operation that `task_skipping` works on."""
    return next((op for op in payload(regions) if op.name in BRANCHES), None)


def branches(op: Operation) -> list[Region]:
    """The regions that `task_skipping` counts, from 1: the branches in order, else-if chains flattened.

    The default of an ``scf.index_switch`` comes last.
    """
    if op.name == "scf.index_switch" and op.is_generic and op.regions:
        # The generic form has the default first, the custom form last.
        default, *cases = op.regions
        return [*cases, default]
    if op.name != "scf.if":
        return list(op.regions)
    found: list[Region] = []
    current = op
    while current.regions:
        found.append(current.regions[0])
        if len(current.regions) < 2 or _is_absent(current, current.regions[1]):
            return found
        following = _only_if(current.regions[1])
        if following is None:
            found.append(current.regions[1])
            return found
        current = following
    return found


def _is_absent(op: Operation, region: Region) -> bool:
    """Whether there is no else: the generic form has an empty region then."""
    return not region.blocks or (op.is_generic and region.blocks[0].first is None)


def _only_if(region: Region) -> Operation | None:
    """The ``scf.if`` that is all there is in a region but for the yield of its results: an else-if."""
    if len(region.blocks) != 1:
        return None
    ops: list[Operation] = region.blocks[0].operations
    if not ops or ops[0].name != "scf.if" or len(ops) > 2:
        return None
    if len(ops) == 2 and ops[1].name != "scf.yield":
        return None
    # Without a yield in the text, nothing is yielded.
    yielded = list(ops[1].operands) if len(ops) == 2 else []
    return ops[0] if yielded == list(ops[0].results) else None


def reachable_values(params: KnobParams) -> list[int]:
    """The knob values that can be chosen today or that a tuner may choose, ascending."""
    return sorted({*params.decisions, *params.decision_values})


def substitute_name(function: str, value: int) -> str:
    """The function that `func_substitute` calls instead of `function` for a knob value."""
    return f"approx_{function}_{value}"

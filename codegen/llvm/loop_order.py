"""The order of loops around an element: the innermost one should go through memory step by step."""

from __future__ import annotations

from typing import Any

from approxir.codegen.llvm.structured import Structured, structured

# What one step of the innermost loop costs for an operand, by how far it goes in memory. The figures are
# relative; they prefer what LLVM vectorizes, and keep sums over neighbours as they are.
_STAYS, _NEXT, _JUMPS = 0.0, 1.0, 8.0
_WRITTEN = 1.5
"""How much more a result counts than an operand that is only read."""
_REDUCTION = 4.0
"""A reduction has to wait for its last step, since floating-point numbers are added in order."""
_SHORT, _FEW = 6.0, 8
"""What it costs if the innermost loop runs fewer times than a vector has elements."""


def reorder_loops(module: Any) -> None:
    """Choose the order of the loops of each ``linalg.generic`` on tensors.

    Each element is computed by the same operations in the same order as before, so that results stay the same
    to the bit: reductions keep their order among themselves.
    """
    for one in structured(module):
        order = loop_order(one)
        if order != list(range(one.loops)):
            one.permute(order)


def loop_order(one: Structured) -> list[int]:
    """The loops, outermost first."""
    if one.loops < 2:
        return list(range(one.loops))
    strides = [one.strides(number) for number in range(len(one.maps))]
    reach = [sum(abs(held[loop]) for held in strides) for loop in range(one.loops)]
    parallel = [loop for loop in range(one.loops) if not one.reductions[loop]]
    reductions = [loop for loop in range(one.loops) if one.reductions[loop]]
    # Of the reductions only the last one can go innermost without changing their order.
    candidates = [*parallel, *reductions[-1:]]
    innermost = min(candidates, key=lambda loop: (_cost(one, strides, loop), -loop))
    parallel = sorted((loop for loop in parallel if loop != innermost), key=lambda loop: -reach[loop])
    reductions = [loop for loop in reductions if loop != innermost]
    order = []
    while parallel or reductions:
        first = parallel and (not reductions or reach[parallel[0]] >= reach[reductions[0]])
        order.append((parallel if first else reductions).pop(0))
    return [*order, innermost]


def _cost(one: Structured, strides: list[list[int]], loop: int) -> float:
    cost = _REDUCTION if one.reductions[loop] else 0.0
    for number, held in enumerate(strides):
        step = abs(held[loop])
        moves = _STAYS if step == 0 else _NEXT if step == 1 else _JUMPS
        cost += moves * (1.0 if number < one.inputs else _WRITTEN)
    size = one.sizes[loop]
    if size is not None and size < _FEW:
        cost += _SHORT
    return cost

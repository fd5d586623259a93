"""What the loops of all dialects share: counting, perforating and rescaling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from approxir.interp.approximation.perforation import Perforation, iterations, rescaled, sums_of
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Task, Values
from approxir.ir.operation import Operation


def counted(lower: int, upper: int, step: int) -> range:
    """The counter's values of ``for (i = lower; i < upper; i += step)``. `Trap` for no positive step."""
    if step <= 0:
        raise Trap(f"the step of a loop is {step}, not positive")
    return range(lower, upper, step)


def run_for(
    interp: Interpreter,
    op: Operation,
    numbers: range,
    initial: Values,
    environment: Environment,
    counter: Callable[[int], Any] = lambda number: number,
) -> Task:
    """The task of a loop over a counter with carried values; `op` has one region with one block.

    `counter` gives the value of the counter for a number, where the two differ.
    """
    region = op.regions[0]
    perforations: Sequence[Perforation] = environment.perforations(op)
    values = initial
    done = 0
    for number in iterations(numbers, perforations):
        ended = yield interp.region(region, (counter(number), *values), environment)
        values = ended.values
        done += 1
        if len(values) != len(initial):
            raise Trap(f"the loop carries {len(initial)} values, its body yields {len(values)}")
    # Where nothing is carried, the text may leave out the terminator.
    if initial and any(perforation.rescale for perforation in perforations):
        block = region.blocks[0]
        yielded = [] if block.last is None else list(block.last.operands)
        values = rescale_sums(
            interp, initial, values, len(numbers), done, sums_of(op, block.arguments[1:], yielded),
            [interp.type_of(result) for result in op.results],
        )  # fmt: skip
    return values


def rescale_sums(
    interp: Interpreter, initial: Values, values: Values, total: int, done: int, sums: Sequence[bool],
    kinds: Sequence[Any],
) -> Values:  # fmt: skip
    """The carried values with those that are sums rescaled."""
    return tuple(
        [
            rescaled(start, value, total, done, kind) if is_sum else value
            for start, value, is_sum, kind in zip(initial, values, sums, kinds, strict=True)
        ]
    )

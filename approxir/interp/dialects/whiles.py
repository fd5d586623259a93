"""``scf.while`` and ``stablehlo.while``, whose perforation changes what their counter is increased by."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxir.interp.approximation.counters import body_arguments, find_counter, while_sums
from approxir.interp.approximation.functions import truth
from approxir.interp.dialects.loops import rescale_sums
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Task, Values
from approxir.interp.numbers import POISON
from approxir.ir.operation import Operation


def run_while(interp: Interpreter, op: Operation, initial: Values, environment: Environment) -> Task:
    """The task of a while loop."""
    perforations = environment.perforations(op)
    counter = find_counter(interp, op) if perforations else None
    factor = 1
    for perforation in perforations:
        factor *= perforation.value
    values = initial
    done = 0
    while True:
        before = yield interp.region(op.regions[0], values, environment)
        if op.name == "scf.while":
            condition, *handed = before.values
            go_on = truth((condition,), op, None, interp)
        else:
            go_on, handed = truth(before.values, op, None, interp), list(values)
        if not go_on:
            break
        after = yield _body(interp, op, tuple(handed), environment)
        if len(after.values) != len(initial):
            raise Trap(f"the loop carries {len(initial)} values, its body yields {len(after.values)}")
        following = list(after.values)
        if counter is not None:
            old = values[counter.index]
            step, bound = _number(environment[counter.step]), _number(environment[counter.bound])
            following[counter.index] = _like(old, counter.after(_number(old), step, bound, factor))
        values = tuple(following)
        done += 1
    results = tuple(handed)
    if counter is not None and any(perforation.rescale for perforation in perforations):
        sums = while_sums(op, counter)
        if any(number is not None for number in sums):
            bound = _number(environment[counter.bound])
            total = counter.exact_iterations(_number(initial[counter.index]), bound)
            starts = tuple([None if number is None else initial[number] for number in sums])
            kinds = [interp.type_of(result) for result in op.results]
            chosen = [number is not None for number in sums]
            results = rescale_sums(interp, starts, results, total, done, chosen, kinds)
    return results


def _body(interp: Interpreter, op: Operation, arguments: Values, environment: Environment) -> Task:
    region = op.regions[1]
    if arguments and not region.blocks[0].arguments:
        # The custom form of stablehlo.while names the arguments once for both regions.
        environment.values.update(zip(body_arguments(op), arguments, strict=True))
        arguments = ()
    return interp.region(region, arguments, environment)


def _number(value: Any) -> int:
    if value is POISON:
        raise Trap("the counter of the loop, its step or its bound is poison")
    return int(np.asarray(value).reshape(())[()])


def _like(value: Any, number: int) -> Any:
    """A number as a value of the same type as another one."""
    return np.array(number, value.dtype).reshape(value.shape) if isinstance(value, np.ndarray) else number

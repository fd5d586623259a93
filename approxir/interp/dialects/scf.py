"""The scf dialect."""

from __future__ import annotations

from itertools import product
from typing import Any

from approxir.dialects.approx import payload
from approxir.interp.approximation.perforation import iterations, rescaled
from approxir.interp.dialects.common import integers, leave, mixed, segments
from approxir.interp.dialects.loops import counted, run_for
from approxir.interp.dialects.whiles import run_while
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Leave, Pure, Task, Values
from approxir.interp.numbers import POISON, normal, unsigned, width_of
from approxir.ir.operation import Operation
from approxir.ir.ssa import OpResult, Value
from approxir.values import Type


def _for(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    lower, upper, step, *initial = operands
    if POISON in (lower, upper, step):
        raise Trap("a bound or the step of the loop is poison")
    kind = interp.type_of(op.operands[0])
    width = width_of(kind)
    if "unsignedCmp" not in op.attributes:
        numbers = _in_room(counted(lower, upper, step), 1 << (width - 1), kind)
        return run_for(interp, op, numbers, tuple(initial), environment)
    numbers = counted(*[unsigned(int(x), width) for x in (lower, upper, step)])
    numbers = _in_room(numbers, 1 << width, kind)
    return run_for(interp, op, numbers, tuple(initial), environment, lambda number: normal(number, kind))


def _in_room(numbers: range, limit: int, kind: Type) -> range:
    """The numbers of a loop. `Trap` where the counter reaches `limit` on its way past the upper bound."""
    if numbers and numbers[-1] + numbers.step >= limit:
        # Compiled, it would wrap, and the loop would not end there.
        raise Trap(f"the counter of the loop overflows: behind {numbers[-1]}, the next one is no {kind}")
    return numbers


def _if(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    condition = operands[0]
    if condition is POISON:
        raise Trap("the condition is poison")
    if not condition and (len(op.regions) < 2 or not op.regions[1].blocks):
        return ()
    ended = yield interp.region(op.regions[0 if condition else 1], (), environment)
    return ended.values


def _index_switch(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    *cases, default = payload.branches(op)
    numbers = integers(interp, op, "cases", ())
    chosen = next(
        (region for number, region in zip(numbers, cases, strict=True) if number == operands[0]), default
    )
    ended = yield interp.region(chosen, (), environment)
    return ended.values


def _execute_region(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    ended = yield interp.region(op.region, (), environment)
    return ended.values


def _while(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    return run_while(interp, op, operands, environment)


# ---- parallel loops


def _parallel(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    lowers, uppers, steps, initial = segments(interp, op, operands, 4)
    ranges = [counted(*bounds) for bounds in zip(lowers, uppers, steps, strict=True)]
    perforations = environment.perforations(op)
    total = len(ranges[0]) if ranges else 1
    first = iterations(ranges[0], perforations) if ranges else ()
    values = list(initial)
    reduce: Operation | None = op.regions[0].blocks[0].last
    for point in product(first, *ranges[1:]):
        ended = yield interp.region(op.regions[0], point, environment)
        if reduce is None or ended.operation is not reduce:
            continue
        for number, value in enumerate(ended.values):
            combined = yield interp.region(reduce.regions[number], (values[number], value), environment)
            values[number] = combined.values[0]
    if any(perforation.rescale for perforation in perforations) and reduce is not None:
        for number, start in enumerate(initial):
            if _adds(reduce, number):
                kind = interp.result_type(op, number)
                values[number] = rescaled(start, values[number], total, len(first), kind)
    return tuple(values)


def _adds(reduce: Operation, number: int) -> bool:
    """Whether a reduction just adds."""
    block = reduce.regions[number].blocks[0]
    ending = block.last
    if ending is None or len(ending.operands) != 1:
        return False
    result: Value = ending.operands[0]
    return (
        isinstance(result, OpResult)
        and result.operation.name in ("arith.addf", "arith.addi")
        and set(result.operation.operands) == set(block.arguments)
    )


def _reduce(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Leave:
    return Leave(op, operands)


def _forall(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    lowers, uppers, steps, outputs = segments(interp, op, operands, 4)
    bounds = [
        mixed(integers(interp, op, name), given)
        for name, given in (
            ("staticLowerBound", lowers), ("staticUpperBound", uppers), ("staticStep", steps),
        )
    ]  # fmt: skip
    ranges = [counted(*triple) for triple in zip(*bounds, strict=True)]
    results = list(outputs)
    block = op.regions[0].blocks[0]
    shared = {argument: number for number, argument in enumerate(block.arguments[len(ranges) :])}
    for point in product(*ranges):
        ended = yield interp.region(op.regions[0], (*point, *outputs), environment)
        ending = ended.operation
        inserts: list[Operation] = [] if ending is None else list(ending.regions[0].operations)
        for insert in inserts:
            _insert(interp, insert, shared, results, environment)
    return tuple(results)


def _insert(
    interp: Interpreter, op: Operation, shared: dict[Any, int], results: list[Any], environment: Environment
) -> None:
    from approxir.interp.dialects.tensor import inserted_slice

    if op.name != "tensor.parallel_insert_slice":
        raise Trap(f"{op.name} is not supported in scf.forall.in_parallel", operation=op)
    number = shared[op.operands[1]]
    values = [environment[operand] for operand in op.operands]
    values[1] = results[number]
    results[number] = inserted_slice(interp, op, tuple(values))


HANDLERS: dict[str, Handler | Pure] = {
    "scf.for": _for,
    "scf.if": _if,
    "scf.index_switch": _index_switch,
    "scf.execute_region": _execute_region,
    "scf.while": _while,
    "scf.parallel": _parallel,
    "scf.forall": _forall,
    "scf.reduce": _reduce,
    "scf.forall.in_parallel": leave,
    "scf.reduce.return": leave,
    "scf.yield": leave,
    "scf.condition": leave,
}

"""The approx dialect: knobs are executed with what their management operations say (`docs/semantics.md`)."""

from __future__ import annotations

from typing import Any

from approxir.dialects.approx import payload
from approxir.dialects.approx.ops import KnobOp, TryOp
from approxir.dialects.approx.params import KnobParams
from approxir.interp.approximation.choices import Choice, make_choice, one_number, skipped_results
from approxir.interp.approximation.functions import call_checked, choose, named, params_of, truth
from approxir.interp.approximation.plans import following, overrides_for
from approxir.interp.dialects.common import leave
from approxir.interp.errors import Trap, diagnostic_at, error_at
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Leave, Override, Pure, Task, Values
from approxir.ir.blocks import Region
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name

_TREES = ("decision_tree", "decide")


class _Activation:
    """One execution of a knob: what its decision installed, to be removed at its end."""

    __slots__ = ("installed", "name", "op")

    def __init__(self, op: Operation, name: str) -> None:
        self.op = op
        self.name = name
        self.installed: list[tuple[Operation, Override]] = []


class _Skipped(Leave):
    """A region that ended because its payload is skipped; there are no values."""


def _knob(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    static = _static_choice(interp, op)
    activation = _Activation(op, _name(interp, op))
    stack = _stack(interp, op)
    stack.append(activation)
    region = op.region
    skipped: Choice | None = None
    if static is not None:
        interp.record(
            operation=static.operation, knob=activation.name, kind="static", value=static.value,
            transform=static.transform,
        )  # fmt: skip
        if _skips(static):
            skipped = static
        else:
            found = overrides_for(interp, static, payload.payload([region]), "the knob")
            _install(environment, activation, found)
    if skipped is None:
        ended = yield interp.region(region, (), environment)
        if isinstance(ended, _Skipped):
            skipped = ended.values[0]
        else:
            results = ended.values
    _uninstall(environment, activation)
    if skipped is not None:
        _forget(region, skipped, environment)
        kinds = [interp.type_of(result) for result in op.results]
        results = skipped_results(interp, skipped, kinds)
        tried = next((inner for inner in region.operations if local_name(inner) == "try"), None)
        if tried is not None:
            results = yield _try_skipped(interp, op, tried, results, environment)
    stack.pop()
    if len(results) != len(op.results):
        raise Trap(f"the knob yields {len(results)} values, not {len(op.results)}")
    return results


def _stack(interp: Interpreter, op: Operation) -> list[_Activation]:
    """The executions of a knob that are going on, the innermost last."""

    def make() -> list[_Activation]:
        return []

    return interp.note_for(op, "activations", make)


def _forget(region: Region, skipped: Choice, environment: Environment) -> None:
    """Remove what an earlier execution of the knob computed in the payload that is skipped now."""
    chooser = skipped.operation
    inside = local_name(chooser) in _TREES
    for op in following(chooser) if inside else payload.payload([region]):
        for result in op.results:
            environment.values.pop(result, None)


def _name(interp: Interpreter, op: Operation) -> str:
    function = next((outer for outer in op.ancestors() if outer.name.endswith(".func")), None)
    name = "" if function is None else interp.symbol_name(function)
    number = KnobOp(op).id
    return name if number is None else f"{name}#{number}"


def _skips(choice: Choice) -> bool:
    return choice.transform == payload.TASK_SKIPPING and choice.value == 0


def _static_choice(interp: Interpreter, op: Operation) -> Choice | None:
    """The static decision of a knob: that of a transform in it, or of its own params if it has no tree."""
    direct = [inner for inner in op.region.operations if local_name(inner) in (*_TREES, "transform")]
    if len(direct) > 1:
        first, second = direct[:2]
        note = diagnostic_at(first, f"the other one, {first.name}", severity="note")
        raise error_at(
            second, f"the knob has two operations that decide: {first.name} and {second.name}", notes=(note,)
        )
    own = params_of(op)
    if direct:
        inner = direct[0]
        if local_name(inner) in _TREES:
            return None
        params = _completed(own, params_of(inner))
        if len(params.decisions) != 1 or params.thresholds:
            raise Trap("a static transform needs knob_val", operation=inner)
        return make_choice(interp, params, params.decisions[0], inner)
    if own.thresholds:
        raise Trap("the knob's params have thresholds, but no decision tree computes a state")
    if not own.decisions:
        return None
    if len(own.decisions) != 1:
        raise Trap(f"the knob's params have {len(own.decisions)} decisions, but no thresholds")
    return make_choice(interp, own, own.decisions[0], op)


def _completed(params: KnobParams, other: KnobParams) -> KnobParams:
    """Params of a knob, with what they do not say from the tree or transform in it."""
    if not params.decisions and not params.thresholds:
        params = params.replace(thresholds=other.thresholds, decisions=other.decisions)
    if params.transform_type is None:
        params = params.replace(transform_type=other.transform_type)
    if not params.transform_options.entries:
        params = params.replace(transform_options=other.transform_options)
    return params


def _install(environment: Environment, activation: _Activation, found: dict[Operation, Override]) -> None:
    for op, override in found.items():
        # The innermost knob comes first.
        environment.overrides.setdefault(op, []).insert(0, override)
        activation.installed.append((op, override))


def _uninstall(environment: Environment, activation: _Activation) -> None:
    for op, override in activation.installed:
        held = environment.overrides[op]
        del held[next(number for number, other in enumerate(held) if other is override)]
        if not held:
            del environment.overrides[op]


def _activation(interp: Interpreter, op: Operation) -> _Activation:
    knob = op.parent
    if knob is None or local_name(knob) != "knob":
        raise Trap(f"{op.name} stands outside of an approx.knob, or not directly in one")
    return _stack(interp, knob)[-1]


def _decision_tree(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    activation = _activation(interp, op)
    ended = yield interp.region(op.region, operands, environment)
    if len(ended.values) != 1:
        raise Trap("the state region does not yield one value")
    state = one_number(ended.values[0], "the state", op)
    params = _completed(params_of(activation.op), params_of(op))
    choice = choose(interp, params, state, op, activation.name)
    if _skips(choice):
        return _Skipped(op, (choice,))
    _install(environment, activation, overrides_for(interp, choice, following(op), "the knob"))
    return ()


def _transform(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    # The knob around it has looked at it before.
    _activation(interp, op)
    return ()


def _try(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    recovered = yield _checked(interp, op, operands, environment)
    return () if recovered is None else Leave(op, recovered)


def _checked(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    """The task of a try: None where the check accepts, else what the recovery returns."""
    activation = _activation(interp, op)
    found = TryOp(op)
    recover = named(interp, op, found.recover, "recover")
    ended = yield interp.region(op.region, operands, environment)
    ok = truth(ended.values, op, None, interp)
    interp.record(operation=op, knob=activation.name, kind="try", recovered=not ok)
    if ok:
        return None
    return (yield call_checked(interp, op, recover, operands))


def _try_skipped(
    interp: Interpreter, knob: Operation, op: Operation, results: Values, environment: Environment
) -> Task:
    """The task of a try behind a payload that was skipped: it sees the zeros in place of what is yielded.

    Its check sees them even in place of values that the payload did not compute, such as an argument that a
    function returns; what it hands to the recovery, it computed before.
    """
    block = op.block
    ending = None if block is None else block.last
    values = environment.values
    outside: dict[Any, Any] = {}
    if ending is not None and local_name(ending) == "yield":
        seen: dict[Any, Any] = {}
        for value, result in zip(ending.operands, results, strict=False):
            seen.setdefault(value, result)
        for value, result in seen.items():
            if knob.is_ancestor_of(_owner(value)):
                values[value] = result
            else:
                outside[value] = result
    missing = [operand for operand in op.operands if operand not in values]
    if missing:
        raise Trap(f"the try needs %{missing[0].name}, which was skipped", operation=op)
    operands = tuple([values[operand] for operand in op.operands])
    kept = {value: values[value] for value in outside if value in values}
    values.update(outside)
    recovered = yield _checked(interp, op, operands, environment)
    values.update(kept)
    return results if recovered is None else recovered


def _owner(value: Any) -> Operation:
    owner = value.owner
    if isinstance(owner, Operation):
        return owner
    around = owner.region.operation
    # A block argument belongs to the inside of the operation around its block.
    return around.regions[0].blocks[0].first or around  # type: ignore[no-any-return]


def _ignored(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return ()


_LOCAL: dict[str, Handler | Pure] = {
    "knob": _knob,
    "decision_tree": _decision_tree,
    "decide": _decision_tree,
    "transform": _transform,
    "try": _try,
    "yield": leave,
}
_LOCAL.update({
    f"util.annotation.{name}": _ignored
    for name in ("knob", "decision_tree", "transform", "try", "convert_to_call")
})  # fmt: skip
HANDLERS: dict[str, Handler | Pure] = {
    prefix + name: handler for name, handler in _LOCAL.items() for prefix in ("approx.", "approxMLIR.")
}

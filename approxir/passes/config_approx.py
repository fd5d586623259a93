"""``config-approx``: turn decision trees and tries into control flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from approxir.dialects.approx.ops import DecisionTreeOp, KnobOp, OpView, TransformOp, TryOp
from approxir.dialects.approx.params import I32_LIMITS, LISTS, KnobParams
from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.ir.verify.approx import PREFIXES, local_name
from approxir.knobs.view import KnobView
from approxir.passes.base import Pass, PassError, made_for
from approxir.passes.calls import at_least, call_function, constant
from approxir.passes.functions import Functions
from approxir.passes.live import GlobalArray, LiveArguments, LiveValues, candidates, live_layout
from approxir.passes.regions import (
    LOWERED,
    Payload,
    enclose,
    inline_approx_region,
    knob_block,
    known_type,
    switch_on,
)
from approxir.values import IndexType, IntegerType, Type, UnitAttr

if TYPE_CHECKING:
    from approxir.ir.module import Module

_I1 = IntegerType(1)
_I32 = IntegerType(32)
_I64 = IntegerType(64)
_LEAST, _MOST = I32_LIMITS


@dataclass
class ConfigApprox(Pass):
    """Lower what decides and what checks.

    A decision tree becomes the computation of its state and an ``scf.index_switch`` over the number of
    thresholds that are <= the state; each case holds an ``approx.transform`` and a copy of what followed the
    tree. A try becomes its check and an ``scf.if`` between the results and a call of the recovering function.
    """

    live: bool = False
    """Read thresholds and decisions at run time, from an array (`approxir.passes.live`)."""
    array: Literal["global", "argument"] = "global"
    """Whether the array is a global memref, for LLVM, or its elements are arguments, for IREE."""

    name: ClassVar[str] = "config-approx"
    summary: ClassVar[str] = "lower decision trees and tries to control flow"

    def apply(self, module: Module) -> bool:
        functions = Functions()
        found = module.find(*(prefix + name for prefix in PREFIXES for name in ("knob", *_INSIDE)))
        for op in found:
            if local_name(op) in _INSIDE and local_name(op.parent) != "knob":
                raise PassError.at(op, f"{op.name} does not stand directly in the region of a knob")
        knobs = [_Knob.of(op) for op in found if local_name(op) == "knob"]
        live = _live(module, self.array, functions) if self.live else None
        # Inner knobs first: what a decision copies has been lowered by then.
        changed = False
        for knob in reversed(knobs):
            changed = _lower(knob, functions, live) or changed
        return changed


_INSIDE = ("decision_tree", "decide", "try")


@dataclass(frozen=True)
class _Live:
    """Where the parameters of each knob begin."""

    values: LiveValues
    bases: dict[Operation, int]


def _live(module: Module, kind: str, functions: Functions) -> _Live | None:
    layout = live_layout(module)
    if not len(layout):
        return None
    bases = {knob.operation: layout.bases[knob.name] for knob in module.knobs() if knob.kind == "operation"}
    cls = GlobalArray if kind == "global" else LiveArguments
    return _Live(cls(module, layout, list(bases), functions), bases)


@dataclass(frozen=True)
class _Knob:
    """A knob and what stands directly in it."""

    operation: Operation
    decider: DecisionTreeOp | TransformOp | None
    contract: TryOp | None
    params: KnobParams | None
    """What is to be decided; None for a knob without decisions."""

    @classmethod
    def of(cls, op: Operation) -> _Knob:
        held = KnobOp(op)
        deciders: list[OpView] = []
        tries: list[OpView] = []
        for view in held.management:
            (tries if isinstance(view, TryOp) else deciders).append(view)
        for found in (deciders, tries):
            if len(found) > 1:
                first, second = found[0].operation, found[1].operation
                raise PassError.at(
                    second,
                    f"the knob has two operations that exclude each other: {first.name} and {second.name}",
                    hint="keep one of them",
                    notes=((first, "the other one"),),
                )
        decider = deciders[0] if deciders else None
        assert decider is None or isinstance(decider, DecisionTreeOp | TransformOp)
        params = _params(held, decider)
        if tries or params is not None:
            knob_block(op)
        if tries and tries[0].operation.next is not op.regions[0].blocks[0].last:
            raise PassError.at(
                tries[0].operation, f"{tries[0].operation.name} stands directly before the yield of its knob"
            )
        contract = tries[0] if tries else None
        assert contract is None or isinstance(contract, TryOp)
        return cls(op, decider, contract, params)


def _params(knob: KnobOp, decider: DecisionTreeOp | TransformOp | None) -> KnobParams | None:
    """What a knob decides. What it says itself comes before what the tree or the transform in it says."""
    op = knob.operation if decider is None else decider.operation
    own = knob.params is not None
    if decider is None and not own:
        return None
    sources = [knob.operation] * own + ([decider.operation] if decider is not None else [])
    params = KnobView("", None, "operation", knob.operation, sources).read()
    if decider is None and not params.decisions and not params.thresholds:
        return None
    if not isinstance(decider, DecisionTreeOp):
        if params.thresholds:
            message = "there are thresholds, but no decision tree computes a state"
            raise PassError.at(op, message, key="thresholds")
        if isinstance(decider, TransformOp) and decider.knob_val is None and not params.decisions:
            raise PassError.at(op, f"{op.name} has no knob value", hint="add knob_val = 0 : i32")
    check_params(params, op)
    return params


def check_params(params: KnobParams, op: Operation) -> None:
    """Raise `PassError` for params that cannot be lowered."""
    if len(params.decisions) != len(params.thresholds) + 1:
        count = len(params.thresholds)
        message = f"{count} thresholds need {count + 1} decisions, not {len(params.decisions)}"
        raise PassError.at(op, message, key="decisions")
    if params.transform_type is None:
        raise PassError.at(op, f"{op.name} does not say which transform", hint='add transform_type = "..."')
    for key in ("thresholds", "decisions", "decision_values"):
        wrong = next((x for x in getattr(params, key) if not _LEAST <= x <= _MOST), None)
        if wrong is not None:
            raise PassError.at(op, f"{wrong} is no number of 32 bits", key=key)


def _lower(knob: _Knob, functions: Functions, live: _Live | None) -> bool:
    op, params = knob.operation, knob.params
    base = None if live is None or op not in live.bases else live.bases[op]
    lowered = knob.contract is not None
    if params is not None:
        values = live.values if live is not None else None
        lowered = _decide(knob, params, values, base or 0) or lowered
        _forget_params(op)
    if knob.contract is not None:
        _lower_try(knob.contract, functions, live.values if live is not None else None)
    if lowered and any(local_name(outer) == "knob" for outer in op.ancestors()):
        op.attributes[LOWERED] = UnitAttr()
    return lowered


def _forget_params(op: Operation) -> None:
    """Remove params from a knob, which are in the code now."""
    attributes = op.attributes
    for key in ("params", "num_thresholds", "transform_type", "transform_options", *LISTS):
        if key in attributes:
            del attributes[key]


# ---- decisions


def _decide(knob: _Knob, params: KnobParams, live: LiveValues | None, base: int) -> bool:
    """Put the transforms in their places, in the cases of a switch where there is a choice."""
    decider = knob.decider
    block = knob.operation.regions[0].blocks[0]
    state: Value | None = None
    if isinstance(decider, DecisionTreeOp):
        op = decider.operation
        payload = Payload.behind(op)
        (state,) = _one(inline_approx_region(op, decider.state_args), op, _I32, "the state region", "i32")
    elif decider is not None:
        op = decider.operation
        payload = Payload.around(op)
    else:
        # The params of the knob are a static decision.
        first = _transform(params, params.decisions[0], knob.operation)
        op = block.insert(first, before=block.first)
        payload = Payload.around(op)
    before = payload.operations[0] if payload.operations else op
    build = Builder.before(op if isinstance(decider, DecisionTreeOp) else before)
    if live is not None and len(candidates(params)) > 1:
        _switch_live(build, params, state, payload, live, base, op)
    elif live is None and state is not None and params.thresholds:
        _switch(build, params, state, payload, op)
    elif knob.contract is not None or state is not None:
        # A transform works on all that stands in its region: neither on what a try becomes nor on the state.
        made = _transform(params, params.decisions[0], op)
        enclose(payload, made, op)
    else:
        return _settle(decider, params, op) or decider is None
    op.erase()
    return True


def _settle(decider: DecisionTreeOp | TransformOp | None, params: KnobParams, op: Operation) -> bool:
    """Let a static transform that stays where it is say what its knob says about it."""
    assert not isinstance(decider, DecisionTreeOp)
    if decider is None:
        return False
    wanted = _transform(params, params.decisions[0], op)
    held = TransformOp(wanted)
    same = (decider.transform_type, decider.knob_val, decider.transform_options) == (
        held.transform_type,
        held.knob_val,
        held.transform_options,
    )
    if not same:
        Builder.before(op).insert(wanted)
        op.erase()
    return not same


def _one(values: list[Value], op: Operation, kind: Type, what: str, shown: str) -> list[Value]:
    """The values, if they are one of that type. Raises `PassError`."""
    if len(values) != 1 or Functions().resolved(known_type(values[0], op), op) != kind:
        raise PassError.at(op, f"{what} yields one {shown}")
    return values


def _switch(build: Builder, params: KnobParams, state: Value, payload: Payload, op: Operation) -> None:
    limits = [constant(build, threshold, _I32) for threshold in params.thresholds]
    index = build.create("arith.index_cast", [_reached(build, state, limits)], [IndexType()]).result
    cases = [(k, _transform(params, params.decisions[k], op)) for k in _reachable(params.thresholds)]
    switch_on(build, index, payload, cases)


def _reachable(thresholds: Sequence[int]) -> list[int]:
    """The numbers of thresholds that a state of 32 bits can have reached, ascending."""
    ordered = [_LEAST, *sorted(thresholds)]
    found = [k for k in range(len(thresholds)) if ordered[k] < ordered[k + 1]]
    return [*found, len(thresholds)]


def _switch_live(
    build: Builder,
    params: KnobParams,
    state: Value | None,
    payload: Payload,
    live: LiveValues,
    base: int,
    op: Operation,
) -> None:
    """Read thresholds and decisions at run time, and switch on the knob value itself."""
    count = len(params.thresholds)
    limits = [live.load(build, base + number, op) for number in range(count)]
    if limits:
        assert state is not None
        chosen = live.pick(build, base + count, _reached(build, state, limits), len(params.decisions), op)
    else:
        chosen = live.load(build, base, op)
    knob_val = build.create("arith.index_cast", [chosen], [IndexType()]).result
    # The first candidate comes last: it is the default.
    default, *others = candidates(params)
    switch_on(
        build, knob_val, payload, [(value, _transform(params, value, op)) for value in (*others, default)]
    )


def _reached(build: Builder, state: Value, limits: Sequence[Value]) -> Value:
    """How many thresholds are <= the state, as an ``i32``."""
    count: Value | None = None
    for limit in limits:
        one = build.create("arith.extui", [at_least(build, state, limit)], [_I32]).result
        count = one if count is None else build.create("arith.addi", [count, one], [_I32]).result
    assert count is not None
    return count


def _transform(params: KnobParams, knob_val: int, origin: Operation) -> Operation:
    assert params.transform_type is not None
    options = params.transform_options
    made = TransformOp.create(params.transform_type, knob_val, options=options or None).operation
    return made_for(made, origin)


# ---- tries


def _lower_try(contract: TryOp, functions: Functions, live: LiveValues | None) -> None:
    op = contract.operation
    last = op.next
    assert last is not None
    recover = contract.recover
    if recover is None:
        raise PassError.at(op, f"{op.name} does not name the function that recovers", hint="add recover")
    ok = _one(inline_approx_region(op, contract.recovery_args), op, _I1, "the check region", "i1")
    values = list(last.operands)
    types = [known_type(value, op) for value in values]
    then, other = Block.create(), Block.create()
    build = Builder.at_end(other)
    arguments = [*contract.recovery_args]
    if live is not None:
        arguments += live.passed_to(recover, op)
    recovered = call_function(build, recover, arguments, op, "recover", functions, results=types)
    then.append(Operation.create("scf.yield", values))
    other.append(Operation.create("scf.yield", recovered))
    choice = Builder.before(op).create(
        "scf.if", ok, types, regions=[Region.create([then]), Region.create([other])]
    )
    for index, result in enumerate(choice.results):
        last.set_operand(index, result)
    op.erase()

"""Parameters that are read at run time: where each has its place, and how the code reads them.

With ``live=True`` thresholds and decisions are not constants of the lowered code. It reads them from an array
of ``i32``, or is handed them, in the order of the code that they are about: those of a knob stand where its
function stands in the text, wherever the annotation does.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from approxir.dialects.approx.codec import read_params
from approxir.dialects.approx.ops import AnnotationOp, TryOp, view
from approxir.dialects.approx.params import KnobParams
from approxir.dialects.approx.payload import FUNC_SUBSTITUTE, nested, substitute_name, transform_name
from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.ir.symbols import references
from approxir.ir.verify.approx import local_name
from approxir.knobs.finding import find_knobs
from approxir.knobs.parameters import TunableParam
from approxir.knobs.view import KnobView
from approxir.passes.base import PassError
from approxir.passes.calls import at_least, constant, constant_index
from approxir.passes.functions import (
    FUNCTION,
    RETURN,
    Functions,
    annotated_function,
    block_of,
    function_type,
    is_declaration,
    move_operations,
    symbol_name,
)
from approxir.passes.wrappers import substituted_call
from approxir.values import (
    ArrayAttr,
    DictAttr,
    FunctionType,
    IndexType,
    IntegerType,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    TypeAttr,
)
from approxir.values.elements import dense_tensor

if TYPE_CHECKING:
    from approxir.ir.module import Module

_I32 = IntegerType(32)
_SPELLING = frozenset({"knob", "decision_tree", "decide", "transform"})
GLOBAL = "__approx_params"
ACCESSOR = "__approx_params_array"


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one parameter in the array: `index` counts elements of 4 bytes from 0."""

    name: str
    index: int
    kind: str
    function: str
    lower: int
    upper: int
    choices: tuple[int, ...]
    value: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The array of a module's live parameters: one slot for each, in order."""

    slots: tuple[Slot, ...]
    bases: Mapping[str, int] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self.slots)

    def __iter__(self) -> Iterator[Slot]:
        return iter(self.slots)

    @property
    def values(self) -> list[int]:
        """What the array holds at first."""
        return [slot.value for slot in self.slots]

    def to_json(self) -> str:
        """The layout as a JSON document, as it is written beside artefacts."""
        slots = [
            {
                "name": slot.name,
                "index": slot.index,
                "kind": slot.kind,
                "function": slot.function,
                "lower": slot.lower,
                "upper": slot.upper,
                "choices": list(slot.choices),
                "value": slot.value,
            }
            for slot in self.slots
        ]
        return json.dumps({"version": 1, "type": "i32", "parameters": slots}, indent=2) + "\n"


def candidates(params: KnobParams) -> tuple[int, ...]:
    """The knob values that are compiled: those that a decision may take, and those that it has."""
    return tuple(dict.fromkeys((*params.decision_values, *params.decisions)))


def live_layout(module: Module) -> Layout:
    """Where each parameter of a module gets its place, the module not having been lowered yet."""
    slots: list[Slot] = []
    bases: dict[str, int] = {}
    for knob in _in_place(module):
        bases[knob.name] = len(slots)
        compiled = candidates(knob.read())
        for parameter in knob.parameters:
            slots.append(_slot(parameter, len(slots), compiled))
    return Layout(tuple(slots), bases)


def _in_place(module: Module) -> list[KnobView]:
    """The knobs in the order of the code that they are about, which is the same when they are lowered.

    An annotation stands anywhere; what becomes of it stands in its function.
    """
    knobs = find_knobs(module)
    functions = Functions()
    about: list[Operation] = []
    for knob in knobs:
        held = view(knob.operation)
        about.append(
            annotated_function(held, functions) if isinstance(held, AnnotationOp) else knob.operation
        )
    numbers = {op: number for number, op in enumerate(module.walk())} if len(knobs) > 1 else {}
    return [knobs[k] for k in sorted(range(len(knobs)), key=lambda k: numbers.get(about[k], 0))]


def _slot(parameter: TunableParam, index: int, compiled: Sequence[int]) -> Slot:
    decision = parameter.param_type == "decision"
    choices = tuple(compiled) if decision else ()
    lower, upper = (min(choices), max(choices)) if choices else (parameter.lower, parameter.upper)
    return Slot(
        parameter.name,
        index,
        parameter.param_type,
        parameter.func_name,
        lower,
        upper,
        choices,
        parameter.current,
    )


class LiveValues(ABC):
    """How code reads live parameters; one set for the whole module."""

    @abstractmethod
    def load(self, build: Builder, index: int, near: Operation) -> Value:
        """The parameter of a number, as an ``i32``."""

    @abstractmethod
    def pick(self, build: Builder, first: int, offset: Value, count: int, near: Operation) -> Value:
        """One of `count` parameters from the number `first` on: which one is computed, an ``i32`` from 0."""

    def passed_to(self, name: str, near: Operation) -> list[Value]:
        """What a call of a function in `near` has to pass on besides the function's own arguments."""
        return []


class GlobalArray(LiveValues):
    """The parameters in a mutable global memref, with a function that returns it."""

    def __init__(
        self, module: Module, layout: Layout, knobs: Sequence[Operation], functions: Functions
    ) -> None:
        self.kind = MemRefType((len(layout),), _I32)
        holders = {next(functions.visible(op)).region: op for op in knobs}
        region, *others = holders or [module.symbol_holder]
        if others:
            message = "live parameters are held by one module, but there are knobs in several"
            raise PassError.at(holders[others[0]], message)
        table = functions.table(region)
        first = next(iter(region.operations), None)
        initial = dense_tensor(layout.values, TensorType((len(layout),), _I32))
        held = Operation.create(
            "memref.global",
            properties={
                "sym_name": StringAttr(GLOBAL),
                "sym_visibility": StringAttr("private"),
                "type": TypeAttr(self.kind),
                "initial_value": initial,
            },
        )
        self.name = table.insert(held, before=first)
        block = Block.create()
        build = Builder.at_end(block)
        array = build.create(
            "memref.get_global", [], [self.kind], properties={"name": SymbolRefAttr(self.name)}
        )
        build.create(RETURN, [array.result])
        accessor = Operation.create(
            FUNCTION,
            properties={
                "sym_name": StringAttr(ACCESSOR),
                "function_type": TypeAttr(FunctionType((), (self.kind,))),
            },
            regions=[Region.create([block])],
        )
        self.accessor = table.insert(accessor, before=first)

    def load(self, build: Builder, index: int, near: Operation) -> Value:
        array = self._array(build)
        return build.create("memref.load", [array, constant_index(build, index)], [_I32]).result

    def pick(self, build: Builder, first: int, offset: Value, count: int, near: Operation) -> Value:
        start = constant_index(build, first)
        number = build.create("arith.index_cast", [offset], [IndexType()]).result
        place = build.create("arith.addi", [number, start], [IndexType()]).result
        return build.create("memref.load", [self._array(build), place], [_I32]).result

    def _array(self, build: Builder) -> Value:
        return build.create(
            "memref.get_global", [], [self.kind], properties={"name": SymbolRefAttr(self.name)}
        ).result


class LiveArguments(LiveValues):
    """The parameters as ``i32`` arguments of each function that needs them, behind its own ones.

    They are scalars, not a tensor: IREE reads a scalar on the host at no cost, a tensor by a transfer from
    the device, which takes longer than calling a small function.
    """

    def __init__(
        self, module: Module, layout: Layout, knobs: Sequence[Operation], functions: Functions
    ) -> None:
        self._types = (_I32,) * len(layout)
        self._functions = functions
        self._values: dict[Operation, Sequence[Value]] = {}
        needing = self._needing(module, knobs)
        self._check_references(module, set(needing))
        for function in needing:
            self._with_argument(function)
        for op in list(module.walk()):
            if op.name == "func.call":
                self._pass_on(op)

    def load(self, build: Builder, index: int, near: Operation) -> Value:
        return self._values[_function_around(near)][index]

    def pick(self, build: Builder, first: int, offset: Value, count: int, near: Operation) -> Value:
        found = self.load(build, first, near)
        for number in range(1, count):
            reached = at_least(build, offset, constant(build, number, _I32))
            other = self.load(build, first + number, near)
            found = build.create("arith.select", [reached, other, found], [_I32]).result
        return found

    def passed_to(self, name: str, near: Operation) -> list[Value]:
        target = self._functions.find(name, near)
        return list(self._values[_function_around(near)]) if target in self._values else []

    def _needing(self, module: Module, knobs: Sequence[Operation]) -> list[Operation]:
        """The functions that hold knobs, and those that call such a function.

        Functions that may be called one in place of another keep having the same type.
        """
        leads_to: dict[Operation, list[Operation]] = {}
        for op in module.walk():
            target = self._callee(op)
            if target is not None:
                leads_to.setdefault(target, []).append(_function_around(op))
        for op in knobs:
            group = self._substitutes(op)
            for function in group:
                leads_to.setdefault(function, []).extend(group)
        found: dict[Operation, None] = {}
        pending = [_function_around(op) for op in knobs]
        while pending:
            function = pending.pop()
            if function not in found:
                if is_declaration(function):
                    message = "this function is only declared, and cannot get more arguments"
                    raise PassError.at(function, message)
                found[function] = None
                pending.extend(leads_to.get(function, ()))
        return list(found)

    def _callee(self, op: Operation) -> Operation | None:
        """The function that an operation calls, or that a try calls to recover."""
        if op.name == "func.call":
            callee = op.attributes.get("callee")
            return self._functions.find(callee.root, op) if isinstance(callee, SymbolRefAttr) else None
        if local_name(op) == "try":
            name = TryOp(op).recover
            return None if name is None else self._functions.find(name, op)
        return None

    def _substitutes(self, knob: Operation) -> list[Operation]:
        """The functions of which a knob may call one in place of another."""
        sources = [op for op in (knob, *knob.regions[0].operations) if local_name(op) in _SPELLING]
        held = [params for params in map(read_params, sources) if params is not None]
        if not any(transform_name(params.transform_type) == FUNC_SUBSTITUTE for params in held):
            return []
        call, name = substituted_call(nested(knob.regions[0].operations))
        callee = None if call is None else self._callee(call)
        if call is None or callee is None:
            return []
        values = {value for params in held for value in candidates(params)}
        others = [self._functions.find(substitute_name(name, value), call) for value in sorted(values)]
        return [callee, *(other for other in others if other is not None and other.name == FUNCTION)]

    def _check_references(self, module: Module, wider: set[Operation]) -> None:
        """Raise `PassError` where a function that gets more arguments is referred to by more than calls."""
        names = {symbol_name(function) for function in wider}
        for op in module.walk():
            if op.name == "func.call":
                continue
            for use in references(op):
                target = self._functions.find(use.reference.root, op) if use.reference.root in names else None
                if target in wider:
                    message = (
                        f"'{use.reference.root}' gets more arguments, for which {op.name} is not prepared"
                    )
                    raise PassError.at(op, message, notes=((target, "this function"),) if target else ())

    def _with_argument(self, function: Operation) -> None:
        """Put the function with its further arguments in the place of the old one."""
        kind = function_type(function)
        wider = FunctionType((*kind.inputs, *self._types), kind.results)
        entry = block_of(function)
        names = [f"param_{number}" for number in range(len(self._types))]
        new_entry = Block.create(wider.inputs, names=[*(a.name for a in entry.arguments), *names])
        for old, new in zip(entry.arguments, new_entry.arguments, strict=False):
            old.replace_all_uses_with(new)
        move_operations(entry, new_entry)
        body = Region.create([new_entry])
        for block in list(function.regions[0].blocks[1:]):
            function.regions[0].remove(block)
            body.append(block)
        held = dict(function.attributes.items())
        held["function_type"] = TypeAttr(wider)
        if isinstance(held.get("arg_attrs"), ArrayAttr):
            old_attrs = held["arg_attrs"]
            assert isinstance(old_attrs, ArrayAttr)
            held["arg_attrs"] = ArrayAttr((*old_attrs.elements, *(DictAttr() for _ in self._types)))
        inherent = ("sym_name", "function_type", "sym_visibility", "arg_attrs", "res_attrs")
        made = Operation.create(
            FUNCTION,
            properties={key: held[key] for key in inherent if key in held},
            attributes={key: value for key, value in held.items() if key not in inherent},
            regions=[body],
            origin=function,
        )
        assert function.block is not None
        block = function.block
        following = function.next
        function.erase(force=True)
        block.insert(made, before=following)
        self._functions.forget(made)
        self._values[made] = new_entry.arguments[len(kind.inputs) :]

    def _pass_on(self, call: Operation) -> None:
        target = self._callee(call)
        if target is None or target not in self._values:
            return
        values = self._values[_function_around(call)]
        held = dict(call.attributes.items())
        properties = {"callee": held.pop("callee")}
        for inherent in ("no_inline", "arg_attrs", "res_attrs"):
            if inherent in held:
                properties[inherent] = held.pop(inherent)
        made = Builder.before(call).create(
            "func.call",
            [*call.operands, *values],
            function_type(target).results,
            properties=properties,
            attributes=held,
            result_names=[result.name for result in call.results],
        )
        call.replace_with(*made.results)


def _function_around(op: Operation) -> Operation:
    found = next((outer for outer in op.ancestors() if outer.name == FUNCTION), None)
    if found is None:
        raise PassError.at(op, f"{op.name} stands outside of a {FUNCTION}")
    return found

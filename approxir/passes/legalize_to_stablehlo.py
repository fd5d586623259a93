"""``legalize-to-stablehlo``: control flow over tensors, decided on tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import OpResult, Value
from approxir.passes.base import Pass, PassError
from approxir.passes.functions import FUNCTION
from approxir.passes.regions import known_type
from approxir.passes.tensors import TensorForms, is_scalar, tensor_of
from approxir.values import DenseArrayAttr, IndexType, IntegerType, TensorType, Type

if TYPE_CHECKING:
    from approxir.ir.module import Module

_I32 = IntegerType(32)
_SCF = frozenset({"scf.index_switch", "scf.if", "scf.for"})
_SCALAR_DIALECTS = ("arith.", "tensor.extract", "tensor.from_elements")


@dataclass
class LegalizeToStableHLO(Pass):
    """Turn ``scf`` in functions on tensors into StableHLO, with the scalars that decide in it.

    ``scf.index_switch`` becomes ``stablehlo.case``, ``scf.if`` ``stablehlo.if`` and ``scf.for``
    ``stablehlo.while``; what is an index becomes an ``i32``. Functions with control flow over anything else
    than tensors and scalars are left as they are: they go another way than through StableHLO.
    """

    name: ClassVar[str] = "legalize-to-stablehlo"
    summary: ClassVar[str] = "turn scf over tensors, and the scalars that decide in it, into StableHLO"

    def apply(self, module: Module) -> bool:
        changed = False
        for function in [op for op in module.walk() if op.name == FUNCTION]:
            if _concerned(function):
                _legalize(function)
                changed = True
        return changed


def _concerned(function: Operation) -> bool:
    """Whether a function has control flow over nothing but tensors and scalars."""
    found = [op for op in function.walk() if op.name in _SCF]
    return any(_has_form(op) for op in found) and all(_over_tensors(op) for op in found)


def _has_form(op: Operation) -> bool:
    """Whether an operation is one that is turned into StableHLO, which counts with signs."""
    return op.name in _SCF and "unsignedCmp" not in op.attributes


def _over_tensors(op: Operation) -> bool:
    types = [result.type for result in op.results]
    if not types:
        return False
    tensors = [isinstance(kind, TensorType) for kind in types]
    scalars = [kind is not None and is_scalar(kind) for kind in types]
    return any(tensors) and all(a or b for a, b in zip(tensors, scalars, strict=True))


def _legalize(function: Operation) -> None:
    forms = TensorForms()
    unused = {op for op in function.walk() if op.results and not any(r.has_uses for r in op.results)}
    # Inner operations first, so that outer ones hold StableHLO already.
    for op in reversed([op for op in function.walk() if _has_form(op)]):
        if op.name == "scf.index_switch":
            _switch(op, forms)
        elif op.name == "scf.if":
            _if(op, forms)
        else:
            _for(op, forms)
    _sweep(function, unused)


def _switch(op: Operation, forms: TensorForms) -> None:
    regions = list(op.regions)
    if op.is_generic:
        # The generic form has the default first.
        regions = [*regions[1:], regions[0]]
    held = op.attributes["cases"]
    assert isinstance(held, DenseArrayAttr)
    cases = [int(value) for value in held.values]
    build = Builder.before(op)
    index = forms.tensor(build, op.operands[0])
    if cases != list(range(len(cases))):
        index = _position(build, index, cases, forms)
    elif not cases:
        index = forms.constant(build, 0, _I32)
    made = _replacement(op, "stablehlo.case", [index], regions, forms)
    _replace(op, made)


def _position(build: Builder, value: Value, cases: Sequence[int], forms: TensorForms) -> Value:
    """Which case a value is, the number of cases for none of them."""
    position = forms.constant(build, len(cases), _I32)
    for number, case in enumerate(cases):
        other = forms.constant(build, case, _I32)
        equal = forms.compare(build, "EQ", value, other)
        this = forms.constant(build, number, _I32)
        position = build.create("stablehlo.select", [equal, this, position], [tensor_of(_I32)]).result
    return position


def _if(op: Operation, forms: TensorForms) -> None:
    condition = forms.tensor(Builder.before(op), op.operands[0])
    _replace(op, _replacement(op, "stablehlo.if", [condition], list(op.regions), forms))


def _replacement(
    op: Operation, name: str, operands: Sequence[Value], regions: Sequence[Region], forms: TensorForms
) -> Operation:
    """The StableHLO operation with the code of these regions, before the old one."""
    bodies = []
    for region in regions:
        if len(region.blocks) != 1:
            raise PassError.at(op, f"a region of {op.name} has several blocks")
        bodies.append(_moved(region, forms))
    types = [tensor_of(known_type(result, op)) for result in op.results]
    return Builder.before(op).create(
        name, operands, types, regions=bodies, result_names=[result.name for result in op.results]
    )


def _moved(region: Region, forms: TensorForms) -> Region:
    """A region with the code of another one, which returns tensors."""
    block = Block.create()
    source: Block = region.blocks[0]
    for op in list(source):
        op.detach()
        block.append(op)
    last = block.last
    assert last is not None
    build = Builder.before(last)
    values = [forms.tensor(build, value) for value in last.operands]
    last.erase()
    block.append(Operation.create("stablehlo.return", values))
    return Region.create([block])


def _replace(op: Operation, made: Operation) -> None:
    """Let users of the old results use the new ones, scalars being taken out of their tensors."""
    build = Builder.after(made)
    values: list[Value] = []
    for old, new in zip(op.results, made.results, strict=True):
        kind = known_type(old, op)
        if isinstance(kind, TensorType):
            values.append(new)
            continue
        has = new.type
        assert isinstance(has, TensorType)
        value: Value = build.create("tensor.extract", [new], [has.element_type]).result
        if isinstance(kind, IndexType):
            value = build.create("arith.index_cast", [value], [kind]).result
        values.append(value)
    op.replace_with(*values)


def _for(op: Operation, forms: TensorForms) -> None:
    lower, upper, step, *inits = op.operands
    build = Builder.before(op)
    counter = known_type(lower, op)
    bounds = [forms.tensor(build, value) for value in (lower, upper, step)]
    carried = [bounds[0], *(forms.tensor(build, value) for value in inits)]
    types = [known_type(value, op) for value in carried]
    condition = Block.create(types)
    test = Builder.at_end(condition)
    goes_on = forms.compare(test, "LT", condition.arguments[0], bounds[1])
    test.create("stablehlo.return", [goes_on])

    body = Block.create(types)
    source: Block = op.regions[0].blocks[0]
    old = list(source.arguments) or list(op.header_arguments)
    start = Builder.at_end(body)
    for number, (argument, new) in enumerate(zip(old, body.arguments, strict=True)):
        kind = counter if number == 0 else known_type(argument, op)
        value: Value = new
        if not isinstance(kind, TensorType):
            has = new.type
            assert isinstance(has, TensorType)
            value = start.create("tensor.extract", [new], [has.element_type]).result
            if isinstance(kind, IndexType):
                value = start.create("arith.index_cast", [value], [kind]).result
        argument.replace_all_uses_with(value)
    for inner in list(source):
        inner.detach()
        body.append(inner)
    last = body.last
    values: list[Value] = []
    if last is not None and last.name == "scf.yield":
        build_end = Builder.before(last)
        values = [forms.tensor(build_end, value) for value in last.operands]
        last.erase()
    end = Builder.at_end(body)
    following = end.create("stablehlo.add", [body.arguments[0], bounds[2]], [types[0]]).result
    end.create("stablehlo.return", [following, *values])
    made = Builder.before(op).create(
        "stablehlo.while", carried, types, regions=[Region.create([condition]), Region.create([body])]
    )
    after = Builder.after(made)
    replacements: list[Value] = []
    for result, new_result in zip(op.results, made.results[1:], strict=True):
        kind = known_type(result, op)
        replacements.append(_as(after, new_result, kind))
    op.replace_with(*replacements)


def _as(build: Builder, value: OpResult, kind: Type) -> Value:
    if isinstance(kind, TensorType):
        return value
    has = value.type
    assert isinstance(has, TensorType)
    found: Value = build.create("tensor.extract", [value], [has.element_type]).result
    if isinstance(kind, IndexType):
        found = build.create("arith.index_cast", [found], [kind]).result
    return found


def _sweep(function: Operation, unused: set[Operation]) -> None:
    """Remove scalars that nothing uses any more, but for those that nothing used before."""
    for op in reversed(list(function.walk())):
        if op in unused or not op.name.startswith(_SCALAR_DIALECTS):
            continue
        if op.results and not any(r.has_uses for r in op.results):
            op.erase()

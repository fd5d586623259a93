"""``emit-management``: put what annotations say into the knobs of their functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from approxir.dialects.approx.codec import write_params
from approxir.dialects.approx.ops import (
    AnnotationOp,
    ConvertToCallAnnotation,
    DecisionTreeAnnotation,
    DecisionTreeOp,
    KnobAnnotation,
    KnobOp,
    TransformAnnotation,
    TransformOp,
    TryAnnotation,
    TryOp,
    YieldOp,
)
from approxir.dialects.approx.params import KnobParams
from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.ssa import OpResult
from approxir.passes.base import Pass, PassError, made_for
from approxir.passes.calls import call_function, checked_callee, scalar
from approxir.passes.emit_approx import function_knob
from approxir.passes.functions import (
    Functions,
    annotated_function,
    block_of,
    ensure_yield,
    find_annotations,
    function_type,
    symbol_name,
)
from approxir.passes.regions import HANDED
from approxir.values import IntegerType, Type, UnitAttr

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.ir.operation import Operation
    from approxir.ir.ssa import Value

_I32 = IntegerType(32)
_I1 = IntegerType(1)


@dataclass
class _Wishes:
    """What the annotations of one function ask for."""

    function: Operation
    tree: DecisionTreeAnnotation | None = None
    transform: TransformAnnotation | None = None
    contract: TryAnnotation | None = None
    operations: list[Operation] = field(default_factory=list)


@dataclass
class EmitManagement(Pass):
    """Put decision trees and transforms first in the knobs of annotated functions, tries last.

    The order of the annotations in the file makes no difference.
    """

    name: ClassVar[str] = "emit-management"
    summary: ClassVar[str] = "turn annotations into management operations inside the knobs"

    def apply(self, module: Module) -> bool:
        functions = Functions()
        wishes: dict[Operation, _Wishes] = {}
        for annotation in find_annotations(module):
            if isinstance(annotation, KnobAnnotation | ConvertToCallAnnotation):
                continue
            function = annotated_function(annotation, functions)
            _note(wishes.setdefault(function, _Wishes(function)), annotation)
        for wish in wishes.values():
            _emit(wish, functions)
        return bool(wishes)


def _note(wish: _Wishes, annotation: AnnotationOp) -> None:
    """Remember what an annotation asks for. Raises `PassError` where another one asks for the same."""
    other: AnnotationOp | None
    if isinstance(annotation, TryAnnotation):
        other, wish.contract = wish.contract, annotation
    elif isinstance(annotation, DecisionTreeAnnotation):
        other, wish.tree = wish.tree or wish.transform, annotation
    else:
        assert isinstance(annotation, TransformAnnotation)
        other, wish.transform = wish.transform or wish.tree, annotation
    if other is not None:
        raise PassError.at(
            annotation.operation,
            f"'{symbol_name(wish.function)}' has two annotations that exclude each other: "
            f"{other.operation.name} and {annotation.operation.name}",
            hint="keep one of them",
            notes=((other.operation, "the other one"),),
        )
    wish.operations.append(annotation.operation)


def _emit(wish: _Wishes, functions: Functions) -> None:
    knob = function_knob(wish.function)
    if knob is None:
        message = f"the body of '{symbol_name(wish.function)}' is not in a knob yet"
        raise PassError.at(wish.operations[0], message, hint="run emit-approx first")
    ensure_yield(knob.region)
    body = knob.region.blocks[0]
    if wish.tree is not None:
        tree = _decision_tree(wish.tree, wish.function, functions)
        body.insert(tree, before=body.first)
    if wish.transform is not None:
        body.insert(_transform(wish.transform), before=body.first)
    if wish.contract is not None:
        body.insert(_contract(wish.contract, wish.function, knob, functions), before=body.last)
    for op in wish.operations:
        op.erase()


def _params(annotation: DecisionTreeAnnotation | TransformAnnotation) -> KnobParams:
    params = annotation.params
    assert params is not None
    op = annotation.operation
    if params.transform_type is None:
        raise PassError.at(op, f"{op.name} does not say which transform", hint='add transform_type = "..."')
    if len(params.decisions) != len(params.thresholds) + 1:
        count = len(params.thresholds)
        message = f"{count} thresholds need {count + 1} decisions, not {len(params.decisions)}"
        raise PassError.at(op, message, key="decisions")
    return params


def _decision_tree(
    annotation: DecisionTreeAnnotation, function: Operation, functions: Functions
) -> Operation:
    params = _params(annotation)
    op = annotation.operation
    arguments = block_of(function).arguments
    chosen: list[Value] = []
    for index in annotation.state_indices:
        if not -len(arguments) <= index < len(arguments):
            message = f"'{symbol_name(function)}' has {len(arguments)} arguments and none of number {index}"
            raise PassError.at(op, message, key="state_indices")
        chosen.append(arguments[index])
    name = annotation.state_function
    if name is None:
        raise PassError.at(op, f"{op.name} names no state function", hint='add state_function = "name"')
    key = "state_function" if "state_function" in op.attributes else "runtime"
    block = Block.create([_type(argument, op) for argument in chosen])
    build = Builder.at_end(block)
    state = call_function(build, name, block.arguments, op, key, functions, count=1, near=function)[0]
    value = scalar(build, state, _I32, op, key, f"the state function '{name}'", functions)
    build.insert(YieldOp.create([value]).operation)
    tree = DecisionTreeOp.create(chosen, Region.create([block]), params).operation
    return made_for(tree, op)


def _transform(annotation: TransformAnnotation) -> Operation:
    params = _params(annotation)
    assert params.transform_type is not None
    made = TransformOp.create(params.transform_type, params.decisions[0]).operation
    write_params(made, params)
    return made_for(made, annotation.operation)


def _contract(
    annotation: TryAnnotation, function: Operation, knob: KnobOp, functions: Functions
) -> Operation:
    op = annotation.operation
    checker, recover = annotation.checker, annotation.recover
    if checker is None:
        raise PassError.at(op, f"{op.name} names no checker function", hint='add checker = "name"')
    if recover is None:
        raise PassError.at(op, f"{op.name} names no recover function", hint='add recover = "name"')
    arguments = list(block_of(function).arguments)
    terminator = ensure_yield(knob.region)
    block = Block.create([_type(argument, op) for argument in arguments])
    build = Builder.at_end(block)
    inputs = [*terminator.operands, *block.arguments]
    ok = call_function(build, checker, inputs, op, "checker", functions, count=1, near=function)[0]
    if len(set(terminator.operands)) < len(terminator.operands):
        assert isinstance(ok, OpResult)
        ok.operation.attributes[HANDED] = UnitAttr()
    value = scalar(build, ok, _I1, op, "checker", f"the checker '{checker}'", functions)
    build.insert(YieldOp.create([value]).operation)
    kind = function_type(function)
    checked_callee(recover, kind.inputs, op, "recover", functions, results=kind.results, near=function)
    return made_for(TryOp.create(arguments, Region.create([block]), recover).operation, op)


def _type(value: Value, op: Operation) -> Type:
    kind = value.type
    if kind is None:
        raise PassError.at(op, "the type of an argument of the function is not known")
    return kind

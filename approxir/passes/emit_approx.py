"""``emit-approx``: put the bodies of annotated functions into knobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from approxir.dialects.approx.errors import ParamsError
from approxir.dialects.approx.ops import (
    AnnotationOp,
    ConvertToCallAnnotation,
    DecisionTreeAnnotation,
    KnobAnnotation,
    KnobOp,
    TransformAnnotation,
    YieldOp,
)
from approxir.dialects.approx.payload import FUNC_SUBSTITUTE, transform_name
from approxir.ir.blocks import Block, Region
from approxir.ir.verify.approx import PREFIXES
from approxir.passes.base import Pass, PassError
from approxir.passes.functions import (
    RETURN,
    Functions,
    annotated_function,
    block_of,
    find_annotations,
    function_type,
    symbol_name,
    tell_type,
)
from approxir.passes.outlining import needs_outlining, outline
from approxir.passes.wrappers import wrap

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.ir.operation import Operation


@dataclass
class EmitApprox(Pass):
    """Wrap the body of each annotated function in an ``approx.knob``.

    Its operands are the function's arguments, its results the function's results. It says what the
    ``knob`` annotation says, if there is one, which is then gone; the others stay for ``emit-management``.
    """

    name: ClassVar[str] = "emit-approx"
    summary: ClassVar[str] = "wrap the bodies of annotated functions in approx.knob"

    def apply(self, module: Module) -> bool:
        functions = Functions()
        held = [one for one in find_annotations(module) if not isinstance(one, ConvertToCallAnnotation)]
        targets = [annotated_function(one, functions) for one in held]
        told = _told(held, targets)
        ids = _Ids(module, told.values()) if held else None
        substituted = {f for one, f in zip(held, targets, strict=True) if _substitutes(one)}
        changed = False
        for annotation, function in zip(held, targets, strict=True):
            if function_knob(function) is None:
                assert ids is not None
                if function in substituted:
                    wrap(function, functions)
                _wrap(function, annotation.operation, functions, ids, told.get(function))
                changed = True
        for annotation in held:
            if isinstance(annotation, KnobAnnotation):
                annotation.operation.erase()
                changed = True
        return changed


def function_knob(function: Operation) -> KnobOp | None:
    """The knob that holds the body of a function; None while there is none.

    A knob that decides or checks by itself, or whose results are not those of the function, is a part of the
    body like any other.
    """
    if len(function.regions[0].blocks) != 1:
        return None
    block = block_of(function)
    first = block.first
    if first is None or first.next is not block.last or block.last is first or first.name not in _KNOBS:
        return None
    assert block.last is not None
    knob = KnobOp(first)
    own = bool(knob.management) or "params" in first.attributes or "decisions" in first.attributes
    return None if own or list(block.last.operands) != list(first.results) else knob


_KNOBS = frozenset(prefix + "knob" for prefix in PREFIXES)


def _substitutes(annotation: AnnotationOp) -> bool:
    """Whether an annotation asks for the substitution of its function."""
    if not isinstance(annotation, DecisionTreeAnnotation | TransformAnnotation):
        return False
    params = annotation.params
    return params is not None and transform_name(params.transform_type) == FUNC_SUBSTITUTE


def _told(
    annotations: Sequence[AnnotationOp], functions: Sequence[Operation]
) -> dict[Operation, KnobAnnotation]:
    """What annotations say about the knobs of functions: the first one of each function counts."""
    found: dict[Operation, KnobAnnotation] = {}
    for annotation, function in zip(annotations, functions, strict=True):
        if isinstance(annotation, KnobAnnotation):
            found.setdefault(function, annotation)
    return found


def _wrap(
    function: Operation,
    annotation: Operation,
    functions: Functions,
    ids: _Ids,
    told: KnobAnnotation | None,
) -> None:
    if needs_outlining(function):
        outline(function, "__outlined_" + symbol_name(function), functions)
    block = block_of(function)
    first, last = block.first, block.last
    kind = function_type(function)
    if last is None or last.name != RETURN or len(last.operands) != len(kind.results):
        message = f"the body of '{symbol_name(function)}' does not end in a {RETURN} of its results"
        raise PassError.at(annotation, message, key="func_name", notes=((last or function, "here"),))
    for value, result_type in zip(last.operands, kind.results, strict=True):
        tell_type(value, result_type)
    inside = Block.create()
    knob = KnobOp.create(
        list(block.arguments),
        kind.results,
        Region.create([inside]),
        id=ids.next() if told is None or told.id is None else told.id,
        rf=None if told is None else told.rf,
        qos_in=None if told is None else told.qos_in or None,
        qos_out=None if told is None else told.qos_out or None,
        transform_types=None if told is None else told.transform_types,
    )
    block.insert(knob.operation, before=first)
    values = list(last.operands)
    if first is not last:
        assert last.prev is not None
        inside.take(knob.operation.next, last.prev)
    inside.append(YieldOp.create(values).operation)
    for index, result in enumerate(knob.results):
        last.set_operand(index, result)


class _Ids:
    """Numbers for new knobs, none of which the module has yet."""

    def __init__(self, module: Module, told: Iterable[KnobAnnotation]) -> None:
        self._last = max((one.id or 0 for one in told), default=0)
        for op in module.find(*_KNOBS):
            try:
                self._last = max(self._last, KnobOp(op).id or 0)
            except ParamsError:
                continue

    def next(self) -> int:
        self._last += 1
        return self._last

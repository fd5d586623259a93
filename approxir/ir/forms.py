"""What the text of an operation says about types, operand order and region arguments, read when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from approxir.errors import ParseError
from approxir.ir.ssa import BlockArgument, Value
from approxir.syntax.attributes import parse_function_type, parse_type
from approxir.syntax.balance import Unbalanced
from approxir.syntax.generic import GenericParts, generic_parts

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.syntax.formats.forms import CustomForm, NameRef
    from approxir.values import Type

_NOT_UNDERSTOOD = object()
_MAX_INFERENCE_DEPTH = 100
_depth = 0


def parts_of(op: Operation) -> GenericParts:
    """The spans of an operation in the generic form. Raises `ParseError` where it is broken."""
    assert op.source is not None
    try:
        return generic_parts(op.source.text, op.name_start, op.end, op._region_spans())
    except Unbalanced as error:
        raise ParseError((op.source.diagnostic(error.offset, error.message),)) from None


def form_of(op: Operation, aliases: dict[str, str] | None = None) -> CustomForm | None:
    """How the custom form of a parsed operation reads; None where it is not understood.

    Raises `ParseError` when the operation is known but its text does not follow its format.
    """
    known: Any = op._form
    if known is _NOT_UNDERSTOOD:
        return None
    if known is None:
        from approxir.syntax.formats.forms import Context
        from approxir.syntax.formats.reader import read_custom

        source = op.source
        assert source is not None
        context = Context(
            type_of=lambda ref: _type_text(op, ref),
            alias=aliases.get if aliases is not None else lambda name: aliases_of(op).get(name),
            result_count=len(op.results),
        )
        known = read_custom(
            op.name, source.text, op.name_start, op.end, op._region_spans(), context=context, source=source
        )
        op._form = _NOT_UNDERSTOOD if known is None else known
    return known  # type: ignore[no-any-return]


def aliases_of(op: Operation) -> dict[str, str]:
    """The alias definitions of the module that an operation stands in; none for one that stands nowhere."""
    top = op
    while (parent := top.parent) is not None:
        top = parent
    region = top.block.region if top.block is not None else None
    module = region._module if region is not None else None
    return {} if module is None else module._alias_texts()


def _type_text(op: Operation, ref: NameRef) -> str | None:
    global _depth
    value = _value_at(op, ref.start)
    if value is None or _depth > _MAX_INFERENCE_DEPTH:
        return None
    _depth += 1
    try:
        kind = value.type
    except ParseError:
        return None
    finally:
        _depth -= 1
    return None if kind is None else str(kind)


def _value_at(op: Operation, start: int) -> Value | None:
    detail = op._resolved()
    for value, (begin, _) in zip(detail.operands, detail.operand_spans, strict=False):
        if begin == start:
            return value
    for argument in detail.arguments:
        if argument.span is not None and argument.span[0] == start:
            return argument
    return None


def operand_order(op: Operation) -> Sequence[int]:
    """The slots of an operation's operands (text order), in the order of the generic form."""
    detail = op._resolved()
    count = len(detail.operands)
    if count < 2 or op.source is None or op.is_generic:
        return range(count)
    if op._facts is not None:
        known: Sequence[int] | None = op._facts.order
        return range(count) if known is None or -1 in known else known
    order: Sequence[int] | None = op._order
    if order is None:
        order = range(count)
        try:
            form = form_of(op)
        except ParseError:
            form = None
        spans = detail.operand_spans
        if form is not None and len(spans) == count:
            slots = {span[0]: slot for slot, span in enumerate(spans)}
            found = [slots.get(ref.start, -1) for ref in form.operands]
            if -1 not in found and found != list(range(count)):
                order = tuple(found)
        op._order = order
    return order


def result_types(op: Operation) -> tuple[Type | None, ...] | None:
    """The types of a parsed operation's results; None where its custom form is not understood."""
    source = op.source
    assert source is not None
    if op.is_generic:
        begin, end = parts_of(op).type
        return parse_function_type(source.text[begin:end], source=source, base=begin).results
    form = form_of(op)
    if form is None or form.result_types is None:
        return None
    return tuple(None if kind is None else parse_type(kind.text) for kind in form.result_types)


def header_argument_type(op: Operation, argument: BlockArgument) -> Type | None:
    """The type of a block argument that the header of `op` names without spelling its type."""
    if op.source is None or op.is_generic:
        return None
    try:
        form = form_of(op)
    except ParseError:
        return None
    if form is None or argument.span is None:
        return None
    for arguments in form.region_arguments:
        for known in arguments:
            if known.start == argument.span[0] and known.type is not None:
                return parse_type(known.type.text)
    return None

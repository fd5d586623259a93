"""Where the text of an operation spells a field of its params, in whichever encoding."""

from __future__ import annotations

from approxir.dialects.approx.params_text import parse_params
from approxir.errors import ParseError
from approxir.ir.operation import Operation
from approxir.ir.value_spans import array_spans, dense_array_spans
from approxir.syntax.entries import scan_entries
from approxir.syntax.faults import Fault
from approxir.syntax.generic import Span

_OTHER_NAMES = {"decisions": ("knob_val", "transform_value")}


def place_of(op: Operation, field: str, index: int | None = None) -> Span | None:
    """The span of a field's value or of one of its items in ``op.source.text``; None for what is not spelled.

    Where the text tells no better, it is the span of all params.
    """
    attributes = op.attributes
    try:
        whole = attributes.span("params")
        if whole is not None and op.source is not None:
            place = _in_params(op.source.text, whole, field, index)
            if place is not None:
                return place
        for key in (field, *_OTHER_NAMES.get(field, ())):
            place = attributes.span(key)
            if place is not None:
                return _item(attributes.element_spans(key), index, place)
        return whole
    except (ParseError, Fault):
        return None


def _item(items: list[Span], index: int | None, whole: Span) -> Span:
    return items[index] if index is not None and index < len(items) else whole


def _in_params(text: str, place: Span, field: str, index: int | None) -> Span | None:
    if text[place[0]] == "{":
        return _in_dictionary(text, place, field, index)
    return _in_string(text, place, field, index) if text[place[0]] == '"' else None


def _in_dictionary(text: str, place: Span, field: str, index: int | None) -> Span | None:
    for entry in scan_entries(text, *place):
        if entry.key == field:
            value = entry.value_start, entry.value_end
            dense = dense_array_spans(text, *value)
            return _item(dense.items if dense is not None else array_spans(text, *value) or [], index, value)
    return None


def _in_string(text: str, place: Span, field: str, index: int | None) -> Span | None:
    # The string may have a type after it.
    body = text[place[0] + 1 : text.rindex('"', *place)]
    # With escapes, offsets in the value are not those in the text.
    if "\\" not in body:
        for entry in parse_params(body):
            if entry.key == field:
                start, end = _item(list(entry.items), index, entry.value_span)
                return place[0] + 1 + start, place[0] + 1 + end
    return None

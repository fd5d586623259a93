"""What the params of an operation spell, entry by entry, and where, whichever encoding they have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from approxir.dialects.approx.codec import TRANSFORMS, resolved
from approxir.dialects.approx.errors import ParamsError
from approxir.dialects.approx.params_text import Entry, parse_params, value_text
from approxir.ir.operation import Operation
from approxir.ir.value_spans import array_spans, dense_array_spans
from approxir.ir.verify.approx import local_name
from approxir.lint.rule import Span
from approxir.syntax.entries import scan_entries
from approxir.syntax.faults import Fault
from approxir.values import ArrayAttr, AttrAlias, Attribute, DictAttr, StringAttr

_SINGULAR = {"thresholds": "threshold", "decisions": "decision"}
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class _Place:
    """The text of an entry's value, and of the items if it is a list."""

    span: Span
    items: Sequence[Span]


class SpelledParams:
    """The params that an operation spells.

    Fields are named as in `KnobParams`; of a static transform, the field ``decisions`` is its knob value.
    Nothing here raises: what cannot be read is not there.
    """

    def __init__(self, op: Operation) -> None:
        self.operation = op
        self._attributes = dict(op.attributes.items())
        self._whole = self._attributes.get("params")
        self._entries = self._attributes if self._whole is None else _entries(op, self._whole)
        self._places: dict[str, _Place | None] = {}
        self._inside: dict[str, _Place] | None = None

    def __contains__(self, field: str) -> bool:
        return self._key(field) in self._entries

    @property
    def keys(self) -> Collection[str]:
        """The names of the entries of ``params``; none where separate attributes spell the params."""
        return () if self._whole is None else self._entries.keys()

    def value(self, field: str) -> Attribute | None:
        """The value of an entry, aliases resolved; None where there is none."""
        value = self._entries.get(self._key(field))
        return None if value is None else _resolved(self.operation, value)

    def name(self, field: str, index: int | None = None) -> str:
        """How a message calls a field, or an item of it: ``threshold 1``."""
        key = self._key(field)
        if index is None or key != field:
            return key
        return f"{_SINGULAR[field]} {index}" if field in _SINGULAR else f"{field}[{index}]"

    def at(self, field: str, index: int | None = None) -> Span | None:
        """Where the text spells an entry's value, or an item of it; else the nearest that it does spell.

        For params that are an alias, that is where the alias is used. None where nothing is spelled.
        """
        key = self._key(field)
        if key not in self._places:
            self._places[key] = self._find(key)
        place = self._places[key]
        if place is None:
            return None if self._whole is None else self.operation.attributes.span("params")
        return place.items[index] if index is not None and index < len(place.items) else place.span

    # Fixes.

    def can_replace(self, field: str) -> bool:
        """Whether the operation itself spells the field, not an alias that others may use too."""
        value = self._entries.get(self._key(field))
        return (
            value is not None and not isinstance(value, AttrAlias) and not isinstance(self._whole, AttrAlias)
        )

    def replace(self, field: str, value: Attribute) -> None:
        """Give a field that `can_replace` another value, and leave the text of the others as it is."""
        key, attributes = self._key(field), self.operation.attributes
        if self._whole is None:
            attributes[key] = value
        elif isinstance(self._whole, DictAttr):
            attributes["params"] = DictAttr([
                (name, value if name == key else held) for name, held in self._whole.items()
            ])  # fmt: skip
        elif isinstance(self._whole, StringAttr):
            text = self._whole.value
            entry = next(entry for entry in parse_params(text) if entry.key == key)
            start, end = entry.value_span
            attributes["params"] = StringAttr(text[:start] + value_text(value) + text[end:], self._whole.type)

    # Reading.

    def _key(self, field: str) -> str:
        if field == "decisions" and self._whole is None and local_name(self.operation) in TRANSFORMS:
            return "transform_value" if "transform_value" in self._attributes else "knob_val"
        return field

    def _find(self, key: str) -> _Place | None:
        op = self.operation
        assert op.source is not None, "rules see operations that were parsed"
        if self._whole is None:
            span = op.attributes.span(key)
            return None if span is None else _place(op.source.text, span)
        if self._inside is None:
            span = op.attributes.span("params")
            self._inside = {} if span is None else _inside(op.source.text, span, self._whole)
        return self._inside.get(key)


def _entries(op: Operation, whole: Attribute) -> dict[str, Attribute]:
    value = _resolved(op, whole)
    if isinstance(value, DictAttr):
        return value.to_dict()
    if isinstance(value, StringAttr):
        return {entry.key: entry.value for entry in _string_entries(value.value)}
    return {}


def _resolved(op: Operation, value: Attribute) -> Attribute | None:
    try:
        return resolved(op, value)
    except ParamsError:
        return None


def _string_entries(text: str) -> tuple[Entry, ...]:
    try:
        return parse_params(text)
    except Fault:
        return ()


def _place(text: str, span: Span) -> _Place:
    dense = dense_array_spans(text, *span)
    return _Place(span, dense.items if dense is not None else array_spans(text, *span) or ())


def _inside(text: str, span: Span, whole: Attribute) -> dict[str, _Place]:
    """Where the text of ``params`` spells its entries; nothing where that cannot be told."""
    start, end = span
    if isinstance(whole, DictAttr):
        try:
            entries = scan_entries(text, start, end)
        except Fault:
            return {}
        return {
            entry.key: _place(text, (entry.value_start, entry.value_end))
            for entry in entries
            if entry.value_start < entry.value_end
        }
    # Without escapes, offsets in the string's value are those in the text.
    if isinstance(whole, StringAttr) and text[start + 1 : end - 1] == whole.value:
        base = start + 1
        return {
            entry.key: _Place(
                # An empty list may have no text but its key.
                _moved(entry.value_span if entry.value_span[0] < entry.value_span[1] else entry.span, base),
                [_moved(item, base) for item in entry.items],
            )
            for entry in _string_entries(whole.value)
        }
    return {}


def _moved(span: Span, by: int) -> Span:
    return span[0] + by, span[1] + by


def listed(values: Sequence[object]) -> str:
    """The values for a message, cut off where there are very many."""
    shown = ", ".join(str(value) for value in values[:_SHOWN])
    if not values:
        return "none"
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN].rpartition(",")[0] + ", ..."


def transform_types(knob: Operation) -> list[tuple[str, Span | None]] | None:
    """The transforms that may be applied in a knob, and where its text has each; None where any may."""
    value = knob.attributes.get("transform_types")
    held = None if value is None else _resolved(knob, value)
    place = knob.attributes.span("transform_types")
    if isinstance(held, StringAttr):
        # The paper's syntax has a single string here.
        return [(held.value, place)]
    if not isinstance(held, ArrayAttr):
        return None
    spans: list[Span | None] = [*knob.attributes.element_spans("transform_types")]
    if len(spans) != len(held.elements):
        spans = [place] * len(held.elements)
    return [
        (item.value, span)
        for item, span in zip(held.elements, spans, strict=True)
        if isinstance(item, StringAttr)
    ]

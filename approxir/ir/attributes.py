"""An operation's attributes and properties as one mapping, whose edits change no more text than they must."""

from __future__ import annotations

import re
from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from typing import TYPE_CHECKING, Any, NamedTuple

from approxir.errors import IRError, ParseError
from approxir.ir.forms import form_of, parts_of
from approxir.ir.value_edits import Edit, dictionary_edits, entry_text, value_edits
from approxir.ir.value_spans import array_spans, dense_array_spans
from approxir.syntax.attributes import dict_entries, parse_attribute, parse_attribute_dict
from approxir.syntax.balance import skip_trivia
from approxir.syntax.entries import DictEntry
from approxir.syntax.generic import Span, custom_dictionaries
from approxir.syntax.source import Source
from approxir.values import (
    Attribute,
    DenseArrayAttr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    attribute,
    symbol_text,
)

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.syntax.formats.forms import CustomForm


class _Inline(NamedTuple):
    """An attribute that the custom form spells outside a dictionary."""

    text: str
    start: int
    end: int


class _Places(NamedTuple):
    """Where an operation's text spells its attributes."""

    dictionaries: list[tuple[Span, list[DictEntry]]]
    inline: dict[str, _Inline]


class AttributeView(MutableMapping[str, Attribute]):
    """The attributes of one operation, inherent ones (properties) included, by name.

    Reading gives attribute values. Writing takes attribute values or plain Python values; the latter
    take the type of the attribute they replace where it has one (``op.attributes["n"] = 5`` stays an
    ``i32`` if it was one). Deleting removes the entry.
    """

    __slots__ = ("_operation",)

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    def _snapshot(self) -> Mapping[str, Attribute]:
        op = self._operation
        made = op._made
        if made is not None:
            return {**made.attributes, **made.properties}
        held = _read(op)
        if op._patches:
            held = _patched(op, held)
        overlay = op._overlay
        if not overlay:
            return held
        changed = {key: value for key, value in held.items() if overlay.get(key, value) is not None}
        return changed | {key: value for key, value in overlay.items() if value is not None}

    def __getitem__(self, key: str) -> Attribute:
        return self._snapshot()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._snapshot())

    def __len__(self) -> int:
        return len(self._snapshot())

    def __contains__(self, key: object) -> bool:
        return key in self._snapshot()

    def items(self) -> ItemsView[str, Attribute]:
        return self._snapshot().items()

    def values(self) -> ValuesView[Attribute]:
        return self._snapshot().values()

    def __setitem__(self, key: str, value: Any) -> None:
        op = self._operation
        new = value if isinstance(value, Attribute) else _convert(value, self.get(key))
        made = op._made
        if made is not None:
            # The visibility of a symbol belongs to the operation, as its name does.
            own = key in made.properties or (key == _VISIBILITY and "sym_name" in made.properties)
            (made.properties if own else made.attributes)[key] = new
        else:
            self._overlay(key, new)
        op._touch()

    def __delitem__(self, key: str) -> None:
        op = self._operation
        made = op._made
        if made is not None:
            del (made.properties if key in made.properties else made.attributes)[key]
        else:
            if key not in self:
                raise KeyError(key)
            self._overlay(key, None)
        op._touch()

    def _overlay(self, key: str, value: Attribute | None) -> None:
        op = self._operation
        before = dict(op._overlay) if op._overlay is not None else None
        op._overlay = {**(before or {}), key: value}
        try:
            # Edits that cannot be written must fail here, not when the module is printed.
            attribute_edits(op)
        except IRError:
            op._overlay = before
            raise
        place = self.span(key) if op._patches else None
        if place is not None:
            # The names of symbols that were replaced in the old value.
            kept = {
                span: new
                for span, new in (op._patches or {}).items()
                if span[0] < place[0] or span[1] > place[1]
            }
            op._patches = kept or None

    def span(self, key: str) -> tuple[int, int] | None:
        """Where the text that the operation was parsed from spells the value of an attribute.

        Offsets count in ``op.source.text``, so that edits do not change them. For an entry without a value
        it is the key; None for what is not spelled, and for operations that were made.
        """
        op = self._operation
        if op.source is None:
            return None
        places = _places(op)
        for _, entries in places.dictionaries:
            for entry in entries:
                if entry.key == key:
                    unit = entry.value_start == entry.key_end
                    return (entry.key_start if unit else entry.value_start), entry.value_end
        place = places.inline.get(key)
        return None if place is None or place.start < 0 else (place.start, place.end)

    def element_spans(self, key: str) -> list[tuple[int, int]]:
        """Where the text spells the elements of a dense array or an array; as for `span`, without edits.

        Empty where the text spells something else.
        """
        place = self.span(key)
        if place is None:
            return []
        op = self._operation
        assert op.source is not None
        text = op.source.text
        dense = dense_array_spans(text, *place)
        return dense.items if dense is not None else array_spans(text, *place) or []

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{key} = {value}" for key, value in self.items()) + "}"


def _convert(value: Any, old: Attribute | None) -> Attribute:
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(old, IntegerAttr):
        return IntegerAttr(value, old.type)
    if isinstance(value, list | tuple) and isinstance(old, DenseArrayAttr):
        return DenseArrayAttr(old.element_type, tuple(value))
    return attribute(value)


_NO_ATTRIBUTES: dict[str, Attribute] = {}


def _patched(op: Operation, held: Mapping[str, Attribute]) -> Mapping[str, Attribute]:
    """The attributes with the symbols in them as they were renamed."""
    source, patches = op.source, op._patches
    assert source is not None
    assert patches is not None
    inside = sorted(patches.items())
    changed = dict(held)
    for key, old in held.items():
        span = op.attributes.span(key)
        edits = [edit for edit in inside if span is not None and span[0] <= edit[0][0] < span[1]]
        if span is None or not edits:
            continue
        text = source.text[span[0] : span[1]]
        for (start, end), new in reversed(edits):
            text = text[: start - span[0]] + new + text[end - span[0] :]
        if isinstance(old, StringAttr) and text.startswith("@"):
            # A custom form spells the name of a symbol as a reference to it.
            reference = parse_attribute(text)
            assert isinstance(reference, SymbolRefAttr)
            changed[key] = StringAttr(reference.root)
        else:
            changed[key] = parse_attribute(text)
    return changed


def _read(op: Operation) -> Mapping[str, Attribute]:
    """The attributes that the text of a parsed operation spells; not to be changed."""
    if op._facts is not None:
        known: Mapping[str, Attribute] = op._facts.attributes
        return known
    source = op.source
    assert source is not None
    text = source.text
    if op.is_generic:
        parts = parts_of(op)
        first, second = parts.properties, parts.attributes
        if second is None:
            if first is None:
                return _NO_ATTRIBUTES
            return parse_attribute_dict(text[first[0] : first[1]], source=source, base=first[0])
        found = parse_attribute_dict(text[second[0] : second[1]], source=source, base=second[0])
        if first is None:
            return found
        return found | parse_attribute_dict(text[first[0] : first[1]], source=source, base=first[0])
    form = form_of(op)
    if form is not None:
        held: dict[str, Attribute] = {}
        for key, ref in form.properties.items():
            held[key] = parse_attribute(
                ref.text, source=source if ref.start >= 0 else None, base=max(ref.start, 0)
            )
        for entry in form.attributes:
            value = entry.value
            held[entry.key] = (
                UnitAttr() if value is None else parse_attribute(value.text, source=source, base=value.start)
            )
        return held
    held = {}
    for begin, end in _custom_spans(op):
        try:
            held |= parse_attribute_dict(text[begin:end], source=source, base=begin)
        except ParseError:
            # Braces of an unknown custom form may hold something else than attributes.
            continue
    return held


def _places(op: Operation) -> _Places:
    source = op.source
    assert source is not None
    text = source.text
    inline: dict[str, _Inline] = {}
    spans: list[Span]
    if op.is_generic:
        parts = parts_of(op)
        spans = [span for span in (parts.properties, parts.attributes) if span is not None]
    else:
        spans = _custom_spans(op)
        form = form_of(op)
        if form is not None:
            for key, ref in form.properties.items():
                inline[key] = _Inline(ref.text, ref.start, ref.end)
    dictionaries = []
    for begin, end in spans:
        try:
            entries = dict_entries(text, begin, end, source=source)
        except ParseError:
            if op.is_generic:
                raise
            # Braces of a custom form that hold something else than attributes.
            continue
        dictionaries.append(((begin, end), entries))
        for entry in entries:
            inline.pop(entry.key, None)
    return _Places(dictionaries, inline)


def _custom_spans(op: Operation) -> list[Span]:
    assert op.source is not None
    return custom_dictionaries(op.source.text, op.name_end, op.end, op._region_spans())


def attribute_edits(op: Operation) -> list[Edit]:
    """The replacements of text that the changes to an operation's attributes come to.

    Raises `IRError` where the custom form has no place for one of them.
    """
    overlay = op._overlay
    if not overlay:
        return []
    places = _places(op)
    edits: list[Edit] = []
    left = dict(overlay)
    for key, place in places.inline.items():
        if key in left:
            edits += _inline_edits(op, key, place, left.pop(key))
    additions: dict[str, Attribute] = {}
    held = {entry.key for _, entries in places.dictionaries for entry in entries}
    for key, value in left.items():
        if key in held or value is None:
            continue
        before_name = _new_visibility(op, value) if key == _VISIBILITY else None
        if before_name is not None:
            edits.append(before_name)
        else:
            additions[key] = value
    for number, (span, entries) in enumerate(places.dictionaries):
        last = number == len(places.dictionaries) - 1
        edits.extend(_dictionary_edits(op, span, entries, left, additions if last else {}))
    if additions and not places.dictionaries:
        edits.append(_new_dictionary(op, additions))
    return edits


def _dictionary_edits(
    op: Operation,
    span: Span,
    entries: list[DictEntry],
    changes: Mapping[str, Attribute | None],
    additions: Mapping[str, Attribute],
) -> list[Edit]:
    source = op.source
    assert source is not None
    if entries and not additions and all(changes.get(entry.key, entry) is None for entry in entries):
        return [_whole_dictionary(op, span)]
    text = source.text
    edits = dictionary_edits(
        text, span[0] + 1, entries, lambda entry: _spelled_value(source, entry), changes, additions
    )
    for entry in entries:
        value = changes.get(entry.key)
        kept = value is not None and not isinstance(value, UnitAttr)
        if kept and "@" in text[entry.value_start : entry.value_end]:
            edits = _as_one(text, entry.value_start, entry.value_end, edits)
    return edits


def _spelled_value(source: Source, entry: DictEntry) -> Attribute | None:
    """The value that the text gives an entry; None where it is faulty."""
    start, end = entry.value_start, entry.value_end
    try:
        return parse_attribute(source.text[start:end], source=source, base=start)
    except ParseError:
        return None


def _as_one(text: str, start: int, end: int, edits: list[Edit]) -> list[Edit]:
    """The same replacements, with those in a value made into one of the whole value.

    The symbol references of a value that was set are those of the attribute, even where the text spells the
    same ones; the replacement tells that those of the text do not count.
    """
    pieces: list[str] = []
    others: list[Edit] = []
    at = start
    for edit in edits:
        if edit[0] < start or edit[1] > end:
            others.append(edit)
        else:
            pieces += (text[at : edit[0]], edit[2])
            at = edit[1]
    pieces.append(text[at:end])
    return [*others, (start, end, "".join(pieces))]


def _whole_dictionary(op: Operation, span: Span) -> Edit:
    """Remove a dictionary with its angle brackets, or the keyword before it."""
    assert op.source is not None
    text = op.source.text
    begin, end = span
    angle = text.rfind("<", op.name_end, begin)
    keyword = text.rfind("attributes", op.name_end, begin)
    if angle >= 0 and skip_trivia(text, angle + 1) == begin:
        begin = angle
        end = skip_trivia(text, end) + 1
    elif keyword >= 0 and skip_trivia(text, keyword + len("attributes")) == begin:
        begin = keyword
    while text[begin - 1] in " \t":
        begin -= 1
    return begin, end, ""


def _inline_edits(op: Operation, key: str, place: _Inline, value: Attribute | None) -> list[Edit]:
    assert op.source is not None
    text = op.source.text
    start, end = place.start, place.end
    spelled = text[start:end] if start >= 0 else None
    edits: list[Edit] | None = None
    if value is not None:
        old = parse_attribute(place.text)
        if old == value:
            edits = []
        elif spelled == place.text:
            edits = value_edits(text, start, end, old, value)
        elif spelled is not None and spelled.startswith("@") and isinstance(value, StringAttr):
            edits = [(start, end, symbol_text(value.value))]
        elif key == _VISIBILITY and spelled in _VISIBILITIES and isinstance(value, StringAttr):
            edits = [(start, end, value.value)] if value.value in _VISIBILITIES else None
    if edits is None:
        raise IRError(
            f"{op.location}: the custom form of {op.name} does not spell '{key}' in a way that can be "
            "edited; print the module with generic=True first"
        )
    return _as_one(text, start, end, edits) if spelled is not None and "@" in spelled else edits


def _new_visibility(op: Operation, value: Attribute) -> Edit | None:
    """The visibility before the name of a symbol, in a custom form that has it there; None in others."""
    if op.is_generic or not isinstance(value, StringAttr) or value.value not in _VISIBILITIES:
        return None
    form = form_of(op)
    if form is None or form.symbol is None or form.symbol.start < 0:
        return None
    at = form.symbol.start
    for new in (f"{value.value} ", f'"{value.value}" '):
        trial = _read_with(op, at, new)
        if trial is not None and trial.symbol is not None and trial.symbol.visibility == value.value:
            return at, at, new
    return None


def _read_with(op: Operation, at: int, new: str) -> CustomForm | None:
    """What the custom form says with a text put in at an offset; None where that cannot be read."""
    from approxir.syntax.formats.reader import read_custom

    assert op.source is not None
    text = op.source.text
    trial = text[op.name_start : at] + new + text[at : op.end]
    moved = [
        (begin - op.name_start + len(new) * (begin >= at), end - op.name_start + len(new) * (end > at))
        for begin, end in op._region_spans()
    ]
    try:
        return read_custom(op.name, trial, 0, len(trial), moved)
    except ParseError:
        return None


def _new_dictionary(op: Operation, additions: Mapping[str, Attribute]) -> Edit:
    source = op.source
    assert source is not None
    text = source.text
    body = "{" + ", ".join(entry_text(key, value) for key, value in additions.items()) + "}"
    if op.is_generic:
        return _before_colon(text, parts_of(op).colon, body)
    # Formats differ in where the dictionary goes; the reader tells which place is right.
    if form_of(op) is not None:
        for at, new in _candidates(op, body):
            form = _read_with(op, at, new)
            if form is not None:
                keys = {entry.key for entry in form.attributes} | set(form.properties)
                if keys.issuperset(additions):
                    return at, at, new
    raise IRError(
        f"{op.location}: the custom form of {op.name} is not understood well enough to add an attribute; "
        "print the module with generic=True first"
    )


def _before_colon(text: str, colon: int, body: str) -> Edit:
    # A comment may stand before the colon, so that the place is the colon's.
    return colon, colon, f"{body} " if text[colon - 1] in " \t\r\n" else f" {body} "


def _candidates(op: Operation, body: str) -> Iterator[tuple[int, str]]:
    """Places where a custom form may take its attribute dictionary."""
    assert op.source is not None
    text = op.source.text
    depth = 0
    end = op.regions[0].start if op.regions else op.end
    colons = []
    at = op.name_end
    while at < end:
        char = text[at]
        if char in "([{<":
            depth += 1
        elif char in ")]}>" and text[at - 1] != "-":
            depth -= 1
        elif char == ":" and depth == 0 and text[at + 1 : at + 2] != ":" and text[at - 1] != ":":
            colons.append(at)
        at += 1
    for colon in colons:
        yield _before_colon(text, colon, body)[1:]
    if op.regions:
        at = op.regions[0].start
        yield at, f"attributes {body} "
        yield at, f"{body} "
    yield op.name_end, f" {body}"
    last = op.regions[-1].end if op.regions else op.name_end
    for at in (*(match.start() for match in _BEFORE_LOCATION.finditer(text, last, op.end)), op.end):
        yield at, f" attributes {body}"
        yield at, f" {body}"


_VISIBILITY = "sym_visibility"
_VISIBILITIES = ("public", "private", "nested")
_BEFORE_LOCATION = re.compile(r"\s++loc\s*+\(")

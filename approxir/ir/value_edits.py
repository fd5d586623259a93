"""The least that has to change in the text of an attribute for it to spell another one.

Elements, numbers and parts of strings that are the same keep their spelling, and so do the spaces and
comments between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from approxir.ir.value_spans import array_spans, dense_array_spans
from approxir.syntax import lexemes as lx
from approxir.syntax.balance import skip_trivia
from approxir.syntax.entries import DictEntry, scan_entries
from approxir.syntax.faults import Fault
from approxir.syntax.generic import Span
from approxir.values import (
    ArrayAttr,
    Attribute,
    DenseArrayAttr,
    DictAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    UnitAttr,
    key_text,
    quote,
)
from approxir.values.attributes import elided

Edit = tuple[int, int, str]
"""Replace ``text[start:end]`` by a string."""

_DEEPEST = 50
"""Values nested deeper than this are replaced as a whole, since the way down is a recursive one."""

_NUMBER = re.compile(
    rf"(-?{lx.TRIVIA}(?:0x[0-9a-fA-F]++|[0-9]++(?:\.[0-9]*+(?:[eE][-+]?[0-9]++)?+)?+)){lx.TRIVIA}(:|\Z)"
)
_STRING = re.compile(rf"({lx.STRING}){lx.TRIVIA}(:|\Z)")
# A string's body: runs of characters, and escapes, each of which stands for one byte.
_UNIT = re.compile(r"[^\\]++|\\(?:[0-9a-fA-F]{2}|.)")


def value_edits(text: str, start: int, end: int, old: Attribute, new: Attribute) -> list[Edit]:
    """The replacements that make ``text[start:end]``, which spells `old`, spell `new`.

    They are sorted and do not overlap; there are none where the two attributes are equal.
    """
    return _edits(text, start, end, old, new, 0, in_array=False)


def dictionary_edits(
    text: str,
    opening: int,
    entries: Sequence[DictEntry],
    old_value: Callable[[DictEntry], Attribute | None],
    changes: Mapping[str, Attribute | None],
    additions: Mapping[str, Attribute],
    depth: int = 0,
) -> list[Edit]:
    """The replacements for changes to a dictionary whose first entry may stand at `opening`.

    `changes` gives the new values of entries by key, None for those to remove; `old_value` is asked for the
    value that an entry spells, and says None where that is not known.
    """
    edits: list[Edit] = []
    spans = [(entry.key_start, entry.end) for entry in entries]
    removed = [entry.key in changes and changes[entry.key] is None for entry in entries]
    for entry in entries:
        new = changes.get(entry.key)
        if new is None:
            continue
        if entry.value_start == entry.key_end:
            if not isinstance(new, UnitAttr):
                edits.append((entry.key_end, entry.key_end, f" = {new}"))
            continue
        old = old_value(entry)
        if old == new:
            continue
        if isinstance(new, UnitAttr):
            edits.append((entry.key_end, entry.end, ""))
        elif old is None:
            edits.append((entry.value_start, entry.value_end, str(new)))
        else:
            edits += _edits(text, entry.value_start, entry.value_end, old, new, depth, in_array=False)
    edits += _removals(text, spans, removed)
    if additions:
        pieces = [entry_text(key, value) for key, value in additions.items()]
        kept = [index for index, gone in enumerate(removed) if not gone]
        edits.append(_insertion(text, spans, kept[-1], pieces) if kept else _first(opening, pieces))
    edits.sort()
    return edits


def entry_text(key: str, value: Attribute) -> str:
    """An entry of a dictionary as it is printed."""
    return key_text(key) if isinstance(value, UnitAttr) else f"{key_text(key)} = {value}"


def _edits(
    text: str, start: int, end: int, old: Attribute, new: Attribute, depth: int, *, in_array: bool
) -> list[Edit]:
    if old == new:
        return []
    edits: list[Edit] | None = None
    if depth < _DEEPEST:
        if isinstance(old, DenseArrayAttr) and isinstance(new, DenseArrayAttr):
            edits = _dense_array(text, start, end, old, new)
        elif isinstance(old, ArrayAttr) and isinstance(new, ArrayAttr):
            edits = _array(text, start, end, old, new, depth)
        elif isinstance(old, DictAttr) and isinstance(new, DictAttr):
            edits = _dictionary(text, start, end, old, new, depth)
        elif isinstance(old, StringAttr) and isinstance(new, StringAttr):
            edits = _string(text, start, end, old, new)
        elif isinstance(old, IntegerAttr) and isinstance(new, IntegerAttr):
            if old.type == new.type:
                edits = _number(text, start, end, str(new.value), typed=False)
        elif isinstance(old, FloatAttr) and isinstance(new, FloatAttr) and old.type == new.type:
            # Without a type, what is not written with a point is an integer.
            edits = _number(text, start, end, new.spelling, typed="." not in new.spelling)
    return [(start, end, _text(new, in_array))] if edits is None else edits


def _text(value: Attribute, in_array: bool) -> str:
    return str(elided(value)) if in_array else str(value)


def _number(text: str, start: int, end: int, new: str, *, typed: bool) -> list[Edit] | None:
    """Replace a number and leave its type; None where there is none but must be, if `typed`."""
    match = _NUMBER.match(text, start, end)
    if match is None or (typed and not match[2]):
        return None
    return [(*match.span(1), new)]


def _string(text: str, start: int, end: int, old: StringAttr, new: StringAttr) -> list[Edit] | None:
    match = _STRING.match(text, start, end)
    if match is None or old.type != new.type:
        return None
    before = old.value.encode("utf-8", "surrogateescape")
    after = new.value.encode("utf-8", "surrogateescape")
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    body = match[1][1:-1]
    first, kept = _boundary(body, head, up=False)
    last, cut = _boundary(body, len(before) - tail, up=True)
    middle = after[kept : len(after) - (len(before) - cut)]
    base = match.start() + 1
    return [(base + first, base + last, quote(middle.decode("utf-8", "surrogateescape"))[1:-1])]


def _common(first: bytes, second: bytes) -> int:
    """How many bytes at the start are the same."""
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))


def _boundary(body: str, byte: int, *, up: bool) -> tuple[int, int]:
    """The place in a string's body nearest to a byte of its value that is not inside a character or escape.

    It is given as an offset into the body and one into the value, which is at most `byte`, or at least, `up`.
    """
    done = 0
    for match in _UNIT.finditer(body):
        piece = match.group()
        escape = piece[0] == "\\"
        size = 1 if escape else len(piece.encode("utf-8", "surrogateescape"))
        if done + size <= byte:
            done += size
            continue
        place = match.start()
        if escape:
            return place, done
        if piece.isascii():
            return place + byte - done, byte
        for char in piece:
            size = len(char.encode("utf-8", "surrogateescape"))
            if done >= byte or (done + size > byte and not up):
                break
            done += size
            place += 1
        return place, done
    return len(body), done


def _dense_array(
    text: str, start: int, end: int, old: DenseArrayAttr, new: DenseArrayAttr
) -> list[Edit] | None:
    spans = dense_array_spans(text, start, end)
    if spans is None or len(spans.items) != len(old.values) or old.element_type != new.element_type:
        return None
    # Printed numbers differ where their bits do, which is not true of the numbers: -0.0 equals 0.0.
    before, after = _numbers(old), _numbers(new)
    items = spans.items
    if not after:
        if "//" in text[spans.type_end : items[0][0]]:
            return [(spans.colon, spans.colon + 1, ""), *_removals(text, items, [True] * len(items))]
        return [(spans.type_end, items[0][0], ""), *_removals(text, items, [True] * len(items))]
    if not before:
        return [(spans.type_end, spans.type_end, ": " + ", ".join(after))]
    pairs, excess, insertion = _align(before, after)
    edits = [(*items[i], after[j]) for i, j in pairs if before[i] != after[j]]
    edits += _resizing(text, items, excess, insertion, [after[j] for j in insertion])
    edits.sort()
    return edits


def _numbers(attr: DenseArrayAttr) -> list[str]:
    if not attr.values:
        return []
    return str(attr).partition(": ")[2][:-1].split(", ")


def _array(text: str, start: int, end: int, old: ArrayAttr, new: ArrayAttr, depth: int) -> list[Edit] | None:
    items = array_spans(text, start, end)
    if items is None or len(items) != len(old):
        return None
    before, after = old.elements, new.elements
    if not before:
        return [_first(start + 1, [_text(value, True) for value in after])]
    pairs, excess, insertion = _align(before, after)
    edits: list[Edit] = []
    for i, j in pairs:
        edits += _edits(text, *items[i], before[i], after[j], depth + 1, in_array=True)
    edits += _resizing(text, items, excess, insertion, [_text(after[j], True) for j in insertion])
    edits.sort()
    return edits


def _dictionary(
    text: str, start: int, end: int, old: DictAttr, new: DictAttr, depth: int
) -> list[Edit] | None:
    try:
        entries = scan_entries(text, start, end)
    except Fault:
        return None
    before, after = old.to_dict(), new.to_dict()
    if [entry.key for entry in entries] != list(before):
        return None
    additions = {key: value for key, value in after.items() if key not in before}
    changes = {key: after.get(key) for key in before}
    return dictionary_edits(
        text, start + 1, entries, lambda entry: before[entry.key], changes, additions, depth + 1
    )


# Lists: which elements go, and what stands between them.


def _align(before: Sequence[object], after: Sequence[object]) -> tuple[list[tuple[int, int]], range, range]:
    """Which element becomes which, which ones are too many, and which new ones have none to replace.

    Elements that are the same at both ends stay; what is between them is replaced in order.
    """
    shorter = min(len(before), len(after))
    head = tail = 0
    if len(before) != len(after):
        while head < shorter and before[head] == after[head]:
            head += 1
        while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
            tail += 1
    middle = shorter - tail
    return (
        [(index, index) for index in range(head, middle)],
        range(middle, len(before) - tail),
        range(middle, len(after) - tail),
    )


def _resizing(
    text: str, items: Sequence[Span], excess: range, insertion: range, pieces: Sequence[str]
) -> list[Edit]:
    """Remove elements or insert some; `pieces` are the texts of those at `insertion`."""
    if excess:
        return _removals(text, items, [index in excess for index in range(len(items))])
    return [_insertion(text, items, insertion.start - 1, pieces)] if pieces else []


def _first(opening: int, pieces: Sequence[str]) -> Edit:
    return opening, opening, ", ".join(pieces)


def _insertion(text: str, items: Sequence[Span], after: int, pieces: Sequence[str]) -> Edit:
    """Insert after an element, or before the first (-1), with the separators that are used there."""
    separator = ", "
    for index in (after - 1, after, after + 1):
        if 0 <= index < len(items) - 1:
            gap = text[items[index][1] : items[index + 1][0]]
            if "//" not in gap:
                separator = gap
                break
    if after < 0:
        return items[0][0], items[0][0], "".join([piece + separator for piece in pieces])
    at = items[after][1]
    return at, at, "".join([separator + piece for piece in pieces])


def _removals(text: str, items: Sequence[Span], removed: Sequence[bool]) -> list[Edit]:
    """Remove elements with the commas and spaces that they need no more, but without any comment."""
    edits: list[Edit] = []
    count = len(items)
    index = 0
    while index < count:
        if not removed[index]:
            index += 1
            continue
        first = index
        while index < count and removed[index]:
            index += 1
        # At the end of the list, the comma that goes is the one before.
        bare = index == count and first > 0
        begin, end = first - bare, min(index, count - 1)
        if not any("//" in text[items[k][1] : items[k + 1][0]] for k in range(begin, end)):
            if index < count:
                edits.append((items[first][0], items[index][0], ""))
            else:
                edits.append((items[begin][1] if bare else items[first][0], items[-1][1], ""))
            continue
        for k in range(begin, end + (index == count)):
            if k >= first:
                edits.append((*items[k], ""))
            if k < count - 1:
                comma = skip_trivia(text, items[k][1])
                after = comma + 1
                while k >= first and text[after] in " \t":
                    after += 1
                edits.append((comma, after, ""))
    return edits

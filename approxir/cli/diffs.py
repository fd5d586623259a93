"""Unified diffs of long texts of which little has changed.

`difflib` looks at every line of both texts, and at every pair of equal ones. Here it is only asked about what
is left between the lines that both texts surely share.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from operator import ne

Change = tuple[int, int, int, int]
"""Lines ``before[i1:i2]`` become ``after[j1:j2]``."""

_CONTEXT = 3
_SMALL = 2_000
"""Up to so many lines on both sides together, difflib is asked without further ado."""
_MOST_PAIRS = 1_000_000
"""How many pairs of equal lines difflib may have to look at in a longer text."""
_DEEPEST = 20
"""How often what is between shared lines is searched for further ones."""


def unified_diff(before: str, after: str, name: str) -> str:
    """What `diff -u` would show for two states of one text; empty where they are the same."""
    old, new = _lines(before), _lines(after)
    out: list[str] = []
    for hunk in _hunks(changed_lines(old, new)):
        if not out:
            out += (f"--- {name}\n", f"+++ {name}\n")
        _print_hunk(out, hunk, old, new)
    return "".join(out)


def changed_lines(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """The blocks of lines that differ, in order; there is at least one common line between two of them."""
    changes: list[Change] = []
    for change in _changes(before, after):
        if changes and changes[-1][1] == change[0] and changes[-1][3] == change[2]:
            change = (changes[-1][0], change[1], changes.pop()[2], change[3])
        changes.append(change)
    return changes


def _lines(text: str) -> list[str]:
    # str.splitlines would also split at form feeds and the like.
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    pending = [(0, len(before), 0, len(after), 0)]
    while pending:
        i1, i2, j1, j2, depth = pending.pop()
        while i1 < i2 and j1 < j2 and before[i1] == after[j1]:
            i1, j1 = i1 + 1, j1 + 1
        while i1 < i2 and j1 < j2 and before[i2 - 1] == after[j2 - 1]:
            i2, j2 = i2 - 1, j2 - 1
        if i1 == i2 or j1 == j2:
            if i1 < i2 or j1 < j2:
                yield i1, i2, j1, j2
            continue
        old, new = before[i1:i2], after[j1:j2]
        if len(old) == len(new) and 4 * sum(map(ne, old, new)) <= len(old):
            for index in range(len(old)):
                if old[index] != new[index]:
                    yield i1 + index, i1 + index + 1, j1 + index, j1 + index + 1
            continue
        if len(old) + len(new) > _SMALL:
            anchors = _anchors(old, new) if depth < _DEEPEST else []
            if anchors:
                # Where the gaps between the anchors begin, and where they end.
                begins = [(i1, j1), *((i1 + i + 1, j1 + j + 1) for i, j in anchors)]
                ends = [*((i1 + i, j1 + j) for i, j in anchors), (i2, j2)]
                gaps = [(a, b, c, d, depth + 1) for (a, c), (b, d) in zip(begins, ends, strict=True)]
                pending += reversed(gaps)
                continue
            if _equal_pairs(old, new) > _MOST_PAIRS:
                yield i1, i2, j1, j2
                continue
        for tag, a1, a2, b1, b2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                yield i1 + a1, i1 + a2, j1 + b1, j1 + b2


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The longest series of lines, in the same order in both texts, that each of them has just once."""
    places = _unique(old)
    pairs = [(places[line], j) for line, j in _unique(new).items() if line in places]
    pairs.sort(key=lambda pair: pair[1])
    # Patience sorting: for each length, `tops` has the least line of `old` that ends a series of that length.
    tops: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for number, (i, _) in enumerate(pairs):
        pile = bisect_left(tops, i)
        previous.append(ends[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(i)
            ends.append(number)
        else:
            tops[pile], ends[pile] = i, number
    series = []
    at = ends[-1] if ends else -1
    while at >= 0:
        series.append(pairs[at])
        at = previous[at]
    return series[::-1]


def _unique(lines: Sequence[str]) -> dict[str, int]:
    counts = Counter(lines)
    return {line: index for index, line in enumerate(lines) if counts[line] == 1}


def _equal_pairs(old: Sequence[str], new: Sequence[str]) -> int:
    counts = Counter(old)
    return sum(counts[line] for line in new)


def _hunks(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Changes that share their context belong to one hunk."""
    hunk: list[Change] = []
    for change in changes:
        if hunk and change[0] - hunk[-1][1] > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _print_hunk(out: list[str], hunk: list[Change], old: Sequence[str], new: Sequence[str]) -> None:
    begin = max(0, hunk[0][0] - _CONTEXT)
    end = min(len(old), hunk[-1][1] + _CONTEXT)
    first = hunk[0][2] - (hunk[0][0] - begin)
    last = hunk[-1][3] + (end - hunk[-1][1])
    out.append(f"@@ -{_range(begin, end)} +{_range(first, last)} @@\n")
    at = begin
    for i1, i2, j1, j2 in hunk:
        _print_lines(out, " ", old[at:i1])
        _print_lines(out, "-", old[i1:i2])
        _print_lines(out, "+", new[j1:j2])
        at = i2
    _print_lines(out, " ", old[at:end])


def _print_lines(out: list[str], mark: str, lines: Sequence[str]) -> None:
    for line in lines:
        out.append(mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n")


def _range(start: int, stop: int) -> str:
    """The lines ``[start:stop]`` as headers say it: counted from 1, empty ones after the line before."""
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"

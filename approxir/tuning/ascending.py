"""Ascending integers within bounds, as the thresholds of a knob are: counted, drawn, and put in order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from random import Random


class Ascending:
    """All sequences of integers t_0 < t_1 < ... with lower_i <= t_i <= upper_i.

    Args:
        bounds: the least and the greatest value of each integer, both included.
    """

    def __init__(self, bounds: Sequence[tuple[int, int]]) -> None:
        self.bounds = tuple(bounds)

    def __len__(self) -> int:
        return len(self.bounds)

    @cached_property
    def tight(self) -> tuple[tuple[int, int], ...]:
        """The bounds that the integers can reach, ascending both; in an empty set some are the wrong way."""
        lowers, uppers = [low for low, _ in self.bounds], [high for _, high in self.bounds]
        for at in range(1, len(lowers)):
            lowers[at] = max(lowers[at], lowers[at - 1] + 1)
        for at in range(len(uppers) - 1, 0, -1):
            uppers[at - 1] = min(uppers[at - 1], uppers[at] - 1)
        return tuple(zip(lowers, uppers, strict=True))

    def __contains__(self, values: Sequence[int]) -> bool:
        return (
            len(values) == len(self.bounds)
            and all(low <= value <= high for value, (low, high) in zip(values, self.bounds, strict=True))
            and all(before < after for before, after in pairwise(values))
        )

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return self._from((), 0)

    def _from(self, found: tuple[int, ...], least: int) -> Iterator[tuple[int, ...]]:
        if len(found) == len(self.bounds):
            yield found
            return
        low, high = self.tight[len(found)]
        for value in range(max(low, least) if found else low, high + 1):
            yield from self._from((*found, value), value + 1)

    @property
    def count(self) -> int:
        """How many sequences there are."""
        return self._ways[0][0]

    def sample(self, rng: Random) -> tuple[int, ...]:
        """A sequence, each with the same probability. Raises `ValueError` if there is none."""
        if not self.count:
            raise ValueError("there are no ascending integers within these bounds")
        found: list[int] = []
        for number, (start, width) in enumerate(self._segments):
            at = len(found)
            drawn = rng.randrange(self._ways[number][at])
            for taken in range(self._longest(number, at) + 1):
                drawn -= math.comb(width, taken) * self._ways[number + 1][at + taken]
                if drawn < 0:
                    break
            found.extend(sorted(rng.sample(range(start, start + width), taken)))
        return tuple(found)

    def arrange(self, values: Sequence[int]) -> tuple[int, ...]:
        """The sequence that values stand for that need not ascend, nor keep the bounds.

        They are sorted; what is too close together or outside the bounds is moved as little as it must. A
        sequence that is one already stays as it is. The set must not be empty.
        """
        found = sorted(
            [max(low, min(value, high)) for value, (low, high) in zip(values, self.tight, strict=True)]
        )
        # In tight bounds, both ascending, the sorted values keep the bounds of their new places.
        for at in range(1, len(found)):
            found[at] = max(found[at], found[at - 1] + 1)
        for at in range(len(found) - 1, -1, -1):
            limit = self.tight[at][1] if at == len(found) - 1 else min(self.tight[at][1], found[at + 1] - 1)
            found[at] = min(found[at], limit)
        return tuple(found)

    # Counting: the line of integers is cut where bounds begin and end. Within one segment every k integers
    # are k thresholds in one way.

    @cached_property
    def _segments(self) -> list[tuple[int, int]]:
        """Start and width of the segments between neighbouring ends of bounds."""
        cuts = sorted({cut for low, high in self.tight for cut in (low, high + 1)})
        return [(start, end - start) for start, end in pairwise(cuts)]

    def _longest(self, number: int, first: int) -> int:
        """How many thresholds from `first` on may all lie in a segment."""
        start, width = self._segments[number]
        count = 0
        for low, high in self.tight[first:]:
            if not (low <= start and start + width - 1 <= high):
                break
            count += 1
        return min(count, width)

    @cached_property
    def _ways(self) -> list[list[int]]:
        """For each segment and i: in how many ways the thresholds from i on lie in it and after it."""
        total = len(self.bounds)
        if any(low > high for low, high in self.tight):
            return [[0] * (total + 1)]
        last = [0] * total + [1]
        table = [last]
        for number in range(len(self._segments) - 1, -1, -1):
            width = self._segments[number][1]
            after = table[-1]
            table.append(
                [
                    sum(
                        math.comb(width, taken) * after[first + taken]
                        for taken in range(self._longest(number, first) + 1)
                    )
                    for first in range(total + 1)
                ]
            )
        return table[::-1]


def steps(value: int, low: int, high: int) -> list[int]:
    """Values around a value and within bounds, at distances of 1, 2, 4, ..., the nearest first."""
    found = []
    distance = 1
    while value - distance >= low or value + distance <= high:
        if value - distance >= low:
            found.append(value - distance)
        if value + distance <= high:
            found.append(value + distance)
        distance *= 2
    return found

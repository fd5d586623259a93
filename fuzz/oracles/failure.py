"""What an oracle raises: which one, what disagreed, and where."""

from __future__ import annotations

import difflib

_MOST_LINES = 60


class OracleFailure(AssertionError):
    """Two things that have to agree do not.

    It is an `AssertionError`, so that test runners and Hypothesis take it for a test that failed.

    Attributes:
        oracle: the name of the oracle.
        what: what disagreed, in one sentence.
        where: the function, the call or the value in which it did; empty where there is no such place.
        left: one side, as text, and `right` the other one. Both are empty where a sentence says all.
        names: what the two sides are.
    """

    def __init__(
        self,
        oracle: str,
        what: str,
        *,
        where: str = "",
        left: str = "",
        right: str = "",
        names: tuple[str, str] = ("before", "after"),
    ) -> None:
        super().__init__(what)
        self.oracle = oracle
        self.what = what
        self.where = where
        self.left = left
        self.right = right
        self.names = names

    def __str__(self) -> str:
        lines = [f"{self.oracle}: {self.what}"]
        if self.where:
            lines.append(f"  in {self.where}")
        lines += ["  " + line for line in self.difference()]
        return "\n".join(lines)

    def difference(self) -> list[str]:
        """The lines in which the two sides differ, with two lines around each; at most 60 lines."""
        if self.left == self.right:
            return []
        left, right = self.left.splitlines(), self.right.splitlines()
        if left == right:
            # They differ in line ends or in what stands behind the last one.
            left, right = [repr(self.left[-80:])], [repr(self.right[-80:])]
        found = [
            line.rstrip("\n") for line in difflib.unified_diff(left, right, *self.names, n=2, lineterm="")
        ]
        if len(found) > _MOST_LINES:
            left_out = len(found) - _MOST_LINES
            found = [*found[:_MOST_LINES], f"... and {left_out} more lines"]
        return found

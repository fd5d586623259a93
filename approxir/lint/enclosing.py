"""What operations stand in, for many of them at a cost that is linear in the module."""

from __future__ import annotations

from collections.abc import Callable

from approxir.ir.operation import Operation


class Enclosing:
    """Finds the innermost operation of some kind around others, climbing each way once."""

    def __init__(self, wanted: Callable[[Operation], bool]) -> None:
        self._wanted = wanted
        self._known: dict[Operation, Operation | None] = {}

    def around(self, op: Operation) -> Operation | None:
        """The innermost such operation around one; None where there is none."""
        path: list[Operation] = []
        outer = op.parent
        while outer is not None and outer not in self._known and not self._wanted(outer):
            path.append(outer)
            outer = outer.parent
        found = outer if outer is None or outer not in self._known else self._known[outer]
        self._known.update(dict.fromkeys(path, found))
        return found

"""Pattern matching on operations, and a driver that applies patterns until nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from approxir.errors import ApproxIRError
from approxir.ir.module import Module
from approxir.ir.operation import Operation
from approxir.ir.parts import ERASED


class ConvergenceError(ApproxIRError):
    """Patterns went on changing the module after the bound; `pattern` is the name of the last one."""

    def __init__(self, pattern: str, bound: int, where: str) -> None:
        super().__init__(f"pattern '{pattern}' still changes the module after {bound} rewrites ({where})")
        self.pattern = pattern
        self.bound = bound


@runtime_checkable
class Pattern(Protocol):
    """A rewrite of operations with certain names.

    `names` are full operation names, ``"dialect."`` for a whole dialect, or empty for every operation.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the operations to look at."""
        ...

    def rewrite(self, op: Operation) -> bool:
        """Change the tree around `op` if it matches; whether anything was changed."""
        ...


@dataclass(frozen=True, slots=True)
class _FunctionPattern:
    names: tuple[str, ...]
    function: Callable[[Operation], bool | None]

    def rewrite(self, op: Operation) -> bool:
        return bool(self.function(op))

    def __str__(self) -> str:
        return self.function.__name__


def pattern(*names: str) -> Callable[[Callable[[Operation], bool | None]], Pattern]:
    """Make a pattern of a function that takes an operation and tells whether it changed anything.

    @ax.pattern("arith.addi")
    def fold_zero(op: ax.Operation) -> bool: ...
    """
    return lambda function: _FunctionPattern(names, function)


def rewrite(root: Module | Operation, patterns: Sequence[Pattern], *, max_rewrites: int | None = None) -> int:
    """Apply patterns to every operation inside `root` until none changes anything.

    Operations are visited in the order of the text, again and again. `max_rewrites` bounds the number of
    rewrites (by default 10,000, and 100 for each operation there is at the start). Returns how many were
    made. Raises `ConvergenceError`, naming the pattern, when the bound is passed.
    """
    operations = list(root.walk())
    bound = 10_000 + 100 * len(operations) if max_rewrites is None else max_rewrites
    done = 0
    changed = True
    while changed:
        changed = False
        for op in operations:
            if op._flags & ERASED or (op.block is None and op is not root):
                continue
            for candidate in patterns:
                if not _applies(candidate, op):
                    continue
                if not candidate.rewrite(op):
                    continue
                changed = True
                done += 1
                if done > bound:
                    raise ConvergenceError(
                        _name(candidate), bound, f"at {op.name}, {op.location or 'made by a rewrite'}"
                    )
                if op.block is None and op is not root:
                    break
        if changed:
            operations = list(root.walk())
    return done


def _applies(candidate: Pattern, op: Operation) -> bool:
    names = candidate.names
    if not names:
        return True
    return op.name in names or any(name.endswith(".") and op.name.startswith(name) for name in names)


def _name(candidate: Pattern) -> str:
    return str(candidate) if isinstance(candidate, _FunctionPattern) else type(candidate).__name__

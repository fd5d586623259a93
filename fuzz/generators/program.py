"""A generated program: its text, and what may be called in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import approxir as ax
from approxir.ir.module import Module

__all__ = ["Program"]


@dataclass(frozen=True)
class Program:
    """A module that runs: accepted by MLIR, it terminates and has no undefined behaviour.

    That holds for every call of one of `functions` with what `arguments` draws, lowered or not, and in every
    configuration that its search space contains. Every call depends on its arguments alone: no state is
    kept from one call to the next, but for what is written to the memory that is passed.
    """

    text: str
    """The module."""
    functions: tuple[str, ...]
    """Names of the public functions, which may be called."""
    annotated: tuple[str, ...] = ()
    """Names of those functions among all that an annotation approximates."""
    ulps: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """For each of `functions`, by how many units in the last place each of its results may differ between two
    correct implementations. 0: they agree bit for bit, all not-a-numbers counting as one."""

    def module(self) -> Module:
        """A fresh module of the text."""
        return ax.parse(self.text)

    def __repr__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis shows a failing example."""
        printer.text(self.text)

"""What a statement is: a function that writes it, and what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from approxir.testing.generators.writer import Scope, Writer


__all__ = ["Statement"]


@dataclass(frozen=True)
class Statement:
    """A kind of statement."""

    write: Callable[[Writer, Scope], None]
    """Writes it, and adds what it defines to the scope."""
    operations: int
    """How many operations it needs at most, without those in its regions."""
    dialects: tuple[str, ...]
    """The dialects that it needs, all of them."""
    nested: bool = False
    """Whether it has regions."""
    memory: bool = False
    """Whether it needs memory."""
    effects: bool = False
    """Whether it writes to memory."""
    symbols: bool = False
    """Whether it names another operation of the module."""
    needs: Callable[[Writer, Scope], bool] | None = None
    """Whether it can stand at a place, if it cannot at every one."""
    weight: int = 1
    """How often it is chosen, beside others."""

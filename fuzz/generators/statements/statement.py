"""What a statement is: a function that writes it, and what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Statement"]


@dataclass(frozen=True)
class Statement:
    """A kind of statement."""

    write: Callable[[Any, Any], None]
    """Writes it with a `Writer`, and adds what it defines to a `Scope`."""
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
    needs: Callable[[Any, Any], bool] | None = None
    """Whether it can stand at a place, if it cannot at every one."""
    weight: int = 1
    """How often it is chosen, beside others."""

"""What is known about operations by name: terminators, isolation, symbols, default dialects, and so on.

The facts are the ``trait`` lines of `grammar/dialects/*.fmt`. A dialect's file is scanned with one
regular expression the first time one of its operations is asked for; nothing here needs the formats.
"""

from __future__ import annotations

import re
from functools import cache

from approxir.syntax.formats.data import PREFIX_ALIASES, dialect_text

_TRAIT_LINE = re.compile(r"^trait +([\w.=-]+):([^;]*);", re.MULTILINE)
_NONE: frozenset[str] = frozenset()
_known: dict[str, frozenset[str]] = {}
_MOST_REMEMBERED = 20_000
"""Bounds the caches, since the input decides how many different names there are."""


def traits(name: str) -> frozenset[str]:
    """The traits of an operation by its full name; empty when nothing is known about it.

    Traits: ``isolated``, ``terminator``, ``return-like``, ``branch``, ``symbol``, ``optional-symbol``,
    ``symbol-table``, ``function``, ``call``, ``graph``, ``single-block``, ``no-terminator``,
    ``affine-scope``, ``loop``, ``branching``, ``pure``, ``commutative``, ``idempotent``,
    ``elementwise``, ``same-type`` (operands and results share one type), ``constant-like``,
    ``memory`` (touches memory), ``effects``, ``recursive-effects`` (only those of its body),
    ``implicit-body`` (its region is not written), ``implicit=NAME`` (the terminator supplied when
    its region has none), ``default=DIALECT`` (whose prefix its region may omit).
    """
    found = _known.get(name)
    if found is not None:
        return found
    dialect, _, rest = name.partition(".")
    table = _dialect_traits(dialect)
    found = table.get(f"{PREFIX_ALIASES.get(dialect, dialect)}.{rest}", _NONE)
    if len(_known) < _MOST_REMEMBERED:
        _known[name] = found
    return found


def is_terminator(name: str) -> bool:
    """Whether the operation is known to end its block."""
    return "terminator" in traits(name)


def implicit_terminator(name: str) -> str | None:
    """The terminator that the custom form supplies when a region's text has none, e.g. ``scf.yield``."""
    return _value(traits(name), "implicit=")


def default_dialect(name: str) -> str:
    """The dialect whose prefix may be left out right inside the operation's regions, or ``""``."""
    return _value(traits(name), "default=") or ""


ELIDED = frozenset({"async", "builtin", "emitc", "func", "pdl", "pdl_interp", "shape", "transform"})
"""The dialects whose prefix some region or the top level lets one leave out."""


def _value(found: frozenset[str], prefix: str) -> str | None:
    for trait in found:
        if trait.startswith(prefix):
            return trait[len(prefix) :]
    return None


@cache
def _other() -> dict[str, frozenset[str]]:
    text = dialect_text("other")
    return {} if text is None else _scan(text, "")


_tables: dict[str, dict[str, frozenset[str]]] = {}


def _dialect_traits(dialect: str) -> dict[str, frozenset[str]]:
    table = _tables.get(dialect)
    if table is None:
        text = dialect_text(dialect) if dialect != "other" else None
        table = _other()
        if text is not None:
            table = table | _scan(text, PREFIX_ALIASES.get(dialect, dialect) + ".")
        if len(_tables) < _MOST_REMEMBERED:
            _tables[dialect] = table
    return table


def _scan(text: str, prefix: str) -> dict[str, frozenset[str]]:
    collected: dict[str, set[str]] = {}
    for match in _TRAIT_LINE.finditer(text):
        for name in match.group(2).split():
            collected.setdefault(prefix + name, set()).add(match.group(1))
    shared: dict[frozenset[str], frozenset[str]] = {}
    table: dict[str, frozenset[str]] = {}
    for name, names in collected.items():
        frozen = frozenset(names)
        table[name] = shared.setdefault(frozen, frozen)
    return table

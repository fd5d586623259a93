"""Aliases: defined once, before their uses; a location may name one that comes later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from approxir.ir.verify.facts import Aliases
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.sweep import alias_mentions

if TYPE_CHECKING:
    from approxir.ir.module import Module


def check_aliases(module: Module, mentions: Sequence[tuple[int, Aliases]], findings: Findings) -> None:
    """Check the definitions of aliases, and the mentions that were found in the operations."""
    text = module.source.text
    ends: dict[str, int] = {}
    # Aliases of what is surely no location.
    others: set[str] = set()
    for definition in module.definitions:
        if definition.kind == "metadata":
            continue
        name = definition.kind + definition.name
        for mention in alias_mentions(text, definition.value_start, definition.end):
            _check(mention.offset, mention.name, ends, findings, ())
        if name in ends:
            findings.add(
                definition.start,
                f"redefinition of the alias {name}",
                code="alias",
                length=len(name),
                hint="give one of the two another name",
            )
        ends.setdefault(name, definition.end)
        if definition.kind == "#" and not text.startswith(("loc", "#"), definition.value_start):
            others.add(name)
    everything = frozenset(ends)
    for base, found in mentions:
        for offset, name, location in found:
            end = ends.get(name)
            if location and name in others:
                findings.add(base + offset, f"{name} is no location", code="alias", length=len(name))
            elif end is None or end > base + offset:
                _check(base + offset, name, ends, findings, everything if location else ())


def _check(
    offset: int, name: str, ends: dict[str, int], findings: Findings, anywhere: frozenset[str] | tuple[()]
) -> None:
    end = ends.get(name)
    if end is not None and (end <= offset or name in anywhere):
        return
    if end is not None:
        message, hint = f"the alias {name} is used before it is defined", "move its definition up"
    else:
        message, hint = f"undefined alias {name}", f"define it at the top level: {name} = ..."
    findings.add(offset, message, code="alias", length=len(name), hint=hint)

"""Passes by their names on the command line; each is imported when it is asked for.

Another package adds a pass with an entry point of the group ``approxir.passes``, whose value is a subclass of
`approxir.passes.base.Pass`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from approxir.errors import ApproxIRError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from approxir.passes.base import Pass

GROUP = "approxir.passes"
BUILT_IN = {
    "pre-emit-transform": "approxir.passes.pre_emit_transform:PreEmitTransform",
    "emit-approx": "approxir.passes.emit_approx:EmitApprox",
    "emit-management": "approxir.passes.emit_management:EmitManagement",
    "config-approx": "approxir.passes.config_approx:ConfigApprox",
    "transform-approx": "approxir.passes.transform_approx:TransformApprox",
    "finalize-approx": "approxir.passes.finalize_approx:FinalizeApprox",
    "legalize-to-stablehlo": "approxir.passes.legalize_to_stablehlo:LegalizeToStableHLO",
    "legalize-control-flow-to-scf": "approxir.passes.legalize_control_flow_to_scf:LegalizeControlFlowToSCF",
}
"""The built-in passes, in the order in which they run; the last two lead to different engines."""


class UnknownPassError(ApproxIRError, ValueError):
    """There is no pass of that name."""


class PassRegistry(Mapping[str, "type[Pass]"]):
    """The classes of passes by name."""

    def __init__(self) -> None:
        self._added: dict[str, type[Pass]] = {}

    def add(self, kind: type[Pass]) -> type[Pass]:
        """Make a pass known in this process; usable as a decorator of its class."""
        self._added[kind.name] = kind
        return kind

    def __getitem__(self, name: str) -> type[Pass]:
        if name not in self._added:
            if name in BUILT_IN:
                module, _, attribute = BUILT_IN[name].partition(":")
                self._added[name] = getattr(importlib.import_module(module), attribute)
            elif name in _entry_points():
                self._added[name] = _entry_points()[name].load()
            else:
                raise KeyError(name)
        return self._added[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(BUILT_IN), **dict.fromkeys(_entry_points()), **self._added})

    def __len__(self) -> int:
        return len(list(iter(self)))

    def make(self, name: str, **options: Any) -> Pass:
        """A pass with options. Raises `UnknownPassError`, with the nearest name, and for unknown options."""
        try:
            kind = self[name]
        except KeyError:
            import difflib

            close = difflib.get_close_matches(name, list(self), 1)
            hint = f"; did you mean '{close[0]}'?" if close else f"; there are: {', '.join(self)}"
            raise UnknownPassError(f"there is no pass '{name}'{hint}") from None
        try:
            return kind(**options)
        except TypeError as error:
            raise UnknownPassError(f"{name}: {error}") from None


@cache
def _entry_points() -> dict[str, EntryPoint]:
    # Slow to load, and seldom needed.
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


passes = PassRegistry()
"""The passes that pipelines may name."""

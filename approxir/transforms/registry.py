"""Transforms by name: the built-in ones, and those of other packages.

Another package adds a transform with an entry point of the group ``approxir.transforms``, whose name is the
``transform_type`` and whose value is a subclass of `approxir.transforms.base.Transform`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from approxir.errors import ApproxIRError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from approxir.transforms.base import Transform

GROUP = "approxir.transforms"
BUILT_IN = {
    "loop_perforate": "approxir.transforms.loop_perforate:LoopPerforate",
    "func_substitute": "approxir.transforms.func_substitute:FuncSubstitute",
    "task_skipping": "approxir.transforms.task_skipping:TaskSkipping",
}


class TransformRegistry(Mapping[str, "Transform"]):
    """The transforms by name; each is imported when it is first asked for."""

    def __init__(self) -> None:
        self._added: dict[str, Transform] = {}

    def add(self, transform: Transform) -> None:
        """Make a transform known in this process."""
        self._added[transform.name] = transform

    def __getitem__(self, name: str) -> Transform:
        if name in self._added:
            return self._added[name]
        if name in BUILT_IN:
            module, _, attribute = BUILT_IN[name].partition(":")
            found = getattr(importlib.import_module(module), attribute)
        elif name in _entry_points():
            found = _entry_points()[name].load()
        else:
            raise KeyError(name)
        made: Transform = found()
        if not hasattr(made, "apply"):
            raise ApproxIRError(f"the entry point '{name}' of {GROUP} is no transform")
        self._added[name] = made
        return made

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(BUILT_IN), **dict.fromkeys(_entry_points()), **self._added})

    def __len__(self) -> int:
        return len(list(iter(self)))


@cache
def _entry_points() -> dict[str, EntryPoint]:
    # Slow to load, and seldom needed.
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


transforms = TransformRegistry()
"""The transforms that ``transform-approx`` knows."""

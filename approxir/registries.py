"""Packages that are used like the registry in them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any


class RegistryPackage(ModuleType):
    """A package that is also the mapping which its module ``registry`` holds under the package's own name.

    The top level exports a registry under the name of the package that holds it, and importing a package
    binds that name to the package. With this class both work: ``approxir.passes["emit-approx"]``.
    """

    def _registry(self) -> Any:
        held = importlib.import_module(f"{self.__name__}.registry")
        return getattr(held, self.__name__.rpartition(".")[2])

    def __getitem__(self, name: str) -> Any:
        return self._registry()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._registry()

    def __iter__(self) -> Iterator[str]:
        return iter(self._registry())

    def __len__(self) -> int:
        return len(self._registry())

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return getattr(self._registry(), name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


_METHODS = frozenset({"add", "get", "items", "keys", "make", "values"})

"""Back ends: what can compile and run modules here, and what every one of them offers.

    from approxir.codegen import backend

    for info in backend.describe():
        print(info.name, info.available, info.reason)
    artifact = backend.get("llvm").compile(module, live=True)
    kernel = backend.get("llvm").load(artifact)
    kernel.my_function(1, 2)
    kernel.my_function.time(1, 2)

A back end is imported when it is asked for, and what it needs when it is used.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from approxir.errors import ApproxIRError, MissingDependencyError
from approxir.nearest import nearest

if TYPE_CHECKING:
    from approxir.codegen.kernel import Kernel
    from approxir.ir.module import Module

BACKENDS = {
    "llvm": "approxir.codegen.llvm.jit:LlvmJit",
    "llvm-shared": "approxir.codegen.llvm.shared:LlvmShared",
    "iree": "approxir.codegen.iree.backend:Iree",
}
"""Name of a back end -> where its class is."""


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """A back end as it is found here.

    `targets` are the kinds of devices that it compiles for, and `devices` those that it can run on here.
    `reason` says why it is not available, or what of it is not, and what to do about it.
    """

    name: str
    summary: str
    available: bool
    version: str | None = None
    targets: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Artifact:
    """A compiled module, as a back end loads it; subclasses hold what theirs needs."""

    backend: str


class Backend(ABC):
    """Compiles modules and runs them. What is loaded is called and timed through its functions."""

    name: ClassVar[str]
    summary: ClassVar[str]

    @abstractmethod
    def describe(self) -> BackendInfo:
        """What is found here, without importing or starting more than that needs."""

    @abstractmethod
    def compile(self, module: Module | str, *, live: bool = False) -> Artifact:
        """Compile a module, its approximations lowered first. Back ends have further options.

        Raises `CompilationError` when the module cannot be compiled, `MissingDependencyError` when the
        back end is not installed, and what `approxir.codegen.prepare.prepare` raises.
        """

    @abstractmethod
    def load(self, artifact: Any) -> Kernel:
        """What was compiled, ready to be called."""


class UnknownBackendError(ApproxIRError, LookupError):
    """There is no back end of that name."""


def get(name: str) -> Backend:
    """The back end of that name. Raises `UnknownBackendError`."""
    where = BACKENDS.get(name)
    if where is None:
        close = nearest(name, BACKENDS)
        known = ", ".join(BACKENDS)
        hint = f"; did you mean '{close}'?" if close is not None else f"; there are: {known}"
        raise UnknownBackendError(f"there is no back end '{name}'{hint}")
    module, _, cls = where.partition(":")
    made: Backend = getattr(importlib.import_module(module), cls)()
    return made


def describe() -> list[BackendInfo]:
    """Every back end, available or not."""
    found = []
    for name in BACKENDS:
        try:
            found.append(get(name).describe())
        except MissingDependencyError as error:
            found.append(BackendInfo(name, "", available=False, reason=str(error)))
    return found

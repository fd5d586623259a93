"""Artifacts as bytes: `compile_to_iree` and `load_module`, as approx-runtime has them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from approxir.codegen.iree.compile import TIMEOUT, compile_text
from approxir.codegen.iree.declarations import DeclarationError, signature_from
from approxir.codegen.kernel import UnknownFunctionError
from approxir.nearest import nearest

if TYPE_CHECKING:
    from approxir.codegen.iree.cache import Cache
    from approxir.codegen.iree.devices import Device
    from approxir.codegen.iree.runtime import Program
    from approxir.codegen.kernel import Function

BACKEND_VARIABLE = "APPROX_BACKEND"
"""Names the back end to use where none is named, such as ``cuda`` or ``llvm-cpu``."""

DEFAULT_BACKEND = "llvm-cpu"


def compile_to_iree(
    text: str,
    backend: str | None = None,
    *,
    arch: str | None = None,
    flags: Sequence[str] = (),
    cache: bool | Cache = True,
    timeout: float | None = TIMEOUT,
) -> bytes:
    """Compile the text of a module, its approximations lowered before (`approxir.compile`).

    Args:
        text: the module, in StableHLO or other dialects that IREE takes.
        backend: ``llvm-cpu``, ``cuda``, ``vulkan-spirv``, ``rocm``, ``vmvx`` or the short names of
            `approxir.iree`; by default what ``APPROX_BACKEND`` says, else ``llvm-cpu``.
        arch: as for `approxir.iree`.
        flags: as for `approxir.iree`.
        cache: as for `approxir.iree`.
        timeout: as for `approxir.iree`, in seconds.

    Returns the bytes of a ``.vmfb`` file. Raises `CompilationError` with IREE's messages and their places in
    the text, `TargetError`, and `MissingDependencyError`.
    """
    from approxir.codegen.iree.checks import check_text

    target = _backend(backend)
    module = check_text(text)
    return compile_text(
        str(module), target, arch=arch, flags=flags, cache=cache, timeout=timeout, module=module
    )


def load_module(vmfb: bytes, backend: str | None = None, *, returns: str = "numpy") -> LoadedModule:
    """Load an artifact on a device; the result is both the pair (modules, device) and the module.

        modules, device = load_module(vmfb, backend="cpu")
        modules.module["my_kernel"](x)

        module = load_module(vmfb)
        module.my_kernel(x)

    `backend` is one of `compile_to_iree`, or a device of `approxir.iree`; by default what ``APPROX_BACKEND``
    says, else the CPU. Functions check their arguments, and return tensors as `returns` says: ``numpy``,
    ``jax`` or ``device``.

    Raises `LoadError` for what is no artifact that the device takes, `DeviceError` if there is no such
    device, and `MissingDependencyError` without IREE's runtime.
    """
    from approxir.codegen.iree.runtime import Program, check_returns

    check_returns(returns)
    if not isinstance(vmfb, bytes | bytearray | memoryview):
        raise TypeError(f"an artifact is bytes, not {type(vmfb).__name__}")
    program = Program(bytes(vmfb), _backend(backend))
    functions = Functions(program, returns)
    return LoadedModule(Modules({program.module.name: functions}), program.device)


def _backend(name: str | None) -> str:
    return name if name is not None else os.environ.get(BACKEND_VARIABLE) or DEFAULT_BACKEND


class Functions(Mapping[str, "Function"]):
    """The functions of a loaded artifact, as attributes and by their names."""

    def __init__(self, program: Program, returns: str) -> None:
        self._program = program
        self._returns = returns
        self._made: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self._make(name)
        return found

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"):
            raise AttributeError(f"a loaded module has no attribute {name!r}")
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._program.names)

    def __len__(self) -> int:
        return len(self._program.names)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in self if name.isidentifier())})

    def _make(self, name: str) -> Function:
        from approxir.codegen.iree.runtime import IreeFunction, LoadError

        if name not in self._program.names:
            close = nearest(name, self._program.names)
            hint = f"did you mean '{close}'?" if close else f"it has: {', '.join(self._program.names)}"
            raise UnknownFunctionError(f"the artifact has no function '{name}'; {hint}")
        declaration = self._program.function(name).reflection.get("iree.abi.declaration", "")
        try:
            signature = signature_from(declaration, name)
        except DeclarationError as error:
            raise LoadError(f"'{name}' cannot be called: {error}") from None
        return IreeFunction(self._program, signature, returns=self._returns)

    def __repr__(self) -> str:
        return f"<module {self._program.module.name} on {self._program.device.name}: {', '.join(self)}>"


class Modules(Mapping[str, Functions]):
    """Loaded modules as attributes and by their names; ``module`` is the first one, whatever its name."""

    def __init__(self, held: Mapping[str, Functions]) -> None:
        self._held = dict(held)

    def __getitem__(self, name: str) -> Functions:
        if name in self._held:
            return self._held[name]
        if name == "module":
            return next(iter(self._held.values()))
        raise KeyError(name)

    def __getattr__(self, name: str) -> Functions:
        if not name.startswith("__"):
            try:
                return self[name]
            except KeyError:
                pass
        raise AttributeError(f"there is no module {name!r}; there are: {', '.join(self.__dict__['_held'])}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


class LoadedModule(tuple[Modules, "Device"]):
    """The pair (modules, device), whose attributes besides are the functions of the module."""

    def __new__(cls, modules: Modules, device: Device) -> LoadedModule:
        return super().__new__(cls, (modules, device))

    @property
    def modules(self) -> Modules:
        """The loaded modules by name."""
        modules, _ = self
        return modules

    @property
    def device(self) -> Device:
        """The device on which they run."""
        _, device = self
        return device

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"):
            raise AttributeError(f"a loaded module has no attribute {name!r}")
        return self.modules.module[name]

    def __getitem__(self, key: Any) -> Any:
        return self.modules.module[key] if isinstance(key, str) else tuple.__getitem__(self, key)

    def __repr__(self) -> str:
        return repr(self.modules.module)

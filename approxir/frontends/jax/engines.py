"""What runs exported modules: the back ends of `approxir.codegen.backend`, and the interpreter."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from approxir.codegen import backend
from approxir.codegen.kernel import Kernel
from approxir.frontends.errors import FrontendError
from approxir.ir.module import Module
from approxir.nearest import did_you_mean

INTERPRETER = "interp"
"""The name of the interpreter, which runs modules without lowering them: slow, and the reference."""


class Program(Protocol):
    """A compiled function: it takes and returns NumPy arrays, in the order of the module's function."""

    def __call__(self, arrays: Sequence[Any]) -> list[Any]: ...

    def set(self, config: Mapping[str, int]) -> object: ...


def check_engine(name: str) -> None:
    """Raise `FrontendError` unless there is a back end of that name, or it is the interpreter."""
    if not isinstance(name, str) or name not in (INTERPRETER, *backend.BACKENDS):
        names = [INTERPRETER, *backend.BACKENDS]
        hint = did_you_mean(name, names) if isinstance(name, str) else None
        raise FrontendError(f"there is no back end {name!r}; {hint or 'there are: ' + ', '.join(names)}")


def load(engine: str, module: Module, function: str, live: bool, options: Mapping[str, Any]) -> Program:
    """Compile a module and load one of its functions; `options` are those of the back end's methods.

    Raises `FrontendError` for an option that neither `compile` nor `load` of the back end has.
    """
    if engine == INTERPRETER:
        _check_options(engine, options, ())
        return Interpreted(module, function)
    chosen = backend.get(engine)
    compiling, loading = (
        [name for name, parameter in inspect.signature(method).parameters.items() if parameter.kind in _NAMED]
        for method in (chosen.compile, chosen.load)
    )
    _check_options(engine, options, sorted({*compiling, *loading} - {"module", "live", "artifact"}))
    loading = [name for name in loading if name not in compiling]
    artifact = chosen.compile(
        module, live=live, **{key: value for key, value in options.items() if key not in loading}
    )
    # Back ends have options of their own, which the common interface does not name.
    loader: Callable[..., Kernel] = chosen.load
    kernel = loader(artifact, **{key: value for key, value in options.items() if key in loading})
    return Compiled(kernel[function], kernel.set)


_NAMED = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _check_options(engine: str, options: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in options:
        if name not in known:
            hint = did_you_mean(name, known) or (f"it has: {', '.join(known)}" if known else "it has none")
            raise FrontendError(f"the back end {engine} has no option {name!r}; {hint}")


@dataclass(frozen=True)
class Compiled:
    """A function that a back end compiled."""

    function: Callable[..., Any]
    configure: Callable[[Mapping[str, int]], object]

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        results = self.function(*arrays)
        if results is None:
            return []
        return list(results) if isinstance(results, tuple) else [results]

    def set(self, config: Mapping[str, int]) -> object:
        return self.configure(config)


class Interpreted:
    """A function that the interpreter runs."""

    def __init__(self, module: Module, function: str) -> None:
        self.module = module
        self.function = function
        self._interpreter: Any = None
        self._lock = threading.Lock()

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        from approxir.interp import Interpreter

        with self._lock:
            if self._interpreter is None:
                self._interpreter = Interpreter(self.module)
            return list(self._interpreter.call(self.function, *arrays))

    def set(self, config: Mapping[str, int]) -> object:
        with self._lock:
            # The interpreter keeps what it has read.
            self._interpreter = None
            return self.module.apply(config)

"""Kernels: compiled modules as objects whose functions can be called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from approxir.codegen.signature import Signature
from approxir.codegen.timing import Timing, measure
from approxir.errors import ApproxIRError
from approxir.nearest import nearest

if TYPE_CHECKING:
    import numpy as np

    from approxir.codegen.live import LiveParameters
    from approxir.passes.live import Layout


class UnknownFunctionError(ApproxIRError, AttributeError, KeyError):
    """The kernel has no function of that name."""

    def __str__(self) -> str:
        return str(self.args[0])


class NotLiveError(ApproxIRError):
    """The module was not compiled with live parameters."""


class Function(ABC):
    """A compiled function. Calling it checks the arguments against its signature first."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self.__name__ = signature.name
        self.__doc__ = str(signature)

    @property
    def name(self) -> str:
        """Its name in the module."""
        return self.signature.name

    @abstractmethod
    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call it, with arguments in order or by the names that the signature shows.

        The result is None for a function without results, a tuple for one with several. Raises
        `ArgumentError` for arguments that do not fit; nothing was called then.
        """

    def time(self, *args: Any, repeat: int = 30, warmup: int = 3, number: int | None = None) -> Timing:
        """Time calls with these arguments, checks and conversions included.

        The other arguments are those of `approxir.codegen.timing.measure`. Memory that the function writes
        to keeps what the calls before wrote.
        """
        return measure(lambda: self(*args), repeat=repeat, warmup=warmup, number=number)

    def __repr__(self) -> str:
        return f"<function {self.signature}>"


class Kernel:
    """A compiled module: its public functions as attributes, and its live parameters.

        kernel = ax.jit(module, live=True)
        kernel.set({"my_function_threshold_0": 75})
        kernel.my_function(100, data)

    A function whose name is no identifier, or one of this class, is ``kernel["name"]``.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        parameters: LiveParameters | None,
        backend: str,
        unsupported: Mapping[str, str] | None = None,
    ) -> None:
        self._functions = dict(functions)
        self._parameters = parameters
        self._backend = backend
        # Functions of the module that cannot be called, and why not.
        self._unsupported = dict(unsupported or {})

    # Functions.

    @property
    def functions(self) -> Mapping[str, Function]:
        """The functions by name."""
        return MappingProxyType(self._functions)

    @property
    def backend(self) -> str:
        """The name of the back end that compiled it."""
        return self._backend

    def __getitem__(self, name: str) -> Function:
        found = self._functions.get(name)
        if found is None:
            raise UnknownFunctionError(self._unknown(name))
        return found

    def __getattr__(self, name: str) -> Function:
        functions = self.__dict__.get("_functions", {})
        if name not in functions and name.startswith("__"):
            # Names that Python itself looks for, some of them before the kernel has any attributes.
            raise AttributeError(f"'Kernel' object has no attribute {name!r}")
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._functions

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in self._functions if name.isidentifier())})

    def _unknown(self, name: str) -> str:
        if name in self._unsupported:
            return f"'{name}' cannot be called from Python: {self._unsupported[name]}"
        close = nearest(name, self._functions)
        if close is not None:
            return f"the kernel has no function '{name}'; did you mean '{close}'?"
        return f"the kernel has no function '{name}'; it has: {', '.join(self._functions) or 'none'}"

    # Live parameters.

    def set(self, config: Mapping[str, int]) -> dict[str, int]:
        """Change live parameters by name, all or none, and return the values that were replaced.

        Nothing is compiled. Calls that run in other threads are waited for, so that each call sees one
        configuration throughout. Raises `ConfigError` for what no configuration of the module may hold,
        `NotLiveError` if the module was not compiled with ``live=True``, and `IRError` in a function that the
        module calls.
        """
        return self._live().set(config)

    @property
    def config(self) -> dict[str, int]:
        """The live parameters by name. Raises `NotLiveError`."""
        return self._live().config

    @property
    def params(self) -> np.ndarray[Any, Any]:
        """The array that the code reads: one ``int32`` for each parameter, in the order of `layout`.

        It is the memory itself. What is written to it is not checked and does not wait for calls in other
        threads; a decision that was not compiled counts as the first of those that were. Raises
        `NotLiveError`.
        """
        return self._live().array

    @property
    def layout(self) -> Layout:
        """Where each live parameter has its place, and what it may be. Raises `NotLiveError`."""
        return self._live().layout

    @property
    def is_live(self) -> bool:
        """Whether parameters can be changed."""
        return self._parameters is not None

    def _live(self) -> LiveParameters:
        if self._parameters is None:
            raise NotLiveError(
                "the parameters of this kernel are constants of its code; compile the module with live=True"
            )
        return self._parameters

    def __reduce__(self) -> Any:
        raise TypeError(
            "a kernel is code of this process, which cannot be pickled or copied; an artifact of the back "
            "end llvm-shared can: approxir.codegen.backend.get('llvm-shared').compile(module)"
        )

    def __repr__(self) -> str:
        shown = "; ".join(str(function.signature) for function in self._functions.values())
        live = " live" if self.is_live else ""
        return f"<{live.strip()}{' ' if live else ''}kernel on {self._backend}: {shown}>"

    def _repr_html_(self) -> str:
        rows = [f"<tr><td><code>{escape(str(f.signature))}</code></td></tr>" for f in self.functions.values()]
        if self._parameters is not None:
            rows += [f"<tr><td><code>{escape(n)} = {v}</code></td></tr>" for n, v in self.config.items()]
        return f"<table><tr><th>kernel on {escape(self._backend)}</th></tr>{''.join(rows)}</table>"

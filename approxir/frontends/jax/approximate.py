"""JAX functions with their approximations applied, as functions of Python again: `approximate`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, Literal, overload

from approxir.codegen.kernel import NotLiveError
from approxir.errors import ApproxIRError
from approxir.frontends.annotations import generate_annotations
from approxir.frontends.decorators import Config, checked_config, get_config, get_function_name
from approxir.frontends.errors import FrontendError
from approxir.frontends.jax.arguments import load_jax, static_positions
from approxir.frontends.jax.callbacks import call_back
from approxir.frontends.jax.engines import check_engine
from approxir.frontends.jax.programs import Programs
from approxir.ir.module import parse

Returns = Literal["jax", "numpy"]


@overload
def approximate(
    func: Callable[..., Any],
    config: Mapping[str, Any] | None = None,
    *,
    args: Sequence[Any] | None = None,
    backend: str = "llvm",
    live: bool = False,
    static_argnums: int | Iterable[int] = (),
    returns: Returns = "jax",
    **options: Any,
) -> Approximated: ...


@overload
def approximate(
    func: None = None,
    config: Mapping[str, Any] | None = None,
    *,
    args: Sequence[Any] | None = None,
    backend: str = "llvm",
    live: bool = False,
    static_argnums: int | Iterable[int] = (),
    returns: Returns = "jax",
    **options: Any,
) -> Callable[[Callable[..., Any]], Approximated]: ...


def approximate(
    func: Callable[..., Any] | None = None,
    config: Mapping[str, Any] | None = None,
    *,
    args: Sequence[Any] | None = None,
    backend: str = "llvm",
    live: bool = False,
    static_argnums: int | Iterable[int] = (),
    returns: Returns = "jax",
    **options: Any,
) -> Approximated | Callable[[Callable[..., Any]], Approximated]:
    """A function that computes what a JAX function does, with its approximations.

        fast = ax.approximate(kernel, live=True)
        fast(100, data)
        fast.set({"kernel_threshold_0": 50})

    It takes and returns the same trees of arrays. For each combination of shapes and types, and of the values
    of static arguments, the function is exported, lowered and compiled when it is first called with them.

    Args:
        func: the function; without it, the result is a decorator.
        config: the configuration, as `approxir.get_config` returns it; by default that of the function's
            knob.
        args: an example of the arguments, to compile for now instead of when it is called.
        backend: ``llvm``, ``iree``, or ``interp`` for the interpreter, which lowers nothing.
        live: keep thresholds and decisions changeable: `Approximated.set`.
        static_argnums: arguments that are part of the program; they have to be hashable.
        returns: ``jax`` for JAX's arrays, ``numpy`` for NumPy's, which saves some microseconds.
        options: further options of the back end, such as ``target="cuda"`` for IREE.

    Raises `FrontendError` for what cannot be exported, when it is compiled; what the back end raises; and
    `MissingDependencyError`.
    """
    if func is None:
        return functools.partial(
            approximate, config=config, args=args, backend=backend, live=live, static_argnums=static_argnums,
            returns=returns, **options,
        )  # fmt: skip
    made = Approximated(func, config, backend, live, static_argnums, returns, options)
    if args is not None:
        made.compile(*args)
    return made


class Approximated:
    """A JAX function with its approximations, compiled for the arguments that it is called with.

    Make it with `approxir.approximate`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        config: Mapping[str, Any] | None,
        backend: str,
        live: bool,
        static_argnums: int | Iterable[int],
        returns: Returns,
        options: Mapping[str, Any],
    ) -> None:
        if not callable(function):
            raise FrontendError(f"approximate takes a function, not {function!r:.200}")
        check_engine(backend)
        if returns not in ("jax", "numpy"):
            raise FrontendError(f"returns is 'jax' or 'numpy', not {returns!r}")
        self.function = function
        self.name = get_function_name(function)
        self.backend = backend
        self.is_live = live
        self.returns = returns
        self.options = dict(options)
        self.knobs: Config = checked_config(get_config(function) if config is None else config)
        self._static = static_argnums if isinstance(static_argnums, int) else tuple(static_argnums)
        # Its parameters are those of every program.
        self._parameters = parse(generate_annotations(self.name, self.knobs))
        self._programs = Programs(
            function,
            self.name,
            self.knobs,
            backend,
            live,
            self.options,
            self._static_positions,
            self._parameters.config,
        )
        # Attributes of the function stay with it: they may have the names of ours.
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        program, leaves = self._programs.find(self._positional(args, kwargs))
        found = program(leaves)
        jax = load_jax()
        if self.returns == "jax":
            found = jax.device_put(found)
        return jax.tree_util.tree_unflatten(program.tree, found)

    def compile(self, *args: Any, **kwargs: Any) -> Approximated:
        """Compile for arguments of these shapes and types, if that was not done yet; the object itself.

        Shapes (`jax.ShapeDtypeStruct`) do for arrays.
        """
        self._programs.find(self._positional(args, kwargs))
        return self

    # Parameters.

    @property
    def config(self) -> dict[str, int]:
        """The thresholds and decisions by name."""
        return self._parameters.config()

    def set(self, config: Mapping[str, int]) -> dict[str, int]:
        """Change thresholds and decisions by name, all or none, and return the values that were replaced.

        Nothing is compiled, and what is compiled later has them too. Raises `NotLiveError` unless the
        function was made with ``live=True``, and `ConfigError` for what the parameters may not be.
        """
        if not self.is_live:
            raise NotLiveError(
                f"the parameters of {self.name} are constants of its code; make it with "
                "ax.approximate(..., live=True)"
            )
        with self._programs.lock:
            before = self._parameters.apply(config)
            try:
                self._programs.set(config)
            except ApproxIRError:
                # Programs may have fewer choices: decisions that were not compiled.
                self._parameters.apply(before)
                self._programs.set(before)
                raise
            return before

    # What was made of it.

    @property
    def mlir(self) -> str:
        """The annotated module of the program that was compiled last. Raises `FrontendError` before that."""
        if self._programs.last is None:
            raise FrontendError(f"{self.name} was not compiled yet; call it, or compile(*args)")
        return self._programs.last.text

    @property
    def programs(self) -> int:
        """How many programs there are."""
        return len(self._programs)

    def as_jax(self) -> Callable[..., Any]:
        """The function for use inside JAX's transformations: `jax.jit`, `jax.vmap`, `jax.lax.scan`.

        JAX calls back into Python to run it (`jax.pure_callback`), so that it has no gradient. The program is
        chosen by the values that it is called with, as it is elsewhere; but the shapes and types of results
        must be known when it is traced. Errors of a program are raised as JAX's own error for callbacks.
        """

        @functools.wraps(self.function)
        def call(*args: Any, **kwargs: Any) -> Any:
            jax = load_jax()
            given = self._positional(args, kwargs)
            if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree_util.tree_leaves(given)):
                return call_back(self._programs, given)
            return jax.device_put(self(*given))

        return call

    def __repr__(self) -> str:
        live = "live, " if self.is_live else ""
        return f"<approximated {self.name}, {live}{self.backend}, {self.programs} programs>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><code>{escape(name)} = {value}</code></td></tr>" for name, value in self.config.items()
        )
        return f"<table><tr><th>{escape(repr(self)[1:-1])}</th></tr>{rows}</table>"

    # Parts.

    def _positional(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """All arguments by position. Raises `FrontendError` for those that have none."""
        if not kwargs:
            return args
        try:
            bound = inspect.signature(self.function).bind(*args, **kwargs)
        except TypeError as error:
            raise FrontendError(f"{self.name} cannot be called so: {error}") from None
        if bound.kwargs:
            raise FrontendError(
                f"{self.name} has the argument {next(iter(bound.kwargs))}, which can only be given by name; "
                "arguments of exported functions have positions"
            )
        return bound.args

    def _static_positions(self, count: int) -> frozenset[int]:
        return static_positions(self._static, count, self.name)

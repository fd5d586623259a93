"""Modules of JAX functions, with the helpers that their knobs need and with annotations."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from approxir.frontends.decorators import checked_config, get_config, get_function_name
from approxir.frontends.errors import FixedArgumentWarning, FrontendError
from approxir.frontends.jax.exporter import Exporter, check_arguments

Entry = tuple[Callable[..., Any], Sequence[Any]]
ConfiguredEntry = tuple[Callable[..., Any], Sequence[Any], Mapping[str, Any] | None]


def export_to_mlir(
    func: Callable[..., Any],
    *example_args: Any,
    static_argnums: int | Iterable[int] = (),
    locations: bool = False,
) -> str:
    """A function as a StableHLO module: traced by JAX with the shapes and types of the example's arguments.

    The function is called there as in Python. If it has a knob (`approxir.Knob`), the functions that this
    names are in the module as well; annotations are not: `approxir.inject_annotations` puts them in, and
    `export_with_config` does both.

    Args:
        func: a function of arrays, numbers, and trees of them; it may be jitted already.
        example_args: arrays, `jax.ShapeDtypeStruct`, numbers, or trees of them. The exported function takes
            the leaves of these, in order.
        static_argnums: arguments that become part of the exported function, instead of its arguments.
        locations: keep the places in the Python sources that operations come from.

    An integer that the function uses as a size, as in ``data[:n]``, is an argument of the exported function
    like any other, whose value must be at least 1. Where JAX cannot leave it open, the example's value is
    built in, with a `FixedArgumentWarning`. There is one as well where the function does something
    else for some size, by ``if n == 0`` or ``data[-n:]``, which the exported function does not do.

    Raises `FrontendError`, a `ValueError`, when JAX cannot trace the function with such arguments, and
    `MissingDependencyError` without JAX.
    """
    name = get_function_name(func)
    exporter = Exporter(locations, checks_sizes=True)
    exporter.add(name, func, example_args, get_config(func), static_argnums=static_argnums)
    return _finished(exporter)


def export_module(
    functions: Mapping[str, Entry] | Iterable[Entry],
    module_name: str | None = None,
    *,
    locations: bool = False,
) -> str:
    """Several functions as one module: ``{"name": (function, example_args)}``, or a list of such pairs.

    Functions of a list have the names that Python has for them. The functions that knobs name are added where
    they are not listed, and, as JAX's own helpers, renamed where another function has their name. Raises as
    `export_to_mlir` does.
    """
    exporter = Exporter(locations, checks_sizes=True)
    for name, function, args in _entries(functions):
        exporter.add(name, function, args, get_config(function))
    return _finished(exporter, module_name)


def export_with_config(
    func: Callable[..., Any],
    example_args: Sequence[Any],
    config: Mapping[str, Any] | None,
    func_name: str | None = None,
    *,
    static_argnums: int | Iterable[int] = (),
    locations: bool = False,
) -> str:
    """A function as a module with the functions that a configuration names, and annotations.

    The configuration is one of `approxir.get_config`, or ``{"decision_tree": ..., "safety_contract": ...,
    "static_transform": ...}`` with any of the entries; without it, the module has no annotations. Shapes for
    the checker and the recovering function are inferred. Otherwise as `export_to_mlir`.
    """
    check_arguments(example_args, "example_args")
    name = get_function_name(func) if func_name is None else func_name
    exporter = Exporter(locations, checks_sizes=True)
    exporter.add(
        name, func, example_args, checked_config(config), annotate=True, static_argnums=static_argnums
    )
    return _finished(exporter)


def export_module_with_configs(
    functions: Mapping[str, ConfiguredEntry], module_name: str | None = None, *, locations: bool = False
) -> str:
    """Several functions as one module with annotations: ``{"name": (function, example_args, config)}``.

    Functions that a configuration names are added where they are not listed; listed ones are converted as
    `export_with_config` does. Raises as `export_to_mlir` does.
    """
    exporter = Exporter(locations, checks_sizes=True)
    if not isinstance(functions, Mapping):
        raise FrontendError(f"functions must be a dictionary by name, not {type(functions).__name__}")
    for name, entry in functions.items():
        if not isinstance(entry, tuple | list) or len(entry) not in (2, 3):
            raise FrontendError(f"{name!r} must be a function, its arguments and a configuration or None")
        config = entry[2] if len(entry) == 3 else None
        exporter.add(name, entry[0], entry[1], checked_config(config), annotate=True)
    return _finished(exporter, module_name)


def _finished(exporter: Exporter, module_name: str | None = None) -> str:
    """The text of the module; the caller of who calls this gets the warnings about integers."""
    text = str(exporter.module(module_name))
    for message in exporter.warnings:
        warnings.warn(message, FixedArgumentWarning, stacklevel=3)
    return text


def _entries(functions: object) -> list[tuple[str, Callable[..., Any], Sequence[Any]]]:
    """The functions of `export_module`, with their names and arguments."""
    shape = "a function and a tuple of its arguments"
    found = []
    if isinstance(functions, Mapping):
        for name, entry in functions.items():
            if not isinstance(entry, tuple | list) or len(entry) != 2:
                raise FrontendError(f"{name!r} must be {shape}, not {entry!r:.200}")
            found.append((name, entry[0], entry[1]))
        return found
    if not isinstance(functions, Iterable) or isinstance(functions, str):
        raise FrontendError(f"functions must be a dictionary or a list, not {functions!r:.200}")
    for entry in functions:
        if not isinstance(entry, tuple | list) or len(entry) != 2 or not callable(entry[0]):
            raise FrontendError(f"each entry must be {shape}, not {entry!r:.200}")
        found.append((get_function_name(entry[0]), entry[0], entry[1]))
    return found

"""Collecting functions, lowering them with the helpers that they need, and merging all into one module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from approxir.frontends.annotations import Naming, annotations_text
from approxir.frontends.decorators import Config, checked_config, collect_helper_functions
from approxir.frontends.errors import FrontendError
from approxir.frontends.inject import inject
from approxir.frontends.jax.arguments import Argument, flat_indices, read_arguments
from approxir.frontends.jax.helpers import Helper, helpers_of, state_positions
from approxir.frontends.jax.lowering import WAYS, Lowered, Sizes, Way, lower
from approxir.frontends.jax.merging import Part, merge
from approxir.frontends.jax.special_sizes import special_sizes
from approxir.ir.module import Module, parse


@dataclass
class Exported:
    """A function of a module: how it was called, and what became of it."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Argument, ...]
    config: Config
    annotate: bool
    sizes: Sizes
    lowered: Lowered | None = None


@dataclass
class Exporter:
    """Collects functions, and makes one module of them.

    `ways` are the ways in which integers were traced, by the name of the argument, the most special one where
    several functions take it; those given at first are prescribed. `warnings` tell of integers that are built
    in, and, with `checks_sizes`, of sizes for which a function does something else than what is
    exported.
    """

    locations: bool = False
    checks_sizes: bool = False
    ways: Mapping[str, Way] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    functions: dict[str, Exported] = field(default_factory=dict)

    def add(
        self,
        name: str,
        function: Callable[..., Any],
        args: Sequence[Any],
        config: Mapping[str, Any] | None,
        *,
        annotate: bool = False,
        static_argnums: int | Iterable[int] = (),
    ) -> None:
        """Add a function. Raises `FrontendError`."""
        if not isinstance(name, str) or not name:
            raise FrontendError(f"the name of a function must be a string that is not empty, not {name!r}")
        if name in self.functions:
            raise FrontendError(f"two functions are to be called {name!r}; give each a name of its own")
        if not callable(function):
            raise FrontendError(f"{name} must be a function, not {function!r:.200}")
        check_arguments(args, f"the arguments of {name}")
        arguments = read_arguments(function, args, static_argnums)
        self.functions[name] = Exported(
            name, function, arguments, checked_config(config), annotate, Sizes.beside(arguments)
        )

    def module(self, module_name: str | None = None) -> Module:
        """The module. Raises `FrontendError` when JAX cannot trace one of the functions."""
        if module_name is not None and (not isinstance(module_name, str) or not module_name):
            raise FrontendError(
                f"the name of a module must be a string that is not empty, not {module_name!r}"
            )
        if any(_names_a_loop(one.config) for one in self.functions.values()):
            self.locations = True
        plan = _Plan(self, self.ways)
        for one in self.functions.values():
            plan.add_helpers(one)
        for one in self.functions.values():
            plan.lower(one)
        merged = merge(plan.parts(), module_name)
        self.ways = plan.ways
        texts = [plan.annotations(one) for one in self.functions.values() if one.annotate]
        # Annotations are put at the start, so that those of the first function come last.
        for text in reversed([text for text in texts if text]):
            inject(merged, parse(text, file="<annotations>"))
        return merged


class _Plan:
    """The parts of a module: the listed functions, and the helpers with the names that they get."""

    def __init__(self, exporter: Exporter, ways: Mapping[str, Way]) -> None:
        self.exporter = exporter
        self.prescribed = ways
        self.ways: dict[str, Way] = dict(ways)
        self.listed = exporter.functions
        self.helpers: dict[str, Lowered] = {}
        self.names: dict[tuple[str, str], str] = {}
        self._known: dict[tuple[int, str], str] = {}

    def lower(self, one: Exported, helper: Helper | None = None) -> Lowered:
        """Lower a listed function, once; as a helper of another one, what it returns is converted."""
        if one.lowered is None:
            finish = None if helper is None else helper.finish
            one.lowered = self._lower(one.name, one.function, one.arguments, one.sizes, finish)
        return one.lowered

    def _lower(
        self,
        name: str,
        function: Callable[..., Any],
        arguments: Sequence[Argument],
        sizes: Sizes,
        finish: Callable[[Any], Any] | None,
    ) -> Lowered:
        locations, ways = self.exporter.locations, self.prescribed
        lowered = lower(function, arguments, name, sizes, finish=finish, locations=locations, ways=ways)
        for taker, way in lowered.ways.items():
            self.ways[taker] = max(self.ways.get(taker, "value"), way, key=WAYS.index)
        fixed = [argument for argument in arguments if lowered.ways.get(argument.name) == "fixed"]
        if fixed:
            shown = ", ".join(f"{argument.name}={argument.number}" for argument in fixed)
            self.exporter.warnings.append(
                f"{name} uses an integer in a way that JAX cannot leave open; {shown} is built into the "
                "exported function, whatever it is called with"
            )
        if self.exporter.checks_sizes and "size" in lowered.ways.values():
            for taker, size in special_sizes(function, arguments, name, sizes, lowered, finish):
                why = "that sizes are at least 1" if size == 0 else "that no size is equal to a number"
                self.exporter.warnings.append(
                    f"{name} does something else for {taker}={size} than for other sizes; the exported "
                    f"function does not, because JAX assumes {why}"
                )
        return lowered

    def add_helpers(self, one: Exported) -> None:
        """Lower the helpers that the configuration of a function names."""
        if not any(one.config.values()):
            return
        lowered = self.lower(one)
        for helper in helpers_of(one.name, one.config, one.arguments, lowered):
            listed = self.listed.get(helper.name)
            same = listed is not None and (helper.role == "kernel" or _same(listed.function, helper.function))
            if listed is not None and listed is not one and same:
                self.lower(listed, helper)
                self.names[one.name, helper.role] = helper.name
                continue
            made = self._lower(helper.name, helper.function, helper.arguments, one.sizes, helper.finish)
            # The same helper of several functions is there once, if it is the same code.
            key = (id(helper.function), str(made.module))
            name = self._known.get(key) if helper.role != "kernel" else None
            if name is None:
                name = helper.name
                if helper.role != "kernel":
                    name = self._free(name)
                    self._known[key] = name
                if name != helper.name and not one.annotate:
                    raise FrontendError(
                        f"{one.name} needs a helper {helper.name}, but another function has that name; "
                        "export_with_config and export_module_with_configs give it another one"
                    )
                self.helpers[name] = made
            self.names[one.name, helper.role] = name

    def _free(self, wish: str) -> str:
        """A name for a helper that no other function has."""
        taken = {*self.listed, *self.helpers}
        for one in self.listed.values():
            taken.update(substitutes(one))
        name, number = wish, 0
        while name in taken:
            name, number = f"{wish}_{number}", number + 1
        return name

    def parts(self) -> list[Part]:
        """What the module is merged from."""
        found = []
        for name, one in self.listed.items():
            assert one.lowered is not None
            found.append(Part(name, one.lowered.module))
        return found + [Part(name, made.module, private=True) for name, made in self.helpers.items()]

    def annotations(self, one: Exported) -> str:
        """The annotations of a function, with the names and positions that the module has."""
        roles = ("state_function", "checker", "recover")
        names = {role: self.names[one.name, role] for role in roles if (one.name, role) in self.names}
        positions = state_positions(one.name, one.config, len(one.arguments))
        return annotations_text(one.name, one.config, Naming(names, flat_indices(one.arguments, positions)))


def _names_a_loop(config: Config) -> bool:
    """Whether a transform is to work on a loop that is named by its location."""
    held = (config.get("decision_tree"), config.get("static_transform"))
    return any(isinstance(one.transform_options.get("loop"), str) for one in held if one is not None)


def substitutes(one: Exported) -> list[str]:
    """The names that the substitutes of a function have."""
    prefix = f"approx_{one.name}_"
    return [name for name, _ in collect_helper_functions(one.name, one.config) if name.startswith(prefix)]


def _same(left: Callable[..., Any], right: Callable[..., Any]) -> bool:
    """Whether two functions are one, or wrap the same one."""
    return _unwrapped(left) is _unwrapped(right)


def _unwrapped(function: Any) -> Any:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def check_arguments(args: object, what: str) -> None:
    """Raise `FrontendError` unless these are arguments by position."""
    if not isinstance(args, tuple | list):
        raise FrontendError(f"{what} must be a tuple, one item for each argument, not {args!r:.200}")

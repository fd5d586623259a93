"""The programs that a function is compiled to: for each combination of shapes, types and built-in values."""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from approxir.codegen.mlir_process import UpstreamError
from approxir.errors import CompilationError
from approxir.frontends.decorators import Config
from approxir.frontends.errors import FixedArgumentWarning, FrontendError
from approxir.frontends.jax.arguments import Argument, abstract, load_jax, read_arguments
from approxir.frontends.jax.engines import INTERPRETER, Program, load
from approxir.frontends.jax.exporter import Exporter
from approxir.frontends.jax.lowering import Way, infer
from approxir.ir.module import parse

MOST_PROGRAMS = 128
"""How many programs of one function are kept; the ones that were not used for longest are given up."""


@dataclass(frozen=True)
class Compiled:
    """A program: `run` takes and returns arrays, `results` are what it returns, put together by `tree`."""

    run: Program
    text: str
    results: tuple[Any, ...]
    tree: Any
    dtypes: tuple[Any, ...]

    def __call__(self, leaves: Sequence[Any]) -> list[Any]:
        """What it computes of the leaves of the arguments, as NumPy arrays of the types that JAX gives."""
        import numpy as np

        try:
            given = [np.asarray(leaf, dtype=kind) for leaf, kind in zip(leaves, self.dtypes, strict=True)]
        except OverflowError:
            leaf, bits = next(
                (leaf, kind.itemsize * 8)
                for leaf, kind in zip(leaves, self.dtypes, strict=True)
                if isinstance(leaf, int) and kind.kind == "i" and leaf.bit_length() >= kind.itemsize * 8
            )
            raise FrontendError(f"{leaf} does not fit into {bits} bits") from None
        except TypeError:
            if not any(isinstance(leaf, load_jax().ShapeDtypeStruct) for leaf in leaves):
                raise
            raise FrontendError(
                "a call needs arrays, not their shapes (jax.ShapeDtypeStruct), which compile(*args) takes"
            ) from None
        found = []
        for value, result in zip(self.run(given), self.results, strict=True):
            array = np.asarray(value)
            shape = result.shape
            if array.shape != shape and all(isinstance(size, int) for size in shape):
                array = array.reshape(shape)
            found.append(array if array.dtype == result.dtype else array.astype(result.dtype))
        return found


@dataclass
class _Family:
    """The programs for arguments of the same shapes and types.

    `fixed` are the positions of integers whose values are built into programs, `measured` of those that
    programs take as sizes. Sizes below 1 are built in as well: JAX assumes that there are none. So are those
    that the function compares a size with, `compared`, because for JAX no size is equal to a number.
    """

    fixed: tuple[int, ...]
    measured: tuple[int, ...]
    compared: tuple[frozenset[int], ...]
    programs: OrderedDict[tuple[tuple[int, int], ...], Compiled] = field(default_factory=OrderedDict)

    def built_in(self, args: Sequence[Any]) -> tuple[tuple[int, int], ...]:
        """The integers that are built into the program for these arguments, with their positions."""
        if not self.fixed and not self.measured:
            return ()
        fixed = [(place, int(args[place])) for place in self.fixed]
        special = [
            (place, size)
            for place, compared in zip(self.measured, self.compared, strict=True)
            if (size := _number(args[place])) is not None and (size < 1 or size in compared)
        ]
        return (*fixed, *special)


class Programs:
    """What a function is compiled to, made when it is first needed."""

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        config: Config,
        backend: str,
        live: bool,
        options: Mapping[str, Any],
        static: Callable[[int], frozenset[int]],
        parameters: Callable[[], Mapping[str, int]],
    ) -> None:
        self.function = function
        self.name = name
        self.config = config
        self.backend = backend
        self.live = live
        self.options = options
        self.static = static
        self.parameters = parameters
        self.last: Compiled | None = None
        self._told = False
        self.lock = threading.RLock()
        self._families: OrderedDict[Any, _Family] = OrderedDict()
        # Families by what is quickly known of the arguments.
        self._known: dict[Any, _Family] = {}

    def __len__(self) -> int:
        return sum(len(family.programs) for family in self._families.values())

    def set(self, config: Mapping[str, int]) -> None:
        """Set parameters in every program."""
        for family in self._families.values():
            for program in family.programs.values():
                program.run.set(config)

    def find(self, args: Sequence[Any]) -> tuple[Compiled, list[Any]]:
        """The program for these arguments, and their leaves."""
        jax = load_jax()
        static = self.static(len(args))
        leaves, tree = jax.tree_util.tree_flatten(
            [value for place, value in enumerate(args) if place not in static]
        )
        built_in = tuple([_hashable(args[place], self.name) for place in sorted(static)]) if static else ()
        quick = (jax.config.jax_enable_x64, len(args), tree, tuple(map(_quickly, leaves)), built_in)
        family = self._known.get(quick)
        if family is not None:
            program = family.programs.get(family.built_in(args))
            if program is not None:
                return program, leaves
        with self.lock:
            if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
                raise FrontendError(
                    f"{self.name} is called while JAX traces it, with arrays that have no values yet; "
                    "use what its method as_jax() returns"
                )
            return self._make(quick, args, static), leaves

    def infer(self, args: Sequence[Any]) -> tuple[Any, Any]:
        """The shapes and types of what the function returns for these arguments, and their tree.

        Nothing is compiled. Integers whose values are known may decide. Raises `FrontendError`.
        """
        return infer(self.function, read_arguments(self.function, args, self.static(len(args))), self.name)

    def _make(self, quick: Any, args: Sequence[Any], static: frozenset[int]) -> Compiled:
        arguments = read_arguments(self.function, args, static)
        key = (load_jax().config.jax_enable_x64, *[_key(argument) for argument in arguments])
        family, complaint = self._families.get(key), ""
        if family is None:
            family, program, complaint = self._open(arguments)
            self._families[key] = family
            values = family.built_in(args)
            if program is not None and len(values) == len(family.fixed):
                self._keep(family, values, program)
        self._families.move_to_end(key)
        if len(self._known) > 8 * MOST_PROGRAMS:
            self._known.clear()
        self._known[quick] = family
        values = family.built_in(args)
        found = family.programs.get(values)
        if found is None:
            ways: dict[str, Way] = {arguments[place].name: "fixed" for place, _ in values}
            found = self._compile(*self._exported(arguments, ways))
            self._keep(family, values, found)
            if complaint and not self._told:
                self._told = True
                warnings.warn(complaint, FixedArgumentWarning, stacklevel=4)
        family.programs.move_to_end(values)
        return found

    def _keep(self, family: _Family, values: tuple[tuple[int, int], ...], program: Compiled) -> None:
        family.programs[values] = program
        self.last = program
        while len(self) > MOST_PROGRAMS:
            oldest = next(held for held in self._families.values() if held.programs)
            oldest.programs.popitem(last=False)

    def _open(self, arguments: Sequence[Argument]) -> tuple[_Family, Compiled | None, str]:
        """What is built into programs for such arguments, and the one with as little as possible built in.

        There is none where the back end cannot compile it while sizes are left open; the last result then
        says why.
        """
        exporter, text = self._exported(arguments, {})
        exported = exporter.functions[self.name]
        names = [argument.name for argument in arguments]
        # Besides the arguments, a checker has results, which may be sizes as well.
        fixed = [place for place, name in enumerate(names) if exporter.ways.get(name) == "fixed"]
        measured = [place for place, name in enumerate(names) if exporter.ways.get(name) == "size"]
        compared = [frozenset(exported.sizes.compared.get(names[place], ())) for place in measured]
        family = _Family(tuple(fixed), tuple(measured), tuple(compared))
        try:
            return family, self._compile(exporter, text), ""
        except (CompilationError, UpstreamError) as error:
            if not measured or any(arguments[place].number is None for place in measured):
                raise
            sizes = " and ".join(names[place] for place in measured)
            shown = next((found.message for found in getattr(error, "diagnostics", ())), str(error))
            complaint = (
                f"{self.backend} cannot compile {self.name} while {sizes} may be any size ({shown:.200}); "
                "there is a program for each value"
            )
            return _Family(tuple(sorted([*fixed, *measured])), (), ()), None, complaint

    def _exported(self, arguments: Sequence[Argument], ways: Mapping[str, Way]) -> tuple[Exporter, str]:
        """The function with its helpers, some integers being built in."""
        exporter = Exporter(ways=ways)
        static = [place for place, argument in enumerate(arguments) if argument.static]
        values = [argument.value for argument in arguments]
        exporter.add(self.name, self.function, values, self.config, annotate=True, static_argnums=static)
        return exporter, str(exporter.module())

    def _compile(self, exporter: Exporter, text: str) -> Compiled:
        module = parse(text, file=f"<{self.name}>")
        exported = exporter.functions[self.name]
        lowered = exported.lowered
        assert lowered is not None
        run = load(self.backend, module, self.name, self.live, self.options)
        if self.live or self.backend == INTERPRETER:
            run.set(self.parameters())
        dtypes = [abstract(leaf).dtype for argument in exported.arguments for leaf in argument.leaves]
        return Compiled(run, text, lowered.results, lowered.tree, tuple(dtypes))


def _quickly(leaf: Any) -> Any:
    """What is quickly known of a leaf, and tells what it is for JAX; not the values of numbers."""
    kind = type(leaf)
    if kind in (bool, int, float, complex):
        return kind
    shape, dtype = getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
    if shape is None or dtype is None:
        raise FrontendError(
            f"{leaf!r:.100} is neither an array nor a number; name the argument in static_argnums"
        )
    return kind, shape, dtype, getattr(leaf, "weak_type", False)


def _key(argument: Argument) -> Any:
    """What programs depend on."""
    if argument.static:
        return type(argument.value), argument.value
    kinds = [abstract(leaf) for leaf in argument.leaves]
    # An integer whose value is known may be built in.
    known = argument.number is not None
    shapes = [(kind.shape, kind.dtype, bool(getattr(kind, "weak_type", False))) for kind in kinds]
    return argument.tree, known, tuple(shapes)


def _hashable(value: Any, name: str) -> Any:
    try:
        hash(value)
    except TypeError:
        raise FrontendError(
            f"the static arguments of {name} must be hashable, which {value!r:.100} is not"
        ) from None
    return type(value), value


def _number(value: Any) -> int | None:
    """An integer argument; None where only its type is known."""
    return None if isinstance(value, load_jax().ShapeDtypeStruct) else int(value)

"""One Python function to one module: traced by JAX, lowered to StableHLO, its arguments in Python's order.

An integer that the function uses as a size cannot be an array to JAX. Such functions are traced in other
ways, the first that works:

* ``value``: the integer is an array of rank 0, as every number is;
* ``size``: it is a dimension of shape polymorphism; JAX hands its value to the lowered function, which then
  has shapes that are known at run time;
* ``fixed``: it is what the example says. The exported function still takes it as an argument, for the state.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from approxir.errors import MissingDependencyError
from approxir.frontends.errors import FrontendError
from approxir.frontends.jax.arguments import Argument, abstract, flat_types, load_jax
from approxir.frontends.jax.dynamic_slices import slices_for_gathers
from approxir.frontends.jax.loops import tidy_loops
from approxir.frontends.jax.signatures import Place, give_signature, inline_only_call
from approxir.ir.module import Module, parse
from approxir.values import StringAttr

if TYPE_CHECKING:
    from approxir.ir.operation import Operation

Way = Literal["value", "size", "fixed"]
WAYS: tuple[Way, ...] = ("value", "size", "fixed")
"""The ways, the most general one first."""

MAIN = "main"
_CALLBACKS = ("xla_ffi_python_", "xla_python_")
"""What JAX calls to run Python begins so, now and in its older releases."""

_MOST_MIXED = 4


@dataclass
class Sizes:
    """The dimensions that stand for integer arguments, the same in all functions of one export.

    `compared` are the numbers that a function compared an argument with; to JAX, no dimension equals one.
    """

    scope: Any = None
    taken: set[str] = field(default_factory=set)
    dimensions: dict[str, Any] = field(default_factory=dict)
    compared: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def beside(cls, arguments: Sequence[Argument]) -> Sizes:
        """Dimensions that can be used together with those in the shapes of some arguments."""
        found = cls()
        for kind in flat_types(arguments):
            for size in kind.shape:
                if not isinstance(size, int):
                    found.scope = size.scope
                    found.taken.update(re.findall(r"[^\W\d]\w*", str(size)))
        return found

    def dimension(self, argument: Argument) -> Any:
        """The dimension for an argument, by its name."""
        held = self.dimensions.get(argument.name)
        if held is None:
            name = argument.name if argument.name.isascii() else f"size_{len(self.dimensions)}"
            while name in self.taken:
                name += "_"
            options = {} if self.scope is None else {"scope": self.scope}
            (held,) = _export().symbolic_shape(name, **options)
            self.scope = held.scope
            self.taken.add(name)
            self.dimensions[argument.name] = held
        return held

    def watched(self, argument: Argument, dimension: Any) -> Any:
        """A dimension to hand to a function in place of an argument, which keeps what it is compared with."""
        seen = self.compared.setdefault(argument.name, set())
        made = copy.copy(dimension)
        try:
            made.__class__ = _watching(type(dimension), seen, dimension)
        except TypeError:
            # Another release of JAX may have dimensions whose class is fixed.
            return dimension
        return made

    def argument_of(self, symbol: str) -> str | None:
        """The name of the argument that a dimension stands for."""
        return next((name for name, held in self.dimensions.items() if str(held) == symbol), None)


def _watching(kind: Any, seen: set[int], plain: Any) -> Any:
    """A class of dimensions that puts the integers that they are compared with into a set."""

    class Watched(kind):  # type: ignore[misc]
        __slots__ = ()
        __hash__ = kind.__hash__

        def __eq__(self, other: object) -> bool:
            if isinstance(other, int):
                seen.add(other)
            return bool(kind.__eq__(self, other))

        def __ne__(self, other: object) -> bool:
            return not self == other

        @property
        def dtype(self) -> Any:
            return load_jax().numpy.asarray(plain).dtype

        def __jax_array__(self) -> Any:
            return load_jax().numpy.asarray(plain)

    return Watched


def _export() -> Any:
    """JAX's shape polymorphism. Raises `MissingDependencyError`."""
    try:
        from jax import export
    except ImportError as error:
        raise MissingDependencyError(
            f"sizes that are arguments need jax.export, which cannot be imported: {error}"
        ) from error
    return export


@dataclass(frozen=True)
class Lowered:
    """A function as StableHLO: `module` holds it as ``main``, with the private functions that it calls.

    `results` are the shapes and types of what it returns, put together by `tree`. `ways` says how integers
    were traced, by the name of the argument.
    """

    module: Module
    results: tuple[Any, ...]
    tree: Any
    ways: Mapping[str, Way]

    @property
    def function(self) -> Operation:
        """The function itself."""
        return self.module.symbols[MAIN]


def lower(
    function: Callable[..., Any],
    arguments: Sequence[Argument],
    name: str,
    sizes: Sizes,
    *,
    finish: Callable[[Any], Any] | None = None,
    locations: bool = False,
    ways: Mapping[str, Way] | None = None,
) -> Lowered:
    """Trace and lower a function with the shapes of these arguments.

    `finish` is applied to what the function returns, as part of the traced program. With `locations`,
    operations keep the places in Python's sources that they come from. `ways` fixes how some of the integers
    are traced.

    Raises `FrontendError` when JAX cannot trace or lower the function in any way.
    """
    first: Exception | None = None
    for attempt in _attempts(arguments, ways or {}):
        try:
            lowered, results = _stage(function, arguments, name, attempt, sizes, finish)
        except MissingDependencyError:
            raise
        except Exception as error:
            # Tracing runs the user's code, which may raise anything when an integer is an array. What is
            # raised when it is one is what counts, unless another way works.
            first = first or error
            continue
        made = _module(lowered, results, arguments, attempt, sizes, locations, name)
        if made is not None:
            if "size" in attempt.values():
                # JAX does not take watched dimensions everywhere; what was seen until then counts.
                with contextlib.suppress(Exception):
                    trace(function, arguments, name, attempt, sizes, finish, watch=True)
            return made
    if first is None:
        shown = ", ".join(_shown(argument) for argument in arguments)
        raise FrontendError(f"{name} uses ({shown}) in a way that is known at run time only")
    refused = _refused(first, arguments, name)
    raise refused from (None if refused is first else first)


def infer(function: Callable[..., Any], arguments: Sequence[Argument], name: str) -> tuple[Any, Any]:
    """The shapes and types of what a function returns, and how they are put together, all integers that are
    known being what they are.

    Raises `FrontendError` when JAX cannot trace it so.
    """
    ways: dict[str, Way] = {
        argument.name: "value" if argument.number is None else "fixed"
        for argument in arguments
        if argument.is_integer
    }
    try:
        staged = trace(function, arguments, name, ways, Sizes.beside(arguments))
    except Exception as error:
        # Tracing runs the user's code, which may raise anything.
        refused = _refused(error, arguments, name)
        raise refused from (None if refused is error else error)
    results, tree = load_jax().tree_util.tree_flatten(staged.out_info)
    return tuple(results), tree


def _refused(error: Exception, arguments: Sequence[Argument], name: str) -> FrontendError:
    """What to raise for what tracing a function raised."""
    if isinstance(error, FrontendError):
        return error
    shown = ", ".join(_shown(argument) for argument in arguments)
    message = str(error).split("\n")[0][:500]
    return FrontendError(
        f"JAX cannot export {name} with the arguments ({shown}): {type(error).__name__}: {message}"
    )


def _attempts(arguments: Sequence[Argument], ways: Mapping[str, Way]) -> Iterator[dict[str, Way]]:
    """The ways to trace the integers, the most general ones first."""
    choices: list[tuple[Way, ...]] = []
    integers = [argument for argument in arguments if argument.is_integer]
    for argument in integers:
        if argument.name in ways:
            choices.append((ways[argument.name],))
        elif argument.number is None:
            choices.append(("value", "size"))
        else:
            choices.append(("value", "size", "fixed"))
    names = [argument.name for argument in integers]
    cost = {"value": 0, "size": 1, "fixed": 1 + _MOST_MIXED}
    if sum(len(each) > 1 for each in choices) <= _MOST_MIXED:
        mixed: list[tuple[Way, ...]] = list(itertools.product(*choices))
    else:
        mixed = [tuple(each[min(number, len(each) - 1)] for each in choices) for number in range(3)]
    for chosen in sorted(mixed, key=lambda way: sum(cost[one] for one in way)):
        yield dict(zip(names, chosen, strict=True))


def _stage(
    function: Callable[..., Any],
    arguments: Sequence[Argument],
    name: str,
    ways: Mapping[str, Way],
    sizes: Sizes,
    finish: Callable[[Any], Any] | None,
) -> tuple[Any, Any]:
    """What JAX makes of the function (`jax.stages.Lowered`), and what it returns, as shapes."""
    staged = trace(function, arguments, name, ways, sizes, finish)
    return staged.lower(lowering_platforms=("cpu",)), staged.out_info


def trace(
    function: Callable[..., Any],
    arguments: Sequence[Argument],
    name: str,
    ways: Mapping[str, Way],
    sizes: Sizes,
    finish: Callable[[Any], Any] | None = None,
    *,
    watch: bool = False,
) -> Any:
    """What JAX sees the function do (`jax.stages.Traced`); to `watch` it fills `Sizes.compared`."""
    jax = load_jax()
    measured = [argument for argument in arguments if ways.get(argument.name) == "size"]
    given = [argument for argument in arguments if not argument.static and ways.get(argument.name) != "size"]

    def traced(probes: list[Any], values: list[list[Any]]) -> Any:
        known = {
            a.name: sizes.watched(a, probe.shape[0]) if watch else probe.shape[0]
            for a, probe in zip(measured, probes, strict=True)
        }
        for argument, leaves in zip(given, values, strict=True):
            fixed = ways.get(argument.name) == "fixed"
            known[argument.name] = (
                argument.number if fixed else jax.tree_util.tree_unflatten(argument.tree, leaves)
            )
        values_in_order = [a.value if a.static else known[a.name] for a in arguments]
        result = function(*values_in_order)
        return result if finish is None else finish(result)

    # JAX hands the value of a dimension to the lowered function; the array that has it is dropped.
    probes = [jax.ShapeDtypeStruct((sizes.dimension(argument),), "float32") for argument in measured]
    leaves = [list(argument.leaves) for argument in given]
    # Locations begin with it.
    traced.__name__ = name
    return jax.jit(traced, keep_unused=True).trace(probes, leaves)


def _module(
    lowered: Any,
    returned: Any,
    arguments: Sequence[Argument],
    ways: Mapping[str, Way],
    sizes: Sizes,
    locations: bool,
    name: str,
) -> Lowered | None:
    """The function with its arguments in order; None where it has gathers that no engine runs."""
    text = lowered.compiler_ir("stablehlo").operation.get_asm(
        large_elements_limit=None, enable_debug_info=locations, use_local_scope=True
    )
    module = parse(text, file="<jax>")
    if _calls(module, _CALLBACKS):
        raise FrontendError(
            f"{name} calls back into Python (jax.pure_callback, jax.debug.print, or what as_jax() of an "
            "approximated function returns), which no module can do; call something else in it"
        )
    inline_only_call(module, MAIN)
    tidy_loops(module, MAIN)
    measured = sum(way == "size" for way in ways.values())
    give_signature(module, MAIN, list(_places(arguments, ways, measured)), sizes.argument_of)
    if (measured and not slices_for_gathers(module)) or _calls(module, "stablehlo."):
        return None
    results, tree = load_jax().tree_util.tree_flatten(returned)
    return Lowered(module, tuple(results), tree, dict(ways))


def _calls(module: Module, prefix: str | tuple[str, ...]) -> bool:
    """Whether there is a custom call of something whose name begins so.

    Operations on sizes that are not known, which StableHLO lacks, are such calls to JAX.
    """
    return any(op.name == "stablehlo.custom_call" and _target(op).startswith(prefix) for op in module.walk())


def _target(call: Operation) -> str:
    held = call.attributes.get("call_target_name")
    return held.value if isinstance(held, StringAttr) else ""


def _places(arguments: Sequence[Argument], ways: Mapping[str, Way], probes: int) -> Iterator[Place]:
    """Where each argument of the exported function is among those that JAX gives it."""
    number = probes
    for argument in arguments:
        label = argument.name if argument.name.isascii() and argument.name.isidentifier() else "arg"
        if argument.static:
            continue
        if ways.get(argument.name) == "size":
            leaf = argument.leaves[0]
            yield Place(label, argument.name, None, _shape(leaf), _dtype(leaf))
            continue
        for index, leaf in enumerate(argument.leaves):
            own = label if len(argument.leaves) == 1 else f"{label}_{index}"
            name = argument.name if argument.is_integer else None
            yield Place(own, name, number, _shape(leaf), _dtype(leaf))
            number += 1


def _shape(leaf: Any) -> tuple[str, ...]:
    return tuple([str(size) for size in abstract(leaf).shape])


def _dtype(leaf: Any) -> str:
    return str(abstract(leaf).dtype)


def _shown(argument: Argument) -> str:
    """How messages show an argument."""
    if argument.static:
        return f"{argument.name}={argument.value!r:.40}"
    jax = load_jax()
    shapes = [_short(leaf) for leaf in argument.leaves]
    if len(shapes) == 1 and argument.leaves[0] is argument.value:
        return f"{argument.name}: {shapes[0]}"
    return f"{argument.name}: {jax.tree_util.tree_unflatten(argument.tree, shapes)}"


def _short(leaf: Any) -> str:
    kind = abstract(leaf)
    return f"{kind.dtype}[{','.join(map(str, kind.shape))}]"

"""The arguments of a function as Python sees them, and as the exported function takes them."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from approxir.errors import MissingDependencyError
from approxir.frontends.decorators import get_function_name
from approxir.frontends.errors import FrontendError

if TYPE_CHECKING:
    from types import ModuleType


@dataclass(frozen=True, eq=False)
class Argument:
    """One argument of a Python function: an example of it, and what it is made of.

    Attributes:
        name: the name of the parameter, unique among the arguments of a call.
        value: the example; shapes (`jax.ShapeDtypeStruct`) do for arrays.
        leaves: the arrays and numbers in it, in the order in which the exported function takes them.
        tree: how the leaves are put together (a JAX `PyTreeDef`).
        static: whether it is no argument of the exported function, but part of it.
    """

    name: str
    value: Any
    leaves: tuple[Any, ...]
    tree: Any
    static: bool = False

    @property
    def is_integer(self) -> bool:
        """Whether this is one integer, which a function may use as a size."""
        if self.static or len(self.leaves) != 1 or self.leaves[0] is not self.value:
            return False
        kind = abstract(self.value)
        return kind.shape == () and kind.dtype.kind in "iu"

    @property
    def number(self) -> int | None:
        """The example, if it is one integer that is known."""
        if not self.is_integer or isinstance(self.value, load_jax().ShapeDtypeStruct):
            return None
        return int(self.value)


def load_jax() -> ModuleType:
    """JAX. Raises `MissingDependencyError`."""
    try:
        import jax
        import jax.api_util
    except ImportError as error:
        raise MissingDependencyError("exporting Python functions needs JAX; install approxir[jax]") from error
    return jax


def abstract(leaf: Any) -> Any:
    """The shape and type of an array or number as JAX has it. Raises `TypeError` for anything else."""
    jax = load_jax()
    if isinstance(leaf, jax.ShapeDtypeStruct) and not jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.extended):
        return leaf
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        limits = (-(1 << 63), (1 << 63) - 1) if jax.config.jax_enable_x64 else (-(1 << 31), (1 << 31) - 1)
        if not limits[0] <= leaf <= limits[1]:
            raise TypeError(f"{leaf} does not fit into {limits[1].bit_length() + 1} bits")
    kind = jax.api_util.shaped_abstractify(leaf)
    if jax.dtypes.issubdtype(kind.dtype, jax.dtypes.extended):
        raise TypeError("keys are no arrays of numbers; hand over jax.random.key_data of them")
    return kind


def read_arguments(
    function: Callable[..., Any], values: Sequence[Any], static_argnums: int | Iterable[int] = ()
) -> tuple[Argument, ...]:
    """The arguments that a function is called with, by position.

    Raises `FrontendError` for values that are neither arrays nor numbers nor trees of them, unless they are
    static, and where the function does not take so many.
    """
    name = get_function_name(function)
    static = static_positions(static_argnums, len(values), name)
    names = _parameter_names(function, len(values), name)
    return tuple(
        [
            read_argument(names[place], value, place in static, f"argument {place} of {name}")
            for place, value in enumerate(values)
        ]
    )


def read_argument(name: str, value: Any, static: bool, what: str) -> Argument:
    """One argument. Raises `FrontendError`, which calls it `what`."""
    jax = load_jax()
    if static:
        return Argument(name, value, (), None, static=True)
    leaves, tree = jax.tree_util.tree_flatten(value)
    for leaf in leaves:
        try:
            abstract(leaf)
        except (TypeError, OverflowError) as error:
            raise FrontendError(
                f"{what} holds {leaf!r:.100}, which is neither an array nor a number for JAX ({error}); "
                "name the argument in static_argnums to make it part of the exported function"
            ) from None
    return Argument(name, value, tuple(leaves), tree)


def static_positions(static_argnums: int | Iterable[int], count: int, name: str) -> frozenset[int]:
    """The positions of static arguments, counted from the start. Raises `FrontendError`."""
    found = set()
    given = [static_argnums] if isinstance(static_argnums, int) else list(static_argnums)
    for position in given:
        try:
            place = operator.index(position)
        except TypeError:
            raise FrontendError(f"static_argnums holds positions of arguments, not {position!r}") from None
        if not -count <= place < count:
            raise FrontendError(
                f"static_argnums names argument {place}, but {name} is given {count} arguments"
            )
        found.add(place % count)
    return frozenset(found)


def _parameter_names(function: Callable[..., Any], count: int, name: str) -> list[str]:
    """The names of the parameters for so many arguments by position, made unique."""
    spelled: list[str] = []
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # Functions of C do not always tell.
        signature = None
    if signature is not None:
        try:
            signature.bind(*[None] * count)
        except TypeError as error:
            raise FrontendError(f"{name} cannot be called with {count} arguments: {error}") from None
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                spelled.append(parameter.name)
            elif parameter.kind is parameter.VAR_POSITIONAL:
                spelled += [f"{parameter.name}_{place}" for place in range(count - len(spelled))]
    spelled = spelled[:count] + [f"argument_{place}" for place in range(len(spelled), count)]
    found: list[str] = []
    for one in spelled:
        taken = set(found)
        found.append(
            one if one not in taken else next(f"{one}_{i}" for i in range(count) if f"{one}_{i}" not in taken)
        )
    return found


def flat_types(arguments: Iterable[Argument]) -> list[Any]:
    """The shapes and types of everything that the exported function takes."""
    return [abstract(leaf) for argument in arguments for leaf in argument.leaves]


def flat_indices(arguments: Sequence[Argument], positions: Iterable[int]) -> list[int]:
    """Which arguments of the exported function some of Python's are, in the order given."""
    starts = [0]
    for argument in arguments:
        starts.append(starts[-1] + len(argument.leaves))
    return [index for place in positions for index in range(starts[place], starts[place + 1])]

"""Approximated functions inside JAX's transformations, which call back into Python to run them.

What a function returns has to be known when JAX traces it, which program computes it only when it is called:
integers may be built into programs, and sizes below 1 are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from approxir.errors import ApproxIRError
from approxir.frontends.errors import FrontendError
from approxir.frontends.jax.arguments import abstract, load_jax
from approxir.frontends.jax.programs import Programs

_EXAMPLES = (1, 2, 3)
"""Values of an integer that Python decides by, of which what the function returns is inferred."""


def call_back(programs: Programs, args: Sequence[Any]) -> Any:
    """What a function returns for arguments some of which have no values yet (tracers).

    Raises `FrontendError` when the shapes of the results depend on values that are not known.
    """
    jax = load_jax()
    static = programs.static(len(args))
    leaves, tree = jax.tree_util.tree_flatten(
        [value for place, value in enumerate(args) if place not in static]
    )
    traced = [place for place, leaf in enumerate(leaves) if isinstance(leaf, jax.core.Tracer)]
    kinds = {place: _kind(leaves[place]) for place in traced}

    def arguments(values: dict[int, Any]) -> list[Any]:
        """The arguments, with something else for each leaf that has no value."""
        rest = iter(
            jax.tree_util.tree_unflatten(tree, [values.get(place, leaf) for place, leaf in enumerate(leaves)])
        )
        return [value if place in static else next(rest) for place, value in enumerate(args)]

    results, returned = _results(programs, arguments, kinds)
    wide = jax.config.jax_enable_x64

    def run(*held: Any) -> list[Any]:
        given = dict(zip(traced, held, strict=True))
        # Only integers are built into programs.
        known = {
            place: _integer(value, kinds[place]) if _is_integer(kinds[place]) else kinds[place]
            for place, value in given.items()
        }
        # What a thread is told does not count in another one, and JAX may call from any.
        with jax.enable_x64(wide):
            program, _ = programs.find(arguments(known))
            found = program([given.get(place, leaf) for place, leaf in enumerate(leaves)])
        if program.tree != returned or _described(found) != _described(results):
            raise FrontendError(
                f"{programs.name} returns {_described(found)} for the values that it is called with, but was "
                f"traced to return {_described(results)}; use it outside of transformations"
            )
        return found

    found = jax.pure_callback(run, results, *[leaves[place] for place in traced], vmap_method="sequential")
    return jax.tree_util.tree_unflatten(returned, found)


def _results(
    programs: Programs, arguments: Callable[[dict[int, Any]], list[Any]], kinds: dict[int, Any]
) -> tuple[list[Any], Any]:
    """The shapes and types of the results, and how they are put together."""
    jax = load_jax()
    open_integers = [place for place, kind in kinds.items() if _is_integer(kind)]
    failure: ApproxIRError | None = None
    try:
        program, _ = programs.find(arguments(kinds))
        found = [(program.results, program.tree)]
    except ApproxIRError as error:
        # Python may decide by an integer that has no value yet.
        if not open_integers:
            raise
        failure = error
    if failure is not None or not _are_known(found[0][0]):
        examples = _EXAMPLES if open_integers else _EXAMPLES[:1]
        try:
            found = [
                programs.infer(arguments({**kinds, **dict.fromkeys(open_integers, example)}))
                for example in examples
            ]
        except FrontendError as error:
            raise failure or error from None
    results, tree = found[0]
    shown = [_described(one) for one, _ in found]
    if any(other != tree for _, other in found) or len(set(shown)) > 1 or not _are_known(results):
        raise FrontendError(
            f"{programs.name} returns {' or '.join(dict.fromkeys(shown))}, depending on the value of an "
            "argument, which JAX cannot trace; use it outside of transformations, or with a value that is "
            "known when it is traced"
        )
    return [jax.ShapeDtypeStruct(result.shape, result.dtype) for result in results], tree


def _are_known(results: Sequence[Any]) -> bool:
    return all(isinstance(size, int) for result in results for size in result.shape)


def _described(results: Sequence[Any]) -> str:
    shown = [f"{result.dtype}[{','.join(map(str, result.shape))}]" for result in results]
    return f"({', '.join(shown)})"


def _kind(leaf: Any) -> Any:
    kind = abstract(leaf)
    return load_jax().ShapeDtypeStruct(kind.shape, kind.dtype, weak_type=getattr(kind, "weak_type", False))


def _is_integer(kind: Any) -> bool:
    return kind.shape == () and kind.dtype.kind in "iu"


def _integer(value: Any, kind: Any) -> Any:
    """An integer of the type that it had when it was traced: Python's are weak."""
    return int(value) if kind.weak_type else kind.dtype.type(value)

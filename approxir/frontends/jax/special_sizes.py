"""Sizes for which a function does something else, which the exported function does not know.

JAX assumes sizes that are left open to be at least 1 and equal to no number, and lets Python decide by that
without a word: ``n == 0`` and ``n == 3`` are false, and ``x[-n:]`` is never the whole of x. But the function
can be traced with 0, and with the numbers that it compares a size with, and with others. Where the operations
are not the same, what is exported is run with that size, and compared with what the function does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from approxir.errors import ApproxIRError
from approxir.frontends.jax.arguments import Argument, flat_types, load_jax
from approxir.frontends.jax.lowering import MAIN, Lowered, Sizes, trace

_COMMON = (2, 3, 5)
"""Sizes to compare with; 1 would be broadcast."""


def special_sizes(
    function: Callable[..., Any],
    arguments: Sequence[Argument],
    name: str,
    sizes: Sizes,
    lowered: Lowered,
    finish: Callable[[Any], Any] | None,
) -> list[tuple[str, int]]:
    """Arguments with values for which a function returns something else than what it was lowered to.

    Only those that were traced as sizes are looked at, with the value 0 and with those that the function
    compares them with. What fails in Python is left out.
    """
    ways = lowered.ways
    found = []
    for place, argument in enumerate(arguments):
        if ways.get(argument.name) != "size":
            continue

        def operations(size: int, place: int = place, argument: Argument = argument) -> Counter[str] | None:
            held = list(arguments)
            held[place] = replace(argument, value=size, leaves=(size,))
            try:
                staged = trace(function, held, name, {**ways, argument.name: "fixed"}, sizes)
            except Exception:
                # Tracing runs the user's code, which may raise anything for a value that it was not made for.
                return None
            return _operations(staged.jaxpr.jaxpr)

        compared = sizes.compared.get(argument.name, set())
        common = [operations(size) for size in _COMMON if size not in compared]
        for size in sorted({0, *compared}):
            own = operations(size)
            if own is None or own in common or all(one is None for one in common):
                continue
            if _differs(function, arguments, (place, size), lowered, finish):
                found.append((argument.name, size))
    return found


def _differs(
    function: Callable[..., Any],
    arguments: Sequence[Argument],
    chosen: tuple[int, int],
    lowered: Lowered,
    finish: Callable[[Any], Any] | None,
) -> bool:
    """Whether a function returns something else than what it was lowered to, one argument having a value."""
    import numpy as np

    from approxir.interp import run

    jax = load_jax()
    rng = np.random.default_rng(0)

    def example(leaf: Any) -> Any:
        if not isinstance(leaf, jax.ShapeDtypeStruct):
            return leaf
        # Sizes are integers too.
        return np.asarray(rng.uniform(1, 4, leaf.shape)).astype(leaf.dtype)

    try:
        given = [
            argument.value if argument.static else jax.tree_util.tree_map(example, argument.value)
            for argument in arguments
        ]
    except TypeError:
        # Sizes of arrays are symbols, so that nothing can be run.
        return False
    place, size = chosen
    given[place] = size
    leaves = jax.tree_util.tree_leaves(
        [value for value, argument in zip(given, arguments, strict=True) if not argument.static]
    )
    flat = [
        np.asarray(leaf, dtype=kind.dtype) for leaf, kind in zip(leaves, flat_types(arguments), strict=True)
    ]
    try:
        expected = function(*given)
        expected = jax.tree_util.tree_leaves(expected if finish is None else finish(expected))
    except Exception:
        # What runs is the user's code, which may raise anything for a value that it was not made for.
        return False
    try:
        found = run(lowered.module, MAIN, *flat)
    except ApproxIRError:
        return True
    return not all(
        np.shape(one) == np.shape(other)
        and np.allclose(
            np.asarray(one).astype(np.complex128),
            np.asarray(other).astype(np.complex128),
            rtol=1e-2,
            atol=1e-5,
            equal_nan=True,
        )
        for one, other in zip(found, expected, strict=True)
    )


def _operations(jaxpr: Any) -> Counter[str]:
    """How often each operation stands in a traced function, the functions that it calls included."""
    found: Counter[str] = Counter()
    pending = [jaxpr]
    while pending:
        for equation in pending.pop().eqns:
            found[equation.primitive.name] += 1
            for value in equation.params.values():
                for inner in value if isinstance(value, tuple | list) else (value,):
                    inner = getattr(inner, "jaxpr", inner)
                    if hasattr(inner, "eqns"):
                        pending.append(inner)
    return found

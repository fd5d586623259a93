"""What state functions, checkers and other helpers return, as the passes take it.

These run while JAX traces a helper; `FrontendError` says what a helper may not return.
"""

from __future__ import annotations

from typing import Any

from approxir.dialects.approx.params import I32_LIMITS
from approxir.frontends.errors import FrontendError
from approxir.frontends.jax.arguments import load_jax

_LEAST, _MOST = I32_LIMITS


def as_state(result: Any, name: str) -> Any:
    """A state as one i32, such that it exceeds the same thresholds.

    Truth values count as 0 and 1, other integers saturate at the ends of i32. Floats are rounded down, which
    changes no comparison with an integer; NaN, which exceeds nothing, becomes the least i32, which reaches no
    threshold but that number itself.
    """
    jnp = load_jax().numpy
    value = _one(result, f"the state function {name}", "a state")
    kind = value.dtype.kind
    if kind == "b":
        return value.astype(jnp.int32)
    if value.dtype == jnp.int32:
        return value
    if kind in "iu":
        if value.dtype.itemsize < 4:
            return value.astype(jnp.int32)
        most = value.dtype.type(_MOST)
        value = jnp.minimum(value, most)
        if kind == "i":
            value = jnp.maximum(value, value.dtype.type(_LEAST))
        return value.astype(jnp.int32)
    if jnp.issubdtype(value.dtype, jnp.floating):
        wide = value if value.dtype.itemsize >= 4 else value.astype(jnp.float32)
        down = jnp.floor(wide)
        # The greatest float below 2^31 is not that number less one; what does not fit is put in at the end.
        inside = (down >= float(_LEAST)) & (down < float(_MOST + 1))
        select = load_jax().lax.select
        number = select(inside, down, jnp.zeros_like(down)).astype(jnp.int32)
        ends = select(down >= float(_MOST + 1), jnp.int32(_MOST), jnp.int32(_LEAST))
        return select(inside, number, ends)
    raise FrontendError(f"the state function {name} returns {value.dtype}; a state is an integer")


def as_verdict(result: Any, name: str) -> Any:
    """What a checker returns, as one truth value; numbers other than 0 are true."""
    jnp = load_jax().numpy
    value = _one(result, f"the checker {name}", "a verdict", "jnp.all or jnp.any makes one of many")
    return value if value.dtype == jnp.bool_ else value != 0


def as_results(result: Any, name: str, expected: tuple[Any, ...], tree: Any, what: str) -> Any:
    """What a helper returns that stands in for the function `what`: the same tree of arrays.

    Python's numbers take the type that is expected of them.
    """
    jax = load_jax()
    leaves, found = jax.tree_util.tree_flatten(result)
    if found != tree:
        raise FrontendError(
            f"{name} returns {_described(result)}, but stands in for {what}, which returns "
            f"{_described(jax.tree_util.tree_unflatten(tree, expected))}"
        )
    converted = []
    for leaf, want in zip(leaves, expected, strict=True):
        value = jax.numpy.asarray(leaf)
        if getattr(jax.typeof(leaf) if hasattr(jax, "typeof") else leaf, "weak_type", False) or isinstance(
            leaf, int | float | complex
        ):
            value = value.astype(want.dtype)
        if _kind(value) != _kind(want):
            raise FrontendError(
                f"{name} returns {_kind(value)} where {what}, for which it stands in, returns {_kind(want)}"
            )
        converted.append(value)
    return jax.tree_util.tree_unflatten(tree, converted)


def _one(result: Any, who: str, what: str, hint: str = "") -> Any:
    """The one number that a helper returns, of rank 0."""
    jax = load_jax()
    leaves = jax.tree_util.tree_leaves(result)
    if len(leaves) != 1:
        raise FrontendError(f"{who} returns {_described(result)}; {what} is one number")
    try:
        value = jax.numpy.asarray(leaves[0])
    except (TypeError, OverflowError) as error:
        raise FrontendError(f"{who} returns {leaves[0]!r:.100}; {what} is one number ({error})") from None
    if any(not isinstance(size, int) or size != 1 for size in value.shape):
        shape = f"an array of shape ({', '.join(map(str, value.shape))})"
        raise FrontendError(f"{who} returns {shape}; {what} is one number" + (f": {hint}" if hint else ""))
    return value.reshape(()) if value.shape else value


def _kind(value: Any) -> str:
    return f"{value.dtype}[{','.join(map(str, value.shape))}]"


def _described(result: Any) -> str:
    """A tree of arrays, for messages."""
    jax = load_jax()
    shown = jax.tree_util.tree_map(
        lambda leaf: _Shown(_kind(leaf) if hasattr(leaf, "shape") else type(leaf).__name__), result
    )
    return f"{shown}"


class _Shown:
    """A text that shows itself without quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

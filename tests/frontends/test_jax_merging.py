"""Merging modules whose symbols clash: every function still calls its own helpers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import approxir as ax
from approxir.interp import run

pytest.importorskip("jax")

from approxir.frontends.jax.merging import Part, merge

NAMES = ["clip", "relu", "_where", "main", "clip_0", "f", "g", 'odd "name"', "clip_0_0"]


@st.composite
def modules(draw: st.DrawFn) -> tuple[str, list[tuple[str, int]]]:
    """A module as JAX lowers one: ``main`` and private helpers, which add numbers and call one another.

    Also what each of them adds, the calls included; ``main`` is the first.
    """
    from approxir.values import symbol_text

    helpers = draw(st.lists(st.sampled_from([n for n in NAMES if n != "main"]), unique=True, max_size=4))
    functions = ["main", *helpers]
    added: dict[str, int] = {}
    bodies = []
    # A function calls those behind it, so that there is no recursion.
    for place in reversed(range(len(functions))):
        name, number = functions[place], draw(st.integers(1, 9))
        callees = (
            draw(st.lists(st.sampled_from(functions[place + 1 :]), max_size=3))
            if functions[place + 1 :]
            else []
        )
        lines, last = [f"%c = stablehlo.constant dense<{number}> : tensor<i32>"], "%0"
        lines.append("%0 = stablehlo.add %arg0, %c : tensor<i32>")
        for index, callee in enumerate(callees, 1):
            lines.append(f"%{index} = call {symbol_text(callee)}({last}) : (tensor<i32>) -> tensor<i32>")
            last = f"%{index}"
        added[name] = number + sum(added[callee] for callee in callees)
        visibility = "public" if name == "main" else "private"
        body = "\n    ".join([*lines, f"return {last} : tensor<i32>"])
        bodies.append(
            f"  func.func {visibility} {symbol_text(name)}(%arg0: tensor<i32>) -> tensor<i32> {{\n    {body}\n  }}"
        )
    text = (
        "module @jit_traced attributes {mhlo.num_partitions = 1 : i32} {\n"
        + "\n".join(reversed(bodies))
        + "\n}\n"
    )
    return text, [(name, added[name]) for name in functions]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    parts=st.lists(st.tuples(st.sampled_from(NAMES), modules()), max_size=5, unique_by=lambda part: part[0])
)
def test_functions_compute_what_they_did(parts: list[tuple[str, tuple[str, list[tuple[str, int]]]]]) -> None:
    merged = merge([Part(name, ax.parse(text), private=name == "g") for name, (text, _) in parts], "all")
    # Afterwards, nothing depends on the trees that were merged.
    text = str(merged)
    module = ax.parse(text)
    module.verify()
    assert len(module.symbols) == sum(len(functions) for _, (_, functions) in parts)
    for name, (_, functions) in parts:
        assert run(module, name, 100) == (100 + functions[0][1],)
        assert module.symbols.visibility(name) == ("private" if name == "g" else "public")
    if parts:
        module.verify(using="mlir")


def test_what_is_exported_together_computes_what_it_does_alone() -> None:
    """Real helpers with the same names, and with the same shapes and others."""
    import jax.numpy as jnp
    import numpy as np

    def clip(x: object) -> object:
        return jnp.clip(x, -1, 1)  # type: ignore[arg-type]

    def relu(x: object) -> object:
        return jnp.where(jnp.clip(x, 0, 2) > 1, x, 0)  # type: ignore[arg-type,call-overload]

    def _where(x: object) -> object:
        return clip(x) + relu(x)  # type: ignore[operator]

    rng = np.random.default_rng(0)
    for shapes in ((3, 3, 3), (2, 3, 4)):
        arrays = [rng.normal(scale=3, size=size).astype(np.float32) for size in shapes]
        functions = (clip, relu, _where)
        entries = {f.__name__: (f, (array,)) for f, array in zip(functions, arrays, strict=True)}
        module = ax.parse(ax.export_module(entries))
        module.verify(using="mlir")
        for function, array in zip(functions, arrays, strict=True):
            (found,) = run(module, function.__name__, array)
            np.testing.assert_array_equal(found, np.asarray(function(array)))

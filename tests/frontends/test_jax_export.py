"""Exporting JAX functions: signatures, names, trees, types, sizes, helpers, and what is refused."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import pytest

import approxir as ax
from approxir.interp import run
from approxir.passes.functions import function_type

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402


def signature(text: str, name: str) -> str:
    return str(function_type(ax.parse(text).symbols[name]))


def length(n: Any) -> Any:
    return n


def tree(state: Any = length, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "state_indices": [0], "thresholds": [5], "decisions": [0, 2], "transform_type": "loop_perforate"
    }  # fmt: skip
    return {"decision_tree": ax.DecisionTree(state, **{**given, **fields})}


def total(n: Any, x: Any) -> Any:
    return x.sum() + n


def test_one_function() -> None:
    text = ax.export_to_mlir(total, 3, jnp.zeros(4))
    assert signature(text, "total") == "(tensor<i32>, tensor<4xf32>) -> tensor<f32>"
    assert ax.parse(text).symbols.visibility("total") == "public"
    assert "%n: tensor<i32>" in text
    assert "%x: tensor<4xf32>" in text
    assert "approx." not in text
    assert "loc(" not in text
    (found,) = run(ax.parse(text), "total", 3, np.ones(4, np.float32))
    assert found == 7


def test_a_knob_brings_its_helpers_along() -> None:
    def recover(n: Any, x: Any) -> Any:
        return jnp.float32(0)

    def right(y: Any, n: Any, x: Any) -> Any:
        return y > 0

    knob = ax.with_config(total, **tree(), safety_contract=ax.SafetyContract(right, recover))
    module = ax.parse(ax.export_to_mlir(knob, 3, jnp.zeros(4)))
    assert [name for name in module.symbols.names if not name.startswith("_")] == [
        "total", "length", "right", "recover"
    ]  # fmt: skip
    assert [module.symbols.visibility(name) for name in ("total", "length")] == ["public", "private"]
    kinds = {name: str(function_type(module.symbols[name])) for name in ("length", "right", "recover")}
    assert kinds == {
        "length": "(tensor<i32>) -> tensor<i32>",
        "right": "(tensor<f32>, tensor<i32>, tensor<4xf32>) -> tensor<i1>",
        "recover": "(tensor<i32>, tensor<4xf32>) -> tensor<f32>",
    }
    text = ax.inject_annotations(str(module), "total", ax.get_config(knob))
    assert "approx." not in ax.compile(text)


@pytest.mark.parametrize(
    ("dtype", "mlir"),
    [
        ("float16", "f16"), ("bfloat16", "bf16"), ("float32", "f32"), ("int8", "i8"), ("int16", "i16"), ("int32", "i32"),
        ("uint8", "ui8"), ("uint32", "ui32"), ("bool", "i1"), ("complex64", "complex<f32>"), ("float8_e4m3fn", "f8E4M3FN"),
    ],
)  # fmt: skip
def test_types(dtype: str, mlir: str) -> None:
    text = ax.export_to_mlir(lambda x: x.reshape(2, 2), jax.ShapeDtypeStruct((4,), dtype))
    assert signature(text, "<lambda>") == f"(tensor<4x{mlir}>) -> tensor<2x2x{mlir}>"
    ax.parse(text).verify(using="mlir")


def test_wide_types() -> None:
    with jax.enable_x64(True):
        text = ax.export_to_mlir(lambda x, n, z: (x * n, z), np.zeros(2), 5, np.zeros(1, np.complex128))
        kind = (
            "(tensor<2xf64>, tensor<i64>, tensor<1xcomplex<f64>>) -> (tensor<2xf64>, tensor<1xcomplex<f64>>)"
        )
        assert signature(text, "<lambda>") == kind
        state = ax.export_with_config(lambda n, x: x[:n].sum(), (3, np.zeros(9)), tree())
    module = ax.parse(state)
    assert str(function_type(module.symbols["length"])) == "(tensor<i64>) -> tensor<i32>"
    for n in (2, 7, 1 << 40, -(1 << 40)):
        low, high = -(1 << 31), (1 << 31) - 1
        assert run(module, "length", n) == (min(max(n, low), high),)
    lowered = ax.parse(ax.compile(state))
    x = np.arange(9.0)
    assert run(lowered, "<lambda>", 4, x) == (x[:4].sum(),)
    assert run(lowered, "<lambda>", 7, x)[0] == pytest.approx(x[:7:2].sum() * 7 / 4)


STATES = [
    -(2.0**40),
    -(2.0**31),
    -3.5,
    -1e-9,
    0.0,
    0.999,
    1.0,
    2.5,
    2.0**31 - 128,
    2.0**31,
    1e30,
    np.inf,
    -np.inf,
    np.nan,
]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_states_that_are_floats_exceed_the_same_thresholds(dtype: str) -> None:
    def state(x: Any) -> Any:
        return x

    config = tree(state)
    text = ax.export_with_config(lambda x: x + 1, (jax.ShapeDtypeStruct((), dtype),), config, "f")
    module = ax.parse(text)
    thresholds = [-(1 << 31), -(1 << 31) + 1, -4, -3, -1, 0, 1, 2, 3, (1 << 31) - 128, (1 << 31) - 1]
    for value in STATES:
        with np.errstate(over="ignore"):
            given = jnp.asarray(value, dtype)
        (found,) = run(module, "state", np.asarray(given))
        number = float(given)
        # The least i32 is what stands for everything below it, and for NaN.
        expected = [t <= number for t in thresholds[1:]]
        assert [t <= int(found) for t in thresholds[1:]] == expected, value


def test_states_of_other_types() -> None:
    states = {
        "bool": (lambda x: x[0] > 0, 1), "int8": (lambda x: x[0].astype(jnp.int8), 2), "one element": (lambda x: x[:1], 2),
        "number": (lambda x: 7, 7), "uint32": (lambda x: x[0].astype(jnp.uint32) + jnp.uint32(4_000_000_000), (1 << 31) - 1),
        "tuple of one": (lambda x: (x[0],), 2), "matrix": (lambda x: x[:1].reshape(1, 1), 2),
    }  # fmt: skip
    for what, (state, expected) in states.items():
        text = ax.export_with_config(lambda x: x * 2, (jnp.zeros(3),), tree(state), "f")
        (name,) = [name for name in ax.parse(text).symbols.names if "lambda" in name]
        assert run(ax.parse(text), name, np.full(3, 2, np.float32)) == (expected,), what


def test_trees_of_arguments_and_results() -> None:
    def kernel(batch: dict[str, Any], pair: tuple[Any, Any], nothing: None) -> Any:
        return {"out": batch["x"] + pair[0], "rest": [pair[1], None]}

    def state(pair: tuple[Any, Any], batch: dict[str, Any]) -> Any:
        return pair[1]["k"] + batch["n"]

    batch = {"x": jnp.zeros(2), "n": jnp.int32(1)}
    config = {**tree(state, state_indices=[1, -3])}
    text = ax.export_with_config(kernel, (batch, (jnp.ones(2), {"k": 4}), None), config)
    kind = "(tensor<i32>, tensor<2xf32>, tensor<2xf32>, tensor<i32>) -> (tensor<2xf32>, tensor<i32>)"
    assert signature(text, "kernel") == kind
    # The state function gets the leaves of the pair, then those of the batch.
    assert "state_indices = array<i64: 2, 3, 0, 1>" in text
    assert (
        signature(text, "state") == "(tensor<2xf32>, tensor<i32>, tensor<i32>, tensor<2xf32>) -> tensor<i32>"
    )
    assert "%batch_0: tensor<i32>" in text
    assert "%pair_1: tensor<i32>" in text


def test_checkers_get_results_one_by_one_or_as_a_tree() -> None:
    def pair(x: Any) -> Any:
        return x, x.sum()

    def check_pair(first: Any, second: Any, x: Any) -> Any:
        return (first.shape == x.shape) & (second > 0)

    def single(x: Any) -> Any:
        return {"a": x, "b": x.sum()}

    def check_single(result: Any, x: Any) -> Any:
        return result["b"] > 0

    for function, checker in ((pair, check_pair), (single, check_single)):
        contract = ax.SafetyContract(checker, function)
        text = ax.export_with_config(function, (jnp.zeros(3),), {"safety_contract": contract}, "f")
        kind = "(tensor<3xf32>, tensor<f32>, tensor<3xf32>) -> tensor<i1>"
        assert signature(text, ax.get_function_name(checker)) == kind


def test_static_arguments() -> None:
    def kernel(x: Any, mode: str, times: int) -> Any:
        for _ in range(times):
            x = x + 1 if mode == "up" else x - 1
        return x

    text = ax.export_to_mlir(kernel, jnp.zeros(2), "up", 3, static_argnums=(1, -1))
    assert signature(text, "kernel") == "(tensor<2xf32>) -> tensor<2xf32>"
    assert list(run(ax.parse(text), "kernel", np.zeros(2, np.float32))[0]) == [3, 3]

    def state(times: int, x: Any) -> Any:
        return x.sum() + times

    config = tree(state, state_indices=[2, 0])
    text = ax.export_with_config(kernel, (jnp.zeros(2), "down", 4), config, static_argnums=[1, 2])
    assert "state_indices = array<i64: 0>" in text
    assert run(ax.parse(text), "state", np.ones(2, np.float32)) == (6,)
    jitted = functools.partial(jax.jit, static_argnums=1)(kernel)
    with pytest.raises(ax.FrontendError, match=r"'up'.*static_argnums"):
        ax.export_to_mlir(jitted, jnp.zeros(2), "up", 3)


def test_functions_that_were_jitted() -> None:
    """The loop stands in the function itself, where transforms look for it."""

    @functools.partial(jax.jit, donate_argnums=0)
    def kernel(x: Any) -> Any:
        return lax.fori_loop(0, 9, lambda i, s: s + x[i], jnp.float32(0))

    text = ax.export_to_mlir(kernel, jnp.zeros(9))
    (function,) = ax.parse(text).symbols.definitions.values()
    assert "stablehlo.while" in [op.name for op in function.walk()]
    doubly = jax.jit(jax.jit(kernel))
    assert ax.export_to_mlir(doubly, jnp.zeros(9)).count("func.func") == 1


def test_closures_and_donated_and_methods() -> None:
    weights = jnp.arange(6.0).reshape(2, 3)

    class Model:
        def __init__(self, bias: float) -> None:
            self.bias = bias

        def apply(self, x: Any) -> Any:
            return x @ weights + self.bias

    text = ax.export_to_mlir(Model(0.5).apply, jax.ShapeDtypeStruct((2,), jnp.float32))
    found = run(ax.parse(text), "apply", np.array([1, 2], np.float32))[0]
    np.testing.assert_array_equal(found, np.array([6.5, 9.5, 12.5], np.float32))
    partial = functools.partial(total, 10)
    assert signature(ax.export_to_mlir(partial, jnp.zeros(2)), "total") == "(tensor<2xf32>) -> tensor<f32>"


def test_locations_on_request() -> None:
    def kernel(x: Any) -> Any:
        return jnp.sin(x) + jnp.clip(x, 0, 1)

    text = ax.export_module(
        {"kernel": (kernel, (jnp.zeros(2),)), "other": (kernel, (jnp.zeros(3),))}, locations=True
    )
    module = ax.parse(text)
    module.verify()
    module.verify(using="mlir")
    assert text.count("test_jax_export.py") > 4
    assert module.definitions == []


def test_lists_of_functions() -> None:
    def clip(x: Any) -> Any:
        return jnp.clip(x, -1, 1)

    text = ax.export_module([(clip, (jnp.zeros(2),)), (total, (1, jnp.zeros(2)))], "both")
    module = ax.parse(text)
    assert text.startswith("module @both {")
    assert module.symbols.names[:1] == ["clip"]
    # JAX's helper of that name has made way.
    assert {"clip_0", "total"} < set(module.symbols.names)
    assert list(run(module, "clip", np.array([3, -3], np.float32))[0]) == [1, -1]
    assert ax.export_module({}) == "module {}\n"
    assert ax.export_module([], "empty") == "module @empty {}\n"


def test_listed_helpers_are_taken() -> None:
    shape = jax.ShapeDtypeStruct((), jnp.int32)
    knob = ax.with_config(total, **tree())
    entries: dict[str, Any] = {
        "total": (knob, (shape, jnp.zeros(4)), ax.get_config(knob)),
        "length": (length, (shape,), None),
    }
    module = ax.parse(ax.export_module_with_configs(entries))
    assert module.symbols.names == ["total", "length"]
    assert module.symbols.visibility("length") == "public"
    assert [k.name for k in module.knobs()] == ["total"]


def test_helpers_whose_names_are_taken() -> None:
    def length(n: Any) -> Any:
        return n + 100

    def other(n: Any, x: Any) -> Any:
        return x.sum() * n

    mine = globals()["length"]
    entries: dict[str, Any] = {
        "first": (total, (1, jnp.zeros(4)), tree(mine)),
        "second": (other, (1, jnp.zeros(4)), tree(length)),
        "third": (other, (1.5, jnp.zeros(4)), tree(mine)),
        "fourth": (other, (2, jnp.zeros(2)), tree(mine)),
    }
    module = ax.parse(ax.export_module_with_configs(entries))
    module.verify(using="mlir")
    states = {
        op.attributes["func_name"].value: op.attributes["state_function"].value
        for op in module.find("approx.")
    }
    # The same function of the same arguments is there once.
    assert states["first"] == states["fourth"] == "length"
    assert len({states["first"], states["second"], states["third"]}) == 3
    assert run(module, states["second"], 1) == (101,)
    assert "approx." not in ax.compile(str(module))
    with pytest.raises(ax.FrontendError, match="another function has that name"):
        ax.export_module(
            {
                "first": (ax.with_config(total, **tree(mine)), (1, jnp.zeros(4))),
                "second": (ax.with_config(other, **tree(length)), (1, jnp.zeros(4))),
            }
        )


# Sizes.


def test_integers_used_as_sizes_are_arguments() -> None:
    def windows(x: Any, start: Any, size: Any) -> Any:
        return x[start : start + size, 1:].sum(), jnp.arange(size).sum(), jnp.ones((size, 2)).sum()

    x = np.arange(60, dtype=np.float32).reshape(20, 3)
    text = ax.export_to_mlir(windows, x, 2, 3)
    assert signature(text, "windows").startswith("(tensor<20x3xf32>, tensor<i32>, tensor<i32>)")
    module = ax.parse(text)
    module.verify(using="mlir")
    for start, size in ((1, 1), (2, 3), (10, 10), (15, 30)):
        found = run(module, "windows", x, start, size)
        assert found == (x[start : start + size, 1:].sum(), np.arange(size).sum(), 2 * size), (start, size)


def test_integers_that_cannot_stay_open_are_built_in() -> None:
    def kernel(n: Any, x: Any) -> Any:
        return x * 2 if n > 3 else x

    with pytest.warns(ax.FixedArgumentWarning, match="n=5 is built into") as caught:
        text = ax.export_with_config(kernel, (5, jnp.zeros(3)), tree())
    assert caught[0].filename == __file__
    assert signature(text, "kernel") == "(tensor<i32>, tensor<3xf32>) -> tensor<3xf32>"
    found = run(ax.parse(text), "kernel", 1, np.ones(3, np.float32))[0]
    assert list(found) == [2, 2, 2]
    # Its value is not known, so that nothing can be built in.
    with pytest.raises(ax.FrontendError, match="TracerBoolConversionError"):
        ax.export_to_mlir(kernel, jax.ShapeDtypeStruct((), jnp.int32), jnp.zeros(3))


def test_callbacks_into_python_are_refused() -> None:
    inner = ax.approximate(total, backend="interp").as_jax()

    def noisy(x: Any) -> Any:
        jax.debug.print("{}", x)
        return x

    for kernel in (lambda x: inner(3, x) + 1, noisy):
        with pytest.raises(ax.FrontendError, match="calls back into Python"):
            ax.export_to_mlir(kernel, jnp.ones(4))


@pytest.mark.parametrize(
    "kernel",
    [
        lambda k, d: d.sum() if k == 0 else d[:k].sum(),
        lambda k, d: jnp.sum(d[-k:]),
        lambda k, d: d[-k:],
    ],
)
def test_decisions_by_sizes_are_told(kernel: Any) -> None:
    """JAX decides them as if no size were 0 or equal to a number, without a word."""
    for k in (3, jax.ShapeDtypeStruct((), jnp.int32)):
        with pytest.warns(ax.FixedArgumentWarning, match="something else for k=0") as caught:
            text = ax.export_to_mlir(kernel, k, jnp.arange(10.0))
        assert caught[0].filename == __file__
    found = run(ax.parse(text), "<lambda>", 3, np.arange(10, dtype=np.float32))[0]
    np.testing.assert_array_equal(found, kernel(3, jnp.arange(10.0)))


def test_comparisons_of_sizes_with_numbers_are_told() -> None:
    def kernel(k: Any, d: Any) -> Any:
        scale = jnp.full(2, k).sum() / k + lax.fori_loop(0, k, lambda i, s: s + i, 0)
        return scale + (d.sum() if k in (4, 7) else d[:k].sum())

    with pytest.warns(ax.FixedArgumentWarning) as caught:
        ax.export_to_mlir(kernel, 3, jnp.arange(10.0))
    assert ["k=4" in str(one.message) for one in caught] == [True, False]
    assert "k=7" in str(caught[1].message)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "kernel",
    [
        lambda k, d: d[k:],
        lambda k, d: jnp.mean(d[:k]),
        lambda k, d: jnp.max(d[:k]),
        lambda k, d: d[:k].sum() / k,
        lambda k, d: d.sum() / 1 if k == 10 else d[:k].sum(),
        lambda k, d: jnp.zeros((k, 3)) @ jnp.ones((3, 2)),
    ],
)
def test_sizes_by_which_nothing_is_decided_are_not(kernel: Any) -> None:
    ax.export_to_mlir(kernel, 3, jnp.arange(10.0))


def test_symbolic_shapes() -> None:
    def kernel(x: Any, y: Any, n: Any) -> Any:
        return (x @ y)[:n].sum(0), jnp.full(x.shape[0], n)

    rows, inner = jax.export.symbolic_shape("rows, inner")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = ax.export_to_mlir(
            kernel,
            jax.ShapeDtypeStruct((rows, inner), "float32"),
            jax.ShapeDtypeStruct((inner, 2), "float32"),
            2,
        )
    module = ax.parse(text)
    module.verify(using="mlir")
    assert signature(text, "kernel").startswith("(tensor<?x?xf32>, tensor<?x2xf32>, tensor<i32>)")
    x, y = np.ones((5, 3), np.float32), np.full((3, 2), 2, np.float32)
    first, second = run(module, "kernel", x, y, 4)
    assert (list(first), list(second)) == ([24, 24], [4] * 5)
    first, second = run(module, "kernel", x, y, 9)
    assert list(first) == [30, 30]
    (twice,) = jax.export.symbolic_shape("2*b")
    with pytest.raises(ax.FrontendError, match="no argument has the size b itself"):
        ax.export_to_mlir(lambda x: jnp.ones(x.shape[0]) + x, jax.ShapeDtypeStruct((twice,), "float32"))


# What is refused.


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ax.export_to_mlir(total, 3), "total cannot be called with 1 arguments"),
        (lambda: ax.export_to_mlir(total, "3", jnp.zeros(2)), "neither an array nor a number.*static_argnums"),
        (lambda: ax.export_to_mlir(total, 1 << 40, jnp.zeros(2)), "does not fit into 32 bits"),
        (lambda: ax.export_to_mlir(5, 1), "must be a function"),
        (lambda: ax.export_to_mlir(lambda x: x @ x, jnp.zeros((2, 3))), "JAX cannot export <lambda>.*TypeError"),
        (lambda: ax.export_to_mlir(lambda x: 1 // 0, 1.0), "ZeroDivisionError"),
        (lambda: ax.export_to_mlir(lambda x: "text", 1.0), "JAX cannot export"),
        (lambda: ax.export_to_mlir(total, 1, 2, static_argnums=2), "names argument 2, but total is given 2"),
        (lambda: ax.export_to_mlir(total, 1, 2, static_argnums="x"), "positions of arguments"),
        (lambda: ax.export_with_config(total, 3, {}), "must be a tuple"),
        (lambda: ax.export_with_config(total, (3, 1.0), tree(state_indices=[2])), "argument 2, but total has 2"),
        (lambda: ax.export_with_config(total, (3, 1.0), {"safety_contract": 1}), "must be a SafetyContract"),
        (lambda: ax.export_module({"f": total}), "must be a function and a tuple of its arguments"),
        (lambda: ax.export_module("f"), "a dictionary or a list"),
        (lambda: ax.export_module([(total, (1, 2.0)), (total, (1, 2.0))]), "two functions are to be called 'total'"),
        (lambda: ax.export_module_with_configs({"f": (total,)}), "must be a function, its arguments and"),
        (lambda: ax.export_module_with_configs([total]), "must be a dictionary"),
        (lambda: ax.export_module({"": (total, (1, 2.0))}), "a string that is not empty"),
    ],
)  # fmt: skip
def test_wrong_inputs(call: Any, message: str) -> None:
    with pytest.raises(ax.FrontendError, match=message) as caught:
        call()
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (tree(lambda n: jnp.ones(3)), r"an array of shape \(3\); a state is one number"),
        (tree(lambda n: (n, n)), "a state is one number"),
        (tree(lambda n: None), "a state is one number"),
        (tree(lambda n: n * 1j), "returns complex64; a state is an integer"),
        (tree(lambda: 1), "takes 0 positional arguments but 1 was given"),
        ({"safety_contract": ax.SafetyContract(lambda y, n, x: x > 0, total)}, "a verdict is one number: jnp.all"),
        ({"safety_contract": ax.SafetyContract(lambda y, n: True, total)}, "positional arguments but 3"),
        ({"safety_contract": ax.SafetyContract(lambda y, n, x: True, lambda n, x: x)}, r"returns float32\[4\] where total"),
        ({"safety_contract": ax.SafetyContract(lambda y, n, x: True, lambda n, x: (n, x))}, "stands in for total"),
        (
            tree(transform_type="func_substitute", approx_kernels={2: lambda n, x: x.sum().astype(jnp.float16)}),
            r"returns float16\[\] where total",
        ),
    ],
)  # fmt: skip
def test_helpers_that_do_not_fit(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ax.FrontendError, match=message):
        ax.export_with_config(total, (3, jnp.zeros(4)), config)


def test_helpers_may_return_numbers_of_python() -> None:
    contract = ax.SafetyContract(lambda y, n, x: 1, lambda n, x: 0)
    text = ax.export_with_config(total, (3, jnp.zeros(4)), {"safety_contract": contract})
    assert "approx." not in ax.compile(text)

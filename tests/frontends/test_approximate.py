"""`ax.approximate`: caching, sizes, live parameters, trees, types, and JAX's transformations."""

from __future__ import annotations

import importlib.util
import threading
from typing import Any

import numpy as np
import pytest

import approxir as ax

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

BACKENDS = [
    "interp",
    pytest.param("llvm", marks=pytest.mark.skipif(not importlib.util.find_spec("torch_mlir"), reason="no torch-mlir")),
    pytest.param("iree", marks=pytest.mark.skipif(not importlib.util.find_spec("iree"), reason="no IREE")),
]  # fmt: skip
on_backends = pytest.mark.parametrize("backend", BACKENDS)


def length(n: Any) -> Any:
    return n


@ax.Knob(decision_tree=ax.DecisionTree(length, [0], [10], [0, 2], "loop_perforate", thresholds_upper=[1000]))
def total(n: Any, data: Any) -> Any:
    """Adds up the first n numbers."""
    return jnp.sum(data[:n])


def model(n: int, data: np.ndarray, threshold: int = 10) -> Any:
    part = data[:n]
    kept = part if n < threshold else part[::2]
    return kept.sum() * np.float32(len(part) / max(1, len(kept)))


DATA = np.arange(1, 65, dtype=np.float32)


@on_backends
def test_one_program_for_every_size(backend: str) -> None:
    fast = ax.approximate(total, backend=backend)
    for n in (1, 5, 9, 10, 11, 64, 100):
        found = fast(n, DATA)
        assert isinstance(found, jax.Array)
        np.testing.assert_allclose(found, model(n, DATA), rtol=1e-6)
    assert fast.programs == 1
    np.testing.assert_allclose(fast(np.int32(7), DATA), model(7, DATA), rtol=1e-6)
    np.testing.assert_allclose(fast(jnp.int32(20), jnp.asarray(DATA)), model(20, DATA), rtol=1e-6)


@pytest.mark.parametrize("backend", ["interp", BACKENDS[2]])
def test_sizes_below_1_are_built_in(backend: str) -> None:
    """Slices of negative sizes mean what they do in Python."""
    fast = ax.approximate(total, backend=backend)
    for n in (3, 0, -1, -60, -100, 3, 0):
        np.testing.assert_allclose(fast(n, DATA), model(n, DATA), rtol=1e-6)
    assert fast.programs == 5


def test_built_in_integers_have_programs_of_their_own() -> None:
    traces = []

    def kernel(x: Any, times: Any, n: Any) -> Any:
        traces.append(times)
        for _ in range(times):
            x = x + 1
        return x[:n].sum()

    fast = ax.approximate(kernel, backend="interp")
    x = np.zeros(8, np.float32)
    for times, n in ((2, 3), (5, 3), (2, 4), (5, 8), (2, 3)):
        assert fast(x, times, n) == times * n
    assert fast.programs == 2
    seen = len(traces)
    fast(x, 2, 7)
    assert len(traces) == seen


@on_backends
def test_live_parameters(backend: str) -> None:
    fast = ax.approximate(total, backend=backend, live=True)
    assert fast.config == {"total_threshold_0": 10, "total_decision_0": 0, "total_decision_1": 2}
    np.testing.assert_allclose(fast(20, DATA), model(20, DATA), rtol=1e-6)
    before = fast.set({"total_threshold_0": 30})
    assert before == {"total_threshold_0": 10}
    np.testing.assert_allclose(fast(20, DATA), model(20, DATA, 30), rtol=1e-6)
    # What is compiled later has the same parameters.
    np.testing.assert_allclose(fast(20, DATA[:40]), model(20, DATA[:40], 30), rtol=1e-6)
    with pytest.raises(ax.ConfigError, match="total_threshold_0"):
        fast.set({"total_treshold_0": 5})
    with pytest.raises(ax.ConfigError, match="outside its bounds"):
        fast.set({"total_threshold_0": 2000})
    assert fast.config["total_threshold_0"] == 30
    fast.set(before)
    np.testing.assert_allclose(fast(20, DATA), model(20, DATA), rtol=1e-6)


@on_backends
def test_decisions_that_were_not_compiled(backend: str) -> None:
    """A static transform has one; what is refused changes nothing."""
    static = ax.StaticTransform("loop_perforate", 2)
    fast = ax.approximate(lambda x: x.sum(), {"static_transform": static}, backend=backend, live=True)
    name = "<lambda>_decision_0"
    assert fast(DATA[:10]) == 50
    if backend == "interp":
        assert fast.set({name: 5}) == {name: 2}
        assert fast(DATA[:10]) == 35
        return
    with pytest.raises(ax.ConfigError, match="only the decisions 2 were compiled"):
        fast.set({name: 5})
    assert fast.config == {name: 2}
    assert fast(DATA[:10]) == 50


def test_attributes_of_the_function_do_not_hide_those_of_the_result() -> None:
    def kernel(x: Any) -> Any:
        return x + 1

    kernel.backend = kernel.name = kernel._programs = 5  # type: ignore[attr-defined]
    fast = ax.approximate(kernel, backend="interp")
    assert (fast.backend, fast.name, fast(1)) == ("interp", "kernel", 2)


def test_parameters_that_are_constants() -> None:
    fast = ax.approximate(total, backend="interp")
    assert fast.config["total_threshold_0"] == 10
    with pytest.raises(ax.ApproxIRError, match="live=True"):
        fast.set({"total_threshold_0": 5})


@on_backends
def test_trees_and_types(backend: str) -> None:
    def kernel(batch: dict[str, Any], scale: Any, flag: Any = False) -> Any:
        return {
            "x": batch["x"] * scale,
            "y": (batch["n"] + 1, jnp.logical_not(batch["b"])),
            "z": [batch["h"]],
            "f": flag,
        }

    batch = {
        "x": np.ones((2, 3), np.float32),
        "n": np.int8([1, 2]),
        "b": np.array([True, False]),
        "h": jnp.ones(2, jnp.bfloat16),
    }
    expected = kernel(jax.tree_util.tree_map(jnp.asarray, batch), jnp.float32(1.5), jnp.asarray(True))
    fast = ax.approximate(kernel, backend=backend)
    for found in (fast(batch, 1.5, True), fast(scale=1.5, flag=True, batch=batch)):
        assert jax.tree_util.tree_structure(found) == jax.tree_util.tree_structure(expected)
        for ours, theirs in zip(
            jax.tree_util.tree_leaves(found), jax.tree_util.tree_leaves(expected), strict=True
        ):
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    assert fast.programs == 1
    assert isinstance(
        ax.approximate(kernel, backend=backend, returns="numpy")(batch, 2.0, True)["x"], np.ndarray
    )
    with jax.enable_x64(True):
        wide = fast({**batch, "x": np.ones(2)}, 2.0, True)["x"]
        assert wide.dtype == np.float64


def test_programs_are_kept_apart_by_shapes_types_and_static_values() -> None:
    def kernel(x: Any, mode: str) -> Any:
        return x + 1 if mode == "up" else x - 1

    fast = ax.approximate(kernel, backend="interp", static_argnums=1)
    for _ in range(2):
        assert list(fast(np.zeros(2, np.float32), "up")) == [1, 1]
        assert list(fast(np.zeros(2, np.float32), "down")) == [-1, -1]
        assert list(fast(np.zeros(3, np.float32), "up")) == [1, 1, 1]
        assert fast(np.zeros(2, np.int32), "up").dtype == np.int32
        assert fast(1.5, "up") == 2.5
        assert fast(True, "up") == 2
    assert fast.programs == 6


def test_old_programs_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from approxir.frontends.jax import programs

    monkeypatch.setattr(programs, "MOST_PROGRAMS", 3)
    fast = ax.approximate(lambda x: x + 1, backend="interp")
    for size in (1, 2, 3, 4, 5, 1):
        assert fast(np.zeros(size, np.float32)).shape == (size,)
    assert fast.programs == 3


def test_compiling_ahead_and_the_text() -> None:
    fast = ax.approximate(total, backend="interp")
    with pytest.raises(ax.FrontendError, match="not compiled yet"):
        _ = fast.mlir
    fast = ax.approximate(total, args=(5, jax.ShapeDtypeStruct((64,), jnp.float32)), backend="interp")
    assert fast.programs == 1
    module = ax.parse(fast.mlir)
    module.verify()
    assert module.config() == fast.config
    assert fast(5, DATA) == 15
    assert fast.programs == 1
    assert repr(fast) == "<approximated total, interp, 1 programs>"
    assert "<code>total_threshold_0 = 10</code>" in fast._repr_html_()
    assert (fast.__name__, fast.__doc__) == ("total", total.__doc__)


def test_as_a_decorator() -> None:
    @ax.approximate(backend="interp")
    @ax.Knob(static_transform=ax.StaticTransform("loop_perforate", 2))
    def every_second(x: Any) -> Any:
        return lax.fori_loop(0, 6, lambda i, s: s + x[i], jnp.float32(0))

    assert every_second(DATA) == 1 + 3 + 5


def test_inside_of_transformations() -> None:
    fast = ax.approximate(total, backend="interp").as_jax()
    rows = np.stack([DATA, 2 * DATA])
    expected = [model(20, row) for row in rows]
    np.testing.assert_allclose(jax.jit(fast)(20, DATA), expected[0], rtol=1e-6)
    np.testing.assert_allclose(jax.vmap(fast, (None, 0))(20, rows), expected, rtol=1e-6)
    scanned = jax.jit(
        lambda rows: lax.scan(lambda c, row: (c + fast(20, row), None), jnp.float32(0), rows)[0]
    )(rows)
    np.testing.assert_allclose(scanned, sum(expected), rtol=1e-6)
    with pytest.raises(ax.FrontendError, match="as_jax"):
        jax.jit(ax.approximate(total, backend="interp"))(20, DATA)
    with pytest.raises(ax.FrontendError, match="which JAX cannot trace"):
        jax.jit(ax.approximate(lambda n, x: x[:n], backend="interp").as_jax())(20, DATA)
    with pytest.raises(ValueError, match="callback"):
        jax.grad(fast, argnums=1)(20, DATA)


@on_backends
def test_functions_whose_sizes_cannot_be_left_open(backend: str) -> None:
    """JAX has operations for these that no back end has."""
    fast = ax.approximate(lambda n, d: jnp.cumsum(d[:n]), backend=backend)
    for n in (3, 7, 3):
        np.testing.assert_allclose(fast(n, DATA), np.cumsum(DATA[:n]))
    assert fast.programs == 2


def test_strided_slices_of_open_sizes() -> None:
    for kernel in (lambda n, d: d[:n][::2], lambda n, d: d[::n], lambda n, d: d[:n][::-1]):
        fast = ax.approximate(kernel, backend="interp")
        for n in (1, 3, 8):
            np.testing.assert_array_equal(fast(n, DATA), kernel(n, DATA))
        # NumPy and JAX compare steps with 1, for which there is another program.
        assert fast.programs <= 2


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_back_ends_that_do_not_compile_open_sizes(backend: str) -> None:
    def kernel(n: Any, d: Any) -> Any:
        return jnp.outer(d[:n], d[:n]).sum()

    fast = ax.approximate(kernel, backend=backend)
    with pytest.warns(ax.FixedArgumentWarning, match="cannot compile kernel while n may be any") as caught:
        found = [fast(n, DATA) for n in (3, 7, -62, 3)]
    assert [caught[0].filename, len(caught)] == [__file__, 1]
    np.testing.assert_allclose(found, [36, 28 * 28, 9, 36])
    assert fast.programs == 3
    assert jax.jit(fast.as_jax())(2, DATA) == 9


def test_sizes_that_are_compared_with_numbers_are_built_in() -> None:
    fast = ax.approximate(lambda n, d: d.sum() if n == 3 else d[:n].sum(), backend="interp")
    assert [float(fast(n, DATA[:10])) for n in (2, 3, 4, 3, 5)] == [3, 55, 10, 55, 15]
    assert fast.programs == 2
    jitted = jax.jit(fast.as_jax())
    assert [float(jitted(n, DATA[:10])) for n in (2, 3)] == [3, 55]


def by_zero(n: Any, d: Any) -> Any:
    return d.sum() if n == 0 else d[:n].sum()


def doubled(n: Any, x: Any) -> Any:
    for _ in range(n):
        x = x * 2
    return x


@pytest.mark.parametrize("kernel", [by_zero, lambda n, d: jnp.sum(d[:n])])
def test_transformations_choose_programs_by_values(kernel: Any) -> None:
    """Sizes below 1 are built in, inside of transformations as elsewhere."""
    fast = ax.approximate(kernel, backend="interp")
    inside = fast.as_jax()
    numbers = np.array([-3, 0, 1, 5, 100], np.int32)
    expected = [float(kernel(int(n), DATA)) for n in numbers]
    assert [float(fast(int(n), DATA)) for n in numbers] == expected
    assert [float(inside(int(n), DATA)) for n in numbers] == expected
    jitted = jax.jit(inside)
    assert [float(jitted(int(n), DATA)) for n in numbers] == expected
    assert [float(jax.jit(lambda d, n=n: inside(int(n), d))(DATA)) for n in numbers] == expected
    assert list(jax.vmap(inside, (0, None))(numbers, DATA)) == expected


def test_transformations_take_integers_that_are_built_in() -> None:
    fast = ax.approximate(doubled, backend="interp").as_jax()
    assert fast(3, 1.0) == 8
    assert jax.jit(lambda x: fast(3, x))(1.0) == 8
    jitted = jax.jit(fast)
    assert [float(jitted(n, 1.0)) for n in (0, 1, 5, 1)] == [1, 2, 32, 2]
    with jax.enable_x64(True):
        wide = jax.jit(fast)(2, np.ones(2))
        assert (wide.dtype, list(wide)) == (np.float64, [4, 4])


def test_types_inside_of_transformations() -> None:
    """Python's numbers take the type of what they meet."""
    fast = ax.approximate(lambda n, s, x: (x * n, x * s), backend="interp")
    x = np.ones(3, np.float16)
    for found in (fast(3, 2.0, x), fast.as_jax()(3, 2.0, x), jax.jit(fast.as_jax())(3, 2.0, x)):
        assert [one.dtype for one in found] == [np.float16, np.float16]
    found = jax.jit(fast.as_jax())(np.int32(3), np.float32(2), np.ones(3, np.int8))
    assert [one.dtype for one in found] == [np.int32, np.float32]


def test_shapes_that_depend_on_values_inside_of_transformations() -> None:
    head = ax.approximate(lambda n, x: x[:n], backend="interp").as_jax()
    assert jax.jit(lambda x: head(3, x))(DATA).shape == (3,)
    assert head(3, DATA).shape == (3,)
    with pytest.raises(ax.FrontendError, match=r"float32\[1\]\) or \(float32\[2\].*which JAX cannot trace"):
        jax.jit(head)(3, DATA)
    kernel = ax.approximate(lambda n, x: x if n == 0 else x[:1], backend="interp").as_jax()
    assert list(jax.jit(kernel)(1, DATA)) == [1]
    with pytest.raises(Exception, match=r"returns \(float32\[64\]\) for the values"):
        jax.jit(kernel)(0, DATA).block_until_ready()


@pytest.mark.parametrize("backend", ["interp", BACKENDS[1]])
def test_threads(backend: str) -> None:
    fast = ax.approximate(total, backend=backend)
    wrong: list[Any] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(20):
            n, size = int(rng.integers(1, 60)), int(rng.integers(60, 63))
            found = fast(n, DATA[:size])
            if not np.isclose(found, model(n, DATA[:size])):
                wrong.append((n, size, found))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert fast.programs == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ax.approximate(5), "takes a function, not 5"),
        (lambda: ax.approximate(total, backend="lvm"), "did you mean llvm"),
        (lambda: ax.approximate(total, returns="list"), "returns is 'jax' or 'numpy'"),
        (lambda: ax.approximate(total, {"decision": 1}), "has no entry 'decision'"),
        (lambda: ax.approximate(total, backend="interp")(1), "cannot be called with 1 arguments"),
        (lambda: ax.approximate(total, backend="interp")(1, nothing=2), "cannot be called so"),
        (lambda: ax.approximate(total, backend="interp")(1, "text"), "neither an array nor a number"),
        (lambda: ax.approximate(total, backend="interp")(1 << 35, DATA), "does not fit into 32 bits"),
        (lambda: ax.approximate(lambda *, x: x, backend="interp")(x=1), "can only be given by name"),
        (lambda: ax.approximate(total, backend="interp", static_argnums=1)(1, [2]), "must be hashable"),
        (
            lambda: ax.approximate(total, backend="interp")(1, jax.ShapeDtypeStruct((3,), "float32")),
            "a call needs arrays",
        ),
        (lambda: ax.approximate(lambda x: x @ x, backend="interp")(np.ones((2, 3))), "JAX cannot export"),
    ],
)
def test_wrong_inputs(call: Any, message: str) -> None:
    with pytest.raises(ax.ApproxIRError, match=message):
        call()


def test_unknown_back_ends_are_value_errors() -> None:
    with pytest.raises(ax.FrontendError, match="there is no back end 'cuda'"):
        ax.approximate(total, backend="cuda")


def test_integers_that_are_too_large_when_the_program_is_known() -> None:
    fast = ax.approximate(lambda n, x: x * n, backend="interp")
    assert fast(3, 2.0) == 6
    with pytest.raises(ax.FrontendError, match="does not fit into 32 bits"):
        fast(1 << 40, 2.0)


@on_backends
def test_loops_by_name(backend: str) -> None:
    """The name that JAX gives a loop is that of the scope it stands in."""

    def twice(x: Any) -> Any:
        with jax.named_scope("first"):
            a = lax.fori_loop(0, 6, lambda i, s: s + x[i], jnp.float32(0))
        with jax.named_scope("second"):
            b = lax.fori_loop(0, 6, lambda i, s: s + x[i], jnp.float32(0))
        return a, b

    for loop in (1, "jit(twice)/second/while"):
        static = ax.StaticTransform("loop_perforate", 2, transform_options={"loop": loop})
        fast = ax.approximate(twice, {"static_transform": static}, backend=backend)
        assert fast(DATA) == (21, 9)


@on_backends
def test_loops_that_count_down_by_subtracting(backend: str) -> None:
    def kernel(x: Any) -> Any:
        def body(held: Any) -> Any:
            i, s = held
            return i - 1, s + x[i]

        return lax.while_loop(lambda held: held[0] > 0, body, (jnp.int32(6), jnp.float32(0)))[1]

    exact = ax.approximate(kernel, backend=backend)
    half = ax.approximate(
        kernel, {"static_transform": ax.StaticTransform("loop_perforate", 2)}, backend=backend
    )
    assert [float(exact(DATA)), float(half(DATA))] == [2 + 3 + 4 + 5 + 6 + 7, 7 + 5 + 3]


def test_names_of_loops_that_there_are() -> None:
    def kernel(x: Any) -> Any:
        def outer(i: Any, s: Any) -> Any:
            with jax.named_scope("inner"):
                return lax.fori_loop(0, 6, lambda j, t: t + x[j], s)

        return lax.fori_loop(0, 2, outer, jnp.float32(0))

    def perforated(loop: str, backend: str) -> Any:
        static = ax.StaticTransform("loop_perforate", 2, transform_options={"loop": loop})
        return ax.approximate(kernel, {"static_transform": static}, backend=backend)

    assert perforated("inner/while", "interp")(DATA) == 2 * (1 + 3 + 5)
    text = ax.export_with_config(kernel, (DATA,), perforated("outer", "interp").knobs)
    with pytest.raises(ax.ApproxIRError, match=r'names "inner/while", "jit\(kernel\)/while"'):
        ax.compile(text)

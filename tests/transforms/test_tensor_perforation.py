from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.perforated_loops import wrap

import approxir as ax
from approxir.interp import run
from approxir.passes.base import PassError
from approxir.passes.pipeline import PASS_PIPELINE, run_pipeline


def lower(text: str) -> str:
    module = ax.parse(text)
    run_pipeline(module, PASS_PIPELINE)
    result = str(module)
    ax.parse(result).verify()
    ax.parse(result).verify(using="mlir")
    return result


def annotated(body: str, v: int, head: str, options: str = "") -> str:
    chosen = f", transform_options = {{{options}}}" if options else ""
    return (
        f'approx.util.annotation.transform <{{func_name = "main", transform_type = "loop_perforate", '
        f"knob_val = {v} : i32{chosen}}}>\nfunc.func @main{head} {{\n{body}\n}}\n"
    )


def execute(text: str, *arguments: Any) -> list[Any]:
    """Run a module's ``main`` by XLA, through JAX."""
    jax = pytest.importorskip("jax")
    compiler = pytest.importorskip("jaxlib._jax")
    xla_client = pytest.importorskip("jax._src.lib").xla_client
    devices = jax.devices("cpu")[:1]
    loaded = devices[0].client.compile_and_load(
        text, compiler.DeviceList(tuple(devices)), xla_client.CompileOptions()
    )
    results = loaded.execute_sharded([jax.device_put(one, devices[0]) for one in arguments])
    return [np.asarray(parts[0]) for parts in results.disassemble_into_single_device_arrays()]


ADD = """\
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %r = stablehlo.reduce(%a init: %z) applies stablehlo.add across dimensions = [1] : (tensor<3x10xf32>, tensor<f32>) -> tensor<3xf32>
  return %r : tensor<3xf32>"""
ADD_HEAD = "(%a: tensor<3x10xf32>) -> tensor<3xf32>"


def test_text() -> None:
    assert (
        lower(annotated(ADD, 4, ADD_HEAD)).split("{\n", 1)[1]
        == """\
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %1 = stablehlo.slice %a [0:3, 0:10:4] : (tensor<3x10xf32>) -> tensor<3x3xf32>
  %r = stablehlo.reduce(%1 init: %z) across dimensions = [1] : (tensor<3x3xf32>, tensor<f32>) -> tensor<3xf32>
   reducer(%arg0: tensor<f32>, %arg1: tensor<f32>) {
    %4 = stablehlo.add %arg0, %arg1 : tensor<f32>
    stablehlo.return %4 : tensor<f32>
  }
  %2 = stablehlo.constant dense<3.3333333e+00> : tensor<3xf32>
  %3 = stablehlo.multiply %r, %2 : tensor<3xf32>
  return %3 : tensor<3xf32>
}
"""
    )


@pytest.mark.parametrize("v", [0, 1])
def test_exact(v: int) -> None:
    assert lower(annotated(ADD, v, ADD_HEAD)).split("{\n", 1)[1] == ADD + "\n}\n"


@pytest.mark.parametrize("v", [2, 3, 4, 9, 10, 11, 1000])
def test_sums(v: int) -> None:
    a = np.arange(30, dtype=np.float32).reshape(3, 10)
    kept = a[:, ::v]
    expected = kept.sum(axis=1) * np.float32(10 / kept.shape[1])
    np.testing.assert_allclose(execute(lower(annotated(ADD, v, ADD_HEAD)), a)[0], expected, rtol=1e-6)


def test_sum_with_an_initial_value() -> None:
    body = ADD.replace("dense<0.0>", "dense<5.0>")
    a = np.arange(30, dtype=np.float32).reshape(3, 10)
    expected = 5 + a[:, ::4].sum(axis=1) * np.float32(10 / 3)
    np.testing.assert_allclose(execute(lower(annotated(body, 4, ADD_HEAD)), a)[0], expected, rtol=1e-6)


@pytest.mark.parametrize("init", [0, 7])
@pytest.mark.parametrize("kind", ["i32", "ui32", "i8"])
def test_integer_sums(init: int, kind: str) -> None:
    body = ADD.replace("dense<0.0>", f"dense<{init}>").replace("f32", kind)
    a = np.arange(30).reshape(3, 10).astype({"i32": np.int32, "ui32": np.uint32, "i8": np.int8}[kind]) % 4
    found = execute(lower(annotated(body, 4, ADD_HEAD.replace("f32", kind))), a)[0]
    assert list(found) == [init + int(row[::4].sum()) * 10 // 3 for row in a]


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_unscaled(name: str) -> None:
    body = ADD.replace("stablehlo.add", f"stablehlo.{name}").replace("dense<0.0>", "dense<14.5>")
    a = np.arange(30, dtype=np.float32).reshape(3, 10)
    found = execute(lower(annotated(body, 4, ADD_HEAD)), a)[0]
    reduce = np.maximum if name == "maximum" else np.minimum
    np.testing.assert_array_equal(found, reduce(reduce.reduce(a[:, ::4], axis=1), np.float32(14.5)))


@pytest.mark.parametrize("name", ["and", "or", "add"])
def test_truth_values(name: str) -> None:
    init = "true" if name == "and" else "false"
    body = (
        ADD.replace("stablehlo.add", f"stablehlo.{name}")
        .replace("dense<0.0>", f"dense<{init}>")
        .replace("f32", "i1")
    )
    a = np.arange(30).reshape(3, 10) % 7 > 0
    a[1] = False
    found = execute(lower(annotated(body, 4, ADD_HEAD.replace("f32", "i1"))), a)[0]
    reduce = np.logical_and if name == "and" else np.logical_or
    np.testing.assert_array_equal(found, reduce.reduce(a[:, ::4], axis=1))


VARIADIC = """\
  %zf = stablehlo.constant dense<0.0> : tensor<f32>
  %zi = stablehlo.constant dense<-5> : tensor<i32>
  %r:2 = stablehlo.reduce(%a init: %zf), (%b init: %zi) across dimensions = [1, 0] {tag} : (tensor<3x10xf32>, tensor<3x10xi32>, tensor<f32>, tensor<i32>) -> (tensor<f32>, tensor<i32>)
   reducer(%x: tensor<f32>, %y: tensor<f32>) (%p: tensor<i32>, %q: tensor<i32>) {
    // Both at once.
    %m = stablehlo.maximum %p, %q : tensor<i32>
    %s = stablehlo.add %y, %x : tensor<f32>
    stablehlo.return %s, %m : tensor<f32>, tensor<i32>
  } loc("here")
  return %r#0, %r#1 : tensor<f32>, tensor<i32>"""


@pytest.mark.parametrize("generic", [False, True])
def test_several_at_once(generic: bool) -> None:
    head = "(%a: tensor<3x10xf32>, %b: tensor<3x10xi32>) -> (tensor<f32>, tensor<i32>)"
    text = annotated(VARIADIC, 3, head)
    if generic:
        text = ax.parse(text).print(generic=True)
    result = lower(text)
    assert 'loc("here")' in result
    assert "{tag}" in result
    a = np.arange(30, dtype=np.float32).reshape(3, 10)
    b = (np.arange(30, dtype=np.int32) * 7 % 31).reshape(3, 10)
    total, most = execute(result, a, b)
    np.testing.assert_allclose(total, a[:, ::3].sum() * 10 / 4, rtol=1e-6)
    assert most == b[:, ::3].max()


DOT = """\
  %0 = stablehlo.dot_general %a, %b, batching_dims = [0] x [0], contracting_dims = [2, 1] x [1, 2], precision = [DEFAULT, DEFAULT] : (tensor<2x3x10xf32>, tensor<2x10x3x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>"""
DOT_HEAD = "(%a: tensor<2x3x10xf32>, %b: tensor<2x10x3x4xf32>) -> tensor<2x4xf32>"


@pytest.mark.parametrize("v", [2, 3, 20])
def test_dot_general(v: int) -> None:
    rng = np.random.default_rng(v)
    a = rng.random((2, 3, 10), np.float32)
    b = rng.random((2, 10, 3, 4), np.float32)
    kept = a[:, :, ::v]
    expected = np.einsum("nij,njik->nk", kept, b[:, ::v]) * np.float32(10 / kept.shape[2])
    np.testing.assert_allclose(execute(lower(annotated(DOT, v, DOT_HEAD)), a, b)[0], expected, rtol=1e-5)


WHILE = """\
  %c = stablehlo.constant dense<0> : tensor<i32>
  %0:3 = stablehlo.while(%i = %c, %x = %a, %m = %n) : tensor<i32>, tensor<f32>, tensor<i32>
  cond {
    %1 = stablehlo.compare LT, %i, %m, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    %1 = stablehlo.convert %i : (tensor<i32>) -> tensor<f32>
    %2 = stablehlo.add %x, %1 : tensor<f32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %3 = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %3, %2, %m : tensor<i32>, tensor<f32>, tensor<i32>
  }
  return %0#1 : tensor<f32>"""
WHILE_HEAD = "(%a: tensor<f32>, %n: tensor<i32>) -> tensor<f32>"


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("v", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 10, 11])
@pytest.mark.parametrize("direction", ["LT", "NE"])
def test_while(v: int, n: int, generic: bool, direction: str) -> None:
    text = annotated(WHILE.replace("compare LT", f"compare {direction}"), v, WHILE_HEAD)
    if generic:
        text = ax.parse(text).print(generic=True)
    found = execute(lower(text), np.float32(0.5), np.int32(n))[0]
    assert found == np.float32(0.5 + sum(range(0, n, v)))


@pytest.mark.parametrize("kind", ["tensor<f32>", "tensor<3xf32>", "tensor<2xi32>"])
@pytest.mark.parametrize("n", [0, 1, 10, 11])
def test_rescaling_while(n: int, kind: str) -> None:
    shape = kind.removeprefix("tensor<")[:-1]
    element = shape.split("x")[-1]
    spread = "stablehlo.broadcast_in_dim %s, dims = [] :" if "x" in shape else "stablehlo.convert %s :"
    body = WHILE.replace(
        "%1 = stablehlo.convert %i : (tensor<i32>) -> tensor<f32>",
        f"""\
%s = stablehlo.convert %i : (tensor<i32>) -> tensor<{element}>
    %1 = {spread} (tensor<{element}>) -> {kind}""",
    )
    body = body.replace("add %x, %1 : tensor<f32>", f"add %1, %x : {kind}").replace(
        "tensor<i32>, tensor<f32>,", f"tensor<i32>, {kind},"
    )
    body = body.replace("%0#1 : tensor<f32>", f"%0#1 : {kind}")
    text = annotated(body, 3, f"(%a: {kind}, %n: tensor<i32>) -> {kind}", "rescale = true")
    dtype = np.float32 if element == "f32" else np.int32
    a = np.full([int(size) for size in shape.split("x")[:-1]], 7, dtype)
    (expected,) = run(ax.parse(text), "main", a, np.int32(n))
    np.testing.assert_array_equal(execute(lower(text), a, np.int32(n))[0], expected)


def test_while_near_the_end_of_its_type() -> None:
    body = WHILE.replace("dense<0> : tensor<i32>\n  %0", f"dense<{2**31 - 30}> : tensor<i32>\n  %0")
    body = body.replace("%2 = stablehlo.add %x, %1", "%2 = stablehlo.add %x, %x")
    result = lower(annotated(body, 20, WHILE_HEAD))
    assert execute(result, np.float32(1), np.int32(2**31 - 1))[0] == 4


def fails(body: str, head: str, options: str = "") -> str:
    with pytest.raises(PassError) as caught:
        lower(annotated(body, 2, head, options))
    assert caught.value.line == 1
    return caught.value.message


def test_other_reducers() -> None:
    body = ADD.replace("stablehlo.add", "stablehlo.multiply")
    assert fails(body, ADD_HEAD).endswith("its reducer is stablehlo.multiply")
    body = VARIADIC.replace("stablehlo.maximum %p, %q", "stablehlo.maximum %p, %p")
    head = "(%a: tensor<3x10xf32>, %b: tensor<3x10xi32>) -> (tensor<f32>, tensor<i32>)"
    assert fails(body, head).endswith("its reducer is made of stablehlo.maximum, stablehlo.add")


def test_nothing_is_contracted() -> None:
    body = DOT.replace("contracting_dims = [2, 1] x [1, 2], ", "").replace(
        "tensor<2x4xf32>", "tensor<2x3x10x10x3x4xf32>"
    )
    head = DOT_HEAD.replace("tensor<2x4xf32>", "tensor<2x3x10x10x3x4xf32>")
    assert fails(body, head) == "stablehlo.dot_general contracts no dimension"


def test_schemes_are_for_loops() -> None:
    assert fails(ADD, ADD_HEAD, 'scheme = "skip"').startswith("the scheme 'skip' is for loops")
    assert fails(ADD, ADD_HEAD, "loop = 0").startswith("there is no loop number 0")


@pytest.mark.parametrize("v", [2, 3, 9])
def test_counts_that_the_type_does_not_hold(v: int) -> None:
    # With another initial value the result would be XLA's choice: StableHLO lets it count more than once.
    head = ADD_HEAD.replace("f32", "i8").replace("3x10", "3x1000")
    body = ADD.replace("dense<0.0>", "dense<0>").replace("f32", "i8").replace("3x10", "3x1000")
    a = np.random.default_rng(v).integers(-100, 100, (3, 1000)).astype(np.int8)
    kept = a[:, ::v]
    found = execute(lower(annotated(body, v, head)), a)[0]
    for row, result in zip(kept, found, strict=True):
        product = wrap(wrap(int(row.sum(dtype=np.int64)), 8) * 1000, 8)
        quotient = abs(product) // len(row) * (1 if product >= 0 else -1)
        assert result == wrap(quotient, 8)

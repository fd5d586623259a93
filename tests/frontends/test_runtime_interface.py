"""Programs written for approx-runtime run after changing their import line.

Each test follows one part of that project's README, in its order, on the CPU and with small sizes. What it says about
tuning (`tune`, `ApproxTunerInterface`, `create_tuner_arg_parser`) is left out here, but for what a tuner does to evaluate a
configuration.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import approxir as ar

jax = pytest.importorskip("jax")
pytest.importorskip("iree.compiler")
pytest.importorskip("iree.runtime")

import jax.numpy as jnp  # noqa: E402

DATA = np.random.default_rng(1).uniform(size=1000).astype(np.float32)


def get_state(n: Any) -> Any:
    return n


@ar.Knob(
    decision_tree=ar.DecisionTree(
        state_function=get_state,
        state_indices=[0],
        thresholds=[100],
        decisions=[0, 2],
        transform_type="loop_perforate",
    )
)
def my_kernel(n: Any, data: Any) -> Any:
    return jnp.sum(data[:n])


def model(n: int, threshold: int = 100, step: int = 2) -> Any:
    """What the approximated kernel computes."""
    part = DATA[:n]
    kept = part if n < threshold else part[::step]
    return kept.sum(dtype=np.float32) * np.float32(len(part) / len(kept))


def annotated() -> str:
    mlir = ar.export_to_mlir(my_kernel, 100, jnp.zeros(1000))
    return ar.inject_annotations(mlir, "my_kernel", ar.get_config(my_kernel))


def test_usage() -> None:
    """Decorate, export, inject, compile, deploy, call."""
    mlir = ar.export_to_mlir(my_kernel, 100, jnp.zeros(1000))
    mlir = ar.inject_annotations(mlir, "my_kernel", ar.get_config(my_kernel))
    mlir = ar.compile(mlir)
    vmfb = ar.compile_to_iree(mlir, backend="llvm-cpu")
    module = ar.load_module(vmfb, backend="llvm-cpu")
    for n in (1, 50, 99, 100, 101, 1000):
        np.testing.assert_allclose(module.my_kernel(n, DATA), model(n), rtol=1e-5)
    assert my_kernel(10, jnp.asarray(DATA)) == jnp.sum(DATA[:10])


def test_the_backend_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPROX_BACKEND", "llvm-cpu")
    vmfb = ar.compile_to_iree(ar.compile(annotated()))
    modules, device = ar.load_module(vmfb)
    found = modules.module["my_kernel"](np.int32(300), DATA)
    np.testing.assert_allclose(found, model(300), rtol=1e-5)
    assert device is not None


def test_toolchains(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is no need for a binary; one that is named is used."""
    mlir_text = (Path(__file__).parents[2] / "examples" / "checked_sum.mlir").read_text(encoding="utf-8")
    for variable in ("APPROX_OPT_ML", "APPROX_OPT_CPP", "APPROX_OPT_PATH"):
        monkeypatch.delenv(variable, raising=False)
    compiled = ar.compile(mlir_text, workload=ar.WorkloadType.CPP)
    assert "approx." not in compiled
    assert "scf.index_switch" in compiled
    program = tmp_path / "approx-opt-cpp"
    program.write_text('#!/bin/sh\necho "$@" >&2\nexit 3\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("APPROX_OPT_CPP", str(program))
    with pytest.raises(ar.CompilationError, match="--emit-approx"):
        ar.compile(mlir_text, workload=ar.WorkloadType.CPP)
    assert "approx." not in ar.compile(mlir_text, workload=ar.WorkloadType.ML)


def test_configurations_without_decorators() -> None:
    def kernel(x: Any) -> Any:
        return jax.lax.fori_loop(0, x, lambda i, total: total + i, jnp.int32(0))

    config = {
        "decision_tree": ar.DecisionTree(
            state_function=get_state, state_indices=[0], thresholds=[100], decisions=[0, 1], transform_type="loop_perforate"
        )
    }  # fmt: skip
    x_shape = jax.ShapeDtypeStruct((), jnp.int32)
    mlir = ar.export_with_config(kernel, (x_shape,), config)
    assert "approx.util.annotation.decision_tree" in mlir
    module = ar.load_module(ar.compile_to_iree(ar.compile(mlir)))
    assert [int(module.kernel(n)) for n in (0, 5, 200)] == [0, 10, 19900]
    assert ar.get_config(kernel) is None


def test_annotations_in_comments() -> None:
    cpp_source = """
    // @approx:decision_tree {
    //   transform_type: func_substitute
    //   state_indices: [-1]
    //   state_function: getState
    //   thresholds: [5, 10]
    //   decisions: [0, 1, 2]
    // }
    void my_kernel(float* data, int n, int state) { data[n] = 0; }
    void approx_my_kernel_1(float* data, int n, int state) { data[n] = 1; }
    void approx_my_kernel_2(float* data, int n, int state) { data[n] = 2; }
    int getState(int state) { return state; }
    """
    body = """ func.func @{}(%data: memref<?xf32>, %n: i32, %state: i32) {{
      %x = arith.constant {}.0 : f32
      %i = arith.index_cast %n : i32 to index
      memref.store %x, %data[%i] : memref<?xf32>
      return
    }}"""
    functions = [
        body.format(name, number)
        for number, name in enumerate(("my_kernel", "approx_my_kernel_1", "approx_my_kernel_2"))
    ]
    state = " func.func @getState(%s: i32) -> i32 { return %s : i32 }"
    base_mlir = "module {\n" + "\n".join([*functions, state]) + "\n}\n"
    annotations = ar.parse_and_generate(cpp_source)
    annotated_mlir = ar.inject_annotations_text(base_mlir, annotations)
    from approxir.interp import run

    lowered = ar.parse(ar.compile(annotated_mlir, workload=ar.WorkloadType.CPP))
    for number, expected in ((4, 0), (5, 1), (9, 1), (10, 2)):
        data = np.full(3, 7, np.float32)
        run(lowered, "my_kernel", data, 1, number)
        assert list(data) == [7, expected, 7]


def deployed(function: Callable[..., Any], *args: Any) -> Any:
    """A decorated function, through everything, as a function of IREE."""
    name = ar.get_function_name(function)
    mlir = ar.inject_annotations(ar.export_to_mlir(function, *args), name, ar.get_config(function))
    modules, _ = ar.load_module(ar.compile_to_iree(ar.compile(mlir)))
    return modules.module[name]


def test_decision_trees() -> None:
    tree = ar.DecisionTree(
        state_function=get_state,
        state_indices=[0],
        thresholds=[100, 500],
        decisions=[0, 1, 2],
        transform_type="loop_perforate",
        thresholds_lower=[0, 100],
        thresholds_upper=[500, 1000],
    )
    kernel = ar.Knob(decision_tree=tree)(lambda n, data: jnp.sum(data[:n]))
    kernel.__name__ = "kernel"
    run = deployed(kernel, 100, jnp.zeros(1000))
    for n in (99, 100, 499, 500, 1000):
        np.testing.assert_allclose(run(n, DATA), model(n, threshold=500), rtol=1e-5)


def test_safety_contracts() -> None:
    def my_checker(result: Any, data: Any) -> Any:
        return result < 100

    def my_recover(data: Any) -> Any:
        return jnp.float32(-1)

    @ar.Knob(safety_contract=ar.SafetyContract(checker=my_checker, recover=my_recover))
    def kernel(data: Any) -> Any:
        return data.sum()

    run = deployed(kernel, jnp.zeros(10))
    np.testing.assert_allclose(run(DATA[:10]), DATA[:10].sum(), rtol=1e-6)
    assert run(100 * DATA[:10] + 10) == -1


def test_static_transforms() -> None:
    @ar.Knob(static_transform=ar.StaticTransform(transform_type="loop_perforate", knob_val=2))
    def kernel(data: Any) -> Any:
        return data.sum()

    np.testing.assert_allclose(deployed(kernel, jnp.zeros(10))(DATA[:10]), 2 * DATA[:10:2].sum(), rtol=1e-6)

    @ar.Knob(static_transform=ar.StaticTransform("task_skipping", 1))
    def branches(flag: Any, data: Any) -> Any:
        return jax.lax.cond(flag, lambda x: x + 1, lambda x: x - 1, data)

    np.testing.assert_array_equal(deployed(branches, True, jnp.zeros(10))(True, DATA[:10]), DATA[:10] - 1)


def test_what_a_tuner_does_for_each_configuration() -> None:
    mlir_source = annotated()
    manager = ar.MLIRConfigManager()
    params = manager.parse_annotations(mlir_source)
    param = params["my_kernel_threshold_0"]
    assert isinstance(param, ar.TunableParam)
    assert (param.name, param.lower, param.upper, param.current) == ("my_kernel_threshold_0", 0, 100, 100)
    assert (param.param_type, param.func_name, param.index) == ("threshold", "my_kernel", 0)

    def evaluate(config: dict[str, int]) -> tuple[float, float]:
        modified_mlir = manager.apply_config(mlir_source, config)
        compiled = ar.compile(modified_mlir, passes=ar.PASS_PIPELINE)
        vmfb = ar.compile_to_iree(compiled, backend="llvm-cpu")
        modules, _ = ar.load_module(vmfb, backend="llvm-cpu")
        start = time.perf_counter()
        result = modules.module["my_kernel"](80, DATA)
        time_ms = (time.perf_counter() - start) * 1000
        return time_ms, 1.0 / (1.0 + abs(float(result) - float(DATA[:80].sum())))

    assert not manager.validate_config({"my_kernel_threshold_0": 1000}, params)
    for config, exact in (
        ({"my_kernel_threshold_0": 81}, True),
        ({"my_kernel_threshold_0": 75, "my_kernel_decision_1": 2}, False),
    ):
        assert manager.validate_config(config, params)
        time_ms, accuracy = evaluate(config)
        assert time_ms > 0
        assert (accuracy > 0.999) == exact


def test_bounds_of_substitution() -> None:
    fields: dict[str, Any] = {
        "state_function": get_state,
        "state_indices": [0],
        "thresholds": [100, 500],
        "decisions": [0, 1, 2],
        "transform_type": "func_substitute",
        "thresholds_lower": [0, 100],
        "thresholds_upper": [500, 1000],
    }
    with pytest.raises(ValueError, match=r"approx_kernels\[1\]"):
        ar.DecisionTree(**fields)

    def doubled(n: Any, data: Any) -> Any:
        return data * 2

    def nothing(n: Any, data: Any) -> Any:
        return jnp.where(data > 0, 0.0, 0.0)

    @ar.Knob(decision_tree=ar.DecisionTree(**fields, approx_kernels={1: doubled, 2: nothing}))
    def exact(n: Any, data: Any) -> Any:
        return data * 2 + jnp.sin(data)

    config = ar.get_config(exact)
    helpers = ar.collect_helper_functions("exact", config)
    assert [name for name, _ in helpers] == ["get_state", "approx_exact_1", "approx_exact_2"]
    n_shape, data_shape = jax.ShapeDtypeStruct((), jnp.int32), jax.ShapeDtypeStruct((8,), jnp.float32)
    functions: dict[str, Any] = {"exact": (exact, (n_shape, data_shape))}
    for name, helper in helpers:
        functions[name] = (helper, (n_shape,) if name == "get_state" else (n_shape, data_shape))
    mlir = ar.inject_annotations(ar.export_module(functions), "exact", config)
    pipeline = ar.get_pipeline_for_config(config)
    assert pipeline == ar.FUNC_SUBSTITUTE_PIPELINE
    assert ar.needs_pre_emit_transform(config)
    module = ar.load_module(ar.compile_to_iree(ar.compile(mlir, passes=pipeline)))
    data = DATA[:8]
    for n, expected in ((50, data * 2 + np.sin(data)), (200, data * 2), (600, 0 * data)):
        np.testing.assert_allclose(module.exact(n, data), expected, rtol=1e-6)
    bounds = ar.parse(mlir).knob("exact").params
    assert (list(bounds.thresholds_lowers), list(bounds.thresholds_uppers)) == ([0, 100], [500, 1000])


def test_the_pipeline() -> None:
    expected = ["emit-approx", "emit-management", "config-approx", "transform-approx", "finalize-approx"]
    assert expected == ar.PASS_PIPELINE
    assert [re.sub("_", "-", name) for name in ar.FUNC_SUBSTITUTE_PIPELINE] == [
        "pre-emit-transform",
        *expected,
    ]

"""Artifacts as bytes, as approx-runtime has them: `compile_to_iree` and `load_module`."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import approxir as ax
from approxir.codegen.iree.declarations import DeclarationError, signature_from
from approxir.codegen.iree.devices import DeviceError, open_device
from approxir.codegen.iree.runtime import LoadError
from approxir.codegen.kernel import UnknownFunctionError
from approxir.errors import ArgumentError

KERNEL = """\
module NAME{
  func.func @my_kernel(%n: tensor<i32>, %data: tensor<4xf32>) -> tensor<4xf32> {
    %f = stablehlo.convert %n : (tensor<i32>) -> tensor<f32>
    %b = stablehlo.broadcast_in_dim %f, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %r = stablehlo.multiply %b, %data : tensor<4xf32>
    return %r : tensor<4xf32>
  }
  func.func @other(%a: i32, %b: tensor<?x2xi8>) -> (tensor<?x2xi8>, i32) {
    return %b, %a : tensor<?x2xi8>, i32
  }
  func.func private @hidden(%a: i32) -> i32 {
    return %a : i32
  }
}
"""
DATA = np.array([1, 2, 3, 4], np.float32)


@pytest.mark.parametrize("name", ["", "@jit_my_kernel ", '@"two words" '])
def test_a_pair_and_a_module(name: str) -> None:
    vmfb = ax.compile_to_iree(KERNEL.replace("NAME", name), backend="llvm-cpu")
    assert isinstance(vmfb, bytes)
    modules, device = ax.load_module(vmfb, backend="cpu")
    assert modules.module["my_kernel"](100, DATA).tolist() == [100, 200, 300, 400]
    assert device.name == "local-task"
    module = ax.load_module(vmfb)
    assert module.my_kernel(100, DATA).tolist() == [100, 200, 300, 400]
    assert module["my_kernel"](np.int32(2), DATA).tolist() == [2, 4, 6, 8]
    assert module[0] is module.modules
    assert module[1] is module.device
    assert len(module) == 2
    assert sorted(modules.module) == ["my_kernel", "other"]
    assert "my_kernel" in dir(modules.module)
    assert "my_kernel" in repr(module)
    (own,) = modules
    assert getattr(modules, own) is modules[own] is modules.module


def test_arguments_are_checked() -> None:
    module = ax.load_module(ax.compile_to_iree(KERNEL.replace("NAME", "")))
    assert str(module.other.signature) == "other(i32, tensor<?x2xi8>) -> (tensor<?x2xi8>, i32)"
    with pytest.raises(ArgumentError, match=r"my_kernel\(tensor<i32>, tensor<4xf32>\) -> tensor<4xf32>"):
        module.my_kernel(1, DATA[:3])
    with pytest.raises(ArgumentError, match="takes 2 arguments, 1 was given"):
        module.my_kernel(1)
    for wrong in ("hidden", "my_kernle"):
        with pytest.raises(UnknownFunctionError, match=f"no function '{wrong}'"):
            module[wrong]
        with pytest.raises(AttributeError):
            getattr(module, wrong)
        with pytest.raises(KeyError):
            module.modules.module[wrong]
    with pytest.raises(AttributeError, match="no module 'nothing'"):
        _ = module.modules.nothing
    assert not hasattr(module, "__wrapped__")


def test_the_readme_of_approx_runtime() -> None:
    text = """\
module {
  approx.util.annotation.decision_tree <{func_name = "my_kernel", state_function = "state",
    state_indices = array<i64: 0>, transform_type = "func_substitute", thresholds = array<i32: 10>,
    decisions = array<i32: 0, 1>}>
  func.func @state(%n: tensor<i32>) -> tensor<i32> {
    return %n : tensor<i32>
  }
  func.func @my_kernel(%n: tensor<i32>, %x: tensor<4xf32>) -> tensor<4xf32> {
    %r = stablehlo.add %x, %x : tensor<4xf32>
    return %r : tensor<4xf32>
  }
  func.func @approx_my_kernel_1(%n: tensor<i32>, %x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}
"""
    with pytest.raises(
        ax.CompilationError, match=r"lower the approximations with approxir\.compile"
    ) as caught:
        ax.compile_to_iree(text)
    assert caught.value.diagnostics[0].line == 2
    module = ax.load_module(ax.compile_to_iree(ax.compile(text)))
    assert module.my_kernel(3, DATA).tolist() == [2, 4, 6, 8]
    assert module.my_kernel(30, DATA).tolist() == [1, 2, 3, 4]


def test_the_back_end_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    text = KERNEL.replace("NAME", "")
    monkeypatch.setenv("APPROX_BACKEND", "cuda")
    assert b".target sm_80" in ax.compile_to_iree(text)
    assert b".target sm_80" not in ax.compile_to_iree(text, backend="llvm-cpu")
    monkeypatch.setenv("APPROX_BACKEND", "vmvx")
    vmfb = ax.compile_to_iree(text)
    assert ax.load_module(vmfb).my_kernel(2, DATA).tolist() == [2, 4, 6, 8]
    monkeypatch.setenv("APPROX_BACKEND", "")
    assert ax.load_module(ax.compile_to_iree(text)).device.name == "local-task"
    assert inspect.signature(ax.compile_to_iree).parameters["backend"].default is None


def test_what_is_no_artifact() -> None:
    vmfb = ax.compile_to_iree(KERNEL.replace("NAME", ""))
    for wrong in (b"", b"\0" * 64, b"garbage" * 100, vmfb[: len(vmfb) // 2], vmfb[100:], KERNEL.encode()):
        with pytest.raises(LoadError, match="cannot be loaded on local-task"):
            ax.load_module(wrong)
    with pytest.raises(LoadError, match="cannot be loaded on local-task"):
        ax.load_module(ax.compile_to_iree(KERNEL.replace("NAME", ""), "cuda"))
    with pytest.raises(TypeError, match="an artifact is bytes, not str"):
        ax.load_module("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ax.compile_to_iree(b"module {}")  # type: ignore[arg-type]


def test_functions_that_are_only_declared() -> None:
    text = "module {\n  func.func private @e(i32) -> i32\n  func.func @f(%a: i32) -> i32 {\n    %r = call @e(%a) : (i32) -> i32\n    return %r : i32\n  }\n}\n"
    with pytest.raises((LoadError, ax.CompilationError)):
        ax.load_module(ax.compile_to_iree(text))


def test_devices() -> None:
    assert open_device("cpu") is open_device("llvm-cpu") is open_device("local-task")
    assert open_device("local-sync") is not open_device("cpu")
    with pytest.raises(DeviceError, match="did you mean 'cuda'"):
        open_device("kuda")
    with pytest.raises(DeviceError, match="cannot be opened"):
        open_device("local-task://7")
    with pytest.raises(DeviceError, match="built without the driver 'metal'"):
        open_device("metal")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sync func @f() -> ()", "f()"),
        ("sync func @f(%input0: i1) -> (%output0: f32)", "f(i1) -> f32"),
        (
            "sync func @f(%input0: tensor<?x4xcomplex<f32>> {iree.abi.output = 0 : index}, %input1: index) -> (%output0: i1, %output1: tensor<f32>)",
            "f(tensor<?x4xcomplex<f32>>, index) -> (i1, tensor<f32>)",
        ),
    ],
)
def test_declarations(text: str, shown: str) -> None:
    assert str(signature_from(text, "f")) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", "sync func @f", "sync func @f(", "sync func @f() -> (", "sync func @f() -> () more", "async func @f() -> ()",
        "sync func @g() -> ()", "sync func @f(i1) -> ()", "sync func @f(%a: ) -> ()", "sync func @f(%a: i1 %b: i1) -> ()",
        "sync func @f(%a: nonsense) -> ()", "sync func @f(%a: tensor<) -> ()",
    ],
)  # fmt: skip
def test_declarations_that_are_not_understood(text: str) -> None:
    with pytest.raises(DeclarationError):
        signature_from(text, "f")

"""Control flow over tensors as StableHLO."""

from __future__ import annotations

import numpy as np
import pytest
from support.lowering import call, contract, lowered, module, static, tree

import approxir as ax
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline

PIPELINE = (*FUNC_SUBSTITUTE_PIPELINE, "legalize-to-stablehlo")
LEGALIZE = ("legalize-to-stablehlo",)
STATE = "  func.func @state(%n: tensor<i32>) -> tensor<i32> {\n    return %n : tensor<i32>\n  }\n"


def i32(value: int) -> object:
    return np.array(value, np.int32)


def test_the_whole_pipeline() -> None:
    text = module(
        STATE,
        "  func.func @ok(%r: tensor<4xf32>, %n: tensor<i32>, %x: tensor<4xf32>) -> tensor<i1> {\n"
        "    %c = stablehlo.constant dense<3> : tensor<i32>\n"
        "    %b = stablehlo.compare NE, %n, %c : (tensor<i32>, tensor<i32>) -> tensor<i1>\n"
        "    return %b : tensor<i1>\n  }\n",
        "  func.func @rescue(%n: tensor<i32>, %x: tensor<4xf32>) -> tensor<4xf32> {\n    return %x : tensor<4xf32>\n  }\n",
        tree("f", "func_substitute", (2, 5), (0, 1, 2)),
        contract(),
        "  func.func @f(%n: tensor<i32>, %x: tensor<4xf32>) -> tensor<4xf32> {\n"
        "    %y = stablehlo.add %x, %x : tensor<4xf32>\n    return %y : tensor<4xf32>\n  }\n",
        *(
            f"  func.func @approx_f_{k}(%n: tensor<i32>, %x: tensor<4xf32>) -> tensor<4xf32> {{\n"
            f"    %y = stablehlo.constant dense<{k}.0> : tensor<4xf32>\n    return %y : tensor<4xf32>\n  }}\n"
            for k in (1, 2)
        ),
    )
    result = lowered(text, PIPELINE)
    assert "scf." not in str(result)
    assert "arith." not in str(result)
    assert str(lowered(str(result), LEGALIZE)) == str(result)
    x = np.array([1, 2, 3, 4], np.float32)
    for n in (-7, 1, 2, 3, 4, 5, 9):
        assert call(result, "f", i32(n), x) == call(text, "f", i32(n), x)


def test_a_static_try() -> None:
    text = module(
        "  func.func @ok(%r: tensor<2xi32>, %x: tensor<2xi32>) -> tensor<1xi1> {\n"
        "    %b = stablehlo.constant dense<false> : tensor<1xi1>\n    return %b : tensor<1xi1>\n  }\n",
        "  func.func @rescue(%x: tensor<2xi32>) -> tensor<2xi32> {\n    return %x : tensor<2xi32>\n  }\n",
        static(value=0),
        contract(),
        "  func.func @f(%x: tensor<2xi32>) -> tensor<2xi32> {\n"
        "    %y = stablehlo.add %x, %x : tensor<2xi32>\n    return %y : tensor<2xi32>\n  }\n",
    )
    result = lowered(text, PIPELINE)
    assert "scf." not in str(result)
    assert call(result, "f", np.array([3, 4], np.int32)) == [3, 4]


def test_what_is_not_concerned_is_not_touched() -> None:
    text = module(
        "  func.func @f(%c: i1, %m: memref<4xf32>) {\n"
        "    %unused = arith.constant 1 : i32\n"
        "    scf.if %c {\n      %z = arith.constant 0.0 : f32\n    }\n    return\n  }\n",
        "  func.func @g(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
        "    %unused = arith.constant 1 : i32\n    return %x : tensor<4xf32>\n  }\n",
    )
    assert str(lowered(text, LEGALIZE)) == text


def test_nothing_is_removed_that_was_not_used_before() -> None:
    text = module(
        "  func.func @f(%c: i1, %x: tensor<4xf32>) -> tensor<4xf32> {\n"
        "    %unused = arith.constant 17 : i32\n    %also = arith.addi %unused, %unused : i32\n"
        "    %r = scf.if %c -> (tensor<4xf32>) {\n      scf.yield %x : tensor<4xf32>\n    } else {\n"
        "      %y = stablehlo.add %x, %x : tensor<4xf32>\n      scf.yield %y : tensor<4xf32>\n    }\n"
        "    return %r : tensor<4xf32>\n  }\n"
    )
    result = lowered(text, LEGALIZE)
    assert "%unused = arith.constant 17 : i32\n    %also" in str(result)
    assert "scf." not in str(result)


FOR = """\
  func.func @f(%n: tensor<i32>, %x: tensor<4xi32>) -> tensor<4xi32> {
    %c0 = arith.constant LOW : KIND
    %step = arith.constant 2 : KIND
    %i = tensor.extract %n[] : tensor<i32>
    CAST
    %r, %s = scf.for UNSIGNED%k = %c0 to %high step %step iter_args(%a = %x, %b = %i) -> (tensor<4xi32>, i32)TYPE {
      %y = stablehlo.add %a, %x : tensor<4xi32>
      %one = arith.constant 1 : i32
      %t = arith.addi %b, %one : i32
      BACK
      %u = arith.addi %t, %back : i32
      scf.yield %y, %u : tensor<4xi32>, i32
    }
    %v = tensor.from_elements %s, %s, %s, %s : tensor<4xi32>
    %w = stablehlo.add %r, %v : tensor<4xi32>
    return %w : tensor<4xi32>
  }
"""


@pytest.mark.parametrize("kind", ["index", "i32", "i64"])
@pytest.mark.parametrize("low", [0, 3, -2])
def test_loops(kind: str, low: int) -> None:
    cast = {
        "index": "%high = arith.index_cast %i : i32 to index",
        "i32": "%z = arith.constant 0 : i32\n    %high = arith.addi %i, %z : i32",
        "i64": "%high = arith.extsi %i : i32 to i64",
    }[kind]
    back = {
        "index": "%back = arith.index_cast %k : index to i32",
        "i32": "%back = arith.addi %k, %k : i32",
        "i64": "%back = arith.trunci %k : i64 to i32",
    }[kind]
    text = module(
        FOR.replace("LOW", str(low)).replace("KIND", kind).replace("CAST", cast).replace("BACK", back)
        .replace("TYPE", "" if kind == "index" else f" : {kind}").replace("UNSIGNED", "")
    )  # fmt: skip
    result = lowered(text, LEGALIZE)
    assert "scf." not in str(result)
    for n in (-3, 0, 3, 4, 9):
        x = np.array([1, 2, 3, 4], np.int32)
        assert call(result, "f", i32(n), x) == call(text, "f", i32(n), x)


def test_unsigned_loops_stay() -> None:
    text = module(
        FOR.replace("LOW", "0").replace("KIND", "i32").replace("CAST", "%high = arith.addi %i, %i : i32")
        .replace("BACK", "%back = arith.addi %k, %k : i32").replace("TYPE", " : i32").replace("UNSIGNED", "unsigned ")
    )  # fmt: skip
    assert str(lowered(text, LEGALIZE)) == text


@pytest.mark.parametrize("predicate", ["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"])
def test_comparisons(predicate: str) -> None:
    text = module(
        "  func.func @f(%n: tensor<i32>, %x: tensor<2xi32>) -> tensor<2xi32> {\n"
        "    %i = tensor.extract %n[] : tensor<i32>\n    %c = arith.constant 3 : i32\n"
        f"    %b = arith.cmpi {predicate}, %i, %c : i32\n"
        "    %r = scf.if %b -> (tensor<2xi32>) {\n      scf.yield %x : tensor<2xi32>\n    } else {\n"
        "      %y = stablehlo.add %x, %x : tensor<2xi32>\n      scf.yield %y : tensor<2xi32>\n    }\n"
        "    return %r : tensor<2xi32>\n  }\n"
    )
    result = lowered(text, LEGALIZE)
    assert "scf." not in str(result)
    for n in (-1, 2, 3, 4):
        x = np.array([1, 2], np.int32)
        assert call(result, "f", i32(n), x) == call(text, "f", i32(n), x)


def test_scalars_in_between() -> None:
    text = module(
        "  func.func @f(%n: tensor<3xi32>, %k: tensor<i64>, %x: tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>) {\n"
        "    %c0 = arith.constant 0 : index\n    %c2 = arith.constant 2 : index\n"
        "    %i = tensor.extract %n[%c0] : tensor<3xi32>\n    %j = tensor.extract %n[%c2] : tensor<3xi32>\n"
        "    %w = tensor.extract %k[] : tensor<i64>\n    %t = arith.trunci %w : i64 to i32\n"
        "    %m = arith.maxsi %i, %j : i32\n    %s = arith.subi %m, %t : i32\n"
        "    %d = arith.divsi %s, %i : i32\n"
        "    %p = arith.index_cast %d : i32 to index\n"
        "    %r, %q = scf.index_switch %p -> tensor<2xf32>, f32\n"
        "    case 1 {\n      %f = arith.sitofp %i : i32 to f32\n      scf.yield %x, %f : tensor<2xf32>, f32\n    }\n"
        "    case -4 {\n      %f = arith.constant 2.5 : f32\n      scf.yield %x, %f : tensor<2xf32>, f32\n    }\n"
        "    default {\n      %y = stablehlo.add %x, %x : tensor<2xf32>\n      %f = arith.constant -1.0 : f32\n"
        "      scf.yield %y, %f : tensor<2xf32>, f32\n    }\n"
        "    %o = tensor.from_elements %q : tensor<f32>\n"
        "    return %r, %o : tensor<2xf32>, tensor<f32>\n  }\n"
    )
    result = lowered(text, LEGALIZE)
    assert "scf." not in str(result)
    x = np.array([1, 2], np.float32)
    for n in ([1, 0, 2], [2, 1, 1], [1, 5, 1], [3, 3, -9]):
        for k in (0, 1, 5):
            arguments = np.array(n, np.int32), np.array(k, np.int64), x
            assert call(result, "f", *arguments) == call(text, "f", *arguments)


def test_scalars_from_operations_with_several_results() -> None:
    """They are put into tensors as they are."""
    text = module(
        "  func.func @g(%x: i32) -> (i32, i32) {\n    return %x, %x : i32, i32\n  }\n",
        "  func.func @f(%c: i1, %n: i32, %t: tensor<i32>) -> (tensor<i32>, i32) {\n"
        "    %r:2 = scf.if %c -> (tensor<i32>, i32) {\n"
        "      %k:2 = func.call @g(%n) : (i32) -> (i32, i32)\n"
        "      scf.yield %t, %k#1 : tensor<i32>, i32\n"
        "    } else {\n"
        "      %low, %high = arith.mului_extended %n, %n : i32\n"
        "      scf.yield %t, %low : tensor<i32>, i32\n"
        "    }\n    return %r#0, %r#1 : tensor<i32>, i32\n  }\n",
    )
    result = lowered(text, LEGALIZE)
    assert "scf." not in str(result)
    result.verify(using="mlir")
    for c in (True, False):
        assert call(result, "f", c, 9, i32(4)) == call(text, "f", c, 9, i32(4)) != []


def test_indices_that_are_too_large() -> None:
    text = module(
        FOR.replace("LOW", "5000000000").replace("KIND", "index")
        .replace("CAST", "%high = arith.index_cast %i : i32 to index")
        .replace("BACK", "%back = arith.index_cast %k : index to i32").replace("TYPE", "").replace("UNSIGNED", "")
    )  # fmt: skip
    made = ax.parse(text)
    with pytest.raises(ax.errors.DiagnosticError, match="5000000000 is no number of 32 bits"):
        run_pipeline(made, LEGALIZE)


def compiled(text: str, name: str) -> object:
    """A function, compiled by IREE."""
    compiler = pytest.importorskip("iree.compiler")
    runtime = pytest.importorskip("iree.runtime")
    flags = [
        "--iree-hal-target-device=local",
        "--iree-hal-local-target-device-backends=llvm-cpu",
        "--iree-llvmcpu-target-cpu=host",
    ]
    config = runtime.Config("local-task")
    code = compiler.compile_str(text, input_type="stablehlo", extra_args=flags)
    context = runtime.SystemContext(config=config)
    context.add_vm_module(runtime.VmModule.copy_buffer(config.vm_instance, code))
    return context.modules["module" if "module @" not in text else text.split("@")[1].split()[0]][name]


@pytest.mark.slow
def test_on_iree() -> None:
    """IREE takes the loops, the branches and the scalars that decide, and computes the same."""
    loop = FOR.replace("LOW", "1").replace("KIND", "index").replace("TYPE", "").replace("UNSIGNED", "")
    loop = loop.replace("CAST", "%high = arith.index_cast %i : i32 to index")
    loop = loop.replace("BACK", "%back = arith.index_cast %k : index to i32").replace("@f(", "@loop(")
    text = module(
        STATE,
        "  func.func @ok(%r: tensor<4xi32>, %n: tensor<i32>, %x: tensor<4xi32>) -> tensor<i1> {\n"
        "    %c = stablehlo.constant dense<3> : tensor<i32>\n"
        "    %b = stablehlo.compare NE, %n, %c : (tensor<i32>, tensor<i32>) -> tensor<i1>\n"
        "    return %b : tensor<i1>\n  }\n",
        "  func.func @rescue(%n: tensor<i32>, %x: tensor<4xi32>) -> tensor<4xi32> {\n    return %x : tensor<4xi32>\n  }\n",
        tree("f", "func_substitute", (2, 5), (0, 1, 0)),
        contract(),
        loop,
        "  func.func @f(%n: tensor<i32>, %x: tensor<4xi32>) -> tensor<4xi32> {\n"
        "    %y = func.call @loop(%n, %x) : (tensor<i32>, tensor<4xi32>) -> tensor<4xi32>\n"
        "    return %y : tensor<4xi32>\n  }\n",
        "  func.func @approx_f_1(%n: tensor<i32>, %x: tensor<4xi32>) -> tensor<4xi32> {\n"
        "    %y = stablehlo.multiply %x, %x : tensor<4xi32>\n    return %y : tensor<4xi32>\n  }\n",
    )
    result = lowered(text, PIPELINE)
    function = compiled(str(result), "f")
    x = np.array([1, 2, 3, 4], np.int32)
    for n in (-7, 1, 2, 3, 4, 5, 9):
        assert np.asarray(function(i32(n), x)).tolist() == call(text, "f", i32(n), x)  # type: ignore[operator]

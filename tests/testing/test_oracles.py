"""Each oracle accepts what is right, and says what is wrong with what is not."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from support import native

import approxir as ax
from approxir.codegen import upstream
from approxir.passes.emit_management import EmitManagement
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline
from approxir.testing import (
    Call,
    OracleFailure,
    check_changed,
    check_complete,
    check_composition,
    check_consistent,
    check_exactness,
    check_idempotent,
    check_interface,
    check_iree,
    check_isolated,
    check_live,
    check_llvm,
    check_round_trip,
    check_same_semantics,
    check_upstream,
    check_valid,
    check_verifier_agreement,
    observe,
)
from approxir.testing.oracles.running import agree

needs_mlir = pytest.mark.skipif(not upstream.available(), reason="no real MLIR is installed")

KNOB = """\
module {
  approx.util.annotation.decision_tree <{
    func_name = "f", transform_type = "loop_perforate", state_function = "state",
    state_indices = array<i64: 0>, thresholds = array<i32: 4>, decisions = array<i32: 0, 2>
  }>
  func.func @f(%n: i32, %m: memref<8xi32>) -> i32 {
    %zero = arith.constant 0 : i32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %s = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %zero) -> (i32) {
      %x = memref.load %m[%i] : memref<8xi32>
      %u = arith.addi %t, %x : i32
      scf.yield %u : i32
    }
    return %s : i32
  }
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func private @other(%n: i32) -> i32 {
    %r = arith.muli %n, %n : i32 // approx.knob in a comment
    return %r : i32
  }
}
"""
CALLS = [Call("f", (n, np.arange(8, dtype=np.int32))) for n in (3, 4, 5)]


def lowered(text: str = KNOB) -> ax.Module:
    module = ax.parse(text)
    run_pipeline(module, FUNC_SUBSTITUTE_PIPELINE)
    return module


def plus(op: str = "addi", kind: str = "i32") -> str:
    return f"func.func @f(%a: {kind}, %b: {kind}) -> {kind} {{ %r = arith.{op} %a, %b : {kind}\n return %r : {kind} }}"


# ---- texts


@pytest.mark.parametrize("text", [KNOB, str(lowered()), plus(), "", "// only a comment"])
def test_round_trip(text: str) -> None:
    check_round_trip(text)


def test_a_printer_that_loses_a_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = ax.Module.__str__
    monkeypatch.setattr(
        ax.Module, "__str__", lambda self: printed(self).replace(" // approx.knob in a comment", "")
    )
    with pytest.raises(OracleFailure, match="printed as another text") as caught:
        check_round_trip(KNOB)
    assert "-    %r = arith.muli %n, %n : i32 // approx.knob in a comment" in str(caught.value)


def test_a_canonical_layout_that_is_another_module(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = ax.Module.print

    def wrong(self: ax.Module, **options: Any) -> str:
        text = printed(self, **options)
        return text if options else text.replace("muli", "addi")

    monkeypatch.setattr(ax.Module, "print", wrong)
    with pytest.raises(OracleFailure, match="the canonical layout is another module"):
        check_round_trip(KNOB)


# ---- validity


def test_valid() -> None:
    check_valid(KNOB)
    with pytest.raises(OracleFailure, match="the module is not valid") as caught:
        check_valid(KNOB.replace("return %r", "return %q"))
    assert "return %q" in caught.value.where


@needs_mlir
def test_upstream() -> None:
    check_upstream(lowered())
    with pytest.raises(OracleFailure, match="a real MLIR refuses the module"):
        check_upstream(plus("addi", "f32"))


@needs_mlir
@pytest.mark.parametrize(
    ("old", "new"),
    [("%r : i32", "%q : i32"), ("-> i32", "-> i64"), ("%a: i32, %b: i32", "%a: i32, %a: i32"), ("@f", "@f")],
)
def test_verifiers_agree(old: str, new: str) -> None:
    assert check_verifier_agreement(plus().replace(old, new)) == (old == new)


@needs_mlir
def test_verifiers_that_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ax.Module, "diagnostics", lambda self: [])
    with pytest.raises(OracleFailure, match="approxir accepts a module that a real MLIR refuses"):
        check_verifier_agreement(plus().replace("%r : i32", "%q : i32"))
    monkeypatch.setattr(ax.Module, "diagnostics", lambda self: [ax.Diagnostic("no")])
    with pytest.raises(OracleFailure, match="approxir refuses a module that a real MLIR accepts: no"):
        check_verifier_agreement(plus())


# ---- passes


def test_changed() -> None:
    check_changed("a", "b", True)
    check_changed("a", "a", False)
    with pytest.raises(OracleFailure, match="says that it changed nothing, and did"):
        check_changed("a", "b", False)
    with pytest.raises(OracleFailure, match="says that it changed something, and did not"):
        check_changed("a", "a", True)


def test_idempotent() -> None:
    check_idempotent("a", "a")
    with pytest.raises(OracleFailure, match="my-pass changes its own result"):
        check_idempotent("a", "b", name="my-pass")


def test_consistent() -> None:
    module = lowered()
    check_consistent(module)
    value = next(op for op in module.walk() if op.name == "arith.muli").operands[0]
    value._uses = {}
    with pytest.raises(OracleFailure, match=r"does not know that arith\.muli uses it"):
        check_consistent(module)


def test_a_tree_that_is_not_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    module = lowered()
    printed = str(module)
    monkeypatch.setattr(ax.Module, "__str__", lambda self: printed.replace("arith.muli", "arith.addi"))
    with pytest.raises(OracleFailure, match=r"arith\.muli is .* in the tree and .*arith\.addi"):
        check_consistent(module)


def test_isolated() -> None:
    after = str(lowered())
    check_isolated(KNOB, after)
    for old, new in (("%r = arith.muli", "%r  = arith.muli"), ("@other", "@another")):
        with pytest.raises(OracleFailure, match="@other, which no annotation names, was changed or dropped"):
            check_isolated(KNOB, after.replace(old, new))


def test_interface() -> None:
    after = str(lowered())
    check_interface(KNOB, after)
    check_interface(KNOB, after.replace("@other", "@renamed"))
    for old, new, name in (
        ("func.func @state", "func.func private @state", "state"),
        ("func.func private @other", "func.func @other", "other"),
        ("@state(%n: i32)", "@state(%n: i32 {a.b = 1 : i32})", "state"),
    ):
        with pytest.raises(OracleFailure, match=rf"the public function @{name} is not what it was"):
            check_interface(KNOB, after.replace(old, new))


def test_complete() -> None:
    check_complete(lowered())
    with pytest.raises(OracleFailure, match=r"approx\.util\.annotation\.decision_tree is left over"):
        check_complete(KNOB)
    with pytest.raises(OracleFailure, match=r"the mark approx\.outlined is left over on func\.func"):
        check_complete(str(lowered()).replace("-> i32 {", "-> i32 attributes {approx.outlined} {"))
    made = "func.func private @copy() { func.call @copy() : () -> () return }"
    after = str(lowered()).replace("func.func private @other", f"{made} func.func private @other")
    check_complete(after)
    with pytest.raises(OracleFailure, match="@copy, which was made, is left over"):
        check_complete(after, KNOB)
    check_complete(after.replace("@copy", "@__internal_f"), KNOB)
    user = "func.func @user() { func.call @copy() : () -> () return }"
    check_complete(after.replace("func.func private @copy", f"{user} func.func private @copy"), KNOB)


def test_composition() -> None:
    check_composition(KNOB, FUNC_SUBSTITUTE_PIPELINE)
    with pytest.raises(OracleFailure, match="one by one make something else"):
        check_composition(KNOB, FUNC_SUBSTITUTE_PIPELINE, str(lowered()).replace("muli", "addi"))


def test_a_pass_in_a_pipeline_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    apply = EmitManagement.apply
    monkeypatch.setattr(EmitManagement, "apply", lambda self, module: apply(self, module) and False)
    with pytest.raises(
        OracleFailure, match="emit-management says that it changed nothing, and did"
    ) as caught:
        check_composition(KNOB, FUNC_SUBSTITUTE_PIPELINE)
    assert caught.value.oracle == "changed"


# ---- meaning


def test_same_semantics() -> None:
    assert check_same_semantics(KNOB, lowered(), CALLS) == "compared"
    with pytest.raises(OracleFailure, match="the result differs: 28 before, 12 after") as caught:
        # The threshold is one too small.
        check_same_semantics(KNOB, str(lowered()).replace("constant 4 : i32", "constant 3 : i32"), CALLS)
    assert caught.value.where.startswith("@f(3, int32[0, 1,")


STORE = """\
memref.global "private" @count : memref<1xi32> = dense<0>
func.func @f(%m: memref<1xi32>, %x: i32, %c: i1) {
  %c0 = arith.constant 0 : index
  %g = memref.get_global @count : memref<1xi32>
  memref.store %x, %g[%c0] : memref<1xi32>
  memref.store %x, %m[%c0] : memref<1xi32>
  return
}
"""


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("  memref.store %x, %g[%c0] : memref<1xi32>\n", "the global @count differs"),
        ("  memref.store %x, %m[%c0] : memref<1xi32>\n", "the memory of argument 0 differs"),
    ],
)
def test_memory_counts(line: str, what: str) -> None:
    calls = [Call("f", (np.zeros(1, np.int32), 5, True))]
    assert check_same_semantics(STORE, STORE, calls) == "compared"
    with pytest.raises(OracleFailure, match=what):
        check_same_semantics(STORE, STORE.replace(line, ""), calls)
    assert calls[0].arguments[0][0] == 0


def test_undefined_behaviour_may_become_anything() -> None:
    calls = [Call("f", (1, 0))]
    assert check_same_semantics(plus("divsi"), plus("addi"), calls) == "undefined"
    with pytest.raises(OracleFailure, match="before returns, after fails: division"):
        check_same_semantics(plus("addi"), plus("divsi"), calls)
    # Poison may become anything, and nothing may become poison.
    calls = [Call("f", (1, 99))]
    assert check_same_semantics(plus("shli"), plus("addi"), calls) == "compared"
    with pytest.raises(OracleFailure, match="100 before, poison after"):
        check_same_semantics(plus("addi"), plus("shli"), calls)


ENDLESS = """\
func.func @f(%a: i32, %b: i32) -> i32 {
  cf.br ^loop
^loop:
  cf.br ^loop
}
"""


def test_calls_that_do_not_end() -> None:
    calls = [Call("f", (1, 2))]
    assert check_same_semantics(ENDLESS, plus(), calls, max_steps=100) == "endless"
    with pytest.raises(OracleFailure, match="before returns, after does not end"):
        check_same_semantics(plus(), ENDLESS, calls)


def test_what_the_interpreter_does_not_know() -> None:
    text = 'func.func @f(%a: i32, %b: i32) -> i32 { %r = "my.op"(%a) : (i32) -> i32\n return %r : i32 }'
    assert check_same_semantics(text, plus(), [Call("f", (1, 2))]) == "unknown"
    assert (
        observe(text, [Call("f", (1, 2))]).observations[0].message.startswith("the interpreter does not know")
    )


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (1, 1, True),
        (1, True, False),
        (np.float32(0.0), np.float32(-0.0), False),
        (np.float32("nan"), -np.float32("nan"), True),
        (np.array([1, 2], np.int32), np.array([1, 2], np.int64), False),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0, 2.0]), np.array([1.0, np.nan]), False),
    ],
)
def test_agree(before: Any, after: Any, same: bool) -> None:
    assert agree(before, after) == same


def test_agree_within_ulps() -> None:
    x = np.float32(1.0)
    y = np.nextafter(np.nextafter(x, np.float32(2)), np.float32(2))
    assert not agree(x, y)
    assert not agree(x, y, 1)
    assert agree(x, y, 2)


def test_exactness() -> None:
    assert check_exactness(KNOB, CALLS) == "compared"
    # A pipeline that does not lower, but computes something else.
    with pytest.raises(OracleFailure, match="without annotations"):
        check_exactness(KNOB, CALLS, pipeline=[_Wrong()])


class _Wrong(ax.passes["emit-approx"]):  # type: ignore[misc]
    """Turns additions into subtractions."""

    def apply(self, module: ax.Module) -> bool:
        for op in list(module.walk()):
            if op.name == "arith.addi":
                op.replace_with(ax.Builder.before(op).create("arith.subi", list(op.operands), ["i32"]).result)
        return True


def test_live(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"f_threshold_0": 5, "f_decision_1": 2}
    assert check_live(KNOB, config, CALLS) == "compared"
    monkeypatch.setattr("approxir.passes.config_approx.at_least", _greater)
    check_live(KNOB, config, CALLS)
    from approxir.passes import live

    loaded = live.GlobalArray.load
    monkeypatch.setattr(
        live.GlobalArray, "load", lambda self, build, index, near: loaded(self, build, index + 1, near)
    )
    with pytest.raises(OracleFailure, match="lowered for the configuration"):
        check_live(KNOB, config, CALLS)


def _greater(build: Any, first: Any, second: Any) -> Any:
    """Both kinds of lowering go wrong in the same way."""
    from approxir.passes.calls import at_least

    return at_least(build, second, first)


# ---- engines


@native.needs_native
def test_llvm() -> None:
    assert check_llvm(KNOB, CALLS) == "compared"
    assert check_llvm(plus("divsi"), [Call("f", (1, 0))]) == "undefined"
    wrong = str(lowered()).replace("constant 4 : i32", "constant 3 : i32")
    with pytest.raises(OracleFailure, match="28 by the interpreter, 12 compiled by LLVM"):
        check_llvm(wrong, CALLS, seen=observe(KNOB, CALLS))


@pytest.mark.skipif(importlib.util.find_spec("iree") is None, reason="IREE is not installed")
def test_iree() -> None:
    text = """\
func.func @f(%a: tensor<4xi32>) -> tensor<4xi32> {
  %r = stablehlo.add %a, %a : tensor<4xi32>
  return %r : tensor<4xi32>
}
"""
    calls = [Call("f", (np.arange(4, dtype=np.int32),))]
    assert check_iree(text, calls) == "compared"
    with pytest.raises(OracleFailure, match="compiled by IREE"):
        check_iree(text.replace(".add", ".multiply"), calls, seen=observe(text, calls))

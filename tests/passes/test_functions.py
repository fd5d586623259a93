"""Functions as they occur: how they are called, what they are called, and what stays of them."""

from __future__ import annotations

import numpy as np
import pytest
from support.lowering import BRANCHING, HELPERS, call, contract, lowered, module, static, tree

import approxir as ax
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline

OK = "  func.func @ok(%r: i32, %n: i32, %x: i32) -> i1 {\n    %t = arith.constant false\n    return %t : i1\n  }\n"
RESCUE = "  func.func @rescue(%n: i32, %x: i32) -> i32 {\n    %r = arith.constant -7 : i32\n    return %r : i32\n  }\n"


def test_several_knobs_that_call_one_another() -> None:
    outer = """\
  func.func @outer(%n: i32, %x: i32) -> i32 {
    %one = arith.constant 1 : i32
    %c = arith.cmpi eq, %n, %one : i32
    %r = scf.if %c -> (i32) {
      %a = func.call @f(%n, %x) : (i32, i32) -> i32
      scf.yield %a : i32
    } else {
      %m = arith.addi %n, %x : i32
      %b = func.call @f(%m, %x) : (i32, i32) -> i32
      scf.yield %b : i32
    }
    return %r : i32
  }
"""
    text = module(HELPERS, tree("outer", decisions=(1, 2)), tree("f", thresholds=(4,)), BRANCHING, outer)
    result = lowered(text)
    for n in (0, 3, 4, 9, 10, 11):
        assert call(result, "outer", n, 5) == call(text, "outer", n, 5)
    assert call(result, "outer", 3, 5) == 8
    assert call(result, "outer", 10, 5) == 15 * 5


def test_the_order_of_annotations_makes_no_difference() -> None:
    notes = [tree(), contract()]
    first = str(lowered(module(HELPERS, OK, RESCUE, *notes, BRANCHING)))
    second = str(lowered(module(HELPERS, OK, RESCUE, *reversed(notes), BRANCHING)))
    behind = str(lowered(module(HELPERS, OK, RESCUE, BRANCHING, *notes)))
    assert first == second == behind
    assert call(first, "f", 1, 2) == -7


@pytest.mark.parametrize(
    ("note", "inside", "given", "answer"),
    [
        # The knob decides by itself already.
        (
            static(value=0),
            'approx.transform <{transform_type = "task_skipping", knob_val = 1 : i32}>',
            "%k",
            0,
        ),
        # What the knob yields is not what the function returns, which a try is about.
        (contract(), "", "%x", -7),
    ],
)
def test_a_knob_that_is_all_there_is_in_a_body(note: str, inside: str, given: str, answer: int) -> None:
    """Annotations are about the function, not about the knob in it."""
    body = f"""\
  func.func @f(%n: i32, %x: i32) -> i32 {{
    %k = approx.knob(%n) <{{id = 5 : i32}}> ({{
      {inside}
      %zero = arith.constant 0 : i32
      %c = arith.cmpi slt, %n, %zero : i32
      %r = scf.if %c -> (i32) {{
        scf.yield %zero : i32
      }} else {{
        scf.yield %x : i32
      }}
      approx.yield %r : i32
    }}) : (i32) -> i32
    return {given} : i32
  }}
"""
    text = module(HELPERS, OK, RESCUE, note, body)
    assert call(text, "f", -1, 7) == answer
    assert call(lowered(text), "f", -1, 7) == answer


def test_a_try_cannot_be_bypassed() -> None:
    """Skipping looks for a branch in the function's own body, and the check's is not that."""
    for value in (1, 2):
        text = module(HELPERS, OK, RESCUE, static(value=value), contract(), BRANCHING)
        assert call(lowered(text), "f", 1, 2) == -7
    text = module(HELPERS, OK, RESCUE, static(value=0), contract(), BRANCHING)
    assert call(lowered(text), "f", 1, 2) == -7


@pytest.mark.parametrize("decide", [static(value=1), tree(thresholds=(), decisions=(1,)), tree()])
def test_transforms_do_not_look_into_what_was_generated(decide: str) -> None:
    plain = "  func.func @f(%n: i32, %x: i32) -> i32 {\n    return %x : i32\n  }\n"
    state = HELPERS.replace(
        "    return",
        "    %c = arith.constant true\n    %s = scf.if %c -> (i32) {\n      scf.yield %n : i32\n    } else {\n"
        "      scf.yield %n : i32\n    }\n    return",
    )
    text = module(state, OK, RESCUE, decide, contract(), plain)
    with pytest.raises(ax.errors.DiagnosticError, match="no branching operation"):
        run_pipeline(
            ax.parse(text),
            ["emit-approx", "emit-management", "config-approx", "transform-approx", "finalize-approx"],
        )


EFFECTS = """\
  memref.global "private" @log : memref<4xi32> = dense<0>
  func.func private @bump(%i: index) {
    %g = memref.get_global @log : memref<4xi32>
    %v = memref.load %g[%i] : memref<4xi32>
    %one = arith.constant 1 : i32
    %w = arith.addi %v, %one : i32
    memref.store %w, %g[%i] : memref<4xi32>
    return
  }
  func.func @state(%n: i32) -> i32 {
    %c0 = arith.constant 0 : index
    call @bump(%c0) : (index) -> ()
    return %n : i32
  }
  func.func @ok(%n: i32, %m: memref<8xi32>) -> i1 {
    %c1 = arith.constant 1 : index
    call @bump(%c1) : (index) -> ()
    %zero = arith.constant 0 : i32
    %t = arith.cmpi sgt, %n, %zero : i32
    return %t : i1
  }
  func.func @rescue(%n: i32, %m: memref<8xi32>) {
    %c2 = arith.constant 2 : index
    call @bump(%c2) : (index) -> ()
    return
  }
  func.func @log() -> (i32, i32, i32, i32) {
    %g = memref.get_global @log : memref<4xi32>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %0 = memref.load %g[%c0] : memref<4xi32>
    %1 = memref.load %g[%c1] : memref<4xi32>
    %2 = memref.load %g[%c2] : memref<4xi32>
    %3 = memref.load %g[%c3] : memref<4xi32>
    return %0, %1, %2, %3 : i32, i32, i32, i32
  }
  func.func @f(%n: i32, %m: memref<8xi32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %c8 = arith.constant 8 : index
    func.call @bump(%c3) : (index) -> ()
    scf.for %i = %c0 to %c8 step %c1 {
      memref.store %n, %m[%i] : memref<8xi32>
    }
    func.call @bump(%c3) : (index) -> ()
    return
  }
""".replace("@log() ->", "@counts() ->")


@pytest.mark.parametrize("decide", [tree(transform="loop_perforate", decisions=(0, 3)), tree(transform="loop_perforate", thresholds=(), decisions=(3,)), static(transform="loop_perforate", value=3), ""])  # fmt: skip
@pytest.mark.parametrize("n", [-5, 7, 10])
def test_effects_of_a_function_without_results(decide: str, n: int) -> None:
    """State, check and recovery are run for their effects, each as often as it should."""
    from approxir.interp import Interpreter

    text = module(
        EFFECTS,
        decide,
        contract(),
    )
    found = []
    for held in (lowered(text), ax.parse(text)):
        interpreter = Interpreter(held)
        memory = np.zeros(8, np.int32)
        assert interpreter.call("f", n, memory) == ()
        found.append((memory.tolist(), interpreter.call("counts")))
    assert found[0] == found[1]
    assert found[0][1] == (int("decision_tree" in decide), 1, int(n <= 0), 2)


def test_a_recursive_function() -> None:
    text = module(
        HELPERS,
        tree("f", "loop_perforate", (2,), (0, 2)),
        """\
  func.func @f(%n: i32, %x: i32) -> i32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %one = arith.constant 1 : i32
    %done = arith.cmpi slt, %n, %one : i32
    %s = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %x) -> (i32) {
      %b = arith.addi %a, %n : i32
      scf.yield %b : i32
    }
    %r = scf.if %done -> (i32) {
      scf.yield %s : i32
    } else {
      %m = arith.subi %n, %one : i32
      %t = func.call @f(%m, %s) : (i32, i32) -> i32
      scf.yield %t : i32
    }
    return %r : i32
  }
""",
    )
    for n in (0, 1, 2, 5):
        assert call(lowered(text), "f", n, 1) == call(text, "f", n, 1)
    substituted = module(
        HELPERS,
        tree("f", "func_substitute", (2,), (0, 1)),
        """\
  func.func @f(%n: i32, %x: i32) -> i32 {
    %one = arith.constant 1 : i32
    %m = arith.subi %n, %one : i32
    %done = arith.cmpi slt, %n, %one : i32
    cf.cond_br %done, ^end, ^again
  ^again:
    %t = func.call @f(%m, %x) : (i32, i32) -> i32
    %u = arith.addi %t, %n : i32
    return %u : i32
  ^end:
    return %x : i32
  }
  func.func @approx_f_1(%n: i32, %x: i32) -> i32 {
    %one = arith.constant 1 : i32
    %two = arith.constant 200 : i32
    %m = arith.subi %n, %one : i32
    %t = func.call @f(%m, %two) : (i32, i32) -> i32
    return %t : i32
  }
""",
    )
    for n in (0, 1, 2, 5):
        assert call(lowered(substituted), "f", n, 1) == call(substituted, "f", n, 1)


def test_attributes_of_functions_are_kept() -> None:
    header = (
        '  func.func private @f(%n: i32 {llvm.signext}, %x: i32 {a.b = "c"}) -> (i32 {r.s}) '
        "attributes {llvm.emit_c_interface, no_inline, x.y = 1 : i64} {\n"
    )
    function = BRANCHING.replace("  func.func @f(%n: i32, %x: i32) -> i32 {\n", header)
    for transform, extra in (
        ("task_skipping", ""),
        ("func_substitute", "  func.func private @approx_f_1(i32, i32) -> i32\n  func.func private @approx_f_2(i32, i32) -> i32\n"),
    ):  # fmt: skip
        assert header in str(lowered(module(HELPERS, tree(transform=transform), function, extra)))
    affine = function.replace("%zero = arith", "affine.for %i = 0 to 4 {\n    }\n    %zero = arith")
    result = str(lowered(module(HELPERS, tree(), affine)))
    assert header in result
    assert result.count("emit_c_interface") == 1


def test_the_generic_form() -> None:
    pretty = module(HELPERS, OK, RESCUE, tree(), contract(), BRANCHING)
    generic = ax.parse(pretty).print(generic=True)
    assert '"func.func"' in generic
    first, second = lowered(pretty), lowered(generic)
    assert first.print(rename_ssa=True, generic=True) == second.print(rename_ssa=True, generic=True)
    older = pretty.replace("approx.util.annotation", "approxMLIR.util.annotation")
    assert str(lowered(older)) == str(first)


def test_names_that_are_taken() -> None:
    taken = "".join(
        f"  func.func private @{name}(i32) -> f64\n"
        for name in ("__internal_f", "__internal_f_0", "__outlined_g", "__outlined_g_0", "__outlined_g_1")
    )
    g = """\
  func.func @g(%n: i32, %m: memref<8xi32>) -> i32 {
    %s = affine.for %i = 0 to 8 iter_args(%a = %n) -> (i32) {
      %x = affine.load %m[%i] : memref<8xi32>
      %b = arith.addi %a, %x : i32
      affine.yield %b : i32
    }
    return %s : i32
  }
"""
    substitute = "  func.func @approx_f_1(%n: i32, %x: i32) -> i32 {\n    return %n : i32\n  }\n"
    notes = tree("f", "func_substitute", decisions=(0, 1)) + tree("g", "loop_perforate", decisions=(2, 3))
    text = module(HELPERS, taken, notes, BRANCHING, substitute, g)
    result = lowered(text)
    assert taken in str(result)
    memory = np.arange(8, dtype=np.int32)
    for n in (1, 20):
        assert call(result, "f", n, 5) == call(text, "f", n, 5)
        assert call(result, "g", n, memory) == call(text, "g", n, memory)
    # What no case calls is gone.
    assert [name for name in result.symbols if name.startswith("__outlined_g_")][:2] == [
        "__outlined_g_0",
        "__outlined_g_1",
    ]
    assert "__outlined_g_2" not in result.symbols or str(result).count("@__outlined_g_2(") == 2


def test_nested_modules() -> None:
    inner = "  module @inner {\n" + HELPERS + tree(thresholds=(2,)) + BRANCHING + "  }\n"
    text = module(HELPERS, tree(), BRANCHING, inner)
    result = lowered(text)
    first = result.symbols["f"]
    second = ax.ir.symbols.SymbolTable(result.symbols["inner"].region)["f"]
    assert "arith.constant 10 : i32" in first.text
    assert "arith.constant 2 : i32" in second.text


def test_calls_stay_inside_of_a_module() -> None:
    text = module(HELPERS, "  module {\n", tree(), BRANCHING, "  }\n")
    with pytest.raises(
        ax.errors.DiagnosticError, match="no function 'state' can be called from here"
    ) as caught:
        run_pipeline(ax.parse(text), ["emit-approx", "emit-management"])
    assert caught.value.diagnostics[0].hint == "a call only reaches functions of the same module"


def test_without_a_module_around() -> None:
    text = HELPERS + tree() + BRANCHING
    assert call(lowered(text), "f", 3, -4) == -1


def test_type_aliases() -> None:
    text = "!n = i32\n!pair = tensor<2xf32>\n" + module(
        "  func.func @state(%n: i32) -> !n {\n    return %n : i32\n  }\n",
        "  func.func @ok(%r: !pair, %n: !n, %x: tensor<2xf32>) -> i1 {\n    %t = arith.constant true\n    return %t : i1\n  }\n",
        "  func.func @rescue(%n: i32, %x: tensor<2xf32>) -> !pair {\n    return %x : tensor<2xf32>\n  }\n",
        tree("f", "func_substitute", decisions=(0, 1)),
        contract(),
        "  func.func @f(%n: !n, %x: tensor<2xf32>) -> tensor<2xf32> {\n    return %x : !pair\n  }\n",
        "  func.func @approx_f_1(%n: i32, %x: !pair) -> tensor<2xf32> {\n    return %x : !pair\n  }\n",
    )
    assert call(lowered(text), "f", 3, np.ones(2, np.float32)) == [1.0, 1.0]
    zero = text.replace("func_substitute", "task_skipping").replace("<i32: 0, 1>", "<i32: 0, 0>")
    assert call(lowered(zero), "f", 3, np.ones(2, np.float32)) == [0.0, 0.0]


def test_substitution_without_convert_to_call() -> None:
    notes = tree("f", "func_substitute", decisions=(0, 1))
    other = "  func.func @approx_f_1(%n: i32, %x: i32) -> i32 {\n    return %n : i32\n  }\n"
    marked = '  approx.util.annotation.convert_to_call <{func_name = "f"}>\n'
    plain = str(lowered(module(HELPERS, notes, BRANCHING, other)))
    assert str(lowered(module(HELPERS, notes, marked, BRANCHING, other))) == plain
    assert str(lowered(module(HELPERS, marked, BRANCHING, notes, other))) == plain
    assert call(plain, "f", 50, -4) == 50
    assert call(plain, "f", 5, -4) == -20


def test_substitution_by_hand() -> None:
    """A function that is a wrapper already is not wrapped again."""
    wrapped = BRANCHING.replace("@f(", "@__internal_f(") + (
        "  func.func @f(%n: i32, %x: i32) -> i32 {\n"
        "    %r = call @__internal_f(%n, %x) : (i32, i32) -> i32\n    return %r : i32\n  }\n"
    )
    other = "  func.func @approx_f_1(%n: i32, %x: i32) -> i32 {\n    return %n : i32\n  }\n"
    result = lowered(module(HELPERS, tree("f", "func_substitute", decisions=(0, 1)), wrapped, other))
    assert "__internal_f_0" not in result.symbols
    assert call(result, "f", 50, -4) == 50


def test_a_function_that_only_looks_like_a_wrapper() -> None:
    text = module(
        HELPERS,
        tree("f", "func_substitute", decisions=(0, 1)),
        BRANCHING.replace("@f(", "@__internal_f("),
        "  func.func @f(%n: i32, %x: i32) -> i32 {\n"
        "    %r = call @__internal_f(%x, %n) : (i32, i32) -> i32\n"
        "    %s = arith.addi %r, %n : i32\n    return %s : i32\n  }\n",
        "  func.func @approx_f_1(%n: i32, %x: i32) -> i32 {\n    return %n : i32\n  }\n",
    )
    for n in (5, 50):
        assert call(lowered(text), "f", n, -4) == call(text, "f", n, -4)
    assert call(lowered(text), "f", 50, -4) == 50


@pytest.mark.parametrize("transform", ["loop_perforate", "task_skipping"])
def test_other_transforms_of_a_function_that_calls_its_copy(transform: str) -> None:
    text = module(
        HELPERS,
        '  approx.util.annotation.convert_to_call <{func_name = "f"}>\n',
        tree("f", transform, (5, 10), (1, 2, 1)),
        """\
  func.func @f(%n: i32, %x: i32) -> i32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %s = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %x) -> (i32) {
      %c = arith.cmpi slt, %a, %n : i32
      %b = scf.if %c -> (i32) {
        %d = arith.addi %a, %n : i32
        scf.yield %d : i32
      } else {
        scf.yield %a : i32
      }
      scf.yield %b : i32
    }
    return %s : i32
  }
""",
    )
    result = lowered(text)
    for n in (1, 5, 9, 10, 40):
        assert call(result, "f", n, 1) == call(text, "f", n, 1)


def test_functions_without_annotations_are_not_touched() -> None:
    odd = (
        "  // Kept as it is.\n"
        "  func.func   @other( %a :i32 )->i32{%b=arith.addi %a,%a:i32 // twice\n\n return %a:i32}\n"
        "    func.func private @dead() { %unused = arith.constant 1 : i32 return } // dead\n"
    )
    result = str(lowered(module(HELPERS, odd, tree(), BRANCHING, odd.replace("@", "@x"))))
    assert odd in result
    assert odd.replace("@", "@x") in result
    assert HELPERS in result


def test_other_spellings_of_transforms() -> None:
    other = "  func.func @approx_f_1(%n: i32, %x: i32) -> i32 {\n    return %n : i32\n  }\n"
    for name, older in (("func_substitute", "func-substitute"), ("task_skipping", "task-skip")):
        notes = tree("f", name, decisions=(1, 1))
        text = module(HELPERS, notes, BRANCHING, other)
        assert str(lowered(text.replace(name, older))) == str(lowered(text))


def test_a_text_that_was_not_parsed_yet() -> None:
    other = "  func.func @approx_f_1(%n: i32, %x: i32) -> i32 {\n    return %n : i32\n  }\n"
    for transform in ("task_skipping", "func_substitute"):
        text = module(
            HELPERS, OK, RESCUE, tree(transform=transform, decisions=(1, 1)), contract(), BRANCHING, other
        )
        results = []
        for lazy in (False, True):
            made = ax.parse(text, lazy=lazy)
            run_pipeline(made, FUNC_SUBSTITUTE_PIPELINE)
            results.append(str(made))
        assert results[0] == results[1]


def test_a_checker_sees_one_value_in_two_places_as_two_results() -> None:
    text = """\
module {
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @check(%r: i32, %s: i32, %n: i32) -> i1 {
    %ok = arith.cmpi slt, %r, %s : i32
    return %ok : i1
  }
  func.func @recover(%n: i32) -> (i32, i32) {
    %r = arith.constant -7 : i32
    return %r, %r : i32, i32
  }
  func.func @f(%n: i32) -> (i32, i32) {
    %r = arith.muli %n, %n : i32
    return %r, %r : i32, i32
  }
  approx.util.annotation.decision_tree <{func_name = "f", state_function = "state", state_indices = array<i64: 0>,
    transform_type = "task_skipping", THRESHOLDS, transform_options = {default = [21 : i32, 73 : i32]}}>
  approx.util.annotation.try <{func_name = "f", checker = "check", recover = "recover"}>
}
"""
    for params in (
        "thresholds = array<i32>, decisions = array<i32: 0>",
        "thresholds = array<i32: 4>, decisions = array<i32: 0, 0>",
    ):
        held = text.replace("THRESHOLDS", params)
        result = lowered(held)
        assert "approx" not in str(result)
        for n in (3, 4):
            assert call(result, "f", n) == call(held, "f", n) == (21, 73)
    whole = ax.parse(held)
    for step in FUNC_SUBSTITUTE_PIPELINE:
        # Printed and parsed in between.
        run_pipeline(whole, [step])
        whole = ax.parse(str(whole))
    assert call(str(whole), "f", 4) == (21, 73)

"""Decision trees, tries and transforms as control flow."""

from __future__ import annotations

import numpy as np
import pytest
from support import native
from support.lowering import BRANCHING, HELPERS, call, contract, lowered, module, static, tree

import approxir as ax
from approxir.passes.config_approx import ConfigApprox
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline

LEAST, MOST = -(1 << 31), (1 << 31) - 1
THROUGH_CONFIG = FUNC_SUBSTITUTE_PIPELINE[:4]


def which(count: int) -> str:
    """A function with a switch of many branches, each of which returns its number."""
    cases = "".join(
        f"    case {k} {{\n      %v{k} = arith.constant {k + 1} : i32\n      scf.yield %v{k} : i32\n    }}\n"
        for k in range(count - 1)
    )
    return (
        "  func.func @f(%n: i32, %x: i32) -> i32 {\n    %i = arith.index_cast %x : i32 to index\n"
        f"    %r = scf.index_switch %i -> i32\n{cases}"
        f"    default {{\n      %v = arith.constant {count} : i32\n      scf.yield %v : i32\n    }}\n"
        "    return %r : i32\n  }\n"
    )


@pytest.mark.parametrize(
    "thresholds",
    [
        (),
        (5,),
        (LEAST, MOST),
        (-3, -2, -1),
        (1, 1, 1),
        (LEAST,),
        (7, 3),
        tuple(range(-100, 100, 4)),
    ],
)  # fmt: skip
def test_states(thresholds: tuple[int, ...]) -> None:
    """The knob value is that of the number of thresholds that are <= the state."""
    count = len(thresholds) + 1
    text = module(HELPERS, tree(thresholds=thresholds, decisions=range(1, count + 1)), which(count))
    result = lowered(text)
    code = str(result)
    states = {LEAST, MOST, 0, *(t + d for t in thresholds for d in (-1, 0, 1))}
    for state in sorted(s for s in states if LEAST <= s <= MOST):
        wanted = 1 + sum(t <= state for t in thresholds)
        assert call(result, "f", state, 0) == wanted
        if native.AVAILABLE:
            assert native.function(code, "f")(state, 0) == (wanted,)


def test_cases_that_cannot_happen_are_left_out() -> None:
    text = module(HELPERS, tree(thresholds=(LEAST, 4, 4, 9), decisions=(1, 2, 1, 2, 1)), BRANCHING)
    result = lowered(text, THROUGH_CONFIG)
    (switch,) = result.find("scf.index_switch")
    assert "case 1 {" in switch.text
    assert "case 3 {" in switch.text
    assert switch.text.count("approx.transform") == 3


def test_fifty_thresholds_copy_the_body_once_each() -> None:
    text = module(HELPERS, tree(thresholds=range(50), decisions=(1, 2) * 25 + (1,)), BRANCHING)
    result = lowered(text, THROUGH_CONFIG)
    assert str(result).count("arith.cmpi sgt") == 51


def test_no_threshold() -> None:
    result = lowered(module(HELPERS, tree(thresholds=(), decisions=(2,)), BRANCHING))
    assert not result.find("scf.")
    assert str(result).count("func.call @state") == 1
    assert call(result, "f", 3, 5) == 15


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("i1", True), ("i8", -3), ("i64", 1 << 40), ("index", 12), ("f16", np.float16(1.5)),
        ("f64", np.float64(2.5)), ("vector<4xf32>", np.ones(4, np.float32)),
        ("tensor<2x3xi32>", np.ones((2, 3), np.int32)), ("tensor<i1>", np.array(True)),
        ("tensor<2xindex>", np.array([4, 5])), ("vector<[4]xi8>", None),
    ],
)  # fmt: skip
def test_types_of_results(kind: str, value: object) -> None:
    function = f"""\
  func.func @f(%n: i32, %v: {kind}) -> ({kind}, i32, {kind}) {{
    %zero = arith.constant 0 : i32
    %c = arith.cmpi sgt, %n, %zero : i32
    %r = scf.if %c -> ({kind}) {{
      scf.yield %v : {kind}
    }} else {{
      scf.yield %v : {kind}
    }}
    return %r, %n, %v : {kind}, i32, {kind}
  }}
"""
    for decisions in ((1, 2), (0, 1)):
        if value is None and 0 in decisions:
            continue
        text = module(HELPERS, tree(decisions=decisions), function)
        result = lowered(text)
        if value is not None:
            for n in (0, 50):
                assert call(result, "f", n, value) == call(text, "f", n, value)


def test_memrefs_as_results() -> None:
    function = """\
  func.func @f(%n: i32, %m: memref<?xi32>) -> memref<?xi32> {
    %zero = arith.constant 0 : i32
    %c = arith.cmpi sgt, %n, %zero : i32
    %r = scf.if %c -> (memref<?xi32>) {
      scf.yield %m : memref<?xi32>
    } else {
      %c1 = arith.constant 1 : index
      %a = memref.alloc(%c1) : memref<?xi32>
      %i = arith.constant 0 : index
      memref.store %n, %a[%i] : memref<?xi32>
      scf.yield %a : memref<?xi32>
    }
    return %r : memref<?xi32>
  }
"""
    text = module(HELPERS, tree(), function)
    result = lowered(text)
    for n in (1, 20):
        wanted = call(text, "f", n, np.array([7, 8], np.int32))
        assert call(result, "f", n, np.array([7, 8], np.int32)) == wanted


NESTED = """\
  func.func @f(%n: i32, %m: memref<4xi32>) -> i32 {
    %zero = arith.constant 0 : i32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c = arith.cmpi sgt, %n, %zero : i32
    %d = arith.cmpi slt, %n, %zero : i32
    %r = scf.if %c -> (i32) {
      memref.store %n, %m[%c0] : memref<4xi32>
      %one = arith.constant 1 : i32
      scf.yield %one : i32
    } else {
      memref.store %n, %m[%c1] : memref<4xi32>
      %s = scf.if %d -> (i32) {
        %two = arith.constant 2 : i32
        scf.yield %two : i32
      } else {
        scf.yield %zero : i32
      }
      scf.yield %s : i32
    }
    return %r : i32
  }
"""


def test_branches_keep_what_stands_beside_a_nested_branch() -> None:
    text = module(HELPERS, tree(decisions=(1, 2)), NESTED)
    result = lowered(text)
    for n, stored in ((3, [3, 0, 0, 0]), (12, [0, 12, 0, 0])):
        memory = np.zeros(4, np.int32)
        wanted = call(text, "f", n, np.zeros(4, np.int32))
        assert call(result, "f", n, memory) == wanted
        assert memory.tolist() == stored


def test_else_if() -> None:
    """A chain is one branching operation with as many branches as it has bodies."""
    chain = NESTED.replace("      memref.store %n, %m[%c1] : memref<4xi32>\n", "")
    for value in (1, 2, 3):
        text = module(HELPERS, static(value=value), chain)
        for n in (-1, 0, 1):
            memory = np.zeros(4, np.int32)
            assert call(lowered(text), "f", n, memory) == call(text, "f", n, memory)
    assert call(lowered(text), "f", 1, np.zeros(4, np.int32)) == 0


def test_an_if_whose_results_nobody_yields_is_no_else_if() -> None:
    function = """\
  func.func @f(%n: i32, %m: memref<4xi32>) {
    %zero = arith.constant 0 : i32
    %c0 = arith.constant 0 : index
    %c = arith.cmpi sgt, %n, %zero : i32
    scf.if %c {
    } else {
      %x = scf.if %c -> (i32) {
        scf.yield %n : i32
      } else {
        memref.store %n, %m[%c0] : memref<4xi32>
        scf.yield %zero : i32
      }
    }
    return
  }
"""
    text = module(static(value=2), function)
    memory, wanted = np.zeros(4, np.int32), np.zeros(4, np.int32)
    call(lowered(text), "f", -5, memory)
    call(text, "f", -5, wanted)
    assert memory.tolist() == wanted.tolist() == [-5, 0, 0, 0]
    with pytest.raises(ax.PassError, match="has 2 branches"):
        lowered(module(static(value=3), function))


def test_branches_without_results_keep_their_last_operation() -> None:
    function = """\
  func.func @f(%n: i32, %m: memref<4xi32>) {
    %zero = arith.constant 0 : i32
    %c0 = arith.constant 0 : index
    %c = arith.cmpi sgt, %n, %zero : i32
    scf.if %c {
      memref.store %n, %m[%c0] : memref<4xi32>
    }
    return
  }
"""
    memory = np.zeros(4, np.int32)
    call(lowered(module(static(value=1), function)), "f", -5, memory)
    assert memory.tolist() == [-5, 0, 0, 0]
    with_else = function.replace("    }\n    return", "    } else {\n    }\n    return")
    memory = np.zeros(4, np.int32)
    call(lowered(module(static(value=2), with_else)), "f", 5, memory)
    assert memory.tolist() == [0, 0, 0, 0]


def test_skipping_everything() -> None:
    """Results are zero, whatever computes them, and effects do not happen."""
    function = """\
  func.func @f(%n: i32, %x: f32, %m: memref<4xi32>) -> (f32, i32, f32) {
    %c0 = arith.constant 0 : index
    memref.store %n, %m[%c0] : memref<4xi32>
    %y = arith.addf %x, %x : f32
    return %x, %n, %y : f32, i32, f32
  }
"""
    memory = np.zeros(4, np.int32)
    for text in (
        module(static(value=0), function),
        module(HELPERS, tree(thresholds=(), decisions=(0,)), function),
        module(HELPERS, tree(thresholds=(5,), decisions=(0, 0)), function),
    ):
        assert call(lowered(text), "f", 7, 2.5, memory) == (0.0, 0, 0.0) == call(text, "f", 7, 2.5, memory)
    options = ", transform_options = {default = [1.5, 3 : i32, -2.0]}"
    for text in (
        module(static(value=0, more=options), function),
        module(HELPERS, tree(thresholds=(5,), decisions=(0, 0), more=options), function),
    ):
        assert call(lowered(text), "f", 7, 2.5, memory) == (1.5, 3, -2.0) == call(text, "f", 7, 2.5, memory)
    assert memory.tolist() == [0, 0, 0, 0]


def test_a_check_sees_what_is_returned() -> None:
    function = "  func.func @f(%n: i32, %x: i32) -> i32 {\n    return %n : i32\n  }\n"
    ok = "  func.func @ok(%r: i32, %n: i32, %x: i32) -> i1 {\n    %t = arith.cmpi eq, %r, %n : i32\n    return %t : i1\n  }\n"
    rescue = "  func.func @rescue(%n: i32, %x: i32) -> i32 {\n    return %x : i32\n  }\n"
    for decide in (static(value=0), tree(decisions=(0, 0)), tree(thresholds=(), decisions=(0,))):
        text = module(HELPERS, ok, rescue, decide, contract(), function)
        assert call(lowered(text), "f", 4, -1) == -1 == call(text, "f", 4, -1)


SYMBOLS = """\
  func.func @f(%n: i32, %m: memref<8xi32>) -> i32 {
    %z = arith.constant 0 : i32
    %s = arith.index_cast %n : i32 to index
    %r = affine.for %i = 0 to 4 iter_args(%a = %z) -> (i32) {
      %x = affine.load %m[%i + symbol(%s)] : memref<8xi32>
      %b = arith.addi %a, %x : i32
      affine.yield %b : i32
    }
    affine.store %r, %m[symbol(%s)] : memref<8xi32>
    return %r : i32
  }
"""


def test_affine_symbols_stay_at_the_top_of_a_function() -> None:
    text = module(HELPERS, tree(transform="loop_perforate", thresholds=(2,), decisions=(0, 2)), SYMBOLS)
    result = lowered(text)
    for n in (0, 1, 2, 4):
        memory, other = np.arange(8, dtype=np.int32), np.arange(8, dtype=np.int32)
        assert call(result, "f", n, memory) == call(text, "f", n, other)
        assert memory.tolist() == other.tolist()
        if native.AVAILABLE:
            again = np.arange(8, dtype=np.int32)
            native.function(str(result), "f")(n, again)
            assert again.tolist() == memory.tolist()


def test_early_returns() -> None:
    text = module(
        HELPERS,
        tree(transform="loop_perforate", thresholds=(2, 4), decisions=(0, 2, 3)),
        """\
  func.func @f(%n: i32, %x: i32) -> (i32, i64) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %zero = arith.constant 0 : i32
    %early = arith.cmpi slt, %x, %zero : i32
    %w = arith.extsi %n : i32 to i64
    cf.cond_br %early, ^out(%x : i32), ^body
  ^body:
    %s = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %x) -> (i32) {
      %b = arith.addi %a, %n : i32
      scf.yield %b : i32
    }
    %large = arith.cmpi sgt, %s, %n : i32
    cf.cond_br %large, ^out(%s : i32), ^end
  ^out(%o: i32):
    return %o, %w : i32, i64
  ^end:
    return %zero, %w : i32, i64
  }
""",
    )
    result = lowered(text)
    for n in (-4, 1, 2, 3, 4, 9):
        for x in (-1, 0, 5):
            assert call(result, "f", n, x) == call(text, "f", n, x)


def test_knobs_in_knobs() -> None:
    """Inner knobs are lowered first; an outer transform does not look at what they became."""
    inner = """\
  func.func @f(%n: i32, %x: i32) -> i32 {
    %c = arith.constant true
    %k = approx.knob(%n, %x) <{id = 7 : i32}> ({
      approx.decision_tree(%n) <{decisions = array<i32: 1, 2>, thresholds = array<i32: 3>, transform_type = "task_skipping"}> state {
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      %r = scf.if %c -> (i32) {
        scf.yield %n : i32
      } else {
        scf.yield %x : i32
      }
      approx.yield %r : i32
    }) : (i32, i32) -> i32
    %o = arith.addi %k, %k : i32
    return %o : i32
  }
"""
    text = module(HELPERS, tree("f", "func_substitute", decisions=(0, 1)), inner, "  func.func @approx_f_1(%n: i32, %x: i32) -> i32 {\n    return %x : i32\n  }\n")  # fmt: skip
    for n in (1, 5, 20):
        assert call(lowered(text), "f", n, 100) == call(text, "f", n, 100)
    outer = module(HELPERS, tree("f", "task_skipping", decisions=(1, 2)), inner)
    with pytest.raises(ax.errors.DiagnosticError, match="another knob, whose decisions are code"):
        run_pipeline(ax.parse(outer), FUNC_SUBSTITUTE_PIPELINE)


def test_params_of_knobs() -> None:
    """What a knob says comes before what the tree in it says, as everywhere."""
    knob = """\
  func.func @f(%n: i32, %x: i32) -> i32 {
    %c = arith.cmpi eq, %n, %x : i32
    %k = approx.knob(%n, %x) <{id = 7 : i32, params = {decisions = array<i32: DECISIONS>, transform_type = "task_skipping"}}> ({
TREE
      %r = scf.if %c -> (i32) {
        scf.yield %n : i32
      } else {
        scf.yield %x : i32
      }
      approx.yield %r : i32
    }) : (i32, i32) -> i32
    return %k : i32
  }
"""
    tree_op = """\
      approx.decision_tree(%n) <{decisions = array<i32: 0, 0>, thresholds = array<i32: 3>}> state {
      ^bb0(%s: i32):
        approx.yield %s : i32
      }"""
    result = lowered(module(knob.replace("DECISIONS", "1, 2").replace("TREE", tree_op)))
    assert [call(result, "f", n, 9) for n in (2, 3)] == [2, 9]
    static_knob = module(knob.replace("DECISIONS", "2").replace("TREE\n", ""))
    result = lowered(static_knob)
    assert call(result, "f", 9, 9) == 9
    assert call(result, "f", 2, 9) == 9
    assert not result.find("scf.if")
    once = lowered(static_knob, ["config-approx"])
    assert str(lowered(str(once), ["config-approx"])) == str(once)


def test_a_state_of_several_blocks() -> None:
    knob = """\
  func.func @f(%n: i32, %x: i32) -> i32 {
    %c = arith.cmpi slt, %n, %x : i32
    %k = approx.knob(%n, %x) <{id = 7 : i32}> ({
      approx.decision_tree(%n) <{decisions = array<i32: 1, 2>, thresholds = array<i32: 3>, transform_type = "task_skipping"}> state {
      ^bb0(%s: i32):
        %t = arith.addi %s, %s : i32
        cf.cond_br %c, ^one, ^two
      ^one:
        approx.yield %t : i32
      ^two:
        approx.yield %s : i32
      }
      %r = scf.if %c -> (i32) {
        scf.yield %n : i32
      } else {
        scf.yield %x : i32
      }
      approx.yield %r : i32
    }) : (i32, i32) -> i32
    return %k : i32
  }
"""
    text = module(knob)
    for n, x in ((2, 9), (2, 1), (1, 9), (3, 3), (4, 1)):
        assert call(lowered(text), "f", n, x) == call(text, "f", n, x)


def test_empty_regions() -> None:
    text = module(
        "  func.func @f() {\n    approx.knob() <{id = 1 : i32}> ({\n    }) : () -> ()\n    return\n  }\n"
    )
    assert call(lowered(text), "f") == ()
    empty = "  func.func @f(%n: i32) {\n    return\n  }\n"
    assert call(lowered(module(HELPERS, tree(decisions=(0, 0)), empty)), "f", 3) == ()


def test_live_arguments_of_functions_that_are_exchanged() -> None:
    """Functions that may be called one in place of another keep having the same type."""
    text = module(
        "  func.func @state(%n: tensor<i32>) -> tensor<i32> {\n    return %n : tensor<i32>\n  }\n",
        tree("f", "func_substitute", (3,), (0, 1)),
        "  func.func @f(%n: tensor<i32>) -> tensor<i32> {\n    %r = call @g(%n) : (tensor<i32>) -> tensor<i32>\n    return %r : tensor<i32>\n  }\n",
        "  func.func @g(%n: tensor<i32>) -> tensor<i32> {\n    %c = stablehlo.constant dense<0> : tensor<i32>\n    %r = func.call @f(%c) : (tensor<i32>) -> tensor<i32>\n    return %r : tensor<i32>\n  }\n",
        "  func.func @approx_f_1(%n: tensor<i32>) -> tensor<i32> {\n    return %n : tensor<i32>\n  }\n",
    )
    passes = [
        *FUNC_SUBSTITUTE_PIPELINE[:3],
        ConfigApprox(live=True, array="argument"),
        "transform-approx",
        "finalize-approx",
    ]
    result = lowered(text, passes)
    assert call(result, "f", np.array(5, np.int32), 3, 0, 1) == 5
    result = lowered(text, [*passes, "legalize-to-stablehlo"])
    assert "scf." not in str(result)


def test_live_recovery_with_the_parameters() -> None:
    text = module(
        HELPERS,
        tree(),
        tree("rescue", thresholds=(1,)),
        contract(),
        "  func.func @ok(%r: i32, %n: i32, %x: i32) -> i1 {\n    %t = arith.constant false\n    return %t : i1\n  }\n",
        BRANCHING,
        BRANCHING.replace("@f", "@rescue"),
    )
    for array in ("global", "argument"):
        passes = [
            *FUNC_SUBSTITUTE_PIPELINE[:3],
            ConfigApprox(live=True, array=array),
            "transform-approx",
            "finalize-approx",
        ]
        result = lowered(text, passes)
        more = [10, 1, 2, 1, 1, 2] if array == "argument" else []
        assert call(result, "f", 2, 3, *more) == call(text, "f", 2, 3) == 6


def test_live_decisions_beyond_the_candidates() -> None:
    text = module(HELPERS, tree(more=", decision_values = array<i32: 0, 1>"), BRANCHING)
    passes = [*FUNC_SUBSTITUTE_PIPELINE[:3], ConfigApprox(live=True), "transform-approx", "finalize-approx"]
    result = lowered(text, passes)
    for n in (1, 20):
        assert call(result, "f", n, 3) == call(text, "f", n, 3)


def test_live_static_transforms() -> None:
    text = module(HELPERS, static(more=", decision_values = array<i32: 0, 1, 2>"), BRANCHING)
    passes = [*FUNC_SUBSTITUTE_PIPELINE[:3], ConfigApprox(live=True), "transform-approx", "finalize-approx"]
    result = lowered(text, passes)
    from approxir.interp import Interpreter

    for value, wanted in ((0, 0), (1, 7), (2, 10)):
        interpreter = Interpreter(result)
        interpreter.call("__approx_params_array")[0][0] = value
        assert interpreter.call("f", 5, 2) == (wanted,)


def test_live_functions_that_are_referred_to() -> None:
    text = module(
        HELPERS,
        tree(),
        BRANCHING,
        "  func.func @g() -> ((i32, i32) -> i32) {\n    %f = func.constant @f : (i32, i32) -> i32\n    return %f : (i32, i32) -> i32\n  }\n",
    )
    made = ax.parse(text)
    with pytest.raises(ax.errors.DiagnosticError, match=r"'f' gets more arguments, for which func\.constant"):
        run_pipeline(made, [*FUNC_SUBSTITUTE_PIPELINE[:3], ConfigApprox(live=True, array="argument")])
    lowered(
        text, [*FUNC_SUBSTITUTE_PIPELINE[:3], ConfigApprox(live=True), "transform-approx", "finalize-approx"]
    )


def test_live_names_that_are_taken() -> None:
    taken = "  func.func private @__approx_params(i32)\n  func.func private @__approx_params_array(i32)\n"
    passes = [*FUNC_SUBSTITUTE_PIPELINE[:3], ConfigApprox(live=True), "transform-approx", "finalize-approx"]
    result = lowered(module(taken, HELPERS, tree(), BRANCHING), passes)
    assert taken in str(result)
    assert "@__approx_params_0" in str(result)


def test_results_of_operations_that_are_not_known() -> None:
    """The function's type tells what their text does not."""
    function = """\
  func.func @f(%n: i32, %x: i32) -> (i32, f32) {
    %r, %s = foo.bar %x : i32
    return %r, %s : i32, f32
  }
"""
    text = module(HELPERS, tree(transform="loop_perforate", decisions=(0, 1)), function)
    whole = ax.parse(text)
    run_pipeline(whole, FUNC_SUBSTITUTE_PIPELINE)
    assert "scf.yield %r, %s : i32, f32" in str(whole)
    single = ax.parse(text)
    for name in FUNC_SUBSTITUTE_PIPELINE:
        run_pipeline(single, [name])
        single = ax.parse(str(single))
    assert str(single) == str(whole)


def test_locations_are_kept() -> None:
    text = (
        '#loc = loc("a.py":1:2)\n'
        + module(HELPERS, tree(), BRANCHING.replace("%n: i32,", '%n: i32 loc("n"),').replace("return %r : i32\n  }", "return %r : i32 loc(#loc)\n  } loc(#after)").replace(": i32\n    %c", ": i32 loc(#loc)\n    %c"))
        + '#after = loc("b.py":3:4)\n'
    )  # fmt: skip
    result = str(lowered(text))
    assert '@f(%n: i32 loc("n"), %x: i32)' in result
    assert result.count("arith.constant 0 : i32 loc(#loc)") == 2
    assert "return %6 : i32 loc(#loc)\n  } loc(#after)" in result

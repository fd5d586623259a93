"""What the passes cannot do is an error where the source asks for it, and changes nothing."""

from __future__ import annotations

import pytest
from support.lowering import BRANCHING, HELPERS, contract, fails, lowered, module, static, tree

import approxir as ax
from approxir.passes.base import PassError
from approxir.passes.pipeline import run_pipeline

OK = "  func.func @ok(%r: i32, %n: i32, %x: i32) -> i1 {\n    %t = arith.constant true\n    return %t : i1\n  }\n"
RESCUE = "  func.func @rescue(%n: i32, %x: i32) -> i32 {\n    return %x : i32\n  }\n"


def test_a_function_that_does_not_exist() -> None:
    fails(module(HELPERS, tree("nothing"), BRANCHING), "no function 'nothing'", '"nothing"')


def test_a_declaration() -> None:
    text = module(HELPERS, tree("f"), "  func.func private @f(i32, i32) -> i32\n")
    found = fails(text, "only declared", '"f"')
    assert "declared here" in found.notes[0].message


def test_what_is_no_function() -> None:
    text = module(HELPERS, tree("g"), '  memref.global "private" @g : memref<4xi32>\n')
    fails(text, "'g' is a memref.global", '"g"')


def test_an_annotation_without_a_function() -> None:
    text = module('  "approx.util.annotation.knob"() : () -> ()\n')
    fails(text, "does not name a function", '"approx.util')


@pytest.mark.parametrize(
    ("state", "indices", "message"),
    [
        ("nothing", (0,), "no function 'nothing'"),
        ("state", (0, 1), r"'state' has the type .* called with \(i32, i32\)"),
        ("two", (0,), "'two' returns 2 values, not 1"),
        ("float", (0,), "returns f32, not i32"),
        ("many", (0,), "returns tensor<2xi32>, not i32"),
    ],
)
def test_wrong_state_functions(state: str, indices: tuple[int, ...], message: str) -> None:
    others = (
        "  func.func private @two(i32) -> (i32, i32)\n"
        "  func.func private @float(i32) -> f32\n"
        "  func.func private @many(i32) -> tensor<2xi32>\n"
    )
    text = module(HELPERS, others, tree(state=state, indices=indices), BRANCHING)
    fails(text, message, f'"{state}"')


@pytest.mark.parametrize("index", [2, -3, 100])
def test_arguments_that_are_not_there(index: int) -> None:
    text = module(HELPERS, tree(indices=(index,)), BRANCHING)
    fails(text, f"has 2 arguments and none of number {index}", "array<i64")


@pytest.mark.parametrize(
    ("checker", "recover", "message", "at"),
    [
        ("nothing", "rescue", "no function 'nothing'", '"nothing"'),
        ("ok", "nothing", "no function 'nothing'", '"nothing"'),
        ("state", "rescue", "'state' has the type", '"state", recover'),
        ("ok", "state", "'state' has the type", '"state"}>\n  func.func @f'),
        ("ok", "ok", r"'ok' has the type .* called with \(i32, i32\)", '"ok"}'),
        ("unsure", "rescue", "returns i32, not i1", '"unsure"'),
        ("ok", "wide", r"'wide' has the type .* return \(i32\)", '"wide"'),
    ],
)
def test_wrong_checkers_and_recoveries(checker: str, recover: str, message: str, at: str) -> None:
    others = "  func.func private @unsure(i32, i32, i32) -> i32\n  func.func private @wide(i32, i32) -> i64\n"
    text = module(HELPERS, OK, RESCUE, others, contract("f", checker, recover), BRANCHING)
    fails(text, message, at)


def test_substitutes() -> None:
    notes = tree(transform="func_substitute", decisions=(0, 3))
    fails(
        module(HELPERS, notes, BRANCHING), "no function 'approx_f_3'", "approx.util.annotation.decision_tree"
    )
    wrong = "  func.func private @approx_f_3(i32, i32) -> i64\n"
    found = fails(module(HELPERS, notes, BRANCHING, wrong), "'approx_f_3' has the type", "approx.util")
    assert found.notes


@pytest.mark.parametrize(("decisions", "number"), [((1, 3), 3), ((7, 1), 7)])
def test_a_branch_that_does_not_exist(decisions: tuple[int, int], number: int) -> None:
    text = module(HELPERS, tree(decisions=decisions), BRANCHING)
    fails(text, f"branch number {number}, but scf.if has 2 branches", "approx.util.annotation.decision_tree")


def test_nothing_to_transform() -> None:
    plain = "  func.func @f(%n: i32, %x: i32) -> i32 {\n    return %x : i32\n  }\n"
    fails(module(HELPERS, tree(), plain), "no branching operation", "approx.util")
    fails(module(HELPERS, tree(transform="loop_perforate"), plain), "neither a loop nor", "approx.util")


def test_an_unknown_transform() -> None:
    text = module(HELPERS, tree(transform="loop_perforat"), BRANCHING)
    found = fails(text, "unknown transform 'loop_perforat'", '"loop_perforat"')
    assert found.hint == "did you mean 'loop_perforate'?"


def test_an_unknown_option() -> None:
    text = module(HELPERS, static(more=", transform_options = {steps = 3 : i32}"), BRANCHING)
    fails(text, "task_skipping has no option 'steps'", "{steps")


def test_a_negative_knob_value() -> None:
    fails(module(HELPERS, tree(decisions=(1, -1)), BRANCHING), "the knob value is -1", "approx.util")


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0), (0, 0), (1, 1)])
def test_two_that_decide(first: int, second: int) -> None:
    notes = [tree(thresholds=(1,)), static()]
    kinds = ["approx.util.annotation.decision_tree", "approx.util.annotation.transform"]
    text = module(HELPERS, notes[first], "  // The second one.\n", notes[second], BRANCHING)
    found = fails(text, f"'f' has two annotations .*: {kinds[first]} and {kinds[second]}")
    assert found.line == text.count("\n", 0, text.index("// The second one.")) + 2
    assert found.notes[0].line == found.line - 2


def test_two_tries() -> None:
    fails(module(OK, RESCUE, contract(), contract(), BRANCHING), "two annotations that exclude each other")


def test_numbers_that_do_not_fit() -> None:
    text = module(HELPERS, tree(thresholds=(1, 2)), BRANCHING)
    with pytest.raises(ax.errors.DiagnosticError):
        ax.parse(text).verify()
    fails(text, "2 thresholds need 3 decisions, not 2", "array<i32: 1, 2>}")
    wide = module(HELPERS, tree().replace("array<i32: 10>", "array<i64: 99999999999>"), BRANCHING)
    fails(wide, "99999999999 is no number of 32 bits", "array<i64: 999")
    wide = module(HELPERS, tree().replace("array<i32: 1, 2>", "array<i64: 1, 99999999999>"), BRANCHING)
    fails(wide, "99999999999 is no number of 32 bits", "array<i64: 1, 999")


def test_a_result_without_a_zero() -> None:
    text = module(
        HELPERS,
        tree(decisions=(0, 0)),
        "  func.func @f(%n: i32, %m: memref<4xi32>) -> memref<4xi32> {\n    return %m : memref<4xi32>\n  }\n",
    )
    fails(text, "result number 0 is memref<4xi32>, which has no zero", "approx.util")


def test_in_another_order() -> None:
    text = module(HELPERS, tree(), BRANCHING)
    fails(text, "not in a knob yet", "approx.util", ["emit-management"])
    fails(text, "left over", "approx.util", ["finalize-approx"])
    made = ax.parse(text)
    run_pipeline(made, ["emit-approx", "emit-management"])
    for passes, message in (
        (["finalize-approx"], "approx.decision_tree is left over"),
        (["config-approx", "finalize-approx"], "approx.transform is left over"),
    ):
        with pytest.raises(PassError, match=message):
            run_pipeline(ax.parse(str(made)), passes)


def test_a_pass_at_a_time_points_at_the_operations() -> None:
    text = str(
        lowered(module(HELPERS, tree(decisions=(1, 5)), BRANCHING), ["emit-approx", "emit-management"])
    )
    fails(text, "has 2 branches", "approx.decision_tree", ["config-approx", "transform-approx"])


KNOB = "  func.func @f(%%n: i32) -> i32 {\n    %%r = approx.knob(%%n) <{id = 1 : i32%s}> ({\n%s    }) : (i32) -> i32\n    return %%r : i32\n  }\n"


@pytest.mark.parametrize(
    ("knob", "body", "message"),
    [
        ("", "", "1 results, but its region yields 0 values"),
        ("", "      %c = arith.constant 1 : i32\n      approx.yield %c, %c : i32, i32\n", "yields 2 values"),
        ("", "      cf.br ^a\n    ^a:\n      approx.yield %n : i32\n", "one region of one block"),
        (
            "",
            '      approx.decision_tree(%n) <{thresholds = array<i32: 1>, decisions = array<i32: 0, 0>, transform_type = "loop_perforate"}> state {\n      }\n      approx.yield %n : i32\n',
            "expected a region",
        ),
        (
            "",
            '      approx.decision_tree(%n) <{thresholds = array<i32: 1>, decisions = array<i32: 0, 0>, transform_type = "loop_perforate"}> state {\n      ^bb0(%a: i32):\n        approx.yield %a, %a : i32, i32\n      }\n      approx.yield %n : i32\n',
            "the state region yields one i32",
        ),
        (
            "",
            '      approx.transform <{transform_type = "task_skipping", knob_val = 0 : i32}>\n      approx.transform <{transform_type = "task_skipping", knob_val = 0 : i32}>\n      approx.yield %n : i32\n',
            "exclude each other: approx.transform and approx.transform",
        ),
        (
            "",
            '      approx.try(%n) <{recover = "f"}> check {\n      ^bb0(%a: i32):\n        %t = arith.constant true\n        approx.yield %t : i1\n      }\n      %c = arith.constant 1 : i32\n      approx.yield %c : i32\n',
            "directly before the yield",
        ),
        (
            ', params = {thresholds = array<i32: 1>, decisions = array<i32: 0, 1>, transform_type = "task_skipping"}',
            "      approx.yield %n : i32\n",
            "no decision tree computes a state",
        ),
    ],
)
def test_knobs_that_make_no_sense(knob: str, body: str, message: str) -> None:
    fails(module(KNOB % (knob, body)), message)


def test_management_outside_of_a_knob() -> None:
    text = module(
        "  func.func @f(%n: i32) -> i32 {\n"
        '    approx.decision_tree(%n) <{thresholds = array<i32: 1>, decisions = array<i32: 0, 0>, transform_type = "loop_perforate"}> state {\n'
        "    ^bb0(%a: i32):\n      approx.yield %a : i32\n    }\n    return %n : i32\n  }\n"
    )
    fails(text, "does not stand directly in the region of a knob", "approx.decision_tree")


@pytest.mark.parametrize("end", ["    ub.unreachable\n", "", "    return\n"])
def test_bodies_without_an_end(end: str) -> None:
    text = module(HELPERS, tree(), "  func.func @f(%n: i32, %x: i32) -> i32 {\n" + end + "  }\n")
    fails(text, "does not end in a func.return of its results", '"f"')

"""The numbered constraints of the approx dialect: each is cited in the code, and broken by a test."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import NamedTuple

import pytest

import approxir as ax
from approxir.ir.verify import approx

SOUND = """\
#five = array<i32: 5>
#params = {thresholds = [5], decisions = [0, 1]}
#seed = 3 : i64
#options = {seed = #seed}
"approx.util.annotation.convert_to_call"() <{func_name = "f"}> : () -> ()
"approx.util.annotation.knob"() <{func_name = "@f"}> : () -> ()
"approx.util.annotation.transform"() <{func_name = @f, transform_type = "t", knob_val = 1 : i32}> : () -> ()
"approx.util.annotation.try"() <{func_name = "f", checker = "c", recover = "@r"}> : () -> ()
"approx.util.annotation.decision_tree"() <{
  func_name = "f", state_indices = array<i64: 0>, state_function = "s", decision_values = array<i32: 0, 1>,
  num_thresholds = 1 : i32, thresholds = #five, decisions = array<i32: 0, 1>
}> : () -> ()
func.func @f(%a: i32, %m: memref<?xf32>) -> f32 {
  %r = "approx.knob"(%a, %m) <{
    id = 1 : i32, rf = 0 : i32, QoS_in = array<i32>, QoS_out = array<i32: 1>, transform_type = "t",
    transform_types = ["t", "u"],
    params = {thresholds = array<i32: 5>, decisions = array<i32: 0, 1>, transform_options = {seed = 3}}
  }> ({
    "approx.decision_tree"(%a) <{
      num_thresholds = 2 : i32,
      thresholds = array<i32: 5, 10>,
      decisions = array<i32: 0, 1, 2>,
      thresholds_lowers = array<i32: 1, 1>,
      transform_type = "t",
      transform_options = #options
    }> ({
    ^bb0(%s: i32):
      "approx.yield"(%s) : (i32) -> ()
    }) : (i32) -> ()
    "approx.transform"() <{
      transform_type = "t",
      knob_val = 1 : i32
    }> : () -> ()
    %x = arith.constant 1.0 : f32
    %ok = arith.constant true
    "approx.try"(%a) <{recover = "g"}> ({
    ^bb0(%t: i32):
      "approx.yield"(%ok) : (i1) -> ()
    }) : (i32) -> ()
    "approx.yield"(%x) : (f32) -> ()
  }) : (i32, memref<?xf32>) -> f32
  return %r : f32
}
"""


class Case(NamedTuple):
    """A replacement that breaks a rule, the text where the finding points to, and one that breaks nothing."""

    rule: str
    old: str
    broken: str
    at: str
    sound: str


KNOB = '"approx.knob"(%a, %m)'
TREE = '"approx.decision_tree"(%a)'
TRY = '"approx.try"(%a)'
ANNOTATION = '"approx.util.annotation.knob"() <{func_name = "@f"}> : () -> ()'
KNOB_YIELD = '    "approx.yield"(%x) : (f32) -> ()\n'
STATE_YIELD = '"approx.yield"(%s) : (i32)'
CHECK_YIELD = '"approx.yield"(%ok) : (i1)'
STATE = '    ^bb0(%s: i32):\n      "approx.yield"(%s) : (i32) -> ()\n'
BRANCHES = """\
    ^bb0(%s: i32):
      %small = arith.constant true
      cf.cond_br %small, ^a, ^b
    ^a:
      "approx.yield"(%s) : (i32) -> ()
    ^b:
      EXIT
"""
TRANSFORM = 'approx.transform <{transform_type = "t", knob_val = 1 : i32}>'
PARAMS = "{thresholds = array<i32: 5>, decisions = array<i32: 0, 1>, transform_options = {seed = 3}}"


def branches(exit: str) -> str:
    return BRANCHES.replace("EXIT", exit)


def inner(name: str, body: str) -> str:
    """An operation before the last one of the function, with a region that holds one line."""
    return f'  "{name}"() ({{\n    {body}\n    approx.yield\n  }}) : () -> ()\n  return %r'


CASES = [
    Case("C1", KNOB_YIELD, '    "approx.yield"(%a) : (i32) -> ()\n', '"approx.yield"(%a)', "    approx.yield %x : f32\n"),
    Case("C1", KNOB_YIELD, '    "approx.yield"() : () -> ()\n', '"approx.yield"()', KNOB_YIELD.replace("approx.", "approxMLIR.")),
    Case("C1", KNOB_YIELD, "", KNOB, "    ub.unreachable\n"),
    Case("C1", KNOB_YIELD, "    func.return %x : f32\n", KNOB, KNOB_YIELD),
    Case("C2", "^bb0(%s: i32):", "^bb0(%s: i32, %u: i32):", TREE, "^bb0(%v: i32):\n      %s = arith.constant 1 : i32"),
    Case("C2", "^bb0(%s: i32):", "^bb0(%v: f32):\n      %s = arith.constant 1 : i32", "%v: f32", "^start(%s: i32):"),
    Case("C3", STATE_YIELD, '"approx.yield"(%s, %s) : (i32, i32)', '"approx.yield"(%s', '"approx.yield"(%a) : (i32)'),
    Case("C3", STATE, branches('"approx.yield"(%small) : (i1) -> ()'), '"approx.yield"(%small', branches("approx.yield %a : i32")),
    Case("C3", STATE, branches('"u"() : () -> ()'), TREE, branches("cf.br ^a")),
    Case("C4", "^bb0(%t: i32):", "^bb0:", TRY, "^bb0(%u: i32):"),
    Case("C4", "^bb0(%t: i32):", "^bb0(%t: f32):", "%t: f32", "^bb1(%t : i32):"),
    Case("C5", CHECK_YIELD, '"approx.yield"(%a) : (i32)', '"approx.yield"(%a)', '"approxMLIR.yield"(%ok) : (i1)'),
    Case("C6", "  return %r", f"  {TRANSFORM}\n  return %r", TRANSFORM, inner("approx.knob", TRANSFORM)),
    Case("C7", "  return %r", inner("u", ""), "approx.yield\n", inner("approx.knob", "")),
    Case("C8", "decisions = array<i32: 0, 1, 2>", "decisions = array<i32: 7, 8>", "array<i32: 7", "decisions = array<i32: 1, 1, 1>"),
    Case("C8", PARAMS, PARAMS.replace("0, 1", "0, 7, 2"), "array<i32: 0, 7, 2>", PARAMS.replace("0, 1", "7, 8")),
    Case("C8", PARAMS, '"thresholds=5; decisions=7"', '7"', '"thresholds=5; decisions=7,8"'),
    Case("C9", "num_thresholds = 2 : i32", "num_thresholds = 3 : i32", "3 : i32", "rf = 2 : i32"),
    Case("C9", "    params = {", "    params = {num_thresholds = 7 : i32, ", "7 : i32", "    params = {num_thresholds = 1 : i32, "),
    Case("C10", "thresholds_lowers = array<i32: 1, 1>", "thresholds_lowers = array<i32: 7>", "array<i32: 7>", "thresholds_uppers = array<i32: 0, -1>"),
    Case("C10", "    params = {", "    params = {thresholds_lowers = [7, 8], ", "[7, 8]", "    params = {thresholds_lowers = [], thresholds_uppers = [9], "),
    Case("C11", "id = 1 : i32", "id = 1 : i64", "1 : i64, rf", "id = -1 : i32"),
    Case("C11", "rf = 0 : i32", 'rf = "0"', '"0"', "rf = 7 : i32"),
    Case("C11", "QoS_out = array<i32: 1>", "QoS_out = array<i64: 1>", "array<i64: 1>", "QoS_out = array<i32>"),
    Case("C11", "thresholds = array<i32: 5, 10>", "thresholds = [5, 10]", "[5, 10]", "thresholds = array<i32: 10, 5>"),
    Case("C11", "thresholds = #five", "thresholds = #seed", "#seed, decisions", "thresholds = array<i32: 6>"),
    Case("C11", 'state_function = "s"', "state_function = 3 : i32", "3 : i32", "state_function = @s"),
    Case("C12", TRY + ' <{recover = "g"}>', TRY, TRY, TRY + " <{recover = @g}>"),
    Case("C13", STATE, STATE + "    }, {\n", TREE, STATE + "    // One region.\n"),
    Case("C13", ANNOTATION, ANNOTATION.replace(" : ()", " ({\n}) : ()"), '"approx.util.annotation.knob"', ANNOTATION.replace(" : ()", " {a} : ()")),
    Case("C14", ANNOTATION, "%q = " + ANNOTATION.replace("-> ()", "-> i32"), '"approx.util.annotation.knob"', ANNOTATION + ' loc("q")'),
    Case("C15", ANNOTATION, f'%v = "u"() : () -> i32\n{ANNOTATION.replace("knob"+chr(34)+"()", "knob"+chr(34)+"(%v)").replace(": ()", ": (i32)")}',
         '"approx.util.annotation.knob"', f'%v = "u"() : () -> i32\n{ANNOTATION}'),
    Case("C16", f"  }}> ({{\n    {TREE}", f"  }}> ({{\n  ^bb0(%b: i32, %n: memref<?xf32>):\n    {TREE}", KNOB, f"  }}> ({{\n  ^bb0:\n    {TREE}"),
    Case("C17", ANNOTATION, ANNOTATION.replace("func_name", "name"), '"approx.util.annotation.knob"', 'approx.util.annotation.knob {func_name = "f"}'),
    Case("C18", 'checker = "c", ', "", '"approx.util.annotation.try"', "checker = @c, "),
    Case("C18", ', recover = "@r"', "", '"approx.util.annotation.try"', ', recover = ""'),
    Case("C19", '      transform_type = "t",\n      knob_val', "      knob_val", '"approx.transform"', "      transform_type = @t,\n      knob_val"),
    Case("C19", '"t", knob_val = 1 : i32', '"t"', '"approx.util.annotation.transform"', '"t", transform_value = 1 : i32'),
    Case("C19", "      knob_val = 1 : i32", "      knob_val = 1 : i32, transform_value = 7 : i32", "7 : i32", "      transform_value = 1 : i32"),
    Case("C20", "state_indices = array<i64: 0>", "state_indices = array<i32: 7>", "array<i32: 7>", "state_indices = array<i64>"),
    Case("C21", '["t", "u"]', '["t", 3]', '["t", 3]', '"t"'),
    Case("C21", '["t", "u"]', "{t}", "{t}", "[]"),
    Case("C22", "transform_options = #options", "transform_options = #seed", "#seed\n    }>", "transform_options = {}"),
    Case("C23", PARAMS, PARAMS.replace("array<i32: 5>", '["5"]'), '["5"]', PARAMS.replace("array<i32: 5>", "#five")),
    Case("C23", PARAMS, '"thresholds=5; decisions=0,,1"', ",1", '"thresholds=5; decisions=0,1"'),
    Case("C23", PARAMS, "3 : i32", "3 : i32", "#params"),
]  # fmt: skip


IDS = [f"{case.rule}-{number}" for number, case in enumerate(CASES)]


def findings(text: str) -> list[ax.Diagnostic]:
    return ax.parse(text).diagnostics()


def shown(found: list[ax.Diagnostic]) -> str:
    return "\n".join(finding.render() for finding in found)


@pytest.mark.parametrize("prefix", approx.PREFIXES)
def test_what_is_sound_has_no_finding(prefix: str) -> None:
    assert shown(findings(SOUND.replace("approx.", prefix))) == ""


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("prefix", approx.PREFIXES)
def test_a_broken_constraint_is_found_where_it_is_broken(case: Case, prefix: str) -> None:
    assert SOUND.count(case.old) == 1
    text = SOUND.replace(case.old, case.broken)
    assert text.count(case.at) == 1
    before = text[: text.index(case.at)].replace("approx.", prefix).split("\n")
    (found,) = findings(text.replace("approx.", prefix))
    assert found.code == "approx", found.render()
    assert found.message.endswith(f"[{case.rule}]"), found.render()
    assert (found.line, found.column) == (len(before), len(before[-1]) + 1), found.render()


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_its_neighbour_is_sound(case: Case) -> None:
    assert shown(findings(SOUND.replace(case.old, case.sound))) == ""


def table(text: str) -> dict[str, str]:
    """The constraints in a docstring: their numbers and their words."""
    body = re.split(r"^=+  =+$", text, flags=re.MULTILINE)[1]
    rows = re.findall(r"^(C\d+) +(.+(?:\n {10}.+)*)$", body, re.MULTILINE)
    return {number: " ".join(words.split()) for number, words in rows}


CONSTRAINTS = table(approx.__doc__ or "")


def test_the_numbers_have_no_gaps() -> None:
    assert list(CONSTRAINTS) == [f"C{number}" for number in range(1, len(CONSTRAINTS) + 1)]


def test_every_constraint_is_broken_by_a_test() -> None:
    assert {case.rule for case in CASES} == set(CONSTRAINTS)


def test_the_code_cites_every_constraint_and_no_other() -> None:
    code = inspect.getsource(approx).partition('"""\n\nfrom')[2]
    cited = {
        number
        for comment in re.findall(r"# (C\d+(?:, C\d+)*)$", code, re.MULTILINE)
        for number in comment.split(", ")
    }
    used = set(re.findall(r'"(C\d+)"', code)) | set(re.findall(r"\[(C\d+)\]", code))
    assert cited == used == set(CONSTRAINTS)


def test_the_documentation_has_the_same_words() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "dialect.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (C\d+) \| (.+) \|$", page, re.MULTILINE)
    assert dict(rows) == {number: words.replace("``", "`") for number, words in CONSTRAINTS.items()}


# What is read but not written by approxir.


def test_the_layout_of_the_paper_is_sound() -> None:
    text = """\
func.func @f(%n: i32, %a: memref<?xf32>) -> f32 {
  %r = approx.knob <{
    id = 1 : i32,
    params = "thresholds=5; decisions=0,2",
    transform_types = "loop_perforate"
  }> (%n, %a) -> (f32) {
    approx.decision_tree (%n) <{
      runtime = "get_state",
      thresholds = array<i32: 5>,
      decisions = array<i32: 0, 2>,
      transform_type = "loop_perforate"
    }> {
    ^bb0(%x: i32):
      approx.yield %x : i32
    }
    approx.transform <{transform_type = "loop_perforate", transform_value = 2 : i32}>
    %sum = arith.constant 0.0 : f32
    approx.try (%n) <{recover = "@exact"}> {
    ^bb0(%y: i32):
      %ok = arith.constant true
      approx.yield %ok : i1
    }
    approx.yield %sum : f32
  }
  return %r : f32
}
"""
    assert shown(findings(text)) == ""
    assert shown(findings(ax.parse(text).print(generic=True))) == ""
    (found,) = findings(
        text.replace("-> (f32) {", "-> (f32, f32) {").replace("%r =", "%r:2 =").replace("%r :", "%r#0 :")
    )
    assert "[C1]" in found.message


def test_unknown_operations_and_attributes_are_left_alone() -> None:
    text = '"approx.checker"() ({\n}) {id = 1 : i32, more = 3} : () -> ()\n"approx.foo"() : () -> i32\n'
    assert findings(text) == []


def test_an_undefined_alias_is_no_second_finding() -> None:
    for value in ("#none", "{thresholds = #none, decisions = [0, 1]}"):
        text = f'"approx.knob"() <{{id = #none, params = {value}}}> ({{\n  approx.yield\n}}) : () -> ()\n'
        assert {finding.code for finding in findings(text)} == {"alias"}


def test_an_edited_module_is_checked_as_it_prints() -> None:
    module = ax.parse(SOUND)
    module.find("approx.transform")[0].attributes["knob_val"] = ax.parse_attribute("1 : i8")
    (found,) = module.diagnostics()
    assert "[C11]" in found.message
    assert "knob_val = 1 : i8" in found.source_line

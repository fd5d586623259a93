"""The judge is judged: on texts whose operations are known, and on texts broken on purpose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .judge import (
    Place,
    Tool,
    accepting_tool,
    compare_operations,
    generic_form,
    global_unique_check,
    operations_by_location,
    reading,
    same_module,
    tools,
)
from .places import blank_locations
from .run import judged, table
from .tools import numbered

TEXT = """\
// it's "open
func.func @f(%a: i32, %b: memref<4xf32>) -> i32 {
  %sum = arith.addi %a, %a : i32 loc("somewhere else":7:9)
  %x:2, %y = "test.outer // no comment"(%a) ({
  ^first(%u: i32, %v: i32):
    "test.inner"() : () -> ()
  }) : (i32) -> (i32, i32, i32)
  %zero = arith.constant 0 : index scf.for %i = %zero to %zero step %zero { }
  affine.for %j = 0 to 4 { %e = affine.load %b[%j] : memref<4xf32> }
  "test.é"() {k = "é"} : () -> () return %sum : i32
}
"""

OPERATIONS = {
    ("func.func", 2, 1),
    ("arith.addi", 3, 10),
    ("test.outer // no comment", 4, 14),
    ("test.inner", 6, 5),
    ("arith.constant", 8, 11),
    ("scf.for", 8, 36),
    ("affine.for", 9, 3),
    ("affine.load", 9, 33),
    ("test.é", 10, 3),
    ("func.return", 10, 35),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPROXIR_JUDGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(name="using")
def _using() -> Tool:
    found = accepting_tool(TEXT, [t for t in tools() if t.located])
    if found is None:
        pytest.skip("no MLIR parser is installed")
    return found


def test_the_operations_that_stand_in_the_text(using: Tool) -> None:
    found = reading(TEXT, using)
    assert found is not None
    assert {w[:3] for w in found.operations} == OPERATIONS
    assert sorted(found.unplaced) == ["affine.yield", "builtin.module", "scf.yield"]
    parents = {w.name: w.parent for w in found.operations}
    assert parents["func.func"] is None
    assert parents["test.inner"] == Place(4, 14)
    assert parents["affine.load"] == Place(9, 3)


def test_attributes_printed_over_several_lines(using: Tool) -> None:
    broken = "k.l = #a.b<\n x>"
    text = (
        f'module attributes {{{broken}}} {{ "a.b"() ({{ "c.d"() : () -> () }}) {{{broken}}} : () -> () }}\n'
    )
    found = reading(text, using)
    assert found is not None
    assert [w.name for w in found.operations] == ["builtin.module", "a.b", "c.d"]
    assert [w.parent for w in found.operations] == [None, Place(1, 1), Place(2, 8)]


def test_the_names_that_the_text_defines(using: Tool) -> None:
    found = reading(TEXT, using)
    assert found is not None
    names = ["%a", "%b", "%e", "%i", "%j", "%sum", "%u", "%v", "%x", "%y", "%zero"]
    assert sorted(d.name for d in found.definitions) == names
    lines = TEXT.split("\n")
    assert all(lines[d.line - 1][d.column - 1 :].startswith(d.name) for d in found.definitions)


def test_raw_locations_include_the_implicit_operations(using: Tool) -> None:
    raw = operations_by_location(TEXT, using)
    assert {("scf.yield", 8, 36), ("scf.for", 8, 36)} <= set(raw)


def test_generic_form_is_cached(using: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    first = generic_form(TEXT, using)
    monkeypatch.setattr("subprocess.run", None)
    assert generic_form(TEXT, using) == first


def test_renaming_is_the_same_module_and_a_changed_digit_is_not(using: Tool) -> None:
    assert same_module(TEXT, re.sub(r"%(\w+)", r"%\1_new", TEXT), using)
    assert "expected" in same_module(TEXT, TEXT.replace("constant 0", "constant 1"), using).reason
    assert "refuses" in same_module(TEXT, TEXT.replace("{ }", "{ ", 1), using).reason


@pytest.mark.parametrize("lost", sorted(OPERATIONS))
def test_a_reader_that_misses_an_operation_is_noticed(lost: tuple[str, int, int], using: Tool) -> None:
    expected = reading(TEXT, using)
    assert expected is not None
    assert compare_operations(OPERATIONS, expected)
    assert [w[:3] for w in compare_operations(OPERATIONS - {lost}, expected).missing] == [lost]
    moved = (lost[0], lost[1], lost[2] + 1)
    assert compare_operations(OPERATIONS - {lost} | {moved}, expected).extra == [moved]
    assert compare_operations(OPERATIONS, expected, lambda _: Place(1, 1)).misplaced


def test_names_used_twice_are_noticed(using: Tool) -> None:
    assert global_unique_check(TEXT, using) is None
    assert global_unique_check(TEXT.replace("%j", "%i"), using) == "%i is defined at (8, 44) and at (9, 14)"


def test_names_are_numbered_for_tools_that_keep_them() -> None:
    form = '%a, %b:2 = "x"(%z) ({\n^bb0(%c: i32):\n  "y"(%c, %b#1) {s = "%a"} : () -> ()\n}) : () -> ()\n'
    other = form.replace("%a,", "%q,").replace("%c", "%a").replace("%b", "%0")
    assert numbered(form) == numbered(other)
    assert numbered(form) != numbered(other.replace("(%a, %0#1)", "(%q, %0#1)"))
    assert numbered('"br"()[^next] : () -> ()') == numbered('"br"()[^bb1] : () -> ()')


def test_only_trailing_locations_are_blanked() -> None:
    text = '"a.b"() {k = loc("x"), l = [loc("y")]} : () -> () loc(callsite("f" at "g(":1:2)) // loc("z")\n'
    blanked = blank_locations(text)
    assert len(blanked) == len(text)
    assert blanked.replace(" ", "") == '"a.b"(){k=loc("x"),l=[loc("y")]}:()->()//loc("z")\n'
    assert blank_locations('#loc1 = loc("x")\n') == '#loc1 = loc("x")\n'


def test_a_reader_that_understands_nothing_fails_the_strong_checks(tmp_path: Path, using: Tool) -> None:
    path = tmp_path / "some.mlir"
    path.write_text(TEXT.replace("%j", "%i"))
    outcome = judged(path, reader="identity")
    assert outcome.tool == accepting_tool(path.read_text()).name  # type: ignore[union-attr]
    assert outcome.checks == {"lossless": "ok", "renamed": "ok", "operations": "fail", "unique": "fail"}
    assert outcome.details["operations"] == "10 missing, 0 extra, 0 misplaced; first: func.func at 2:1"
    assert "ALL accepted" in table([outcome])

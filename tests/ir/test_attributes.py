"""Editing attributes changes the text that it must, in every spelling, and nothing else."""

from __future__ import annotations

import pytest

import approxir as ax
from approxir.values import I32, DenseArrayAttr, IntegerAttr, StringAttr, UnitAttr

AROUND = "// before\nmodule {{\n  func.func @f(%a: i32, %b: i32) {{  // note\n    {}  // beside\n    return\n  }}\n}}\n"


def edit(line: str, change: dict[str, object], *, index: int = 2) -> str:
    """The line after attributes of its operation were set, or deleted where the new value is None."""
    before = AROUND.format(line)
    module = ax.parse(before)
    op = list(module.walk())[index]
    for key, value in change.items():
        if value is None:
            del op.attributes[key]
            assert key not in op.attributes
        else:
            op.attributes[key] = value
    after = str(module)
    read = list(ax.parse(after).walk())[index].attributes
    assert dict(read) == dict(op.attributes)
    old, new = AROUND.split("{}")
    head, tail = old.format(), new.format()
    assert after.startswith(head)
    assert after.endswith(tail)
    return after[len(head) : len(after) - len(tail)]


@pytest.mark.parametrize(
    ("line", "change", "expected"),
    [
        # Values that are there.
        ('"a.b"() {n = 5 : i32, m} : () -> ()', {"n": 7}, '"a.b"() {n = 7 : i32, m} : () -> ()'),
        ('"a.b"() <{n = 5 : i32}> : () -> ()', {"n": 7}, '"a.b"() <{n = 7 : i32}> : () -> ()'),
        (
            '"a.b"() {n = 5 : i32, m} : () -> ()',
            {"m": 1.5},
            '"a.b"() {n = 5 : i32, m = 1.500000e+00 : f64} : () -> ()',
        ),
        ('"a.b"() {n = "x"} : () -> ()', {"n": UnitAttr()}, '"a.b"() {n} : () -> ()'),
        (
            '"a.b"() { "n" = "x,}" , m=[1,  2] } : () -> ()',
            {"n": 'y"'},
            '"a.b"() { "n" = "y\\22" , m=[1,  2] } : () -> ()',
        ),
        (
            '"a.b"() {n = array<i32: 1,2>} : () -> ()',
            {"n": [3, 4]},
            '"a.b"() {n = array<i32: 3,4>} : () -> ()',
        ),
        ("test.x %a {n = 1 : i8} : i32", {"n": 2}, "test.x %a {n = 2 : i8} : i32"),
        ("arith.addi %a, %b {n = 1 : i8} : i32", {"n": 2}, "arith.addi %a, %b {n = 2 : i8} : i32"),
        (
            "func.func private @g() attributes {n = 1 : i8}",
            {"n": 2},
            "func.func private @g() attributes {n = 2 : i8}",
        ),
        ("func.func private @g()", {"sym_name": "h i"}, 'func.func private @"h i"()'),
        ("%0 = arith.constant 5 : i32", {"value": 6}, "%0 = arith.constant 6 : i32"),
        # New ones.
        ('"a.b"() : () -> ()', {"n": True}, '"a.b"() {n = true} : () -> ()'),
        ('"a.b"() {m} : () -> ()', {"n": UnitAttr()}, '"a.b"() {m, n} : () -> ()'),
        ('"a.b"() {} : () -> ()', {"n": UnitAttr()}, '"a.b"() {n} : () -> ()'),
        ('"a.b"() <{p = 1 : i8}> : () -> ()', {"n": UnitAttr()}, '"a.b"() <{p = 1 : i8, n}> : () -> ()'),
        (
            "%0 = arith.addi %a, %b : i32",
            {"n": "x", "m": UnitAttr()},
            '%0 = arith.addi %a, %b {n = "x", m} : i32',
        ),
        ("test.x %a {m} : i32", {"n": 2}, "test.x %a {m, n = 2 : i64} : i32"),
        ("func.func private @g()", {"n": UnitAttr()}, "func.func private @g() attributes {n}"),
        (
            'func.func private @g() loc("x")',
            {"n": UnitAttr()},
            'func.func private @g() attributes {n} loc("x")',
        ),
        ('scf.if %c { } loc("x")', {"n": UnitAttr()}, 'scf.if %c { } {n} loc("x")'),
        ("scf.if %c { }", {"n": UnitAttr()}, "scf.if %c { } {n}"),
        ("call @f(%a, %b) : (i32, i32) -> ()", {"n": UnitAttr()}, "call @f(%a, %b) {n} : (i32, i32) -> ()"),
        ('"a.b"()// x\n: () -> ()', {"n": True}, '"a.b"()// x\n{n = true} : () -> ()'),
        ('"a.b"(): () -> ()', {"n": True}, '"a.b"() {n = true} : () -> ()'),
        (
            "%0 = arith.addi %a, %b // x\n  : i32",
            {"m": True},
            "%0 = arith.addi %a, %b // x\n  {m = true} : i32",
        ),
        # Deletions.
        ('"a.b"() {n, m = 1 : i8, "l"} : () -> ()', {"n": None}, '"a.b"() {m = 1 : i8, "l"} : () -> ()'),
        ('"a.b"() {n, m = 1 : i8, "l"} : () -> ()', {"m": None}, '"a.b"() {n, "l"} : () -> ()'),
        ('"a.b"() {n, m = 1 : i8, "l"} : () -> ()', {"l": None}, '"a.b"() {n, m = 1 : i8} : () -> ()'),
        ('"a.b"() {n, m, l} : () -> ()', {"n": None, "l": None}, '"a.b"() {m} : () -> ()'),
        ('"a.b"() {n} : () -> ()', {"n": None}, '"a.b"() : () -> ()'),
        ('"a.b"() <{n}> {m} : () -> ()', {"n": None}, '"a.b"() {m} : () -> ()'),
        ("test.x %a {n} : i32", {"n": None}, "test.x %a : i32"),
        ("func.func private @g() attributes {n}", {"n": None}, "func.func private @g()"),
        ("func.func private @g() attributes\n{n}", {"n": None}, "func.func private @g()"),
        ('"a.b"() < {n} > : () -> ()', {"n": None}, '"a.b"() : () -> ()'),
        # Both at once.
        ('"a.b"() {n} : () -> ()', {"n": None, "k": 1}, '"a.b"() {k = 1 : i64} : () -> ()'),
        ('"a.b"() {n, m} : () -> ()', {"k": 1, "n": None}, '"a.b"() {m, k = 1 : i64} : () -> ()'),
        ('"a.b"() {n} : () -> ()', {"a b": 1, "n": "\n"}, '"a.b"() {n = "\\0A", "a b" = 1 : i64} : () -> ()'),
    ],
)
def test_one_line_changes(line: str, change: dict[str, object], expected: str) -> None:
    assert edit(line, change) == expected


def test_setting_what_is_there_keeps_its_spelling() -> None:
    module = ax.parse('"a.b"() {n = 0x0A : i32, m = 1 : i32} : () -> ()\n')
    op = module.operations[0]
    op.attributes["m"] = 2
    assert str(module) == '"a.b"() {n = 0x0A : i32, m = 2 : i32} : () -> ()\n'


def test_an_edit_on_several_lines_and_with_comments() -> None:
    text = '"a.b"() {  // first\n  n = 1 : i32,  // n = 9\n  m\n} : () -> ()\n'
    module = ax.parse(text)
    module.operations[0].attributes["n"] = 2
    assert str(module) == text.replace("n = 1", "n = 2")


def test_edits_above_and_below_each_other() -> None:
    text = 'module {\n  func.func @f() attributes {n = 1 : i32} {\n    "a.b"() {m = 1 : i32} : () -> ()\n    return\n  }\n}\n'
    module = ax.parse(text)
    _, function, op, _ = module.walk()
    op.attributes["m"] = 2
    function.attributes["n"] = 2
    assert str(module) == text.replace("= 1", "= 2")


def test_a_new_dictionary_before_a_region_that_changed() -> None:
    text = 'func.func @f() {\n  "a.b"() {m = 1 : i32} : () -> ()\n  return\n}\n'
    module = ax.parse(text)
    function, op, _ = module.walk()
    op.attributes["m"] = 2
    function.attributes["n"] = UnitAttr()
    assert str(module) == text.replace("= 1", "= 2").replace("@f() {", "@f() attributes {n} {")


def test_deleting_what_is_not_there() -> None:
    op = ax.parse('"a.b"() : () -> ()').operations[0]
    with pytest.raises(KeyError):
        del op.attributes["n"]


def test_what_cannot_be_written_is_refused_at_once() -> None:
    module = ax.parse("test.unknown to 5 by 6\n")
    with pytest.raises(ax.IRError, match="generic=True"):
        module.operations[0].attributes["n"] = 1
    assert str(module) == "test.unknown to 5 by 6\n"
    assert "n" not in module.operations[0].attributes


def test_the_mapping() -> None:
    op = ax.parse('"a.b"() <{p = 1 : i8}> {n = array<i32: 1, 2>, "m"} : () -> ()').operations[0]
    view = op.attributes
    assert set(view) == {"p", "n", "m"}
    assert len(view) == 3
    assert view["n"] == DenseArrayAttr(I32, (1, 2))
    assert view["m"] == UnitAttr()
    assert view.get("x") is None
    assert "x" not in view
    view.update({"p": 3, "x": "new"})
    assert view["p"] == IntegerAttr(3, ax.parse_type("i8"))
    assert view.pop("x") == StringAttr("new")
    assert repr(view) == "{n = array<i32: 1, 2>, m = unit, p = 3 : i8}" or "p = 3 : i8" in repr(view)


def test_made_operations_have_attributes_too() -> None:
    op = ax.Operation.create("a.b", properties={"p": IntegerAttr(1, I32)}, attributes={"n": UnitAttr()})
    op.attributes["p"] = 2
    op.attributes["q"] = "x"
    del op.attributes["n"]
    assert str(op) == '"a.b"() <{p = 2 : i32}> {q = "x"} : () -> ()'


def test_where_the_text_spells_values() -> None:
    text = """func.func @f(%a: i32) attributes {k = [1, {x = 2}, "a,b"], u} {
  %0 = arith.constant 0x10 : i32
  %1 = arith.cmpi slt, %a, %0 : i32
  %2 = "a.b"() <{p = array<i32:1,0x2>, d}> {"q r" = 5 : i8, e = array<i32>} : () -> i1
  return
}
"""
    for module in (ax.parse(text), ax.parse(text, lazy=True)):
        [function] = module.find("func.func")
        [constant] = module.find("arith.constant")
        [generic] = module.find("a.b")

        def spelled(op: ax.Operation, key: str) -> str | None:
            place = op.attributes.span(key)
            return None if place is None else text[place[0] : place[1]]

        def elements(op: ax.Operation, key: str) -> list[str]:
            return [text[start:end] for start, end in op.attributes.element_spans(key)]

        assert spelled(function, "k") == '[1, {x = 2}, "a,b"]'
        assert elements(function, "k") == ["1", "{x = 2}", '"a,b"']
        assert spelled(function, "u") == "u"
        assert spelled(function, "sym_name") == "@f"
        assert spelled(function, "x") is None
        assert spelled(constant, "value") == "0x10 : i32"
        assert elements(constant, "value") == []
        assert spelled(generic, "p") == "array<i32:1,0x2>"
        assert elements(generic, "p") == ["1", "0x2"]
        assert spelled(generic, "d") == "d"
        assert spelled(generic, "q r") == "5 : i8"
        assert elements(generic, "e") == []
        generic.attributes["p"] = [1, 2, 3]
        generic.attributes["new"] = 1
        assert elements(generic, "p") == ["1", "0x2"]
        assert spelled(generic, "new") is None
        [compare] = module.find("arith.cmpi")
        assert spelled(compare, "predicate") == "slt"
    made = ax.Operation.create("a.b", attributes={"n": DenseArrayAttr(I32, (1,))})
    assert made.attributes.span("n") is None
    assert made.attributes.element_spans("n") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("func.func @f() { return }", "func.func private @f() { return }"),
        ("func.func public @f() { return }", "func.func private @f() { return }"),
        (
            'func.func nested @"a b"() attributes {x = 1 : i32} { return }',
            'func.func private @"a b"() attributes {x = 1 : i32} { return }',
        ),
        ("memref.global @g : memref<2xi32>", 'memref.global "private" @g : memref<2xi32>'),
        ('memref.global "public" @g : memref<2xi32>', 'memref.global "private" @g : memref<2xi32>'),
    ],
)
def test_visibility_is_edited_where_the_form_spells_it(before: str, after: str) -> None:
    module = ax.parse(before)
    (op,) = module.operations
    op.attributes["sym_visibility"] = "private"
    assert str(module) == after
    assert module.symbols.visibility(op) == "private"
    assert ax.parse(after).operations[0].attributes["sym_visibility"] == op.attributes["sym_visibility"]


def test_the_visibility_of_a_made_symbol_belongs_to_the_operation() -> None:
    module = ax.parse("")
    build = ax.Builder.at_end(module.body)
    kind = ax.parse_attribute("memref<2xi32>")
    made = build.create("memref.global", properties={"sym_name": "g", "type": kind})
    made.attributes["sym_visibility"] = "private"
    assert str(module).strip() == 'memref.global "private" @g : memref<2xi32>'

"""Renaming an operation changes its name in the text and nothing else."""

from __future__ import annotations

import pytest

import approxir as ax
from approxir.values import I32, IntegerAttr

TEXT = """// before
module {
  func.func @f(%a: i32, %b: i32) -> i32 {  // note
    %0 = arith.addi %a, %b {n = 1 : i32} : i32  // sum
    %1 = "arith.addi"(%0, %a) {n = 2 : i32} : (i32, i32) -> i32
    return %1 : i32
  }
}
"""


def find(module: ax.Module, name: str) -> ax.Operation:
    return next(op for op in module.walk() if op.name == name)


def test_names_in_both_forms() -> None:
    module = ax.parse(TEXT)
    custom, generic = [op for op in module.walk() if op.name == "arith.addi"]
    operands = list(custom.operands)
    custom.rename("arith.muli")
    generic.rename("arith.subi")
    expected = TEXT.replace("= arith.addi", "= arith.muli").replace('"arith.addi"', '"arith.subi"')
    assert str(module) == expected
    assert (custom.name, generic.name) == ("arith.muli", "arith.subi")
    assert list(custom.operands) == operands
    assert custom.result.type == I32
    assert dict(custom.attributes) == {"n": IntegerAttr(1, I32)}
    assert module.print() == ax.parse(expected).print()
    assert module.print(generic=True) == ax.parse(expected).print(generic=True)
    module.parse_all()
    module.verify()
    assert repr(custom) == "<Operation arith.muli at <string>:4:5>"


def test_names_that_are_longer_or_shorter_than_before() -> None:
    module = ax.parse("test.knobs %a {n = 1 : i32} : i32\n")
    op = module.operations[0]
    for name in ("test.knob", "test.knobs_and_more", "t.k", "test.knobs.x"):
        op.rename(name)
        op.attributes["n"] = len(name)
        op.attributes["m"] = True
        assert str(op) == f"{name} %a {{n = {len(name)} : i32, m = true}} : i32"
        del op.attributes["m"]
    op.rename("test.knobs")
    assert str(op) == f"test.knobs %a {{n = {len('test.knobs.x')} : i32}} : i32"


def test_back_and_forth_gives_the_same_text() -> None:
    module = ax.parse(TEXT)
    op = find(module, "arith.addi")
    op.rename("arith.muli")
    op.rename("arith.addi")
    assert str(module) == TEXT


def test_edits_before_and_after() -> None:
    module = ax.parse(TEXT)
    op = find(module, "arith.addi")
    op.attributes["n"] = 5
    op.rename("arith.muli")
    op.operands[0] = op.operands[1]
    op.result.name = "x"
    op.attributes["m"] = True
    assert str(op) == "%x = arith.muli %b, %b {n = 5 : i32, m = true} : i32"
    assert "-> i32\n    return %1" in str(module)


def test_a_dialect_that_was_left_out_is_spelled() -> None:
    module = ax.parse(TEXT)
    op = find(module, "func.return")
    op.rename("approx.return")
    assert str(op) == "approx.return %1 : i32"
    assert str(module) == TEXT.replace("    return", "    approx.return")
    op.rename("func.return")
    assert str(op) == "func.return %1 : i32"
    module.verify()


def test_holders_of_symbols_and_regions() -> None:
    text = 'module {\n  func.func private @f(i32)\n  "func.func"() <{sym_name = "g", function_type = () -> ()}> ({\n    "func.return"() : () -> ()\n  }) : () -> ()\n}\n'
    module = ax.parse(text)
    _, first, second, _ = module.walk()
    first.rename("test.func")
    second.rename("test.func")
    assert str(module) == text.replace("func.func", "test.func")
    table = module.symbols
    assert "g" in table
    table.rename("g", "h")
    assert str(module) == text.replace("func.func", "test.func").replace('"g"', '"h"')
    assert module.print() == ax.parse(str(module)).print()


def test_an_operation_that_is_isolated_no_more() -> None:
    module = ax.parse(TEXT)
    function = find(module, "func.func")
    function.rename("test.func")
    assert str(module) == TEXT.replace("func.func", "test.func")
    add = find(module, "arith.addi")
    add.result.name = "b"
    assert str(ax.parse(str(module))) == str(module)


def test_copies_have_the_new_name() -> None:
    module = ax.parse(TEXT)
    _, generic = [op for op in module.walk() if op.name == "arith.addi"]
    generic.rename("arith.subi")
    copy = generic.clone()
    assert copy.name == "arith.subi"
    assert str(copy).partition(" = ")[2] == str(generic).partition(" = ")[2]
    assert generic.block is not None
    generic.block.insert(copy, before=generic)
    copy.rename("arith.muli")
    lines = str(module).splitlines()
    assert '"arith.muli"(%0, %a)' in lines[4]
    assert '"arith.subi"(%0, %a)' in lines[5]
    module.verify()
    function = find(module, "func.func").clone()
    assert '"arith.subi"' in str(function)


def test_operations_that_were_made() -> None:
    op = ax.Operation.create("a.b", attributes={"n": IntegerAttr(1, I32)})
    op.rename("c.d")
    assert op.name == "c.d"
    assert str(op) == '"c.d"() {n = 1 : i32} : () -> ()'


def test_operations_found_in_a_text_that_is_not_parsed() -> None:
    module = ax.parse(TEXT, lazy=True)
    custom, generic = module.find("arith.addi")
    custom.rename("arith.muli")
    generic.rename("arith.subi")
    expected = TEXT.replace("= arith.addi", "= arith.muli").replace('"arith.addi"', '"arith.subi"')
    assert module._region is None
    assert str(module) == expected
    assert module._region is None
    assert custom.parent is not None
    assert [op.name for op in module.walk()].count("arith.muli") == 1
    assert str(module) == expected
    custom.rename("arith.addi")
    assert str(module) == TEXT.replace('"arith.addi"', '"arith.subi"')


@pytest.mark.parametrize(
    "name", ["", "addi", ".x", "a.", "a..b", "a b.c", 'a."', "1.2", "a.b\n", "ä.b", "%a.b"]
)
def test_what_is_no_name(name: str) -> None:
    op = find(ax.parse(TEXT), "arith.addi")
    with pytest.raises(ValueError, match="is not the name of an operation"):
        op.rename(name)
    assert op.name == "arith.addi"


def test_names_that_the_custom_form_does_not_suit() -> None:
    module = ax.parse(TEXT)
    custom, generic = [op for op in module.walk() if op.name == "arith.addi"]
    with pytest.raises(ax.IRError, match="generic form"):
        custom.rename("test.a-b")
    with pytest.raises(ax.IRError, match=r"whose custom form is another one .*generic=True"):
        custom.rename("arith.cmpi")
    generic.rename("test.a-b")
    assert str(module) == TEXT.replace('"arith.addi"', '"test.a-b"')


def test_an_edited_attribute_that_the_new_name_does_not_spell() -> None:
    module = ax.parse("%0 = arith.constant 5 : i32\n")
    op = module.operations[0]
    op.attributes["value"] = 6
    with pytest.raises(ax.IRError, match="not understood"):
        op.rename("test.constant")
    assert op.name == "arith.constant"
    assert str(module) == "%0 = arith.constant 6 : i32\n"


def test_renamed_and_copied_elsewhere() -> None:
    module = ax.parse(TEXT)
    custom, other = [op for op in module.walk() if op.name == "arith.addi"]
    custom.rename("arith.muli")
    copy = custom.clone()
    assert other.block is not None
    other.block.insert(copy, before=other)
    text = str(module)
    assert text.count("arith.muli") == 2
    assert "muliarith" not in text
    assert [op.name for op in ax.parse(text).walk()].count("arith.muli") == 2

"""Symbol tables: what is defined, what refers to it, inserting and renaming."""

from __future__ import annotations

import pytest

from approxir.errors import IRError
from approxir.ir.module import parse
from approxir.ir.operation import Operation
from approxir.ir.symbols import SymbolTable, own_symbol
from approxir.values import ArrayAttr, StringAttr, SymbolRefAttr

TEXT = """module {
  func.func private @ext(i32) -> i32
  func.func @main(%a: i32) -> i32 {
    %0 = call @ext(%a) : (i32) -> i32 // @ext, not this one
    "u.note"() {text = "@ext", callee = @ext, list = [@ext, @"odd name"]} : () -> ()
    return %0 : i32
  }
  "func.func"() <{
    function_type = () -> (), sym_name = "odd name", sym_visibility = "private"
  }> ({}) : () -> ()
  memref.global "private" @g : memref<4xi32>
  module @inner {
    func.func @ext() { return }
    func.func @caller() {
      call @ext() : () -> ()
      return
    }
  }
  "u.refer"() {to = @inner::@ext, other = @ext} : () -> ()
  foo.define private @thing(%x: i32)
}
"""


def table(text: str = TEXT) -> SymbolTable:
    return parse(text).symbols


def test_definitions_in_order() -> None:
    symbols = table()
    assert symbols.names == ["ext", "main", "odd name", "g", "inner", "thing"]
    assert [op.name for op in symbols.definitions.values()][:2] == ["func.func", "func.func"]
    assert "main" in symbols
    assert "nothing" not in symbols
    assert len(symbols) == 6
    assert symbols["g"].name == "memref.global"


def test_lookup() -> None:
    symbols = table()
    assert symbols.lookup("nothing") is None
    assert symbols.lookup(SymbolRefAttr("inner", ("ext",))) is symbols["inner"].region.blocks[0].first
    assert symbols.lookup(SymbolRefAttr("inner", ("nothing",))) is None
    assert symbols.lookup(SymbolRefAttr("main", ("a",))) is None
    assert symbols.lookup(SymbolRefAttr("g", ("a",))) is None


def test_visibility_and_quotes() -> None:
    symbols = table()
    assert symbols.visibility("main") == "public"
    assert symbols.visibility("ext") == "private"
    assert symbols.visibility("odd name") == "private"
    assert symbols.visibility("thing") == "private"
    found = own_symbol(symbols["odd name"])
    assert found is not None
    assert found.is_quoted


def test_uses() -> None:
    symbols = table()
    assert [use.operation.name for use in symbols.uses("ext")] == ["u.refer", "func.call", "u.note", "u.note"]
    assert [use.operation.name for use in symbols.uses("odd name")] == ["u.note"]
    assert symbols.uses("main") == []
    inner = SymbolTable(symbols["inner"].region)
    assert sorted(use.operation.name for use in inner.uses("ext")) == ["func.call", "u.refer"]


def test_rename_changes_definition_and_references_only() -> None:
    module = parse(TEXT)
    module.symbols.rename("ext", "outside")
    expected = TEXT.replace("private @ext", "private @outside").replace(
        "%0 = call @ext", "%0 = call @outside"
    )
    expected = expected.replace("callee = @ext, list = [@ext,", "callee = @outside, list = [@outside,")
    expected = expected.replace("other = @ext", "other = @outside")
    assert str(module) == expected


def test_rename_of_nested_symbol_follows_the_path() -> None:
    module = parse(TEXT)
    SymbolTable(module.symbols["inner"].region).rename("ext", "deep")
    text = str(module)
    assert "@inner::@deep, other = @ext" in text
    assert "func.func @deep()" in text
    assert "call @deep()" in text
    assert text.count("@ext") == TEXT.count("@ext") - 3


def test_rename_quotes_where_needed_and_twice() -> None:
    module = parse(TEXT)
    symbols = module.symbols
    symbols.rename("odd name", "even name")
    assert 'sym_name = "even name"' in str(module)
    assert '[@ext, @"even name"]' in str(module)
    symbols.rename("even name", "plain")
    assert 'sym_name = "plain"' in str(module)
    assert "[@ext, @plain]" in str(module)
    symbols.rename("main", "a-b")
    assert '@"a-b"(%a: i32)' in str(module)
    assert symbols.names == ["ext", "a-b", "plain", "g", "inner", "thing"]
    assert parse(str(module)).symbols.names == symbols.names


def test_rename_of_a_table_changes_the_root_of_paths() -> None:
    module = parse(TEXT)
    module.symbols.rename("inner", "within")
    assert "@within::@ext" in str(module)


def test_rename_refuses_a_taken_name_and_an_unknown_symbol() -> None:
    symbols = table()
    with pytest.raises(IRError, match="defined already"):
        symbols.rename("ext", "main")
    with pytest.raises(IRError, match="no symbol"):
        symbols.rename("nothing", "x")
    with pytest.raises(IRError, match="defines no symbol"):
        symbols.rename(symbols["main"].body.first, "x")  # type: ignore[arg-type]
    symbols.rename("ext", "ext")


def test_rename_refuses_where_an_alias_refers_to_the_symbol() -> None:
    module = parse("#a = @f\nmodule {\n  func.func private @f()\n}\n")
    with pytest.raises(IRError, match="alias #a"):
        module.symbols.rename("f", "g")


def test_rename_reaches_changed_and_made_operations() -> None:
    module = parse(TEXT)
    symbols = module.symbols
    note = next(op for op in module.walk() if op.name == "u.note")
    note.attributes["callee"] = SymbolRefAttr("main")
    made = Operation.create("u.made", attributes={"x": SymbolRefAttr("main")})
    module.body.first.region.blocks[0].append(made)  # type: ignore[union-attr]
    symbols.rename("main", "start")
    text = str(module)
    assert "callee = @start, list = [@ext" in text
    assert "x = @start" in text
    assert "@main" not in text


def test_insert_finds_a_free_name() -> None:
    module = parse(TEXT)
    symbols = module.symbols
    made = Operation.create("u.symbol", attributes={"sym_name": StringAttr("main")})
    assert symbols.insert(made) == "main_0"
    copy = symbols["ext"].clone()
    assert symbols.insert(copy, before=symbols["main"]) == "ext_0"
    text = str(module)
    assert 'sym_name = "main_0"' in text
    assert text.index("@ext_0") < text.index("@main")
    assert symbols.fresh_name("ext") == "ext_1"
    assert symbols.fresh_name("free") == "free"


def test_without_a_module_the_top_level_is_the_table() -> None:
    module = parse("func.func private @f()\nfunc.func @g() {\n  call @f() : () -> ()\n  return\n}\n")
    module.symbols.rename("f", "h")
    assert str(module) == "func.func private @h()\nfunc.func @g() {\n  call @h() : () -> ()\n  return\n}\n"


def test_attributes_show_the_new_name() -> None:
    module = parse(
        "module {\n  func.func @f() {\n    return\n  }\n  func.func @g() attributes {uses = [@f, @g]} {\n"
        '    call @f() : () -> ()\n    "func.call"() <{callee = @f}> : () -> ()\n    return\n  }\n}\n'
    )
    f, g = module.symbols.definitions.values()
    module.symbols.rename("f", "a b")
    assert f.attributes["sym_name"] == StringAttr("a b")
    assert g.attributes["uses"] == ArrayAttr((SymbolRefAttr("a b"), SymbolRefAttr("g")))
    calls = [op for op in module.walk() if op.name == "func.call"]
    assert [op.attributes["callee"] for op in calls] == [SymbolRefAttr("a b")] * 2

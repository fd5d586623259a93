"""Copies of operations, and inlining."""

from __future__ import annotations

from typing import Any

import pytest

import approxir as ax

TEXT = """\
func.func @f(%a: i32, %n: index) -> i32 {
  %r:2 = scf.for %i = %n to %n step %n iter_args(%x = %a, %y = %a) -> (i32, i32) {
    // sum
    %s = arith.addi %x, %y : i32
    scf.yield %s, %x : i32, i32
  }  // loop
  return %r#1 : i32
}
"""


def by_name(module: ax.Module, name: str) -> ax.Operation:
    return next(op for op in module.walk() if op.name == name)


def test_a_copy_has_values_of_its_own() -> None:
    module = ax.parse(TEXT)
    loop = by_name(module, "scf.for")
    mapping: dict[Any, Any] = {}
    copy = loop.clone(mapping)
    assert copy.block is None
    assert copy.operands == loop.operands
    assert [mapping[r] for r in loop.results] == list(copy.results)
    assert [mapping[a] for a in loop.body.arguments] == list(copy.body.arguments)
    assert mapping[loop.body] is copy.body
    addition, twin = loop.body.first, copy.body.first
    assert twin.operands == [mapping[v] for v in addition.operands]
    assert [r.type for r in copy.results] == [r.type for r in loop.results]
    assert set(loop.operands[0].users) == {loop, copy}
    assert str(module) == TEXT


def test_a_copy_beside_the_original() -> None:
    module = ax.parse(TEXT)
    loop = by_name(module, "scf.for")
    copy = loop.clone()
    loop.block.insert(copy, before=loop.next)
    copy.operands[3] = loop.results[0]
    by_name(module, "func.return").operands[0] = copy.results[1]
    assert str(module) == TEXT.replace(
        "  return %r#1",
        "  %r_0:2 = scf.for %i = %n to %n step %n iter_args(%x = %r#0, %y = %a) -> (i32, i32) {\n    // sum\n    %s = arith.addi %x, %y : i32\n    scf.yield %s, %x : i32, i32\n  }  // loop\n  return %r_0#1",
    )


def test_values_and_blocks_to_use_instead() -> None:
    module = ax.parse(TEXT)
    function = module.operations[0]
    addition = by_name(module, "arith.addi")
    a = function.body.arguments[0]
    copy = addition.clone({addition.operands[0]: a, addition.operands[1]: a})
    by_name(module, "scf.for").block.insert(copy, before=by_name(module, "scf.for"))
    assert "  %s_0 = arith.addi %a, %a : i32\n  %r:2 =" in str(module)


def test_copies_of_copies_and_of_edited_and_made_operations() -> None:
    module = ax.parse(TEXT)
    loop = by_name(module, "scf.for")
    made = ax.Builder.before(loop.body.last).create(
        "test.made", loop.body.arguments[1:], ["i32"], attributes={"k": 1}
    )
    loop.body.last.operands[0] = made.result
    loop.attributes["n"] = "new"
    copy = loop.clone().clone()
    loop.block.insert(copy, before=loop)
    text = str(module)
    assert text.count('"test.made"(%x, %y) {k = 1 : i64}') == 2
    assert text.count('{n = "new"}') == 2
    assert [len(op.walk().__class__.__name__) > 0 for op in module.walk()]
    ax.parse(text).verify()


def test_copies_of_branches() -> None:
    module = ax.parse("func.func @f() {\n  cf.br ^bb1\n^bb1:\n  cf.br ^bb2\n^bb2:\n  cf.br ^bb1\n}\n")
    function = module.operations[0]
    copy = function.clone()
    copy.attributes["sym_name"] = "g"
    module.body.append(copy)
    blocks = copy.region.blocks
    assert [block.last.successors for block in blocks] == [(blocks[1],), (blocks[2],), (blocks[1],)]
    function.region.blocks[1].label = "bb9"
    assert str(module.operations[1]) == str(ax.parse(str(module)).operations[1])


def test_inlining_a_block() -> None:
    text = "func.func @f(%a: i32, %c: i1) -> i32 {\n  %s = test.s\n  %r = scf.if %c -> (i32) {\n    // inside\n    %s_0 = arith.addi %a, %a : i32  // beside\n    scf.yield %s_0 : i32\n  } else {\n    scf.yield %a : i32\n  }\n  return %r : i32\n}\n"
    module = ax.parse(text)
    choice = by_name(module, "scf.if")
    values = ax.inline_block(choice.body, choice)
    choice.replace_with(*values)
    assert str(module) == (
        "func.func @f(%a: i32, %c: i1) -> i32 {\n  %s = test.s\n  // inside\n  %s_0 = arith.addi %a, %a : i32  // beside\n"
        "  return %s_0 : i32\n}\n"
    )


def test_inlining_gives_values_for_the_arguments() -> None:
    module = ax.parse(TEXT)
    loop = by_name(module, "scf.for")
    n, a = loop.operands[0], loop.operands[3]
    with pytest.raises(ax.IRError, match="3 arguments, not 1"):
        ax.inline_block(loop.body, loop, [n])
    assert str(module) == TEXT
    loop.replace_with(*ax.inline_block(loop.body, loop, [n, a, a]))
    assert (
        str(module)
        == "func.func @f(%a: i32, %n: index) -> i32 {\n  // sum\n  %s = arith.addi %a, %a : i32\n  return %a : i32\n}\n"
    )


def test_inlining_renames_what_would_collide() -> None:
    text = "func.func @f(%c: i1) {\n  scf.if %c {\n    %x = test.a\n    test.use %x\n  }\n  scf.if %c {\n    %x = test.b\n    test.use %x\n  }\n  return\n}\n"
    module = ax.parse(text)
    for choice in [op for op in module.walk() if op.name == "scf.if"]:
        ax.Builder(choice.body).create("scf.yield")
        ax.inline_block(choice.body, choice)
        choice.erase()
    assert str(module) == (
        "func.func @f(%c: i1) {\n  %x = test.a\n  test.use %x\n  %x_0 = test.b\n  test.use %x_0\n  return\n}\n"
    )


def test_inlining_into_a_body_whose_loop_names_its_arguments_for_two_regions() -> None:
    loop = """%0:2 = stablehlo.while(%i = %a, %s = %a) : tensor<i32>, tensor<i32>
    cond {
      %less = stablehlo.compare LT, %i, %s, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %less : tensor<i1>
    } do {
      BODY
      stablehlo.return %i, %t : tensor<i32>, tensor<i32>
    }
    return %0#1 : tensor<i32>"""
    functions = {
        "outer": loop.replace("BODY", "%t = func.call @inner(%s) : (tensor<i32>) -> tensor<i32>"),
        "inner": loop.replace("BODY", "%t = stablehlo.add %i, %s : tensor<i32>"),
    }
    text = "\n".join(
        f"func.func @{name}(%a: tensor<i32>) -> tensor<i32> {{\n  {body}\n}}"
        for name, body in functions.items()
    )
    module = ax.parse(text)
    call = by_name(module, "func.call")
    values = ax.inline_block(module.symbols["inner"].clone().regions[0].blocks[0], call, list(call.operands))
    call.replace_with(*values)
    inner = [op for op in ax.parse(str(module)).walk() if op.name == "stablehlo.while"][1]
    assert [argument.name for argument in inner.header_arguments] == ["i_0", "s_0"]
    ax.parse(str(module)).verify()

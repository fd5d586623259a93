"""Names: what each mention of a value or block means, and what a header defines."""

from __future__ import annotations

from typing import Any

import pytest

import approxir as ax
from approxir.ir.ssa import Unresolved


def meanings(text: str) -> list[tuple[str, list[Any]]]:
    """For each operation its name, and for each operand where its definition stands: (line, name)."""
    module = ax.parse(text)
    found = []
    for op in module.walk():
        found.append((op.name, [_where(value) for value in op.operands]))
    return found


def _where(value: ax.Value) -> Any:
    if isinstance(value, Unresolved):
        return f"?{value.name}"
    if isinstance(value, ax.OpResult):
        where = value.operation.location
        return (where.line if where else None), value._reference(value.name or "")
    assert isinstance(value, ax.BlockArgument)
    source = value.holder.source if value.holder is not None else value.owner.source
    assert source is not None
    assert value.span is not None
    return source.position(value.span[0])[0], f"%{value.name}"


def operands(text: str, name: str) -> list[Any]:
    return next(found for op, found in meanings(text) if op == name)


def test_siblings_reuse_names_and_so_does_what_follows() -> None:
    text = (
        "func.func @f(%c: i1) {\n  scf.if %c {\n    %0 = t.a\n    t.use1 %0\n  } else {\n    %0 = t.b\n    t.use2 %0\n  }\n"
        "  %0 = t.c\n  t.use3 %0\n  return\n}\nfunc.func @g(%c: i1) {\n  t.use4 %c, %0\n}\n"
    )
    assert operands(text, "t.use1") == [(3, "%0")]
    assert operands(text, "t.use2") == [(6, "%0")]
    assert operands(text, "t.use3") == [(9, "%0")]
    assert operands(text, "t.use4") == [(13, "%c"), "?0"]


def test_a_loop_may_use_a_name_that_is_defined_after_it() -> None:
    text = (
        "func.func @f(%a: index) {\n  scf.for %0 = %a to %a step %a {\n    t.use %0\n  }\n  %0 = t.b\n"
        "  %x:2 = scf.for %i = %a to %a step %a iter_args(%x = %a, %y = %0) -> (index, index) {\n    t.inner %x, %y\n  }\n"
        "  scf.parallel (%j) = (%a) to (%a) step (%a) {\n    t.par %j\n  }\n  %j = t.c\n  t.last %x#1, %j\n}\n"
    )
    assert operands(text, "t.use") == [(2, "%0")]
    assert operands(text, "t.inner") == [(6, "%x"), (6, "%y")]
    assert operands(text, "scf.for") == [(1, "%a")] * 3
    assert operands(text, "t.par") == [(9, "%j")]
    assert operands(text, "t.last") == [(6, "%x#1"), (12, "%j")]


def test_an_argument_of_a_later_block_does_not_hide_a_loop_variable() -> None:
    text = (
        "func.func @f(%a: index) {\n  scf.for %i = %a to %a step %a {\n    t.use %i\n  }\n  cf.br ^b(%a : index)\n"
        "^b(%i: index):\n  t.later %i\n}\n"
    )
    assert operands(text, "t.use") == [(2, "%i")]
    assert operands(text, "t.later") == [(6, "%i")]


def test_uses_before_definitions() -> None:
    text = "func.func @f() {\n  cf.br ^b2\n^b1:\n  t.use %x\n  scf.if %x {\n    t.deep %x\n  }\n  return\n^b2:\n  %x = t.def\n  cf.br ^b1\n}\n"
    assert operands(text, "t.use") == [(10, "%x")]
    assert operands(text, "t.deep") == [(10, "%x")]
    graph = 'module {\n  "t.use"(%y) : (i32) -> ()\n  %y = "t.def"() : () -> i32\n}\n'
    assert operands(graph, "t.use") == [(3, "%y")]


def test_packs() -> None:
    text = 'func.func @f() {\n  %a:2, %b = "t.def"() : () -> (i1, i1, i1)\n  t.use %a, %a#0, %a #1, %b, %b#0, %a#2, %b#1\n}\n'
    assert operands(text, "t.use") == [
        (2, "%a#0"),
        (2, "%a#0"),
        (2, "%a#1"),
        (2, "%b"),
        (2, "%b"),
        "?a#2",
        "?b#1",
    ]


def test_isolated_operations_see_nothing_from_outside() -> None:
    text = "func.func @f(%a: i32) {\n  func.func @g() {\n    t.use %a\n  }\n  return\n}\n"
    assert operands(text, "t.use") == ["?a"]


@pytest.mark.parametrize(
    ("header", "defined"),
    [
        ('func.func @f(%a: i32, %b: i32 {k = "%z"}) {', ["a", "b"]),
        ("llvm.func @f(%a: i32) {", ["a"]),
        ("stream.cmd.func @f(%a[%b for %c]: !t) {", ["a", "b", "c"]),
        ("test.loop %i = 0 to 8 {", ["i"]),
        ('test.loop %i loc("v") = 0 to 8 {', ["i"]),
        ("test.bind (%x as %y: i32) {", ["x", "y"]),
        ("test.private(@p %x -> %y) {", ["x", "y"]),
    ],
)
def test_headers_define(header: str, defined: list[str]) -> None:
    op = ax.parse(f"{header}\n  t.use %{defined[0]}\n}}\n").operations[0]
    assert [a.name for a in op.header_arguments] == defined
    assert op.body.first.operands == [op.header_arguments[0]]


def test_headers_use_what_is_visible() -> None:
    text = "func.func @f(%a: i32, %b: i32) {\n  test.region linear(%a = %b) reduction(%b -> %c : i32) {\n    t.use %a, %c\n  }\n}\n"
    assert operands(text, "test.region") == [(1, "%a"), (1, "%b"), (1, "%b")]
    assert operands(text, "t.use") == [(1, "%a"), (2, "%c")]


def test_declarations_name_their_arguments() -> None:
    module = ax.parse("func.func private @f(%a: i32, %b: i32)\n")
    assert [a.name for a in module.operations[0].header_arguments] == ["a", "b"]
    assert list(module.operations[0].operands) == []


def test_names_without_definitions_are_no_error_of_parsing() -> None:
    module = ax.parse("func.func @f() {\n  t.use %nowhere -> %result as i32\n}\n")
    module.parse_all()
    op = module.operations[0].body.first
    assert all(isinstance(value, Unresolved) for value in op.operands)


def test_labels_belong_to_their_region() -> None:
    text = (
        "func.func @f(%c: i1) {\n  cf.br ^a\n^a:\n  scf.execute_region {\n    cf.br ^a\n  ^a:\n    scf.yield\n  }\n"
        "  cf.cond_br %c, ^a, ^b\n^b:\n  return\n}\n"
    )
    module = ax.parse(text)
    function = module.operations[0]
    _, a, b = function.region.blocks
    inner = next(op for op in module.walk() if op.name == "scf.execute_region").region.blocks[1]
    targets = [op.successors for op in module.walk() if op.successors]
    assert targets == [(a,), (inner,), (a, b)]


def test_comments_and_strings_are_not_looked_into() -> None:
    text = 'func.func @f(%a: i32) {  // %x\n  %b // %y =\n    = t.def %a {k = "%z ^q"} // %w\n  t.use %b // ^r\n}\n'
    assert meanings(text) == [("func.func", []), ("t.def", [(1, "%a")]), ("t.use", [(2, "%b")])]


def test_def_use_both_ways() -> None:
    module = ax.parse(
        "func.func @f(%a: i32) {\n  %b = arith.addi %a, %a : i32\n  %c = arith.addi %b, %a : i32\n  return\n}\n"
    )
    (a,) = module.operations[0].body.arguments
    first, second, last = module.operations[0].body
    assert set(a.users) == {first, second}
    assert [(u.operation, u.index) for u in a.uses] in (
        [(first, 0), (first, 1), (second, 1)], [(second, 1), (first, 0), (first, 1)],
    )  # fmt: skip
    assert first.result.users == (second,)
    assert not second.result.has_uses
    assert last.operands == []
    a.replace_all_uses_with(second.result)
    assert not a.has_uses
    assert len(list(second.result.uses)) == 3
    assert first.result.owner is first
    assert a.owner is module.operations[0].body


def test_arguments_of_a_reducer_are_in_generic_order() -> None:
    text = (
        "func.func @f(%a: tensor<4xf32>, %b: tensor<4xi32>, %x: tensor<f32>, %y: tensor<i32>) {\n"
        "%r:2 = stablehlo.reduce(%a init: %x), (%b init: %y) across dimensions = [0] : "
        "(tensor<4xf32>, tensor<4xi32>, tensor<f32>, tensor<i32>) -> (tensor<f32>, tensor<i32>)\n"
        " reducer(%p: tensor<f32>, %q: tensor<f32>) (%s: tensor<i32>, %t: tensor<i32>) {\n"
        "  %u = stablehlo.add %p, %q : tensor<f32>\n"
        "  %v = stablehlo.add %s, %t : tensor<i32>\n"
        "  stablehlo.return %u, %v : tensor<f32>, tensor<i32>\n}\nreturn\n}\n"
    )
    module = ax.parse(text)
    generic = ax.parse(module.print(generic=True))
    (first,), (second,) = [one.find("stablehlo.reduce") for one in (module, generic)]
    for op in (first, second, first.clone()):
        arguments = op.body.arguments
        assert [(argument.name, argument.index) for argument in arguments] == [
            ("p", 0), ("s", 1), ("q", 2), ("t", 3),
        ]  # fmt: skip
        assert [str(argument.type) for argument in arguments] == ["tensor<f32>", "tensor<i32>"] * 2
    first.body.arguments[1].name = "other"
    assert str(module) == text.replace("%s", "%other")

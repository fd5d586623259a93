"""`Module.parse_all` reads every part of every operation, and reports what cannot be read in its place."""

from __future__ import annotations

import pytest

from approxir.errors import ParseError, VerifyError
from approxir.ir.module import parse

SOUND = """#map = affine_map<(d0) -> (d0)>
#loc1 = loc("a.py":1:2)
!t = tensor<4xf32>
"builtin.module"() ({
^bb0:
  %0:2 = "u.a"() <{m = #map, s = "x\\22y"}> {k, "odd key" = [1, 2.0]} : () -> (i32, !t) loc(#loc1)
  "u.b"(%0#0, %0#1)[^bb1] : (i32, !t) -> () // done
^bb1(%x: i32 loc(#loc1), %y: memref<4xf32, strided<[1]>>):
  "u.c"(%x) ({}, {}) : (i32) -> (() -> i32)
}) : () -> () loc(#late)
#late = loc(fused["b", "c":1:2])
{-# dialect_resources: { builtin: { w: "0x0400000001020304" } }, external_resources: { x: { a: true } } #-}
"""


def test_sound_text_is_silent_and_keeps_its_text() -> None:
    module = parse(SOUND)
    assert module.parse_all() is module
    assert str(module) == SOUND
    assert module.diagnostics() == []


def test_types_are_there_afterwards() -> None:
    module = parse('%0:2 = "a"() : () -> (i32, tensor<2xf32>)\nfunc.func @f(%a: f32) { return }\n')
    module.parse_all()
    first, function = module.operations
    assert [str(result._type) for result in first.results] == ["i32", "tensor<2xf32>"]
    assert [str(argument._type) for argument in function.body.arguments] == ["f32"]


FAULTS = [
    # text, line, column, a part of the message
    ('"a"(%x,) : (i32) -> ()', 1, 8, "operand"),
    ('"a"(%x %y) : (i32) -> ()', 1, 8, "operand"),
    ('"a"(3) : (i32) -> ()', 1, 5, "operand"),
    ('"a"()[^b,] : () -> ()', 1, 7, "block names"),
    ('"a"() {k = } : () -> ()', 1, 12, "expected"),
    ('"a"() {k = 1,} : () -> ()', 1, 14, "expected"),
    ('"a"() {k = 1, k = 2} : () -> ()', 1, 15, "k"),
    ('"a"() <{k = tensor<4xq7>}> : () -> ()', 1, 22, ""),
    ('"a"() {k = 256 : i8} : () -> ()', 1, 12, "out of range"),
    ('"a"() {k = affine_map<(d0) -> (d1)>} : () -> ()', 1, 32, "d1"),
    ('"a"() {k = dense<[1, 2]> : tensor<3xi32>} : () -> ()', 1, 12, "shape"),
    ('"a"() {k = "\\q"} : () -> ()', 1, 13, "escape"),
    ('"a"() : (i32,) -> ()', 1, 14, "expected"),
    ('"a"() : () -> tensor<4xf32', 1, 27, "expected"),
    ('"a"() : () -> () loc(nowhere)', 1, 22, "location"),
    ('"a"() ({\n^bb0(%x):\n}) : () -> ()', 2, 8, "type of %x"),
    ('"a"() ({\n^bb0(%x: i32,):\n}) : () -> ()', 2, 14, "block argument"),
    ('"a"() ({\n^bb0(%x: i33333333333):\n}) : () -> ()', 2, 10, ""),
    ("#a = affine_map<(d0 -> (d0)>\n", 1, 17, ""),
    ("!a = vector<0xf32>\n", 1, 6, "vector"),
    ("%0 = arith.addi %a, : i32", 1, 21, "arith.addi"),
    ("%0 = arith.constant dense<1.0> : tensor<2xi32>", 1, 27, ""),
    ("foo.bar {k = 1 : i999999999999}", 1, 18, ""),
    ("foo.bar %a : tensor<4xfoo>", 1, 23, ""),
    ("foo.bar (%a ; %b)", 1, 13, "';'"),
    ('foo.bar ("a\\n)', 1, 10, "string"),
    ('foo.bar loc("a" at)', 1, 17, ""),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), FAULTS)
def test_faults_have_places(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text).parse_all()
    first = caught.value.diagnostics[0]
    assert (first.line, first.column) == (line, column), str(caught.value)
    assert message in first.message


METADATA = [
    ("foo: {}", "section"),
    ("dialect_resources", "too early"),
    ("dialect_resources: {", "too early"),
    ("dialect_resources: { builtin }", "':'"),
    ("dialect_resources: { builtin: 3 }", "'{'"),
    ("dialect_resources: { builtin: { a: } }", "value"),
    ('dialect_resources: { builtin: { a: "0x" } }', "blob"),
    ("dialect_resources: { builtin: { a: 10 } }", "blob"),
    ("dialect_resources: { builtin: { a: true b: true } }", "blob"),
    ('external_resources: { a: { b: "c", } }', "name"),
    ("external_resources: {} external_resources: {}", "','"),
    ("external_resources: { % }", "name"),
]


@pytest.mark.parametrize(("inside", "message"), METADATA)
def test_metadata(inside: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse("{-# " + inside + " #-}").parse_all()
    assert message in caught.value.message


def test_all_faults_are_reported_in_order_and_their_number_is_bounded() -> None:
    lines = [f'"a"() {{k = {256 + number} : i8}} : () -> ()' for number in range(80)]
    with pytest.raises(ParseError) as caught:
        parse("\n".join(lines)).parse_all()
    found = [diagnostic.line for diagnostic in caught.value.diagnostics]
    assert found == list(range(1, 51))


def test_equal_texts_at_different_places_are_all_reported() -> None:
    text = '"a"() {k = 300 : i8} : () -> ()\n' * 3
    with pytest.raises(ParseError) as caught:
        parse(text).parse_all()
    assert [d.line for d in caught.value.diagnostics] == [1, 2, 3]


def test_two_operations_on_one_line_are_no_fault() -> None:
    text = "func.func @f(%a: memref<4xi32>, %i: index, %x: i32) {\n"
    text += "  memref.store %x, %a[%i] : memref<4xi32> memref.store %x, %a[%i] : memref<4xi32>\n  return\n}\n"
    parse(text).parse_all()


@pytest.mark.parametrize("depth", [20_000])
def test_depth_needs_no_recursion(depth: int) -> None:
    text = '"a"() ({\n' * depth + '"b"() : () -> ()\n' + "}) : () -> ()\n" * depth
    parse(text).parse_all()
    nested = '"a"() {k = ' + "[" * depth + "]" * depth + "} : () -> ()"
    with pytest.raises(ParseError, match="nested more than"):
        parse(nested).parse_all()


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ('"test.x"() : () -> () garbage', 23),
        ('"test.x"() : () -> () "garbage"', 23),
        ('"test.x"() : () -> () 1 2 3', 23),
        ('"test.x"() {a = 1} : () -> () loc("x") rest', 40),
        ('"test.x"() ({\n}) : () -> () rest', 15),
        ('"test.x"() : () -> () rest // of it', 23),
    ],
)
def test_nothing_may_follow_a_generic_operation(text: str, column: int) -> None:
    with pytest.raises(ParseError, match="expected the end of the operation, found") as caught:
        parse(text).parse_all()
    assert caught.value.column == column
    with pytest.raises(VerifyError, match="expected the end of the operation"):
        parse(text).verify()

"""Where operations begin and end: the traps of MLIR's text, and the structural parser's way around them."""

from __future__ import annotations

import pytest

import approxir as ax


def found(text: str) -> list[tuple[str, int, int, int]]:
    """The operations of a text: name, line and column of the name, and nesting depth."""
    module = ax.parse(text)
    assert str(module) == text
    place = [(op, op.name_location) for op in module.walk()]
    return [(op.name, where.line, where.column, len(list(op.ancestors()))) for op, where in place if where]


def names(text: str) -> list[str]:
    return [name for name, *_ in found(text)]


def inside(*lines: str) -> str:
    return "func.func @f() {\n" + "\n".join(lines) + "\n}\n"


# --- lexical traps ----------------------------------------------------------------------------------------


def test_quotes_in_comments_and_comments_in_strings() -> None:
    text = inside(
        "// it's \"open", '"a.b"() {k = "no // comment ({"} : () -> () // }', 'call @"a b//c{"() : () -> ()'
    )
    assert found(text) == [("func.func", 1, 1, 0), ("a.b", 3, 1, 1), ("func.call", 4, 1, 1)]


def test_escapes_do_not_end_strings() -> None:
    assert names('"a.b"() {k = "\\"({ \\\\"} : () -> ()\n"c.d"() : () -> ()\n') == ["a.b", "c.d"]


@pytest.mark.parametrize("name", ["%_", "%$", "%.", "%-", "%j-1", "%a.b", "%0", "%12"])
def test_odd_value_names(name: str) -> None:
    module = ax.parse(inside(f"{name} = arith.constant 1 : i32", f"test.use {name} : i32"))
    *_, constant, use = module.walk()
    assert constant.result.name == name[1:]
    assert use.operands == [constant.result]


def test_digits_end_a_name_that_begins_with_one() -> None:
    with pytest.raises(ax.ParseError) as error:
        ax.parse("%1_x = arith.constant 1 : i32")
    assert (error.value.line, error.value.column) == (1, 1)


def test_spaces_around_the_number_of_a_result() -> None:
    module = ax.parse(
        '%0 : 2, %b = "a.b"() : () -> (i1, i1, i1)\n"c.d"(%0 #1, %0, %0#0, %b#0) : (i1, i1, i1, i1) -> ()\n'
    )
    pack, use = module.operations
    first, second, third = pack.results
    assert use.operands == [second, first, first, third]


def test_dimensions_are_not_hexadecimal() -> None:
    module = ax.parse(
        '"a.b"() {t = tensor<0x4xf32>, n = 0x7FC00000 : f32, s = tensor<4 x 8xf32>} : () -> ()\n'
    )
    module.parse_all()
    assert str(module.operations[0].attributes["t"]) == "tensor<0x4xf32>"


def test_metadata_is_not_an_alias_and_may_come_first() -> None:
    text = '{-# k: {a: {b: "#-} //"}} #-}\n"a.b"() : () -> ()\n{-# #-}'
    assert found(text) == [("a.b", 2, 1, 0)]
    assert [d.kind for d in ax.parse(text).definitions] == ["metadata", "metadata"]


def test_crlf_and_nul_are_white_space() -> None:
    assert found('"a.b"() : () -> ()\r\n\0"c.d"() : () -> ()\r\n') == [("a.b", 1, 1, 0), ("c.d", 2, 2, 0)]


@pytest.mark.parametrize("char", ["\ufeff", "\f", ";", "/", "é"])
def test_characters_that_mlir_refuses(char: str) -> None:
    with pytest.raises(ax.ParseError) as error:
        ax.parse(f'"a.b"() : () -> ()\n  {char} "c.d"() : () -> ()\n')
    assert (error.value.line, error.value.column) == (2, 3)


def test_opaque_bodies_hold_anything() -> None:
    text = '"a.b"() {k = #unreg.x<a ; b / $ \'>, t = !u<"}" -> x // y>} : () -> ()\n"c.d"() : () -> ()\n'
    assert found(text) == [("a.b", 1, 1, 0), ("c.d", 2, 1, 0)]


@pytest.mark.parametrize(
    "line",
    [
        "test.x %a => %b",
        "test.x (%g) <- (%c)",
        "test.x {k = affine_set<(d0) : (d0 >= 0)>} : i32",
        "test.x %a <= %b : i32",
        "test.x %a -> (() -> i32)",
    ],
)
def test_arrows_and_comparisons_are_not_brackets(line: str) -> None:
    assert names(inside(line, "test.y")) == ["func.func", "test.x", "test.y"]


# --- aliases, locations, files ----------------------------------------------------------------------------


def test_aliases() -> None:
    text = '#0 = affine_map<(d0) -> (d0)>\n!t = i32 #l = loc("x") !e = f32 "a.b"() {k = !t<i32>} : () -> tensor<4x!e> loc(#l2)\n#l2 = loc("y")'
    module = ax.parse(text)
    assert list(module.aliases) == ["#0", "!t", "#l", "!e", "#l2"]
    assert names(text) == ["a.b"]
    with pytest.raises(ax.ParseError, match=r"'\.'"):
        ax.parse('#a.b = loc("x")')


def test_locations_anywhere() -> None:
    text = inside(
        'affine.for %i loc("v") = 0 to 8 {',
        "  test.x %i",
        'loc("next line")',
        '} loc(callsite("b" at "c":1:2))',
        '"a.b"() ({ ^bb0(%x: i32 loc("e":1:2 to 3:4)): }) : () -> () loc(fused["a", unknown])',
    )
    assert names(text) == ["func.func", "affine.for", "test.x", "a.b"]
    loop = next(op for op in ax.parse(text).walk() if op.name == "affine.for")
    assert [a.name for a in loop.body.arguments] == ["i"]


@pytest.mark.parametrize("text", ["", "\n", "// only\n  // comments", "\0\r\n", "#a = 1 : i32"])
def test_files_without_operations(text: str) -> None:
    assert found(text) == []


def test_modules_side_by_side() -> None:
    assert names("module{}module{}") == ["builtin.module", "builtin.module"]
    assert names("module{}\n// -----\nmodule{}") == ["builtin.module", "builtin.module"]


def test_odd_keys() -> None:
    module = ax.parse('"x.y"() {loc = 1 : i32, i32, "a b" = loc("z")} : () -> ()')
    assert list(module.operations[0].attributes) == ["loc", "i32", "a b"]


# --- where operations begin, and what braces mean ---------------------------------------------------------


def test_line_breaks_mean_nothing() -> None:
    text = "func.func\n@f\n(\n%a\n:\ni32\n)\n{\nreturn\n}"
    assert found(text) == [("func.func", 1, 1, 0), ("func.return", 9, 1, 1)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%1 = arith.addi %0, %0 : i32 return", ["arith.addi", "func.return"]),
        ("%1 = arith.constant true return", ["arith.constant", "func.return"]),
        ("%x = arith.constant 5 : i32 %y = arith.addi %x, %x : i32", ["arith.constant", "arith.addi"]),
        ('%x = arith.constant 5 : i32 %y:2, %z = "a.b"() : () -> (i1, i1, i1)', ["arith.constant", "a.b"]),
        ('"a.b"() : () -> () "c.d"() : () -> ()', ["a.b", "c.d"]),
        ('"a.b"() : () -> () scf.yield', ["a.b", "scf.yield"]),
        (
            "memref.store %a, %b[] : memref<i32> memref.dealloc %b : memref<i32>",
            ["memref.store", "memref.dealloc"],
        ),
        ("cf.br ^bb1 ^bb1: return", ["cf.br", "func.return"]),
        ("test.a @x test.b", ["test.a", "test.b"]),
        ('"a.b"() ({ }) : () -> () scf.if %c { } test.x', ["a.b", "scf.if", "test.x"]),
    ],
)
def test_several_operations_on_a_line(line: str, expected: list[str]) -> None:
    assert names(inside(line, "test.last")) == ["func.func", *expected, "test.last"]


def test_declarations_side_by_side() -> None:
    text = "func.func private @f() func.func @g() {\n  return\n} func.func private @h()\nfunc.func private @i()\n"
    assert names(text) == ["func.func", "func.func", "func.return", "func.func", "func.func"]


def test_bare_words() -> None:
    text = inside("%n = torch.constant.none", "%f = torch.constant.none", "%1 = mulf %n, %f : f32", "return")
    assert names(text) == ["func.func", "torch.constant.none", "torch.constant.none", "mulf", "func.return"]


def test_quoted_operands_are_not_generic_operations() -> None:
    text = inside('llvm.call_intrinsic "llvm.x"(%a) : (i32) -> ()', "test.y")
    assert names(text) == ["func.func", "llvm.call_intrinsic", "test.y"]


def test_the_order_of_the_generic_form() -> None:
    text = '"a.b"()[^x] <{p = 1 : i32}> ({ ^x: "c.d"() : () -> () }, {}) {k} : () -> () loc("z")\n'
    module = ax.parse(inside("cf.br ^x", "^x:", text))
    op = next(op for op in module.walk() if op.name == "a.b")
    assert [block.label for block in op.successors] == ["x"]
    assert list(op.attributes) == ["k", "p"]
    assert len(op.regions) == 2


def test_successors_before_a_colon_are_not_labels() -> None:
    text = inside(
        "%0 = llvm.invoke @f() to ^bb1", "unwind ^bb2 : () -> i32", "^bb1: test.a", "^bb2:", "test.b"
    )
    function = ax.parse(text).operations[0]
    assert [block.label for block in function.region] == [None, "bb1", "bb2"]
    assert names(text) == ["func.func", "llvm.invoke", "test.a", "test.b"]


def test_cases_of_a_switch_are_not_labels() -> None:
    text = inside("cf.switch %v : i32, [", "  default: ^bb1,", "  42: ^bb2(%a : i32)", "]", "^bb1:", "return")
    assert [block.label for block in ax.parse(text).operations[0].region] == [None, "bb1"]


@pytest.mark.parametrize(
    "line",
    [
        "outs(%a : i32)",
        "ins(%a : i32)",
        "execute(%x)",
        "wait",
        "module(%x)",
        "function(%y)",
        "applies stablehlo.add across dimensions = [1]",
    ],
)
def test_words_that_continue_an_operation(line: str) -> None:
    assert names(inside("test.x", f"  {line}", "test.y")) == ["func.func", "test.x", "test.y"]


def test_a_name_of_digits_ends_before_an_operation() -> None:
    assert names("t.x {\n  t.y %0t.z : i32\n  t.w\n}") == ["t.x", "t.y", "t.z", "t.w"]
    assert names("t.y %0t.z : i32\nt.w") == ["t.y", "t.z", "t.w"]
    assert names("t.y %0to %1\nt.w") == ["t.y", "t.w"]


def test_a_comparison_at_the_end_of_a_line() -> None:
    for line_break in ("", "\n"):
        text = "test.x {" + line_break + "test.y %a < 4\n  return\n}"
        assert names(text) == ["test.x", "test.y", "return"]
        text = "test.x {" + line_break + "test.y : vector<4\n  xf32>\n  return\n}"
        assert names(text) == ["test.x", "test.y", "return"]


def test_dictionary_entries_are_not_operations() -> None:
    assert names(inside("test.x {", "  hal.x = 1 : i32,", "  test.y = 2 : i32", "}")) == [
        "func.func",
        "test.x",
    ]


@pytest.mark.parametrize(
    ("text", "regions", "keys"),
    [
        ('"a.b"() {return} : () -> ()', 0, ["return"]),
        ("test.x {llvm.noundef}", 0, ["llvm.noundef"]),
        ("scf.execute_region {\n scf.yield }", 1, []),
        ("test.x {scf.yield}", 1, []),
        ("module attributes {a = 1 : i32} {}", 1, ["a"]),
        ("module attributes {} {}", 1, []),
        ("test.x {k = 1 : i32} : i32", 0, ["k"]),
        ("linalg.generic {a = 1 : i32} ins(%a : i32) {\n^bb0(%b: i32): linalg.yield %b : i32 }", 1, ["a"]),
        ('pdl.pattern : benefit(1) {\n  %0 = operation "foo.op"\n  rewrite %0 with "x" }', 1, []),
        ('test.x ops{["f"]}', 0, []),
        ("test.x {\n  misspelt 5\n  test.y\n}", 1, []),
        ("test.x { misspelt // {\n  other\n  test.y %a\n}", 1, []),
        ("test.x {\n  ro %a,\n  test.y %a\n}", 0, []),
    ],
)
def test_what_braces_mean(text: str, regions: int, keys: list[str]) -> None:
    op = ax.parse(text).operations[0]
    assert len(op.regions) == regions
    if "linalg" not in text:
        assert [key for key in op.attributes if key in ("a", "k", "return", "llvm.noundef")] == keys


def test_function_types_as_results() -> None:
    assert names('"a.b"() : () -> (() -> i32)\n"c.d"() : () -> ()') == ["a.b", "c.d"]


# --- faults -----------------------------------------------------------------------------------------------


def fault(text: str) -> ax.ParseError:
    with pytest.raises(ax.ParseError) as error:
        ax.parse(text, file="x.mlir").parse_all()
    return error.value


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("module {\n", 1, 8),
        ("module {\n}}\n", 2, 2),
        ('"a.b"(%x : () -> ()\n"c.d"() : () -> ()', 1, 10),
        ('"a.b"() : () -> (\n', 1, 17),
        ('"a.b"() {k = "open} : () -> ()\n', 1, 14),
        ("%a = \n", 2, 1),
        ('"a.b"() ({ }', 1, 13),
        ('"a.b"\n', 2, 1),
        ("{-# a", 1, 1),
        ('"a.b"() : i32\n', 1, 11),
        ("f() {\n^bb0\n}\n", 3, 1),
        ("^bb0:\n", 1, 1),
        ("t.x {\u00b2\n  t.y\n}\n", 1, 6),
        ('"a.b"() : () -> ()\n^bb1(%a: i32):\n"c.d"() : () -> ()\n', 2, 1),
        ("test.x [\n%a)\n", 1, 8),
        (inside("test.x %a", '"a.b"(%a) ] : (i32) -> ()'), 3, 11),
    ],
)
def test_faults_have_places(text: str, line: int, column: int) -> None:
    error = fault(text)
    assert (error.file, error.line, error.column) == ("x.mlir", line, column)
    assert str(error).startswith(f"x.mlir:{line}:{column}: error: ")


def test_independent_faults_are_reported_together() -> None:
    error = fault(inside('"a.b"( : () -> ()', "test.ok", "%z = test.fine", '"c.d"() : i32', "return"))
    assert [d.line for d in error.diagnostics] == [2, 5]


def test_a_short_name_after_a_type_alias_begins_an_operation() -> None:
    text = "!t = i32 func.func @f(%a: !t) { %b = arith.addi %a, %a : !t return }"
    assert [op.name for op in ax.parse(text).walk()] == ["func.func", "arith.addi", "func.return"]


@pytest.mark.parametrize(
    "text", ["func.func @f() {\n  approx.\n}", "%0 = approx.\n", "f() { %0=approx.}", "a. {\n}"]
)
def test_a_dialect_alone_is_no_name_of_an_operation(text: str) -> None:
    with pytest.raises(ax.ParseError, match=r"does not end with '\.'"):
        ax.parse(text)

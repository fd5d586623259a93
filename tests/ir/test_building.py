"""Operations that are made: their text, their place and their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import approxir as ax
from approxir.values import I32, IntegerAttr, UnitAttr

TEXT = "func.func @f(%a: i32, %m: memref<4xf32>) {\n  %0 = arith.constant 0 : index\n  // end\n  return\n}\n"


def start() -> tuple[ax.Module, ax.Builder]:
    module = ax.parse(TEXT)
    return module, ax.Builder.before(module.operations[0].body.last)


def added(module: ax.Module) -> str:
    """The lines that were added, without their indentation."""
    text = str(module)
    head, tail = TEXT.split("  // end")
    assert text.startswith(head)
    assert text.endswith("  // end" + tail)
    ax.parse(text).parse_all()
    return "\n".join(
        line.removeprefix("  ") for line in text[len(head) : -len("  // end" + tail)].splitlines()
    )


def test_known_operations_are_printed_in_their_custom_form() -> None:
    module, builder = start()
    a, m = module.operations[0].body.arguments
    zero = module.operations[0].body.first.result
    one = builder.create("arith.constant", (), ["i32"], properties={"value": IntegerAttr(1, I32)}).result
    total = builder.create("arith.addi", (a, one), ["i32"], result_names=["sum"]).result
    builder.create("memref.load", (m, zero), ["f32"])
    builder.create("func.call", (total,), ["i32", "i32"], properties={"callee": ax.parse_attribute("@g")})
    assert added(module) == (
        "%1 = arith.constant 1 : i32\n%sum = arith.addi %a, %1 : i32\n%2 = memref.load %m[%0] : memref<4xf32>\n"
        "%3, %4 = func.call @g(%sum) : (i32) -> (i32, i32)"
    )


def test_unknown_operations_are_printed_in_the_generic_form() -> None:
    module, builder = start()
    a = module.operations[0].body.arguments[0]
    builder.create(
        "my.op", (a,), ["!my.t", "() -> ()"], properties={"p": 1}, attributes={"a b": "x", "u": UnitAttr()}, result_names=["r", None]
    )  # fmt: skip
    builder.create("my.last", (), ["() -> ()"])
    assert added(module) == (
        '%r, %1 = "my.op"(%a) <{p = 1 : i64}> {"a b" = "x", u} : (i32) -> (!my.t, () -> ())\n'
        '%2 = "my.last"() : () -> (() -> ())'
    )


def test_regions(generic_form: Callable[[str], str]) -> None:
    module, builder = start()
    a = module.operations[0].body.arguments[0]
    zero = module.operations[0].body.first.result
    index = ax.parse_type("index")
    body = ax.Block.create([index, I32], names=["i", "a"])
    loop = builder.create("scf.for", (zero, zero, zero, a), ["i32"], regions=[ax.Region.create([body])])
    inside = ax.Builder(body)
    double = inside.create("arith.addi", (body.arguments[1], a), ["i32"])
    inside.create("scf.yield", double.results)
    assert added(module) == (
        "%1 = scf.for %i = %0 to %0 step %0 iter_args(%a_0 = %a) -> (i32) {\n"
        "  %2 = arith.addi %a_0, %a : i32\n  scf.yield %2 : i32\n}"
    )
    assert loop.results[0].type == I32
    generic_form(str(module))


def test_regions_of_unknown_operations(generic_form: Callable[[str], str]) -> None:
    module, builder = start()
    first, second = ax.Block.create([I32]), ax.Block.create(label="next")
    builder.create("my.op", regions=[ax.Region.create([first, second]), ax.Region.create()])
    ax.Builder(first).create("cf.br", successors=[second])
    ax.Builder(second).create("my.end")
    assert added(module) == (
        '"my.op"() ({\n^bb0(%arg0: i32):\n  "cf.br"()[^next] : () -> ()\n^next:\n  "my.end"() : () -> ()\n}, {\n}) : () -> ()'
    )
    generic_form(str(module))


def test_insertion_points() -> None:
    module, _ = start()
    block = module.operations[0].body
    ax.Builder.at_start(block).create("t.first")
    ax.Builder.after(block.first).create("t.second")
    ax.Builder.at_end(block).create("t.last")
    builder = ax.Builder.before(block.last)
    builder.create("t.x")
    builder.create("t.y")
    names = [op.name for op in block]
    assert names == ["t.first", "t.second", "arith.constant", "func.return", "t.x", "t.y", "t.last"]
    with pytest.raises(ax.IRError):
        ax.Builder.before(ax.Operation.create("t.z"))
    with pytest.raises(ax.IRError):
        ax.Builder(block, before=ax.Operation.create("t.z"))


def test_wishes_for_names() -> None:
    module, builder = start()
    names = ("a", "x", "x", "x", None, "0", "m")
    made = [builder.create("t.x", (), ["i32"], result_names=[name]).result for name in names]
    str(module)
    assert [value.name for value in made] == ["a_0", "x", "x_0", "x_1", "1", "2", "m_0"]


def test_names_of_loops_that_nobody_has_looked_at_are_taken() -> None:
    text = "func.func @f(%a: index) {\n  return\n^bb1:\n  scf.for %i = %a to %a step %a {\n    test.x %i\n  }\n  return\n}\n"
    module = ax.parse(text)
    ax.Builder.at_start(module.operations[0].body).create("t.x", (), ["i32"], result_names=["i"])
    assert str(module) == text.replace("  return\n^bb1", '  %i_0 = "t.x"() : () -> i32\n  return\n^bb1')


def test_names_that_are_no_names_are_refused() -> None:
    _module, builder = start()
    value = builder.create("t.x", (), ["i32"]).result
    for name in ("%x", "a b", "", "1x", "x#0", "é"):
        with pytest.raises(ax.IRError, match="name"):
            value.name = name
        with pytest.raises(ax.IRError, match="name"):
            ax.Operation.create("t.x", (), [I32], result_names=[name])
        with pytest.raises(ax.IRError, match="name"):
            ax.Block.create([I32], names=[name])


def test_types_may_be_given_as_text() -> None:
    _, builder = start()
    op = builder.create("t.x", (), ["tensor<4xf32>"])
    assert op.result.type == ax.parse_type("tensor<4xf32>")
    with pytest.raises(ax.ParseError):
        builder.create("t.x", (), ["tensor<4x"])


def test_operands_whose_type_is_not_known() -> None:
    module = ax.parse("func.func @f() {\n  %x = test.unknown\n  return\n}\n")
    x = module.operations[0].body.first.result
    ax.Builder.after(x.owner).create("t.use", (x,))
    with pytest.raises(ax.PrintError, match="%x"):
        str(module)


def test_made_functions(generic_form: Callable[[str], str]) -> None:
    module = ax.parse("// nothing yet\n")
    body = ax.Block.create([I32], names=["x"])
    kind = ax.parse_attribute("(i32) -> i32")
    function = ax.Operation.create(
        "func.func",
        properties={"sym_name": ax.attribute("g"), "function_type": kind},
        regions=[ax.Region.create([body])],
    )
    ax.Builder(body).create("func.return", body.arguments)
    module.body.append(function)
    text = str(module)
    assert text.startswith("// nothing yet\n")
    assert text.endswith("}\n")
    generic_form(text)
    (parsed,) = ax.parse(text).operations
    assert [a.type for a in parsed.body.arguments] == [I32]


def test_results_and_their_number() -> None:
    with pytest.raises(ax.IRError, match="2 result types but 1"):
        ax.Operation.create("t.x", (), [I32, I32], result_names=["x"])
    op = ax.Operation.create("t.x", (), [I32, I32])
    with pytest.raises(ax.IRError, match="2 results, not one"):
        _ = op.result

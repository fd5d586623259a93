"""Erasing, moving, inserting and renaming: what is printed, and what is refused."""

from __future__ import annotations

import pytest

import approxir as ax

TEXT = """\
// license

// about f
func.func @f(%a: i32) -> i32 {  // opens
  // about x
  %x = arith.addi %a, %a : i32  // beside x
  %y = arith.muli %x, %a : i32

  // about z
  %z = arith.subi %y, %a : i32
  // the end
  return %y : i32
}

// about g
func.func @g(%x: i32) {
    scf.if %c {
        test.inner %x
    }
    return
}
// foot
"""


def by_name(module: ax.Module, name: str) -> ax.Operation:
    return next(op for op in module.walk() if op.name == name)


def without(text: str, *lines: str) -> str:
    for line in lines:
        assert line in text
        text = text.replace(line, "", 1)
    return text


def test_erasing_takes_the_comments_of_the_operation_along() -> None:
    module = ax.parse(TEXT)
    by_name(module, "arith.subi").erase()
    assert str(module) == without(TEXT, "\n\n  // about z\n  %z = arith.subi %y, %a : i32")


def test_erasing_the_first_operation() -> None:
    module = ax.parse(TEXT)
    x = by_name(module, "arith.addi")
    x.replace_with(module.operations[0].body.arguments[0])
    expected = without(TEXT, "  // about x\n", "  %x = arith.addi %a, %a : i32  // beside x\n")
    assert str(module) == expected.replace("muli %x, %a", "muli %a, %a")


def test_erasing_the_last_operation() -> None:
    module = ax.parse("func.func @f() {\n  test.a  // a\n  test.b  // b\n  // end\n}\n")
    by_name(module, "test.b").erase()
    assert str(module) == "func.func @f() {\n  test.a  // a\n  // end\n}\n"


def test_erasing_everything_in_a_block() -> None:
    module = ax.parse("func.func @f() {\n  test.a\n}\n")
    by_name(module, "test.a").erase()
    assert str(module) == "func.func @f() {\n}\n"
    assert ax.parse(str(module)).operations[0].body.operations == []


def test_erasing_what_is_used_is_refused() -> None:
    module = ax.parse(TEXT)
    with pytest.raises(ax.IRError, match=r"%x is used by arith\.muli"):
        by_name(module, "arith.addi").erase()
    assert str(module) == TEXT
    by_name(module, "arith.addi").erase(force=True)
    assert "%x = arith" not in str(module)


def test_erasing_functions_keeps_the_head_of_the_file() -> None:
    module = ax.parse(TEXT)
    first, second = module.operations
    first.erase()
    assert str(module) == "// license\n\n" + TEXT[TEXT.index("// about g") :]
    second.erase()
    assert str(module).startswith("// license\n")
    assert ax.parse(str(module)).operations == []


def test_moving_up_and_down_again() -> None:
    text = "func.func @f() {\n  // a\n  test.a  // A\n  test.b\n  // c\n  test.c // C\n  test.d\n}\n"
    module = ax.parse(text)
    a, c = by_name(module, "test.a"), by_name(module, "test.c")
    c.move_before(a)
    assert (
        str(module)
        == "func.func @f() {\n  // c\n  test.c // C\n  // a\n  test.a  // A\n  test.b\n  test.d\n}\n"
    )
    c.move_after(by_name(module, "test.d"))
    assert (
        str(module)
        == "func.func @f() {\n  // a\n  test.a  // A\n  test.b\n  test.d\n  // c\n  test.c // C\n}\n"
    )
    c.move_before(c)
    c.move_after(c)
    assert [op.name for op in module.operations[0].body] == ["test.a", "test.b", "test.d", "test.c"]
    assert [op.name for op in reversed(module.operations[0].body)] == ["test.c", "test.d", "test.b", "test.a"]


def test_moving_into_another_region_follows_its_indentation() -> None:
    module = ax.parse(TEXT)
    f, _ = module.operations
    z = by_name(module, "arith.subi")
    z.operands[0] = z.operands[1] = f.body.arguments[0]
    inner = by_name(module, "test.inner")
    z.operands[0] = z.operands[1] = inner.operands[0]
    z.move_before(inner)
    assert (
        "    scf.if %c {\n        // about z\n        %z = arith.subi %x, %x : i32\n        test.inner %x\n    }\n"
        in str(module)
    )


def test_moving_a_nest_moves_its_lines() -> None:
    text = "func.func @f(%a: index, %c: i1) {\n  scf.if %c {\n    // in\n    test.a {\n      k = 1 : i32\n    } : i32\n  }\n  scf.for %i = %a to %a step %a {\n      test.b\n  }\n}\n"
    module = ax.parse(text)
    by_name(module, "scf.if").move_before(by_name(module, "test.b"))
    assert str(module) == (
        "func.func @f(%a: index, %c: i1) {\n  scf.for %i = %a to %a step %a {\n      scf.if %c {\n        // in\n        test.a {\n"
        "          k = 1 : i32\n        } : i32\n      }\n      test.b\n  }\n}\n"
    )


def test_moving_between_modules() -> None:
    here, there = ax.parse(TEXT), ax.parse("func.func @h(%x: i32, %y: i32) {\n  return\n}\n")
    x = by_name(here, "arith.addi")
    x.operands[0] = x.operands[1] = there.operations[0].body.arguments[1]
    for user in x.result.users:
        user.set_operand(0, here.operations[0].body.arguments[0])
    x.move_before(by_name(there, "func.return"))
    assert str(there) == (
        "func.func @h(%x: i32, %y: i32) {\n  // about x\n  %x_0 = arith.addi %y, %y : i32  // beside x\n  return\n}\n"
    )
    assert str(here) == without(
        TEXT, "  // about x\n", "  %x = arith.addi %a, %a : i32  // beside x\n"
    ).replace("muli %x", "muli %a")
    here.operations[0].move_after(there.operations[0])
    assert [op.name for op in there.operations] == ["func.func", "func.func"]
    assert "// about f\nfunc.func @f" in str(there)
    ax.parse(str(there)).verify()


def test_short_names_are_spelled_out_where_they_would_mean_something_else() -> None:
    text = "func.func @f() {\n  call @f() : () -> ()\n  scf.if %c {\n    test.x\n  }\n  return\n}\n"
    module = ax.parse(text)
    by_name(module, "func.call").move_before(by_name(module, "test.x"))
    assert "    func.call @f() : () -> ()\n    test.x\n" in str(module)
    assert by_name(ax.parse(str(module)), "func.call")


def test_impossible_moves_change_nothing() -> None:
    module = ax.parse(TEXT)
    choice, inner = by_name(module, "scf.if"), by_name(module, "test.inner")
    for move in (choice.move_before, choice.move_after):
        with pytest.raises(ax.IRError, match="inside itself"):
            move(inner)
    with pytest.raises(ax.IRError, match="no block"):
        choice.move_before(ax.Operation.create("a.b"))
    with pytest.raises(ax.IRError, match="already"):
        choice.block.append(inner)
    with pytest.raises(ax.IRError, match="not in this block"):
        choice.block.insert(ax.Operation.create("a.b"), before=inner)
    assert choice.block is not None
    assert str(module) == TEXT


def test_line_ends_are_kept() -> None:
    text = TEXT.replace("\n", "\r\n")
    module = ax.parse(text)
    by_name(module, "arith.subi").move_before(by_name(module, "func.return"))
    ax.Builder.before(by_name(module, "func.return")).create(
        "scf.execute_region", (), [], regions=[ax.Region.create([ax.Block.create()])]
    )
    by_name(module, "test.inner").erase()
    new = str(module)
    assert new.count("\n") == new.count("\r\n")


def test_everything_on_one_line() -> None:
    text = "func.func @f(%a: i32) { %x = arith.addi %a, %a : i32 test.use %x : i32 return }"
    module = ax.parse(text)
    use = by_name(module, "test.use")
    use.erase()
    assert [op.name for op in ax.parse(str(module)).walk()] == ["func.func", "arith.addi", "func.return"]
    by_name(module, "arith.addi").erase()
    assert [op.name for op in ax.parse(str(module)).walk()] == ["func.func", "func.return"]


# --- names ------------------------------------------------------------------------------------------------


def test_renaming_a_value_changes_its_mentions_alone() -> None:
    module = ax.parse(TEXT)
    by_name(module, "arith.muli").result.name = "product"
    expected = (
        TEXT.replace("%y =", "%product =")
        .replace("subi %y", "subi %product")
        .replace("return %y", "return %product")
    )
    assert str(module) == expected


def test_renaming_to_a_taken_name_finds_another() -> None:
    module = ax.parse(TEXT)
    by_name(module, "arith.muli").result.name = "x"
    assert "%x_0 = arith.muli %x, %a : i32" in str(module)
    assert by_name(module, "arith.muli").result.name == "x_0"


def test_renaming_arguments() -> None:
    text = "func.func @f(%a: i32) {\n  scf.for %i = %a to %a step %a {\n    test.x %i\n  }\n  cf.br ^b(%a : i32)\n^b(%j: i32):\n  test.y %j\n}\n"
    module = ax.parse(text)
    function = module.operations[0]
    function.body.arguments[0].name = "n"
    by_name(module, "scf.for").body.arguments[0].name = "k"
    function.region.blocks[1].arguments[0].name = "l"
    assert str(module) == (
        "func.func @f(%n: i32) {\n  scf.for %k = %n to %n step %n {\n    test.x %k\n  }\n"
        "  cf.br ^b(%n : i32)\n^b(%l: i32):\n  test.y %l\n}\n"
    )


def test_renaming_packs() -> None:
    module = ax.parse('%p:2, %q = "a.b"() : () -> (i1, i1, i1)\n"c.d"(%p#1, %p, %q) : (i1, i1, i1) -> ()\n')
    first, second, third = module.operations[0].results
    second.name = "r"
    assert first.name == "r"
    assert third.name == "q"
    assert (
        str(module) == '%r:2, %q = "a.b"() : () -> (i1, i1, i1)\n"c.d"(%r#1, %r#0, %q) : (i1, i1, i1) -> ()\n'
    )


def test_touching_an_operation_keeps_the_spelling_of_its_operands() -> None:
    text = '%p:2 = "a.b"() : () -> (i1, i1)\n%s = "a.b"() : () -> i1\n"c.d"(%p #1, %p, %s#0) {k = 1 : i8} : (i1, i1, i1) -> ()\n'
    module = ax.parse(text)
    module.operations[2].attributes["k"] = 2
    assert str(module) == text.replace("1 : i8", "2 : i8")


def test_siblings_may_keep_the_same_names_and_nests_may_not() -> None:
    text = "func.func @f() {\n  %x = test.a\n  scf.if %c {\n    %y = test.b\n  }\n  scf.if %c {\n    %y = test.c\n  }\n}\n"
    module = ax.parse(text)
    module.operations[0].clone()
    by_name(module, "test.c").move_before(by_name(module, "test.b"))
    assert "%y_0 = test.c\n    %y = test.b" in str(module)
    by_name(module, "test.c").move_after(by_name(module, "test.a"))
    names = {op.name: op.result.name for op in ax.parse(str(module)).walk() if op.results}
    assert names["test.c"] not in (names["test.a"], names["test.b"])


def test_names_of_functions_inside_a_module_that_has_values() -> None:
    module = ax.parse("module {\n  func.func @f() {\n    %x = test.a\n    return\n  }\n}\n")
    before = ax.Builder.before(by_name(module, "func.func"))
    before.create("test.outer", (), ["i32"], result_names=["x"])
    names = [op.result.name for op in ax.parse(str(module)).walk() if op.results]
    assert len(set(names)) == 2


def test_str_of_an_operation_settles_names_in_its_surroundings() -> None:
    module = ax.parse(TEXT)
    f = module.operations[0]
    made = ax.Builder.before(f.body.last).create("test.new", (), ["i32"], result_names=["y"])
    assert str(made) == '%y_0 = "test.new"() : () -> i32'
    assert str(made) in str(module)


# --- blocks -----------------------------------------------------------------------------------------------

BLOCKS = """\
func.func @f(%a: i32) {
  // first
  cf.br ^bb1 // one
^bb1: // label
  // second
  test.x // x
  cf.br ^bb2
  // between
^bb2:
  return
  // last
}
"""


def test_inserting_a_block_keeps_the_others() -> None:
    module = ax.parse(BLOCKS)
    region = module.operations[0].region
    block = ax.Block.create([ax.parse_type("i32")], label="bb1", names=["a"])
    region.insert(1, block)
    ax.Builder(block).create("test.new", block.arguments)
    text = str(module)
    for line in BLOCKS.splitlines():
        assert line in text
    assert '^bb0(%a_0: i32):\n  "test.new"(%a_0) : (i32) -> ()\n^bb1: // label' in text
    assert str(ax.parse(text)) == text


def test_removing_and_moving_blocks() -> None:
    module = ax.parse(BLOCKS)
    region = module.operations[0].region
    first, second, third = region.blocks
    region.remove(second)
    region.insert(2, second)
    text = str(module)
    assert [block.label for block in ax.parse(text).operations[0].region] == [None, "bb2", "bb1"]
    for line in BLOCKS.splitlines():
        assert line.strip() in text
    region.remove(third)
    second.last.erase()
    assert "^bb2" not in str(module)
    assert first.last.successors == (second,)


def test_labels_do_not_collide_between_functions() -> None:
    text = "func.func @f() {\n  cf.br ^bb1\n^bb1:\n  return\n}\nfunc.func @g() {\n  cf.br ^bb1\n^bb1:\n  cf.br ^bb1\n}\n"
    module = ax.parse(text)
    f, g = module.operations
    block = g.region.blocks[1]
    g.body.last.erase()
    ax.Builder(g.body).create("test.end")
    g.region.remove(block)
    f.region.append(block)
    parsed = ax.parse(str(module)).operations[0]
    assert len(parsed.region.blocks) == 3
    assert parsed.region.blocks[2].last.successors == (parsed.region.blocks[2],)
    assert parsed.region.blocks[0].last.successors == (parsed.region.blocks[1],)


def test_a_block_cannot_be_in_two_regions() -> None:
    module = ax.parse(BLOCKS)
    region = module.operations[0].region
    with pytest.raises(ax.IRError, match="already"):
        region.append(region.blocks[1])
    with pytest.raises(ax.IRError, match="not in this region"):
        ax.Region.create().remove(region.blocks[1])


def test_many_operations_at_once() -> None:
    """Taking a run of operations is the same as moving one after the other."""
    texts = []
    for at_once in (False, True):
        module = ax.parse(TEXT)
        f, g = module.operations
        first, _, last = f.body.operations[:3]
        target = g.body.first
        if at_once:
            g.body.take(first, last, before=target)
        else:
            for op in (first, first.next, last):
                op.move_before(target)
        f.body.last.set_operand(0, f.body.arguments[0])
        for op in (first, first.next, last):
            for index, operand in enumerate(op.operands):
                if operand is f.body.arguments[0]:
                    op.set_operand(index, g.body.arguments[0])
        texts.append(str(module))
        assert [op.block for op in (first, last)] == [g.body, g.body]
        assert f.body.first is f.body.last
    assert texts[0] == texts[1]


def test_what_cannot_be_taken() -> None:
    module = ax.parse(TEXT)
    f, g = module.operations
    first, second = f.body.operations[:2]
    with pytest.raises(ax.IRError, match="does not stand behind"):
        g.body.take(second, first)
    with pytest.raises(ax.IRError, match="not stand in one block"):
        g.body.take(first, g)
    with pytest.raises(ax.IRError, match="not in this block"):
        g.body.take(first, second, before=f.body.last)
    with pytest.raises(ax.IRError, match="inside themselves"):
        f.body.take(first, second, before=first)
    with pytest.raises(ax.IRError, match="inside themselves"):
        f.body.take(f, g)

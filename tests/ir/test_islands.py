"""`Module.find` on a text that was not parsed finds what a full parse finds, and edits survive that parse."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapes import def_use, same_tree

import approxir as ax
from approxir.testing import LAYOUTS, SPELLINGS, Tree, modules

LOOSE = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = (
    "test.op",
    "arith.addi",
    "scf.for",
    "func.func",
    "func.return",
    "func.call",
    "builtin.module",
    "nodots",
    "arith.",
    "test.",
    "func.",
    "scf.",
    "cf.br",
    "unreg.func",
)


def places(operations: list[ax.Operation]) -> list[tuple[str, int, int]]:
    return [(op.name, op.start, op.end) for op in operations]


def both(text: str, *names: str) -> tuple[ax.Module, list[ax.Operation]]:
    """Find without parsing, and check that against the full parse."""
    lazy, eager = ax.parse(text, lazy=True), ax.parse(text, lazy=False)
    found = lazy.find(*names)
    assert places(found) == places(eager.find(*names))
    return lazy, found


@LOOSE
@given(
    modules(),
    st.sampled_from(LAYOUTS),
    st.sampled_from(SPELLINGS),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
)
def test_finding_is_as_good_as_parsing(tree: Tree, layout: str, spelling: str, names: list[str]) -> None:
    text = tree.text(layout, spelling)
    module, found = both(text, *names)
    assert str(module) == text
    assert module.find(*names) == found
    assert [op for op in module.walk() if op in found] == found


@pytest.mark.parametrize(
    "line",
    [
        "t.x",
        "t.x %a : i32",
        "%0 = t.x %a",
        '%0:2 = "t.x"() : () -> (i32, i32)',
        '"t.x"() {k = "t.x"} : () -> ()',
        '"t.x" () : () -> ()',
        '"t.y"() {k = "t.x"} : () -> ()',
        "// t.x",
        "t.y // t.x",
        't.y "t.x" // "t.x"',
        "t.y {t.x = 1 : i32}",
        "t.y {\n  t.x = 1 : i32\n}",
        "t.y {\n  t.x\n}",
        "t.y {\n  t.x,\n  k\n}",
        "t.y #t.x",
        "t.y !t.x<a>",
        "t.y !t.x<\n  t.x >",
        "t.y @t.x",
        't.y @"t.x"',
        "%t.x = t.y",
        "^t.x:\nt.y",
        "t.xy",
        "t.x.y",
        "t.x$",
        "st.x",
        "a.t.x",
        "t.y {\n t.x\n t.z }",
        "t.y applies t.x across",
        't.y "t.x"(%a) : (i32) -> ()',
        "%0 = t.y t.x",
        "%0 =\n  t.x %a",
        "%0\n=\nt.x %a",
        "t.y : i32 t.x",
        "/* t.x",
        't.y\n"t.x"\n(%a) : (i32) -> ()',
        "%a,\n%b = t.x",
        "^bb1:\n  t.x",
        "t.y {\n  a,\n  t.x\n}",
        "t.1",
        '"t."() : () -> ()',
        '"t.-"() : () -> ()',
        't.y "t."',
        "t.y {\n  misspelt 5\n  t.x %a : i32\n}",
        "t.y { misspelt\n  t.x %a : i32\n}",
        't.y {- # b: "{-#"\n  t.x 5 }',
    ],
)
@pytest.mark.parametrize(
    "around", ["{}\n", "func.func @f(%a: i32) {{\n  {}\n  t.last\n}}\n", "t.x {{\n  {}\n}}\n", "{}"]
)
def test_names_in_odd_places(line: str, around: str) -> None:
    text = around.format(line)
    try:
        ax.parse(text, lazy=False)
    except ax.ParseError:
        with pytest.raises(ax.ParseError):
            _ = ax.parse(text, lazy=True).operations
        return
    both(text, "t.x")
    both(text, "t.")
    both(text, "t.x", "t.last")


def test_names_in_metadata() -> None:
    text = "t.x\n{-#\n  dialect_resources: {\n  t.x ( %0 )\n  }\n#-}\nt.x\n"
    _, found = both(text, "t.x")
    assert [op.start for op in found] == [0, len(text) - 4]


def test_elided_dialects() -> None:
    text = "module {\n  func.func @f() {\n    call @f() : () -> ()\n    return\n  }\n}\n"
    for name in (
        "func.return",
        "func.call",
        "func.",
        "builtin.module",
        "builtin.",
        "return",
        "call",
        "module",
    ):
        both(text, name)


KNOBS = """\
module {
  // knob { k = 0 }
  func.func @f(%a: i32) {
    %x = arith.constant 1 : i32
    "t.knob"(%x) <{v = 1 : i32}> ({
      "t.inner"(%x) {v = 1 : i32} : (i32) -> ()
    }) : (i32) -> ()
    "t.other"() {s = "t.knob"} : () -> ()
    "t.knob"(%a) <{v = 2 : i32}> ({
    }) : (i32) -> ()
    return
  }
}
"""


def test_an_edit_through_an_island() -> None:
    module = ax.parse(KNOBS, lazy=True)
    first, second = module.find("t.knob")
    first.attributes["v"] = 7
    expected = KNOBS.replace("v = 1 : i32}> (", "v = 7 : i32}> (")
    assert str(module) == expected
    assert module.find("t.knob") == [first, second]
    walked = list(module.walk())
    assert first in walked
    assert second in walked
    assert str(module) == expected
    second.attributes["v"] = 8
    assert str(module) == expected.replace("v = 2", "v = 8")
    def_use(module)


def test_surroundings_are_there_when_somebody_asks() -> None:
    module = ax.parse(KNOBS, lazy=True)
    first, second = module.find("t.knob")
    inner = first.body.first
    assert inner.operands[0].name == "x"
    constant = first.operands[0].owner
    assert constant.name == "arith.constant"
    assert set(constant.result.users) == {first, inner}
    assert first.next.next is second
    assert second.prev.prev is first
    assert first.parent is module.operations[0].body.first
    assert second.block is first.block
    assert [op.name for op in first.ancestors()] == ["func.func", "builtin.module"]


def test_islands_inside_islands() -> None:
    module = ax.parse(KNOBS, lazy=True)
    (inner,) = module.find("t.inner")
    inner.attributes["v"] = 5
    first, _ = module.find("t.knob")
    first.attributes["v"] = 6
    expected = KNOBS.replace("v = 1 : i32}> (", "v = 6 : i32}> (").replace("(%x) {v = 1", "(%x) {v = 5")
    assert str(module) == expected
    assert first.body.first is inner
    assert module.find("t.inner") == [inner]
    assert inner in list(module.walk())
    assert str(module) == expected


def test_islands_outside_islands() -> None:
    module = ax.parse(KNOBS, lazy=True)
    first, _ = module.find("t.knob")
    first.attributes["v"] = 6
    (inner,) = module.find("t.inner")
    inner.attributes["v"] = 5
    expected = KNOBS.replace("v = 1 : i32}> (", "v = 6 : i32}> (").replace("(%x) {v = 1", "(%x) {v = 5")
    assert first.body.first is inner
    assert str(module) == expected
    assert first in list(module.walk())
    assert str(module) == expected


@pytest.mark.parametrize("change", ["erase", "move", "clone", "rename", "operand", "build", "region"])
def test_structural_edits_through_islands(change: str) -> None:
    def edit(module: ax.Module) -> None:
        first, second = module.find("t.knob")
        if change == "erase":
            first.erase()
        elif change == "move":
            second.move_before(first)
        elif change == "clone":
            second.block.insert(first.clone(), before=second)
        elif change == "rename":
            first.operands[0].name = "a"
        elif change == "operand":
            first.operands[0] = second.operands[0]
        elif change == "build":
            ax.Builder.after(first).create("t.new", (first.operands[0],), ["i32"], result_names=["x"])
        else:
            first.body.first.erase()

    lazy, eager = ax.parse(KNOBS, lazy=True), ax.parse(KNOBS, lazy=False)
    edit(lazy)
    edit(eager)
    assert str(lazy) == str(eager)
    assert str(lazy) != KNOBS
    same_tree(lazy, ax.parse(str(lazy)))
    def_use(lazy)


def test_a_text_that_is_broken_elsewhere() -> None:
    text = KNOBS + "}\n"
    module = ax.parse(text, lazy=True)
    module.find("t.knob")[0].attributes["v"] = 3
    assert str(module) == text.replace("v = 1 : i32}> (", "v = 3 : i32}> (")
    with pytest.raises(ax.ParseError):
        list(module.walk())


@LOOSE
@given(modules(), st.sampled_from(LAYOUTS), st.data())
def test_editing_before_and_after_the_full_parse(tree: Tree, layout: str, data: st.DataObject) -> None:
    text = tree.text(layout)
    lazy, eager = ax.parse(text, lazy=True), ax.parse(text, lazy=False)
    for _ in range(data.draw(st.integers(1, 4))):
        names = data.draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True))
        found, twins = lazy.find(*names), eager.find(*names)
        assert places(found) == places(twins)
        if data.draw(st.booleans()) and data.draw(st.booleans()):
            lazy.parse_all()
        for op, twin in zip(found, twins, strict=True):
            try:
                op.attributes["test.n"] = 1
            except ax.IRError:
                continue
            twin.attributes["test.n"] = 1
        if data.draw(st.booleans()):
            assert str(lazy) == str(eager)
    assert str(lazy) == str(eager)

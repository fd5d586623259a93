"""The canonical layout, renaming and the generic form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapes import shape

import approxir as ax
from approxir.testing import LAYOUTS, SPELLINGS, Tree, modules, texts

LOOSE = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def no_name_twice(module: ax.Module) -> None:
    """Within one function, or outside of all, every value has a name of its own."""
    for function in [op for op in module.walk() if op.name == "func.func"]:
        names = [value.name for value in definitions(function)]
        assert len(names) == len(set(names))


def definitions(op: ax.Operation) -> list[ax.Value]:
    found: list[ax.Value] = []
    for inner in op.walk():
        found += [r for r in inner.results if inner is not op and (r.pack is None or r.pack[0] == 0)]
        for region in inner.regions:
            for block in region.blocks:
                found += block.arguments
    return found


@LOOSE
@given(texts())
def test_printing_again_changes_nothing(text: str) -> None:
    module = ax.parse(text)
    for options in ({}, {"rename_ssa": True}, {"generic": True}, {"generic": True, "rename_ssa": True}):
        once = module.print(**options)
        assert ax.parse(once).print(**options) == once
    assert str(module) == text


@LOOSE
@given(texts())
def test_renaming_gives_every_value_a_name_of_its_own(text: str) -> None:
    module = ax.parse(text)
    renamed = ax.parse(module.print(rename_ssa=True))
    assert shape(renamed) == shape(module)
    no_name_twice(renamed)
    for op in renamed.walk():
        for result in op.results:
            assert result.name is not None
            assert result.name.isdigit()
        for region in op.regions:
            assert [b.label for b in region.blocks if b.label] in (
                [f"bb{i}" for i in range(len(region.blocks))],
                [f"bb{i}" for i in range(1, len(region.blocks))],
            )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(modules(), st.sampled_from(LAYOUTS), st.sampled_from(SPELLINGS))
def test_a_real_mlir_sees_no_difference(
    generic_form: Callable[[str], str], tree: Tree, layout: str, spelling: str
) -> None:
    text = tree.text(layout, spelling)
    module = ax.parse(text)
    expected = generic_form(text)
    for options in ({}, {"rename_ssa": True}, {"generic": True}, {"generic": True, "rename_ssa": True}):
        assert generic_form(module.print(**options)) == expected


@LOOSE
@given(modules(), st.sampled_from(SPELLINGS))
def test_the_layout_of_the_text_does_not_matter(tree: Tree, spelling: str) -> None:
    expected = shape(ax.parse(tree.text("lines", spelling)))
    for layout in LAYOUTS:
        assert shape(ax.parse(tree.text(layout, spelling))) == expected
    plain = {ax.parse(tree.text(layout, spelling)).print() for layout in ("one line", "one line")}
    assert len(plain) == 1


def test_the_canonical_layout() -> None:
    text = (
        "// head\n\n#map = affine_map<(d0) -> (d0)>\n\n\n\nmodule   {  // module\n// first\n"
        "func.func @f(%a: i32)->i32{%0 = test.x %a  // beside\n\n\n  // above\n"
        '    "test.y"(%0) ({\n  ^q(%z: i32): // label\n "test.z"()  : () -> ()\n }) : (i32) -> ()\n\n'
        "cf.br ^b ^b: // b\nreturn %0 : i32 // last\n  // end\n} }  // tail\n// foot"
    )
    assert ax.parse(text).print(rename_ssa=True) == (
        "// head\n\n#map = affine_map<(d0) -> (d0)>\n\nmodule   {  // module\n"
        "  // first\n"
        "  func.func @f(%arg0: i32)->i32{\n"
        "    %0 = test.x %arg0  // beside\n"
        "\n"
        "    // above\n"
        '    "test.y"(%0) ({\n'
        "    ^bb0(%arg1: i32):  // label\n"
        '      "test.z"()  : () -> ()\n'
        "    }) : (i32) -> ()\n"
        "\n"
        "    cf.br ^bb1\n"
        "  ^bb1:  // b\n"
        "    return %0 : i32  // last\n"
        "    // end\n"
        "  }\n"
        "}  // tail\n"
        "// foot\n"
    )


def test_renaming_keeps_names_that_are_not_defined() -> None:
    text = "func.func @f(%a: i32) {\n  test.x %a, %0, %arg0\n  %b = test.y\n  return\n}\n"
    assert ax.parse(text).print(rename_ssa=True) == (
        "func.func @f(%arg1: i32) {\n  test.x %arg1, %0, %arg0\n  %1 = test.y\n  return\n}\n"
    )


def test_numbers_go_on_inside_and_begin_again_beside() -> None:
    text = "module {\n%m = test.a\nfunc.func @f() {\n%x = test.b\n}\nfunc.func @g() {\n%y:2 = test.c\n%z = test.d\n}\n}\n"
    assert ax.parse(text).print(rename_ssa=True) == (
        "module {\n  %0 = test.a\n  func.func @f() {\n    %1 = test.b\n  }\n"
        "  func.func @g() {\n    %1:2 = test.c\n    %2 = test.d\n  }\n}\n"
    )


def test_an_edited_module_is_laid_out_with_its_comments() -> None:
    module = ax.parse("func.func @f() {\n  // keep\n  return // me\n}\n")
    block = ax.Block.create(label="bb0")
    module.operations[0].region.append(block)
    ax.Builder(block).create("cf.br", successors=[block])
    assert module.print(rename_ssa=True) == (
        'func.func @f() {\n  // keep\n  return  // me\n^bb1:\n  "cf.br"()[^bb1] : () -> ()\n}\n'
    )


def test_unknown_custom_forms_have_no_generic_form() -> None:
    with pytest.raises(ax.PrintError) as error:
        ax.parse("func.func @f() {\n  %x = test.unknown to 5\n  return\n}\n", file="u.mlir").print(
            generic=True
        )
    assert (error.value.file, error.value.line, error.value.column) == ("u.mlir", 2, 8)
    assert 'using="mlir"' in str(error.value)


def test_generic_labels_do_not_collide() -> None:
    text = "func.func @f(%a: i32) {\n  cf.br ^entry\n^entry:\n  cf.br ^bb0\n^bb0:\n  return\n}\n"
    generic = ax.parse(ax.parse(text).print(generic=True))
    labels = [block.label for block in generic.operations[0].region]
    assert len(set(labels)) == 3


def test_the_argument_names_of_declarations_are_kept() -> None:
    text = "func.func private @f(%a: i32, %0: i32)\nvm.import private @g(%buffer : !x) -> i32\n"
    assert ax.parse(text).print(rename_ssa=True) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("t.x {\n  t.y %0to %1\n  %0 = t.z\n}\n", "t.x {\n  t.y %0to %1\n  %0 = t.z\n}\n"),
        ("func.func @f(%0: i32) {\n  t.y %0to\n}\n", "func.func @f(%arg0: i32) {\n  t.y %arg0 to\n}\n"),
        (
            "func.func @f(%0: i32) {\n  t.y %0-1, %0\n}\n",
            "func.func @f(%arg0: i32) {\n  t.y %arg0 -1, %arg0\n}\n",
        ),
        (
            "func.func @f(%0: i32) {\n  t.y %0t.z\n}\n",
            "func.func @f(%arg0: i32) {\n  t.y %arg0\n  t.z\n}\n",
        ),
        ("t.x {\n  cf.br ^0loc(unknown)\n^0:\n}\n", "t.x {\n  cf.br ^bb1 loc(unknown)\n^bb1:\n}\n"),
    ],
)
def test_a_new_name_does_not_run_into_what_follows(text: str, printed: str) -> None:
    assert ax.parse(text).print(rename_ssa=True) == printed


def test_a_renamed_value_does_not_run_into_what_follows() -> None:
    module = ax.parse("func.func @f(%0: i32) {\n  t.y %0to\n}\n")
    module.operations[0].region.blocks[0].arguments[0].name = "n"
    assert str(module) == "func.func @f(%n: i32) {\n  t.y %n to\n}\n"


def test_a_renamed_symbol_does_not_run_into_what_follows() -> None:
    module = ax.parse('module @"a b"attributes {k = 1 : i32} {\n}\n')
    ax.SymbolTable(module.region).rename("a b", "c")
    assert str(module) == "module @c attributes {k = 1 : i32} {\n}\n"


def test_a_declaration_with_results_keeps_its_names_apart() -> None:
    module = ax.parse("%a, %b = their.func @f(%0: i32) : i32\n")
    printed = module.print(rename_ssa=True)
    assert printed == "%1, %2 = their.func @f(%0: i32) : i32\n"
    ax.parse(printed).verify()


def test_a_comparison_ends_where_its_text_ends() -> None:
    text = "t.x {\n  %0 = t.y {} <  // less\n}\n"
    module = ax.parse(text)
    inner = next(op for op in module.walk() if op.name == "t.y")
    assert text[inner.start : inner.end] == "%0 = t.y {} <"
    assert module.print() == text

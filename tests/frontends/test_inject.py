"""Annotations are put where their functions are, change nothing else, and name what is not there."""

from __future__ import annotations

import pytest

from approxir.frontends.inject import AnnotationError, inject_annotations_text

BASE = """\
// A head, and an alias.
#map = affine_map<(d0) -> (d0)>
module attributes {text = "module {"} {  // module {
    func.func private @state(%n: i32) -> i32 { return %n : i32 }   // odd   spacing

  func.func @f(%n: i32) -> i32 {\treturn %n : i32 }
}
"""
TREE = """\
"approx.util.annotation.decision_tree"() <{func_name = "f", state_function = "state"}> : () -> ()
"""
HELPER = """\
func.func private @__identity_f(%n: i32) -> i32 {
  return %n : i32
}
"""


def test_an_annotation_goes_first_and_nothing_else_changes() -> None:
    out = inject_annotations_text(BASE, TREE)
    assert out.replace(f"    {TREE}", "", 1) == BASE
    assert out.index("decision_tree") < out.index("func.func")


def test_crlf_is_kept() -> None:
    base = BASE.replace("\n", "\r\n")
    out = inject_annotations_text(base, TREE)
    assert out.replace(f"\r\n    {TREE.strip()}", "", 1) == base


@pytest.mark.parametrize("nothing", ["", "  \n\t"])
def test_nothing_to_put_in(nothing: str) -> None:
    assert inject_annotations_text("this is not MLIR", nothing) == "this is not MLIR"


def test_the_module_that_has_the_function_is_chosen() -> None:
    base = f"module {{\n  module @host {{\n  }}\n  module @kernels {{\n{BASE.split('{  // module {')[1]}}}\n"
    out = inject_annotations_text(base, TREE)
    assert out.index("@kernels") < out.index("decision_tree") < out.index("@state")


def test_a_definition_goes_before_a_declaration() -> None:
    base = (
        "module @a {\n  func.func private @f(i32) -> i32\n}\nmodule @b {\n" + BASE.split("{  // module {")[1]
    )
    out = inject_annotations_text(base, TREE)
    assert out.index("@b") < out.index("decision_tree")


def test_functions_without_a_module() -> None:
    base = "func.func @state(%n: i32) -> i32 {\n  return %n : i32\n}\nfunc.func @f() {\n  return\n}\n"
    assert inject_annotations_text(base, TREE).lstrip() == TREE + base


def test_helpers_go_beside_the_function_and_only_once() -> None:
    tree = TREE.replace("state", "__identity_f", 2).replace("__identity_f_", "state_", 1)
    once = inject_annotations_text(BASE, HELPER + tree)
    assert once.count("@__identity_f") == 1
    assert inject_annotations_text(once, HELPER + tree).count("func.func private @__identity_f") == 1
    other = once.replace("%n : i32\n    }", "%c : i32\n    }").replace("@__identity_f(%n", "@__identity_f(%c")
    assert inject_annotations_text(other, HELPER + tree).count("func.func private @__identity_f") == 1
    with pytest.raises(AnnotationError, match="another function '__identity_f' already"):
        inject_annotations_text(
            once.replace("return %n : i32\n    }", "return %n : i32 loc(unknown)\n    }").replace(
                "i32) -> i32 {\n      return",
                "i32) -> i32 {\n      %k = arith.addi %n, %n : i32\n      return",
            ),
            HELPER + tree,
        )


def test_annotations_may_come_in_a_module() -> None:
    assert inject_annotations_text(BASE, f"module @annotations {{\n{TREE}}}\n").count("decision_tree") == 1


def test_everything_that_is_missing_is_named_with_what_was_meant() -> None:
    wrong = TREE.replace('"f"', '"g"') + TREE.replace('"state"', '"stat"')
    wrong += '"approx.util.annotation.try"() <{func_name = "f", checker = "@no", recover = "f"}> : () -> ()\n'
    with pytest.raises(AnnotationError) as caught:
        inject_annotations_text(BASE, wrong)
    found = [(each.line, each.column, each.message) for each in caught.value.diagnostics]
    assert found == [
        (1, 56, "the module has no function 'g'"),
        (2, 78, "there is no function 'stat' beside 'f'"),
        (3, 61, "there is no function 'no' beside 'f'"),
    ]
    assert caught.value.diagnostics[1].hint == "did you mean state?"
    assert isinstance(caught.value, ValueError)


def test_an_annotation_without_a_function() -> None:
    with pytest.raises(AnnotationError, match="does not name a function"):
        inject_annotations_text(BASE, '"approx.util.annotation.knob"() : () -> ()')


def test_the_copy_of_a_substituted_function_may_recover() -> None:
    contract = '"approx.util.annotation.try"() <{func_name = "f", checker = "state", recover = "__internal_f"}> : () -> ()'
    assert "__internal_f" in inject_annotations_text(BASE, contract)


def test_aliases_of_their_own_are_refused() -> None:
    with pytest.raises(AnnotationError, match="aliases"):
        inject_annotations_text(BASE, "#a = 1 : i32\n" + TREE)
    with pytest.raises(AnnotationError, match="aliases"):
        inject_annotations_text(BASE, "#a = 1 : i32\n")

"""Annotations are put where their functions are, change nothing else, and name what is not there."""

from __future__ import annotations

import pytest

from approxir.errors import ParseError
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
    bare = "".join(line for line in once.splitlines(keepends=True) if "decision_tree" not in line)
    assert inject_annotations_text(bare, HELPER + tree).count("func.func private @__identity_f") == 1
    other = bare.replace("%n : i32\n    }", "%c : i32\n    }").replace("@__identity_f(%n", "@__identity_f(%c")
    assert other != bare
    assert inject_annotations_text(other, HELPER + tree).count("func.func private @__identity_f") == 1
    with pytest.raises(AnnotationError, match="another function '__identity_f' already"):
        inject_annotations_text(
            bare.replace("return %n : i32\n    }", "return %n : i32 loc(unknown)\n    }").replace(
                "i32) -> i32 {\n      return",
                "i32) -> i32 {\n      %k = arith.addi %n, %n : i32\n      return",
            ),
            HELPER + tree,
        )


def annotation(kind: str, rest: str = "") -> str:
    return f'"approx.util.annotation.{kind}"() <{{func_name = "f"{rest}}}> : () -> ()\n'


TRANSFORM = annotation("transform", ', transform_type = "loop_perforate", knob_val = 2 : i32')
CONTRACT = annotation("try", ', checker = "state", recover = "state"')


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (TREE, TREE, "'f' has an annotation approx.util.annotation.decision_tree already"),
        (TREE, TRANSFORM, "decision_tree already, which excludes approx.util.annotation.transform"),
        (TRANSFORM, TREE, "transform already, which excludes approx.util.annotation.decision_tree"),
        (CONTRACT, CONTRACT, "'f' has an annotation approx.util.annotation.try already"),
        (annotation("knob"), annotation("knob"), "'f' has an annotation approx.util.annotation.knob already"),
    ],
)
def test_annotations_that_exclude_each_other(first: str, second: str, said: str) -> None:
    once = inject_annotations_text(BASE, first)
    with pytest.raises(AnnotationError, match=said) as caught:
        inject_annotations_text(once, second)
    assert (caught.value.file, caught.value.line) == ("<annotations>", 1)
    with pytest.raises(AnnotationError, match=said) as caught:
        inject_annotations_text(BASE, first + second)
    assert caught.value.line == 2


def test_annotations_that_go_together() -> None:
    every = (TREE, CONTRACT, annotation("knob"), annotation("convert_to_call"))
    text = BASE
    for each in every:
        text = inject_annotations_text(text, each)
    assert text.count("util.annotation") == len(every)
    assert inject_annotations_text(text, annotation("convert_to_call")) == text
    assert inject_annotations_text(text, TREE.replace('"f"', '"state"')).count("util.annotation") == 5


def test_functions_of_one_name_in_two_modules_are_told_apart() -> None:
    inner = BASE.split("{  // module {")[1]
    base = f"module {{\n  module @a {{\n    {TREE}{inner}  func.func private @g()\n}}\n"
    knob = annotation("knob").replace('"f"', '"g"')
    assert inject_annotations_text(base, knob).count("util.annotation") == 2
    with pytest.raises(AnnotationError, match="'f' has an annotation"):
        inject_annotations_text(base, TREE)


@pytest.mark.parametrize(
    ("text", "name"),
    [("garbage", "garbage"), ("foo.bar %x", "foo.bar"), ("%0 = arith.constant 1 : i32", "arith.constant")],
)
def test_what_is_no_annotation(text: str, name: str) -> None:
    with pytest.raises(AnnotationError, match=f"{name} is neither an annotation nor a function") as caught:
        inject_annotations_text(BASE, TREE + text)
    assert caught.value.line == 2


@pytest.mark.parametrize("text", ["func.func @a() { garbage }", "func.func @a("])
def test_annotations_that_are_not_mlir(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        inject_annotations_text(BASE, text)
    assert caught.value.file == "<annotations>"


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

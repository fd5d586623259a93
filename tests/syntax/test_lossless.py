"""`str(parse(text)) == text` for every text that is accepted, and an error with a place for every other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import approxir as ax
from approxir.testing import LAYOUTS, SPELLINGS, Tree, modules, texts

SMALL = """\
// it's "open
#map = affine_map<(d0) -> (d0)>
!t = tensor<0x4xf32>
module @m attributes {k = "a b//c{\\22"} {
  func.func @f(%a: i32, %b: memref<4xf32>) -> i32 {
    %x:2, %y = "test.pair"(%a) <{p = #map}> ({
    ^bb0(%u: i32):
      "test.end"() : () -> ()
    }) {l = loc("z":1:2)} : (i32) -> (i32, i32, !t)
    %0 = arith.addi %x#1, %x : i32 loc("s")
    cf.br ^bb1(%0 : i32)
  ^bb1(%z: i32):  // done
    scf.for %i = %c to %c step %c { memref.store %v, %b[%i] : memref<4xf32> }
    return %z : i32
  }
}
{-# dialect_resources: { builtin: { r: "0x0800000001" } } #-}
"""


def outcome(text: str) -> ax.Module | ax.ApproxIRError:
    """What becomes of a text: a module that prints it, or an error that points into it."""
    try:
        module = ax.parse(text)
        assert str(module) == text
        module.parse_all()
        module.verify()
        module.print(rename_ssa=True)
    except ax.errors.DiagnosticError as error:
        lines = text.split("\n")
        for diagnostic in error.diagnostics:
            assert 1 <= diagnostic.line <= len(lines)
            assert 1 <= diagnostic.column <= len(lines[diagnostic.line - 1]) + 1
        assert str(error)  # noqa: PT017
        return error
    return module


def test_the_small_text_is_what_the_tests_below_break() -> None:
    ax.parse(SMALL).parse_all()


@pytest.mark.parametrize("end", range(len(SMALL)))
def test_every_prefix_is_read_or_refused_with_a_place(end: int) -> None:
    outcome(SMALL[:end])


@pytest.mark.parametrize("at", range(len(SMALL)))
def test_every_deletion_of_a_character_is_read_or_refused_with_a_place(at: int) -> None:
    outcome(SMALL[:at] + SMALL[at + 1 :])


@given(st.data())
def test_every_change_of_a_few_characters_is_read_or_refused_with_a_place(data: st.DataObject) -> None:
    text = SMALL
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        width = data.draw(st.integers(0, 5))
        new = data.draw(st.text(st.sampled_from(' \n\r\t"(){}[]<>%^#@!:=,-/\\\0;aé0'), max_size=4))
        text = text[:at] + new + text[at + width :]
    outcome(text)


@given(modules())
@settings(max_examples=60, deadline=None)
def test_generated_modules_are_printed_as_they_were_read(tree: Tree) -> None:
    for layout in LAYOUTS:
        for spelling in SPELLINGS:
            text = tree.text(layout, spelling)
            module = ax.parse(text)
            assert str(module) == text
            names = sorted(op.name for op in tree.walk())
            assert sorted(op.name for op in module.walk()) == names


@given(texts())
@settings(max_examples=150, deadline=None)
def test_generated_modules_are_sound(text: str) -> None:
    module = ax.parse(text)
    module.parse_all()
    module.verify()
    assert str(module) == text


@given(texts(), st.data())
@settings(max_examples=100, deadline=None)
def test_pieces_of_generated_modules_are_read_or_refused(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    outcome(text[:begin] + text[end:])
    outcome(text[begin:end])

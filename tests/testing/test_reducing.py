"""What is found is made small: what it needs stays, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

import approxir as ax
from approxir.testing import Call, Case
from approxir.testing.reducing import reduce

TEXT = """\
// A note.
module {
  func.func private @unused(%x: i32) -> i32 {
    return %x : i32
  }
  func.func @f(%a: i32, %b: memref<2xi32>) -> i32 { // it's "open
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %five = arith.constant 5 : i32
    %sum = arith.addi %a, %five : i32
    %less = arith.cmpi slt, %sum, %five : i32
    %while = scf.while (%i = %zero) : (i32) -> i32 {
      %test = arith.cmpi slt, %i, %sum : i32
      %both = arith.andi %test, %less : i1
      scf.condition(%both) %i : i32
    } do {
    ^bb0(%j: i32):
      %chosen = scf.if %less -> (i32) {
        %product = arith.muli %j, %one {tag = "// kept"} : i32
        scf.yield %product : i32
      } else {
        scf.yield %j : i32
      }
      %next = arith.addi %chosen, %one : i32
      scf.yield %next : i32
    }
    return %while : i32
  }
}
"""
CALLS = (Call("f", (7, np.array([1, 2], np.int32))), Call("f", (3, np.array([4, 5], np.int32))))


@pytest.mark.parametrize(
    ("needed", "lines"),
    [("arith.muli", 6), ("scf.if", 11), ("arith.andi", 7), ("scf.while", 13), ("memref<2xi32>", 5)],
)
def test_only_what_is_needed_stays(needed: str, lines: int) -> None:
    tried = []

    def shows(case: Case) -> bool:
        assert not ax.parse(case.text).diagnostics()
        tried.append(case)
        return needed in case.text

    small = reduce(Case(TEXT, CALLS), shows, seconds=600)
    assert needed in small.text
    assert "//" not in small.text.replace('"// kept"', "")
    assert len(small.text.splitlines()) <= lines, small.text
    assert [str(call) for call in small.calls] == ["@f(0, int32[0, 0])"]
    assert len(tried) < 150


def test_arguments_that_matter_stay() -> None:
    def shows(case: Case) -> bool:
        return any(call.arguments[0] == 3 for call in case.calls)

    small = reduce(Case(TEXT, CALLS), shows, seconds=600)
    assert [str(call) for call in small.calls] == ["@f(3, int32[0, 0])"]


def test_what_nothing_shows_stays_as_it_is() -> None:
    assert reduce(Case(TEXT, CALLS), lambda case: False, seconds=600).text == TEXT


def test_no_time() -> None:
    asked: list[Case] = []

    def shows(case: Case) -> bool:
        asked.append(case)
        return True

    assert reduce(Case(TEXT, CALLS), shows, seconds=-1).text == TEXT
    assert not asked

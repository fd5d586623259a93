"""What transforms find: loops, branches and their numbers."""

from __future__ import annotations

import pytest

import approxir as ax
from approxir.dialects.approx.payload import branches, first_branch, first_loop

IF = """
func.func @f(%c: i1, %d: i1, %x: f32, %y: f32) -> f32 {
  %r = scf.if %c -> (f32) {
    scf.yield %x : f32
  } else {
    %s = scf.if %d -> (f32) {
      scf.yield %y : f32
    } else {
      scf.yield %x : f32
    }
    scf.yield %s : f32
  }
  return %r : f32
}
"""
LONE = """
func.func @f(%c: i1) {
  scf.if %c {
    "test.use"() : () -> ()
  }
  return
}
"""
SWITCH = """
func.func @f(%i: index) -> i32 {
  %r = scf.index_switch %i -> i32
  case 2 {
    %a = arith.constant 10 : i32
    scf.yield %a : i32
  }
  case 5 {
    %a = arith.constant 20 : i32
    scf.yield %a : i32
  }
  default {
    %a = arith.constant 30 : i32
    scf.yield %a : i32
  }
  return %r : i32
}
"""


def both_forms(text: str) -> list[ax.Module]:
    module = ax.parse(text)
    return [module, ax.parse(module.print(generic=True))]


@pytest.mark.parametrize(("text", "count"), [(IF, 3), (LONE, 1), (SWITCH, 3)])
def test_the_number_of_branches_does_not_depend_on_the_form(text: str, count: int) -> None:
    for module in both_forms(text):
        op = first_branch([module.region])
        assert op is not None
        assert len(branches(op)) == count


def test_the_default_comes_last() -> None:
    for module in both_forms(SWITCH):
        op = first_branch([module.region])
        assert op is not None
        values = [region.blocks[0].operations[0].attributes["value"] for region in branches(op)]
        assert [str(value) for value in values] == ["10 : i32", "20 : i32", "30 : i32"]


def test_an_else_with_more_in_it_is_one_branch() -> None:
    text = IF.replace("    scf.yield %s : f32", "    %t = arith.addf %s, %x : f32\n    scf.yield %t : f32")
    for module in both_forms(text):
        op = first_branch([module.region])
        assert op is not None
        assert len(branches(op)) == 2


def test_states_and_checks_are_not_looked_at() -> None:
    loop = "%c = arith.constant 1 : index\nscf.for %i = %c to %c step %c {\n}\n"
    text = f"""
    func.func @f(%n: i32) {{
      approx.knob() <{{id = 1 : i32}}> ({{
        approx.decision_tree(%n) <{{thresholds = array<i32>, decisions = array<i32: 2>}}> state {{
        ^bb0(%s: i32):
          {loop}
          approx.yield %s : i32
        }}
        approx.yield
      }}) : () -> ()
      return
    }}
    """
    module = ax.parse(text)
    assert first_loop([module.region]) is None
    assert first_loop([ax.parse(f"func.func @f() {{ {loop} return }}").region]) is not None


@pytest.mark.parametrize("name", ["scf.if", "scf.index_switch", "stablehlo.case"])
def test_a_branching_operation_without_regions_has_no_branches(name: str) -> None:
    (op,) = ax.parse(f'"{name}"() : () -> ()').operations
    assert branches(op) == []

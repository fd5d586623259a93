"""Small modules with one approximated function, for tests of what runs passes."""

from __future__ import annotations

STATE = """\
func.func @state(%n: i32) -> i32 {
  return %n : i32
}
"""

BRANCHING = """\
func.func @f(%n: i32, %x: f32) -> f32 {
  %zero = arith.constant 0 : i32
  %c = arith.cmpi sgt, %n, %zero : i32
  %p = scf.if %c -> (f32) {
    scf.yield %x : f32
  } else {
    %t = arith.mulf %x, %x : f32
    scf.yield %t : f32
  }
  return %p : f32
}
"""

OTHER = """\
func.func @other(%a :i32) -> i32 {   // nothing asks for this one to be touched
      return %a: i32
}
"""

SUBSTITUTE = """\
func.func @approx_f_1(%n: i32, %x: f32) -> f32 {
  return %x : f32
}
"""


def tree(
    *,
    function: str = "f",
    transform: str = "task_skipping",
    decisions: str = "1, 2",
    state: str = "state",
    indices: str = "0",
) -> str:
    """A line with a decision tree of one threshold."""
    return (
        f'"approx.util.annotation.decision_tree"() <{{func_name = "{function}", state_function = "{state}", '
        f"state_indices = array<i64: {indices}>, num_thresholds = 1 : i32, "
        f"thresholds = array<i32: 5>, thresholds_lowers = array<i32: 0>, thresholds_uppers = array<i32: 9>, "
        f"decisions = array<i32: {decisions}>, decision_values = array<i32: {decisions}>, "
        f'transform_type = "{transform}"}}> : () -> ()\n'
    )


def transform(name: str = "task_skipping", value: int = 1, function: str = "f") -> str:
    """A line with a static transform."""
    return (
        f'"approx.util.annotation.transform"() <{{func_name = "{function}", transform_type = "{name}", '
        f"knob_val = {value} : i32}}> : () -> ()\n"
    )


def contract(checker: str = "check", recover: str = "f") -> str:
    """A line with a try."""
    return (
        f'"approx.util.annotation.try"() <{{func_name = "f", checker = "{checker}", '
        f'recover = "{recover}"}}> : () -> ()\n'
    )


SKIPPING = OTHER + tree() + STATE + BRANCHING
"""A module whose knob keeps the first branch or the second."""

SUBSTITUTING = tree(transform="func_substitute", decisions="0, 1") + STATE + SUBSTITUTE + BRANCHING
"""A module whose knob calls ``approx_f_1`` instead."""

"""AX009: two knobs with one id."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count

from approxir.ir.operation import Operation
from approxir.lint.context import Context, is_function
from approxir.lint.enclosing import Enclosing
from approxir.lint.rule import Finding, Fix, Rule
from approxir.values import IntegerAttr


class DuplicateKnobId(Rule):
    """Compares the ids of all knobs in the text, and those that annotations ask for, in whatever modules."""

    code = "AX009"
    name = "duplicate-knob-id"
    severity = "error"
    summary = "two knobs have the same id"
    why = (
        "The id is what names a knob: in reports, in what other tools record about it, and, where it stands "
        "in no function, in the names of its parameters. Of two knobs with one id, it cannot be told which "
        "one is meant. Parameters of knobs in functions are named after the function, not the id."
    )
    bad = """\
func.func @f(%x: f32) -> f32 {
  %0 = "approx.knob"(%x) <{id = 0 : i32}> ({
    "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
    "approx.yield"(%x) : (f32) -> ()
  }) : (f32) -> f32
  %1 = "approx.knob"(%0) <{id = 0 : i32}> ({
    "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
    "approx.yield"(%0) : (f32) -> ()
  }) : (f32) -> f32
  return %1 : f32
}
"""
    good = """\
func.func @f(%x: f32) -> f32 {
  %0 = "approx.knob"(%x) <{id = 0 : i32}> ({
    "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
    "approx.yield"(%x) : (f32) -> ()
  }) : (f32) -> f32
  %1 = "approx.knob"(%0) <{id = 1 : i32}> ({
    "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
    "approx.yield"(%0) : (f32) -> ()
  }) : (f32) -> f32
  return %1 : f32
}
"""
    fix_note = (
        "The later knob gets the smallest id that no knob has; since nothing in the module refers to a knob "
        "by its id, what the module computes stays the same. There is no fix for a knob that stands in no "
        "function: its parameters are named after its id, and configuration files may hold these names."
    )

    def check(self, context: Context) -> Iterator[Finding]:
        knobs = [
            (op, number)
            for op in context.named("knob", "util.annotation.knob")
            if (number := _id(op)) is not None
        ]
        taken = {number for _, number in knobs}
        free = (number for number in count() if number not in taken)
        functions = Enclosing(lambda op: bool(op.regions) and is_function(op))
        first: dict[int, Operation] = {}
        for op, number in knobs:
            if first.setdefault(number, op) is not op:
                fix = None
                if functions.around(op) is not None:
                    new = next(free)
                    fix = Fix(f"give it the id {new}", partial(_set_id, op, new))
                yield self.finding(
                    op,
                    f"another knob has the id {number} already",
                    at="id",
                    fix=fix,
                    notes=[(first[number], "the first knob with this id")],
                )


def _id(op: Operation) -> int | None:
    value = op.attributes.get("id")
    return value.value if isinstance(value, IntegerAttr) else None


def _set_id(op: Operation, number: int) -> None:
    op.attributes["id"] = number

"""AX026: skipping what yields values."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.payload import TASK_SKIPPING
from approxir.lint.context import Context
from approxir.lint.facts import approximated, value_place
from approxir.lint.rule import Finding, Rule


class SkippedTaskYields(Rule):
    """Looks whether the branching operation has results where the knob value 0 may be chosen."""

    code = "AX026"
    name = "skipped-task-yields"
    severity = "warning"
    summary = "task_skipping may skip everything, though the branches yield values"
    why = (
        "For every other transform 0 is the exact value. For `task_skipping` it is not: it skips the whole "
        "payload, and what the branches would have yielded becomes zero of its type. The program goes on "
        "with these zeros. Where that is meant, set the option `default`, which says so; otherwise begin the "
        "decisions with 1."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "pick", transform_type = "task_skipping", knob_val = 0 : i32
  }> : () -> ()
  func.func @pick(%c: i1, %x: f32, %y: f32) -> f32 {
    %r = scf.if %c -> (f32) {
      scf.yield %x : f32
    } else {
      scf.yield %y : f32
    }
    return %r : f32
  }
}
"""
    good = bad.replace("knob_val = 0", "knob_val = 1")

    def check(self, context: Context) -> Iterator[Finding]:
        for approximation in approximated(context, TASK_SKIPPING):
            owner = approximation.knob or approximation.function
            if owner is None or 0 not in approximation.values:
                continue
            if "default" in approximation.params.transform_options:
                continue
            branch = context.payloads.first_branch(owner)
            if branch is not None and branch.results:
                yield self.finding(
                    approximation.operation,
                    f"the knob value 0 skips everything: what the {branch.name} yields becomes zero",
                    at=value_place(approximation, 0),
                    notes=[(branch, "the branches")],
                )

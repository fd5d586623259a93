"""AX027: a knob value beyond the branches."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.payload import TASK_SKIPPING, branches
from approxir.lint.context import Context
from approxir.lint.facts import approximated, value_place
from approxir.lint.rule import Finding, Rule


class NoSuchBranch(Rule):
    """Counts the branches of the first branching operation, through chains of else-ifs."""

    code = "AX027"
    name = "no-such-branch"
    severity = "error"
    summary = "task_skipping may choose a branch that does not exist"
    why = (
        "`task_skipping` keeps only branch number k, counted from 1, of the first branching operation in "
        "the body; an else-if counts on where the if before it ended. If there is no such branch, there "
        "is nothing to keep."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "pick", transform_type = "task_skipping", knob_val = 3 : i32
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
    good = bad.replace("knob_val = 3", "knob_val = 2")

    def check(self, context: Context) -> Iterator[Finding]:
        for approximation in approximated(context, TASK_SKIPPING):
            owner = approximation.knob or approximation.function
            if owner is None:
                continue
            branch = context.payloads.first_branch(owner)
            count = 0 if branch is None else len(branches(branch))
            beyond = [value for value in approximation.values if value > count]
            if not beyond:
                continue
            value = beyond[0]
            if branch is None:
                where = "the knob" if approximation.knob is not None else "the function"
                message = f"there is no branch {value}: nothing in {where} branches"
            else:
                some = "one branch" if count == 1 else f"{count} branches"
                message = f"there is no branch {value}: the {branch.name} has {some}"
            yield self.finding(
                approximation.operation,
                message,
                at=value_place(approximation, value),
                notes=[(branch or owner, "the branches" if branch is not None else "here")],
            )

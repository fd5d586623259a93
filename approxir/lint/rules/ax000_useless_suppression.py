"""AX000: a suppression comment that does nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from approxir.lint import registry
from approxir.lint.context import Context
from approxir.lint.rule import Finding, Rule
from approxir.lint.suppress import ALL, DIRECTIVES, UNSILENCEABLE, Suppression
from approxir.nearest import did_you_mean, nearest


class UselessSuppression(Rule):
    """Looks at the comments after all other rules have had their findings silenced by them."""

    code = UNSILENCEABLE
    name = "useless-suppression"
    severity = "warning"
    summary = "a suppression comment that names no rule, or silences nothing"
    why = (
        "A misspelt comment leaves standing what it should silence, and one that outlived its finding will "
        "silence the next. This rule cannot be silenced by a comment, only by `ignore`. A code counts as "
        "useless only where its rule ran."
    )
    bad = """\
module {
  // approxir: disable=AX999
  func.func @f() {
    return
  }
}
"""
    good = """\
module {
  func.func @f() {
    return
  }
}
"""
    runs_last = True

    def check(self, context: Context) -> Iterator[Finding]:
        ran = {rule.code for rule in context.settings.rules_for(context.module.file)}
        known = registry.codes()
        # Of a comment that silences all rules, nothing can be said unless all of them ran.
        if ran >= {rule.code for rule in registry.rules() if rule.enabled}:
            ran.add(ALL)
        for suppression in context.suppressions:
            code, place = suppression.code, (context.source, suppression.span)
            if suppression.problem is not None:
                yield self.finding_in(*place, suppression.problem, hint=_usage(code))
            elif code == self.code:
                message = f"{code} cannot be silenced by a comment"
                yield self.finding_in(*place, message, hint="ignore it in the settings")
            elif code != ALL and code not in known:
                message = f"no rule has the code '{code}'"
                yield self.finding_in(*place, message, hint=_meant(code, known))
            elif code in ran and not suppression.used and not context.faults:
                message = f"{'nothing' if code == ALL else f'no {code}'} is found {_where(suppression)}"
                yield self.finding_in(*place, message, hint="remove it")


def _usage(directive: str) -> str:
    if directive in DIRECTIVES:
        return f"write {directive}=AX012, or {directive}=all"
    return did_you_mean(directive, DIRECTIVES) or "write disable=AX012 or disable-file=AX012"


def _meant(code: str, known: Sequence[str]) -> str | None:
    if any(one.startswith(code) for one in known):
        return "write whole codes: prefixes are for the settings"
    # Codes are so like one another that one would be found for any number.
    if code.upper() in known:
        return f"did you mean {code.upper()}?"
    names = {rule.name: rule.code for rule in registry.rules()}
    meant = nearest(code.lower(), names)
    return None if meant is None else f"did you mean {names[meant]}, which is {meant}?"


def _where(suppression: Suppression) -> str:
    return "in the file" if suppression.line is None else f"on line {suppression.line}"

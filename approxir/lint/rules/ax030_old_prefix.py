"""AX030: the dialect's old name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from approxir.lint.context import Context
from approxir.lint.rule import Finding, Fix, Rule

_OLD = "approxMLIR."
_NEW = "approx."


class OldPrefix(Rule):
    """Finds operations named ``approxMLIR.*``."""

    code = "AX030"
    name = "old-prefix"
    severity = "warning"
    summary = "an operation is spelled with the old prefix approxMLIR"
    why = (
        "The dialect is called `approx`. approxir reads the older `approxMLIR` as well, but other tools need "
        "not, and a file with both is hard to search."
    )
    bad = """\
module {
  "approxMLIR.util.annotation.convert_to_call"() <{func_name = "blur"}> : () -> ()
  func.func @blur(%x: f32) -> f32 {
    return %x : f32
  }
}
"""
    good = """\
module {
  "approx.util.annotation.convert_to_call"() <{func_name = "blur"}> : () -> ()
  func.func @blur(%x: f32) -> f32 {
    return %x : f32
  }
}
"""
    fix_note = (
        "The prefix in the operation's name becomes `approx`; both names mean the same operation, and "
        "nothing else in it changes."
    )

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.approx:
            if op.name.startswith(_OLD):
                new = _NEW + op.name.removeprefix(_OLD)
                yield self.finding(
                    op,
                    f"{op.name} is the old name of {new}",
                    fix=Fix(f"rename it to {new}", partial(op.rename, new)),
                )

"""The functions that ``func_substitute`` calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from approxir.dialects.approx.payload import FUNC_SUBSTITUTE, substitute_name
from approxir.lint.approximations import Approximation, annotated_name
from approxir.lint.facts import INTERNAL, approximated
from approxir.lint.payloads import internal_callee

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.lint.context import Context


@dataclass(frozen=True, slots=True)
class Substitute:
    """What has to be called for one knob value: its name, the function with that name, and the original.

    Of a function that was copied, `original` is the copy, which has the function's type.
    """

    approximation: Approximation
    value: int
    name: str
    function: Operation | None
    original: Operation


def find_substitutes(context: Context) -> Iterator[Substitute]:
    """Every substitute that a knob value above 0 asks for, as far as it can be told what is substituted."""
    for approximation in approximated(context, FUNC_SUBSTITUTE):
        op = approximation.operation
        substituted = _substituted(context, approximation)
        if substituted is not None:
            plain, original = substituted
            for value in approximation.values:
                if value > 0:
                    name = substitute_name(plain, value)
                    yield Substitute(approximation, value, name, context.function(name, near=op), original)


def _substituted(context: Context, approximation: Approximation) -> tuple[str, Operation] | None:
    op, knob = approximation.operation, approximation.knob
    if knob is None:
        name = annotated_name(op)
        return None if name is None or approximation.function is None else (name, approximation.function)
    call = context.payloads.first_internal_call(knob)
    callee = None if call is None else internal_callee(call)
    if callee is None:
        return None
    # The copy may have got another name where `__internal_F` was taken; that name tells nothing.
    copy = context.function(callee, near=op)
    name = callee.removeprefix(INTERNAL)
    known = context.function(name, near=op) is not None
    return (name, copy) if copy is not None and known else None

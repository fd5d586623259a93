"""Making a module smaller that shows something: what it shows it without goes, operation by operation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from approxir.errors import ApproxIRError
from approxir.ir.module import Module, parse
from approxir.ir.operation import Operation
from approxir.syntax.formats.traits import is_terminator
from approxir.testing.examination import Case


def reduce(case: Case, shows: Callable[[Case], bool], *, seconds: float = 60.0) -> Case:
    """A case with as few calls, functions, annotations and operations as show the same.

    Hypothesis makes the generator's choices simpler; this erases what no choice of the generator leaves out,
    such as operations that nothing uses. Only modules that verify are tried.

    Args:
        case: the module.
        shows: whether a case still shows what is looked for.
        seconds: after which the smallest case so far is returned.
    """
    end = time.monotonic() + seconds
    while True:
        before = case
        case = _without_calls(case, shows, end)
        # Functions and annotations first, each with all that is in it.
        case = _without_operations(case, shows, end, outermost=True)
        case = _without_operations(case, shows, end, outermost=False)
        if case == before or time.monotonic() > end:
            return case


def _without_calls(case: Case, shows: Callable[[Case], bool], end: float) -> Case:
    for call in case.calls:
        if len(case.calls) > 1 and time.monotonic() < end:
            smaller = replace(case, calls=tuple([one for one in case.calls if one is not call]))
            if shows(smaller):
                case = smaller
    return case


def _without_operations(case: Case, shows: Callable[[Case], bool], end: float, *, outermost: bool) -> Case:
    # From the end, so that what an operation uses may go after it. What goes does not change the numbers of
    # those before it.
    number = len(_operations(parse(case.text), outermost)) - 1
    while number >= 0 and time.monotonic() < end:
        module = parse(case.text)
        held = _operations(module, outermost)
        if number < len(held) and _erased(held[number]):
            smaller = replace(case, text=str(module))
            if _valid(smaller.text) and shows(smaller):
                case = smaller
        number -= 1
    return case


def _operations(module: Module, outermost: bool) -> list[Operation]:
    holder = module.symbol_holder
    return [op for block in holder.blocks for op in block] if outermost else list(module.walk())


def _erased(op: Operation) -> bool:
    """Erase an operation, if that is possible at all."""
    if op.name == "builtin.module" or is_terminator(op.name) or any(result.has_uses for result in op.results):
        return False
    try:
        op.erase()
    except ApproxIRError:
        return False
    return True


def _valid(text: str) -> bool:
    return not parse(text).diagnostics()

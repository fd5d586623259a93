"""Making a module smaller that shows something: what it shows it without goes, operation by operation."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from approxir.errors import ApproxIRError
from approxir.ir.module import Module, parse
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.syntax.formats.traits import is_terminator
from approxir.syntax.lexemes import STRING
from approxir.testing.examination import Case
from approxir.testing.oracles.running import Call

_COMMENT = re.compile(rf"({STRING})|[ \t]*//[^\n]*")

Edit = Callable[[Operation], bool]
"""Makes a module smaller at an operation, or returns False where that is not possible."""


def reduce(case: Case, shows: Callable[[Case], bool], *, seconds: float = 60.0) -> Case:
    """A case with as few calls, functions, annotations and operations as show the same.

    Hypothesis makes the generator's choices simpler; this erases what no choice of the generator leaves out,
    such as operations that nothing uses, takes operands in place of results, and takes what is in a region
    out of it. Comments go, and arguments become zeros. Only modules that verify are tried.

    Args:
        case: the module.
        shows: whether a case still shows what is looked for.
        seconds: after which the smallest case so far is returned.
    """
    end = time.monotonic() + seconds
    while True:
        before = _shape(case)
        case = _without_calls(case, shows, end)
        # Functions and annotations first, each with all that is in it.
        case = _edited(case, shows, end, _erased, outermost=True)
        case = _edited(case, shows, end, _erased)
        for edit in (_replaced, _replaced_by_earlier, _opened, _opened_at_the_end):
            case = _edited(case, shows, end, edit)
        case = _plain(case, shows, end)
        if _shape(case) == before or time.monotonic() > end:
            return case


def _shape(case: Case) -> tuple[str, str]:
    # Arrays, which cases hold, cannot be compared as a whole.
    return case.text, str([str(call) for call in case.calls])


def _without_calls(case: Case, shows: Callable[[Case], bool], end: float) -> Case:
    for call in case.calls:
        if len(case.calls) > 1 and time.monotonic() < end:
            smaller = replace(case, calls=tuple([one for one in case.calls if one is not call]))
            if shows(smaller):
                case = smaller
    return case


def _edited(
    case: Case, shows: Callable[[Case], bool], end: float, edit: Edit, *, outermost: bool = False
) -> Case:
    # From the end, so that what an operation uses may go after it. What goes does not change the numbers of
    # those before it.
    number = len(_operations(parse(case.text), outermost)) - 1
    while number >= 0 and time.monotonic() < end:
        module = parse(case.text)
        held = _operations(module, outermost)
        if number < len(held) and _done(edit, held[number]):
            smaller = replace(case, text=str(module))
            if _valid(smaller.text) and shows(smaller):
                case = smaller
        number -= 1
    return case


def _done(edit: Edit, op: Operation) -> bool:
    if op.name in ("builtin.module", "func.func") and edit is not _erased:
        return False
    try:
        return edit(op)
    except ApproxIRError:
        # Of a form that cannot be edited, for example.
        return False


def _operations(module: Module, outermost: bool) -> list[Operation]:
    holder = module.symbol_holder
    return [op for block in holder.blocks for op in block] if outermost else list(module.walk())


def _erased(op: Operation) -> bool:
    """Erase an operation that nothing uses."""
    if op.name == "builtin.module" or is_terminator(op.name) or any(result.has_uses for result in op.results):
        return False
    op.erase()
    return True


def _replaced(op: Operation) -> bool:
    """Let operands take the place of results."""
    return bool(op.results) and _take_place(op, op.results, list(op.operands))


def _replaced_by_earlier(op: Operation) -> bool:
    """Let the first values of these types that there are take the place of an operation's results."""
    known: list[Value] = []
    for around in reversed([op, *op.ancestors()]):
        if around.block is not None:
            known += around.block.arguments
            for other in around.block:
                if other is around:
                    break
                known += other.results
    return bool(op.results) and _take_place(op, op.results, known[::-1])


def _opened(op: Operation, number: int = 0) -> bool:
    """Put what is in a region of an operation, the first one that is not empty, in its place."""
    regions = [region for region in op.regions if region.blocks]
    if not regions or len(regions[number].blocks) != 1:
        return False
    block = regions[number].blocks[0]
    inside = list(block)
    if not inside or not is_terminator(inside[-1].name):
        return False
    taken = _matching(block.arguments, list(op.operands))
    if taken is None:
        return False
    for argument, value in zip(block.arguments, taken, strict=True):
        argument.replace_all_uses_with(value)
    given = list(inside[-1].operands)
    for one in inside[:-1]:
        one.move_before(op)
    return _take_place(op, op.results, [*given, *op.operands])


def _opened_at_the_end(op: Operation) -> bool:
    """Put what is in the last one of several regions in the place of an operation."""
    return len(op.regions) > 1 and _opened(op, -1)


def _take_place(op: Operation, results: Sequence[Value], values: Sequence[Value]) -> bool:
    taken = _matching(results, values)
    if taken is None:
        return False
    op.replace_with(*taken)
    return True


def _matching(wanted: Sequence[Value], values: Sequence[Value]) -> list[Value] | None:
    """For each value another one of its type, the last of them; None if there is not one for each."""
    found = []
    for value in wanted:
        same = [other for other in values if str(other.type) == str(value.type)]
        if not same:
            return None
        found.append(same[-1])
    return found


def _plain(case: Case, shows: Callable[[Case], bool], end: float) -> Case:
    """The same without comments, in the canonical layout, and with zeros for arguments."""
    bare = _COMMENT.sub(lambda match: match[1] or "", case.text)
    if _valid(bare):
        smaller = replace(case, text=parse(bare).print())
        if smaller.text != case.text and time.monotonic() < end and shows(smaller):
            case = smaller
    for number, call in enumerate(case.calls):
        for at, value in enumerate(call.arguments):
            arguments = (*call.arguments[:at], _zero(value), *call.arguments[at + 1 :])
            calls = (*case.calls[:number], Call(call.function, arguments), *case.calls[number + 1 :])
            smaller = replace(case, calls=calls)
            if str(calls[number]) != str(call) and time.monotonic() < end and shows(smaller):
                case = smaller
                call = calls[number]
    return case


def _zero(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.zeros_like(value)
    return type(value)(0) if isinstance(value, np.generic | bool | int | float) else value


def _valid(text: str) -> bool:
    return not parse(text).diagnostics()

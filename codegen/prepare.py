"""From a module with approximations to one that an engine takes, and from an engine's complaints back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from approxir.dialects.approx.errors import diagnostic
from approxir.errors import CompilationError, Diagnostic
from approxir.ir.module import Module, parse
from approxir.passes.live import Layout, live_layout
from approxir.passes.pipeline import pipeline_for, run_pipeline
from approxir.passes.registry import passes

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.passes.base import Pass

CONFIG = "config-approx"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A module without approximations, made of a copy of another one.

    `original` is the copy as it was before; `layout` says where live parameters have their places, and is
    None for a module that is not live. Nothing of approx is left in `module`.
    """

    module: Module
    original: Module
    layout: Layout | None


def prepare(
    module: Module | str,
    *,
    live: bool = False,
    array: Literal["global", "argument"] = "global",
    stablehlo: bool = False,
) -> Prepared:
    """Lower the approximations of a module for an engine; the module that is given stays as it is.

    Args:
        module: a module, or its text.
        live: read thresholds and decisions at run time from an array.
        array: where that array is: in a global memref, or in further arguments, one for each element.
        stablehlo: end in StableHLO where the module is of StableHLO, as IREE needs it.

    Raises:
        VerifyError, ParseError: the module is not valid.
        PassError, ParamsError: an approximation cannot be lowered.
    """
    if not isinstance(module, Module | str):
        raise TypeError(f"a module or the text of one is needed, not {type(module).__name__}")
    original = parse(module) if isinstance(module, str) else module.clone()
    original.verify()
    lowered = original.clone()
    steps = [_made(name, live, array) for name in pipeline_for(lowered, stablehlo=stablehlo)]
    layout = live_layout(lowered) if live else None
    run_pipeline(lowered, steps)
    return Prepared(lowered, original, layout)


def _made(name: str, live: bool, array: str) -> Pass:
    step = passes.make(name)
    if live and name == CONFIG:
        step = dataclasses.replace(step, live=True, array=array)  # type: ignore[type-var]
    return step


def failed(message: str, found: Iterable[Diagnostic], text: str, module: Module) -> CompilationError:
    """The error for what an engine finds wrong with the text that `module` was printed as.

    The findings are placed where the code came from: at the operation of the source for which the one in
    question was made.
    """
    placed = placed_in_source(list(found), text, module)
    shown = "\n".join([message, *(entry.render() for entry in placed)])
    return CompilationError(shown, placed)


def placed_in_source(found: Sequence[Diagnostic], text: str, module: Module) -> list[Diagnostic]:
    """Diagnostics about a text, placed in the source of the module that was printed as that text."""
    if text == module.source.text:
        return [dataclasses.replace(entry, file=module.file) for entry in found]
    printed = list(parse(text).walk())
    made = list(module.walk())
    if len(printed) != len(made):
        return list(found)
    return [_placed(entry, printed, made) for entry in found]


def _placed(entry: Diagnostic, printed: list[Operation], made: list[Operation]) -> Diagnostic:
    # Operations come outermost first, so that the last one around the offset is the innermost.
    at = None
    for number, op in enumerate(printed):
        if op.name_start <= entry.offset < op.end or op.start <= entry.offset < op.name_end:
            at = number
        elif op.start > entry.offset:
            break
    if at is None:
        return entry
    op = made[at]
    # What was made for nothing in particular is placed at what it stands in.
    while op.source is None and op._made is not None and op._made.origin is None and op.parent is not None:
        op = op.parent
    notes = tuple([_placed(note, printed, made) for note in entry.notes])
    found = diagnostic(op, None, entry.message, code=entry.code, hint=entry.hint)
    return dataclasses.replace(found, severity=entry.severity, notes=notes)

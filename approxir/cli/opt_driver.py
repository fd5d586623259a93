"""What ``approx-opt`` and ``approxir opt`` have in common: passes over the text of a file, watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from approxir.cli.exits import report
from approxir.errors import Diagnostic, DiagnosticError, VerifyError
from approxir.ir.module import Module, parse
from approxir.passes.base import Pass
from approxir.passes.pipeline import Observer, run_pipeline

SEPARATOR = "// -----"
"""The line between two modules in one file."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What to do with a file."""

    passes: Sequence[Pass] | Callable[[Module], Sequence[Pass]]
    """The passes, or what chooses them for a module."""
    split: bool = False
    """Whether parts between separators are modules of their own."""
    verify_each: bool = False
    verify_result: bool = True
    """The input is verified in any case."""
    generic: bool = False
    expectations: bool = False
    """Whether to compare errors with the ``expected-error`` comments, instead of reporting them."""
    print_before: frozenset[str] | None = frozenset()
    """The passes before which the module goes to standard error; None for all of them."""
    print_after: frozenset[str] | None = frozenset()
    only_changes: bool = False
    """Whether `print_after` leaves out what passes did not change."""


def process(text: str, file: str, settings: Settings) -> str:
    """Run the passes over the module in a text, or over each of its parts, and return the resulting text.

    Raises `DiagnosticError` with what is wrong with any part; lines count from the start of the whole text.
    """
    parts = list(split_text(text)) if settings.split else [(text, 0)]
    results = []
    wrong: list[Diagnostic] = []
    for part, line in parts:
        found: Sequence[Diagnostic] = ()
        try:
            results.append(_process_part(part, file, settings))
        except DiagnosticError as error:
            found = error.diagnostics
        if settings.expectations:
            from approxir.cli.expectations import compare

            found = compare(part, file, found)
        wrong.extend(_further_down(one, line) for one in found)
    if wrong:
        raise DiagnosticError(wrong)
    return join_texts(results)


def join_texts(texts: Sequence[str]) -> str:
    """Texts with separator lines between them."""
    *before, last = texts
    ended = [text if not text or text.endswith("\n") else text + "\n" for text in before]
    return f"{SEPARATOR}\n".join([*ended, last])


def split_text(text: str) -> Iterator[tuple[str, int]]:
    """The parts of a text between separator lines, each with the number of lines before it."""
    part: list[str] = []
    before = 0
    # Not splitlines, for which a form feed ends a line as well.
    for number, row in enumerate(text.split("\n"), start=1):
        if row.rstrip("\r") == SEPARATOR:
            yield "".join(part), before
            part, before = [], number
        else:
            part.append(row + "\n")
    yield "".join(part)[:-1], before


def _process_part(text: str, file: str, settings: Settings) -> str:
    module = parse(text, file=file)
    module.verify()
    steps = settings.passes(module) if callable(settings.passes) else settings.passes
    run_pipeline(module, steps, observer=_Watch(settings))
    if settings.verify_result and not settings.verify_each and steps and str(module) != text:
        _verify_after(module, steps[-1])
    return module.print(generic=True) if settings.generic else str(module)


class _Watch(Observer):
    """Prints and verifies between passes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def before(self, step: Pass, module: Module) -> None:
        wanted = self.settings.print_before
        if wanted is None or step.name in wanted:
            _dump("Before", step, module)

    def after(self, step: Pass, module: Module, changed: bool) -> None:
        wanted = self.settings.print_after
        if (wanted is None or step.name in wanted) and (changed or not self.settings.only_changes):
            _dump("After", step, module)
        if self.settings.verify_each and changed:
            _verify_after(module, step)


def _dump(when: str, step: Pass, module: Module) -> None:
    report(f"// -----// IR Dump {when} {type(step).__name__} ({step.name}) //----- //\n{module}\n")


def _verify_after(module: Module, step: Pass) -> None:
    """Raise `VerifyError` where the module is not valid, with places in the text as it is now."""
    try:
        module.verify()
    except VerifyError as error:
        where = f"{module.file} after {step.name}"
        raise VerifyError([replace(one, file=where) for one in error.diagnostics]) from None


def _further_down(diagnostic: Diagnostic, lines: int) -> Diagnostic:
    """A diagnostic about a part, as one about the whole text."""
    if not lines or not diagnostic.line:
        return diagnostic
    notes = tuple([_further_down(note, lines) for note in diagnostic.notes])
    return replace(diagnostic, line=diagnostic.line + lines, notes=notes)

"""What annotations mean, checked by the lint rules, whose findings are placed in the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from approxir.dialects.approx.params import LISTS
from approxir.errors import Diagnostic
from approxir.frontends.c.annotation import CppAnnotation, operation_groups, operations_text
from approxir.values.strings import symbol_text

if TYPE_CHECKING:
    from approxir.frontends.c.parsing import Placed
    from approxir.ir.operation import Operation
    from approxir.lint.rule import Note
    from approxir.syntax.source import Source

_RULES = (
    "AX001", "AX002", "AX003", "AX004", "AX005", "AX009", "AX010", "AX014", "AX032", "AX034", "AX035",
)  # fmt: skip
"""The rules about annotations alone: those that look into functions need the module."""

_DERIVED = (*LISTS, "num_thresholds")
"""What is filled in where an annotation does not say it."""


def find_problems(source: Source, annotations: Sequence[Placed]) -> list[Diagnostic]:
    """The errors that lint finds in the operations of annotations, as errors in the source."""
    from approxir.ir.module import parse
    from approxir.lint.runner import lint_module
    from approxir.lint.settings import LintSettings

    named = _named(annotations)
    groups = operation_groups(named)
    functions = dict.fromkeys(symbol_text(each.func_name) for each in named)
    module = parse(
        operations_text(groups) + "".join(f"func.func private {symbol}()\n" for symbol in functions)
    )
    owners = [placed for placed, each in zip(annotations, groups, strict=True) for _ in each]
    owner = dict(zip(module.body, owners, strict=False))
    found = []
    for finding in lint_module(module, LintSettings(select=_RULES)):
        placed = None if finding.operation is None else owner.get(finding.operation)
        if finding.severity != "error" or finding.operation is None or placed is None:
            continue
        key, index = _meant(finding.operation, finding.offset)
        if key in _DERIVED and not placed.says(key):
            # What it was derived from is reported as well.
            continue
        others = [
            each for op, each in owner.items() for note in finding.notes if op.start <= note.offset < op.end
        ]
        notes = zip(finding.notes, others, strict=False)
        start, end = placed.place(key, index)
        found.append(
            source.diagnostic(
                start,
                finding.message,
                length=end - start,
                hint=finding.hint,
                code=finding.code,
                notes=tuple(_note(source, note, other) for note, other in notes),
            )
        )
    return found


def _named(annotations: Sequence[Placed]) -> list[CppAnnotation]:
    """The annotations, with different names for different functions, as overloads are."""
    first: dict[str, int | None] = {}
    named = []
    for placed in annotations:
        annotation, place = placed.annotation, placed.function
        name = annotation.func_name
        if first.setdefault(name, place) != place:
            annotation = replace(annotation, func_name=f"{name} at {place}")
        named.append(annotation)
    return named


def _note(source: Source, note: Note, placed: Placed) -> Diagnostic:
    start, end = placed.kind
    return source.diagnostic(start, note.message, length=end - start, severity="note")


def _meant(op: Operation, offset: int) -> tuple[str | None, int | None]:
    """The attribute whose text is at an offset, and which item of it."""
    for key in op.attributes:
        span = op.attributes.span(key)
        if span is not None and span[0] <= offset < span[1]:
            for number, (start, end) in enumerate(op.attributes.element_spans(key)):
                if start <= offset < end:
                    return key, number
            return key, None
    return None, None

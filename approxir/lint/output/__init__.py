"""What was found, in the formats that people and programs read: each a module with one `render`."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

from approxir.lint.rule import Finding

FORMATS = ("text", "json", "sarif", "github")
"""The names of the formats, which are those of the modules."""


@dataclass(frozen=True, slots=True)
class Report:
    """The findings, file by file, and one message for each file that could not be linted."""

    findings: Sequence[Finding] = ()
    failures: Sequence[str] = ()


def render(report: Report, format: str) -> str:
    """A report in one of `FORMATS`, with a line break at its end unless it is empty."""
    module = importlib.import_module(f"approxir.lint.output.{format}")
    text: str = module.render(report)
    return text

"""What is found in the files of ``cases/`` is what the comments there say: ``// expect: AX009, AX030``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import approxir
from approxir.lint.runner import lint_module

CASES = sorted(Path(__file__).with_name("cases").glob("*.mlir"))
EXPECTATION = re.compile(r"// expect: (\w+(?:, \w+)*)$")


def expected(text: str) -> list[tuple[int, str]]:
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        match = EXPECTATION.search(line)
        if match is not None:
            found += [(number, code) for code in match[1].split(", ")]
        else:
            assert "expect:" not in line, (
                f"line {number}: write '// expect: CODE, CODE' at the end of the line"
            )
    return sorted(found)


def test_there_are_cases() -> None:
    assert CASES


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_findings_are_those_expected(path: Path) -> None:
    module = approxir.load(path)
    places = sorted((finding.diagnostic().line, finding.code) for finding in lint_module(module))
    assert places == expected(str(module))

"""Pairs of texts: ``cases/NAME.mlir`` says in its header what is done to it, ``NAME.expected.mlir`` the result.

The header is lines of comments: ``// passes: a,b{option=value}`` and any number of ``// call: f(1, 2)``, whose
results must be the same before and after. ``python tests/passes/test_cases.py`` writes the results anew.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import approxir as ax
from approxir.interp import Interpreter
from approxir.ir.module import Module
from approxir.passes.pipeline import run_pipeline
from approxir.passes.pipeline_text import parse_pipeline

FOLDER = Path(__file__).with_name("cases")
CASES = sorted(path for path in FOLDER.glob("*.mlir") if not path.name.endswith(".expected.mlir"))
_LINE = re.compile(r"// (passes|call): (.*)\n")
_CALL = re.compile(r"(\w+)\((.*)\)$")


def header(text: str) -> tuple[str, list[tuple[str, list[Any]]]]:
    """The pipeline, and the calls: a function and its arguments, of which lists are arrays of i32 or f32."""
    passes, calls = "", []
    for kind, rest in _LINE.findall(text):
        if kind == "passes":
            passes = rest
        else:
            match = _CALL.match(rest)
            assert match is not None, rest
            calls.append((match[1], list(ast.literal_eval(f"[{match[2]}]"))))
    assert passes, "the header says no passes"
    return passes, calls


def ran(text: str, passes: str) -> Module:
    module = ax.parse(text)
    run_pipeline(module, parse_pipeline(passes))
    return module


def arguments(values: list[Any]) -> list[Any]:
    return [
        np.array(value, np.float32 if "." in str(value) else np.int32)
        if isinstance(value, list | tuple)
        else value
        for value in values
    ]


def observed(text: str, function: str, values: list[Any]) -> str:
    given = arguments(values)
    results = Interpreter(ax.parse(text)).call(function, *given)
    return repr((results, given))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = path.with_name(path.stem + ".expected.mlir").read_text(encoding="utf-8")
    passes, calls = header(text)
    source = ax.parse(text)
    assert str(source) == text
    source.verify()
    module = ran(text, passes)
    result = str(module)
    assert result == expected
    again = ax.parse(result)
    again.verify()
    assert str(again) == result
    assert again.print() == ax.parse(again.print()).print()
    assert str(ran(result, passes)) == result, "a second run changes something"
    if not again.find("approx.", "approxMLIR."):
        again.verify(using="mlir")
    annotated = {
        str(op.attributes.get("func_name")).strip('"') for op in source.find("approx.", "approxMLIR.")
    }
    for name, function in source.symbols.definitions.items():
        if function.name == "func.func" and name not in annotated and not _holds_knob(function):
            assert function.text in result, f"@{name} was touched"
    for function_name, values in calls:
        assert observed(result, function_name, values) == observed(text, function_name, values)


def _holds_knob(function: Any) -> bool:
    concerned = ("approx.", "approxMLIR.", "scf.", "stablehlo.case", "stablehlo.if", "stablehlo.while")
    return any(op.name.startswith(concerned) for op in function.walk())


if __name__ == "__main__":
    for case in CASES:
        held = case.read_text(encoding="utf-8")
        case.with_name(case.stem + ".expected.mlir").write_text(
            str(ran(held, header(held)[0])), encoding="utf-8"
        )

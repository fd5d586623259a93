"""Malformed annotations are errors with a place, or mean what the interpreter says that they mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.approximated import HELPERS, Program, memory, programs, shown

import approxir as ax
from approxir.errors import DiagnosticError
from approxir.interp import Interpreter, InterpreterError
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline

few = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=5000, database=None)

_ENTRY = re.compile(r'(\w+) = (array<[^>]*>|"[^"]*"|-?\d+ : i32)')
_NUMBER = re.compile(r"-?\b\d+\b")
_VALUES = (
    '"f"', '"nothing"', '"state"', '"counter"', '"loop_perforate"', '"task_skipping"', '"func_substitute"',
    '"no transform"', '""', "5 : i32", "5 : i64", "array<i32>", "array<i32: 1>", "array<i64: 0>", "array<i64>",
    "array<i32: 1, 2, 3, 4>", "array<i1: true>", "dense<1> : tensor<2xi32>", "[1 : i32, 2 : i32]", "unit",
    "@f", "@state", "{}", "{default = 1 : i32}", "{loop = 0 : i64}", "#nothing", "i32", "1.5 : f32",
)  # fmt: skip
_KEYS = (
    "transform_type", "thresholds", "decisions", "decision_values", "knob_val", "transform_value", "state_indices",
    "state_function", "func_name", "checker", "recover", "params", "num_thresholds", "transform_options",
    "thresholds_lowers", "runtime", "id",
)  # fmt: skip

Draw = Callable[[Any], Any]


def _drop(draw: Draw, line: str) -> str:
    found = draw(st.sampled_from(list(_ENTRY.finditer(line))))
    return (
        re.sub(r"<\{, ", "<{", line[: found.start()] + line[found.end() :])
        .replace(", , ", ", ")
        .replace(", }", "}")
    )


def _replace(draw: Draw, line: str) -> str:
    found = draw(st.sampled_from(list(_ENTRY.finditer(line))))
    return line[: found.start(2)] + draw(st.sampled_from(_VALUES)) + line[found.end(2) :]


def _rename(draw: Draw, line: str) -> str:
    found = draw(st.sampled_from(list(_ENTRY.finditer(line))))
    return line[: found.start(1)] + draw(st.sampled_from(_KEYS)) + line[found.end(1) :]


def _add(draw: Draw, line: str) -> str:
    entry = f", {draw(st.sampled_from(_KEYS))} = {draw(st.sampled_from(_VALUES))}}}>"
    return line.replace("}>", entry, 1)


def _number(draw: Draw, line: str) -> str:
    found = list(_NUMBER.finditer(line, line.index("<{")))
    if not found:
        return line
    match = draw(st.sampled_from(found))
    number = draw(st.integers(-3, 9) | st.sampled_from((1 << 31, -(1 << 31), 1 << 63, 10**30)))
    return line[: match.start()] + str(number) + line[match.end() :]


def _kind(draw: Draw, line: str) -> str:
    kinds = ("decision_tree", "transform", "try", "knob", "convert_to_call", "other")
    return re.sub(r"annotation\.\w+", "annotation." + draw(st.sampled_from(kinds)), line, count=1)


def _twice(draw: Draw, line: str) -> str:
    return line + "\n" + line


@st.composite
def mutated(draw: Draw) -> tuple[Program, str]:
    """A program, and its text with something changed in what annotates it."""
    program = draw(programs().filter(lambda p: any(f.annotations() for f in p.functions)))
    lines = program.text().split("\n")
    places = [k for k, line in enumerate(lines) if "util.annotation" in line]
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.sampled_from(places))
        if "\n" in lines[at]:
            continue
        change = draw(st.sampled_from((_drop, _replace, _rename, _add, _number, _kind, _twice)))
        if change in (_drop, _replace, _rename) and not _ENTRY.search(lines[at]):
            continue
        lines[at] = change(draw, lines[at])
    if draw(st.integers(0, 4)) == 0:
        # A helper function of another type.
        headers = [k for k, line in enumerate(lines) if line.startswith("  func.func") and "{" in line]
        at = draw(st.sampled_from(headers))
        lines[at] = lines[at].replace("@state", "@stat").replace("%x: i32", "%x: i64").replace("approx_", "")
    return program, "\n".join(lines)


def check_malformed(program: Program, text: str, n: int) -> bool:
    """Whether the text was lowered."""
    try:
        plain = ax.parse("\n".join(line for line in text.split("\n") if "util.annotation" not in line))
        plain.verify()
        module = ax.parse(text, file="in.mlir")
        run_pipeline(module, FUNC_SUBSTITUTE_PIPELINE)
    except DiagnosticError as error:
        for found in error.diagnostics:
            assert found.line > 1 or "in.mlir" not in found.file or found.column >= 1
        return False
    again = ax.parse(str(module))
    again.verify(using="mlir")
    for function in program.functions:
        array, other = memory(), memory()
        try:
            wanted = Interpreter(ax.parse(text)).call(function.plain, n, 3, array)
        except InterpreterError as error:
            message = str(error)
            allowed = "negative" in message or "argument number -" in message
            assert allowed or "finds no" in message, f"lowered, but: {message}"
            continue
        assert shown(Interpreter(again).call(function.plain, n, 3, other)) == shown(wanted)
        assert array.tolist() == other.tolist()
    return True


@few
@given(mutated(), st.integers(-3, 9))
def test_mutations(held: tuple[Program, str], n: int) -> None:
    check_malformed(*held, n)


@pytest.mark.fuzz
@many
@given(mutated(), st.integers(-3, 9))
def test_campaign(held: tuple[Program, str], n: int) -> None:
    check_malformed(*held, n)


def test_texts_without_annotations_are_given_back() -> None:
    text = "module {\n" + HELPERS + "}\n"
    module = ax.parse(text)
    assert not run_pipeline(module, FUNC_SUBSTITUTE_PIPELINE)
    assert str(module) == text

"""Lowering in tests: small modules, what becomes of them, and where errors are placed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import approxir as ax
from approxir.errors import DiagnosticError
from approxir.interp import Interpreter
from approxir.ir.module import Module
from approxir.passes.base import Pass
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline

HELPERS = """\
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
"""

BRANCHING = """\
  func.func @f(%n: i32, %x: i32) -> i32 {
    %zero = arith.constant 0 : i32
    %c = arith.cmpi sgt, %x, %zero : i32
    %r = scf.if %c -> (i32) {
      %a = arith.addi %x, %n : i32
      scf.yield %a : i32
    } else {
      %b = arith.muli %x, %n : i32
      scf.yield %b : i32
    }
    return %r : i32
  }
"""


def tree(
    name: str = "f",
    transform: str = "task_skipping",
    thresholds: Sequence[int] = (10,),
    decisions: Sequence[int] = (1, 2),
    *,
    state: str = "state",
    indices: Sequence[int] = (0,),
    more: str = "",
) -> str:
    """A line with an annotation for a decision tree."""
    return (
        f'  approx.util.annotation.decision_tree <{{func_name = "{name}", state_function = "{state}", '
        f'state_indices = array<i64: {_list(indices)}>, transform_type = "{transform}", '
        f"thresholds = {_array(thresholds)}, decisions = {_array(decisions)}{more}}}>\n"
    )


def static(name: str = "f", transform: str = "task_skipping", value: int = 1, more: str = "") -> str:
    """A line with an annotation for a static transform."""
    return (
        f'  approx.util.annotation.transform <{{func_name = "{name}", transform_type = "{transform}", '
        f"knob_val = {value} : i32{more}}}>\n"
    )


def contract(name: str = "f", checker: str = "ok", recover: str = "rescue") -> str:
    """A line with an annotation for a try."""
    return (
        f'  approx.util.annotation.try <{{func_name = "{name}", checker = "{checker}", '
        f'recover = "{recover}"}}>\n'
    )


def _list(values: Sequence[int]) -> str:
    return ", ".join(map(str, values))


def _array(values: Sequence[int]) -> str:
    return f"array<i32: {_list(values)}>" if values else "array<i32>"


def module(*parts: str) -> str:
    """The text of a module."""
    return "module {\n" + "".join(parts) + "}\n"


def lowered(text: str, passes: Sequence[str | Pass] = FUNC_SUBSTITUTE_PIPELINE) -> Module:
    """The module after the passes, which verifies, by real MLIR too where nothing of approx is left."""
    made = ax.parse(text)
    made.verify()
    run_pipeline(made, passes)
    made.verify()
    again = ax.parse(str(made))
    if not again.find("approx.", "approxMLIR."):
        assert "approx." not in str(again)
        again.verify(using="mlir")
    return again


def call(text: str | Module, name: str, *arguments: Any) -> Any:
    """What a function returns, by the interpreter; arrays as lists, one result by itself."""
    held = ax.parse(text) if isinstance(text, str) else text
    results = [
        x.tolist() if isinstance(x, np.ndarray) else x for x in Interpreter(held).call(name, *arguments)
    ]
    return results[0] if len(results) == 1 else tuple(results)


def fails(
    text: str, message: str, at: str | None = None, passes: Sequence[str | Pass] = FUNC_SUBSTITUTE_PIPELINE
) -> Any:
    """Check that lowering fails with a message, placed at the first occurrence of `at`; nothing is changed.

    The result is the diagnostic.
    """
    made = ax.parse(text, file="in.mlir")
    with pytest.raises(DiagnosticError, match=message) as caught:
        run_pipeline(made, passes)
    assert str(made) == text
    found = caught.value.diagnostics[0]
    assert found.file == "in.mlir"
    if at is not None:
        offset = text.index(at)
        line = text.count("\n", 0, offset) + 1
        column = offset - (text.rfind("\n", 0, offset) + 1) + 1
        assert (found.line, found.column) == (line, column), str(caught.value)
    return found
